"""The socket of the live view: who may open it, and what it says."""

import json
from collections import deque
from functools import partial

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from proxy.workers.live.page import LIVE_SOCKET
from tests.proxy.workers.live.conftest import signed_in, streams
from tests.support.processes import wait_until
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

PATH = f"/{LIVE_SOCKET}"
MOST_REPORTS = 20  # one a second from each worker


@pytest.fixture(scope="module")
def root(ready):
    return headers_of(ready, "root")


def headers_of(gateway, user):
    """What the browser of ``user`` sends."""
    return {"Cookie": f"sessionid={signed_in(gateway, user)}", "Origin": gateway.url}


def watching(gateway, headers):
    return open_socket(gateway, path=PATH, additional_headers=dict(headers))


def heard_of(socket, count):
    """Requests by id, once every report together tells of ``count``."""
    reports = {}
    for _ in range(MOST_REPORTS):
        report = heard(socket)
        reports[report["worker"]] = report
        seen = {r["request_id"]: r for report in reports.values() for r in report["requests"]}
        if len(seen) == count:
            return seen
    raise AssertionError(f"never {count} at once: {seen}")


def status_of_refusal(gateway, headers):
    with pytest.raises(InvalidStatus) as refused, watching(gateway, headers):
        pass
    return refused.value.response.status_code


def test_staff_see_what_is_in_flight(ready, key, root):
    with streams(ready, key, "gpt-4o"), watching(ready, root) as socket:
        (seen,) = heard_of(socket, 1).values()
        assert (seen["user"], seen["model"], seen["connection"]) == ("alice", "gpt-4o", "scripted")
        assert (seen["endpoint"], seen["chunks"]) == ("chat/completions", 1)
        assert seen["key"].startswith("sk-gw-…")
        assert key not in json.dumps(seen)


def test_requests_of_every_worker_are_seen_and_leave(ready, key, root):
    with watching(ready, root) as socket:
        with streams(ready, key, *["gpt-4o"] * 6):
            assert heard_of(socket, 6)
        assert heard_of(socket, 0) == {}


def test_a_request_is_ended_wherever_it_runs(ready, key, root, upstream):
    gone = upstream.disconnects
    with streams(ready, key, "gpt-4o") as begun, watching(ready, root) as socket:
        (request_id,) = heard_of(socket, 1)
        say(socket, {"type": "end", "request_id": request_id})
        rest = b"".join(begun[0])
        assert json.loads(rest.removeprefix(b"data: "))["error"]["code"] == "ended_by_staff"
    assert upstream.wait_for_disconnect(count=gone + 1)
    wait_until(lambda: f"root ends the request {request_id}" in ready.log, what="the log")


@pytest.mark.parametrize(
    "message", ["x", "[]", "5", '{"type": "end"}', '{"type": "end", "request_id": 5}']
)
def test_nonsense_from_a_page_changes_nothing(ready, key, root, message):
    with streams(ready, key, "gpt-4o"), watching(ready, root) as socket:
        socket.send(message)
        assert heard_of(socket, 1)


def test_who_is_not_signed_in_is_refused(ready):
    assert status_of_refusal(ready, {"Origin": ready.url}) == 403


def test_who_is_not_staff_is_refused(ready):
    ready.api_key("alice")
    assert status_of_refusal(ready, headers_of(ready, "alice")) == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "null", "", "http://[", "file://"]
)
def test_a_page_from_elsewhere_is_refused(ready, root, origin):
    assert status_of_refusal(ready, {**root, "Origin": origin}) == 403


def test_staff_without_the_second_factor_that_is_asked_for_are_refused(start_gateway):
    gateway = start_gateway(GATEWAY_REQUIRE_STAFF_MFA="true")
    gateway.api_key("root", is_admin=True)
    assert status_of_refusal(gateway, headers_of(gateway, "root")) == 403


def test_an_api_key_opens_nothing_here(ready):
    key = ready.api_key("root", is_admin=True)
    headers = {"Authorization": f"Bearer {key}", "Origin": ready.url}
    assert status_of_refusal(ready, headers) == 403


def test_the_view_of_someone_who_is_staff_no_longer_closes(ready, root):
    demote = (
        "from accounts.models import User;"
        "User.objects.filter(username='eve').update(is_staff=False)"
    )
    ready.api_key("eve", is_admin=True)
    with watching(ready, headers_of(ready, "eve")) as socket:
        heard(socket)
        ready.manage("shell", "--no-imports", "-c", demote)
        with pytest.raises(ConnectionClosed) as closed:
            deque(iter(partial(heard, socket), None))
    assert closed.value.rcvd.code == 1008
