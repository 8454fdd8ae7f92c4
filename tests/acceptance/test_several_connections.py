"""Several connections, several kinds of users, and changes while the gateway serves them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import pytest

from tests.support.api import CHAT, chat_body, client_of, listed, wait_for_models
from tests.support.processes import wait_until
from tests.support.responders import chunk, complete_chat, event, head, when_told
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

WORD = {"choices": [{"index": 0, "delta": {"content": "tick"}, "finish_reason": None}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
BEGINNING = head(content_type="text/event-stream", transfer_encoding="chunked") + event(WORD)
REST = event(WORD) + event(FINISH) + event("[DONE]") + chunk(b"")
EVERYTHING = {"shared", "only-a", "only-b", "lab.shared", "lab.only-b", "chosen"}


@pytest.fixture(scope="module")
def upstreams():
    """Two upstreams that both have the model ``shared``."""
    with (
        ScriptedUpstream(models=("shared", "only-a")) as first,
        ScriptedUpstream(models=("shared", "only-b")) as second,
    ):
        yield first, second


@pytest.fixture(scope="module")
def connections(upstreams):
    """The entries of a configuration file, by name."""
    first, second = upstreams
    entries = [
        {"name": "first", "base_url": first.url, "keys": ["sk-first"], "priority": 1},
        {"name": "second", "base_url": second.url, "keys": ["sk-second"], "priority": 2},
        {"name": "lab", "base_url": second.url, "keys": ["sk-lab"], "prefix_id": "lab"},
        {"name": "strict", "base_url": second.url, "keys": ["sk-s"], "model_ids": ["chosen"]},
    ]
    entries[2] |= {"tags": ["research", "slow"], "connection_type": "internal"}
    return {entry["name"]: entry for entry in entries}


@pytest.fixture(scope="module")
def clients(gateway, connections):
    """A client for each kind of user: ``alice`` of the group ``lab``, ``bob``, and ``root``."""
    gateway.configure(
        connections=list(connections.values()),
        groups=[{"name": "lab"}],
        grants=[
            {"models": ["shared"], "everyone": True},
            {"models": ["lab.*"], "groups": ["lab"]},
        ],
    )
    with ExitStack() as stack:

        def client(user, **options):
            key = gateway.api_key(user, **options)
            return stack.enter_context(client_of(gateway, key))

        clients = {
            "alice": client("alice", groups=["lab"]),
            "bob": client("bob"),
            "root": client("root", is_staff=True),
        }
        gateway.manage("grant", "chosen", "--user", "bob")
        wait_for_models(clients["root"], *EVERYTHING)
        wait_for_models(clients["bob"], "shared", "chosen")
        yield clients


def chat(client, model):
    return client.post(CHAT, json=chat_body(model))


def streamed(client, model):
    with client.stream("POST", CHAT, json=chat_body(model, stream=True)) as answer:
        return b"".join(answer.iter_bytes())


def is_served_by(upstream, client, model):
    before = len(upstream.calls)
    assert chat(client, model).status_code == 200
    return len(upstream.calls) > before


def test_the_lower_priority_number_serves_a_model_that_two_offer(clients, upstreams):
    before = [len(upstream.calls) for upstream in upstreams]
    assert chat(clients["root"], "shared").status_code == 200
    assert [len(upstream.calls) for upstream in upstreams] == [before[0] + 1, before[1]]
    assert upstreams[0].calls[-1].header("Authorization") == "Bearer sk-first"


def test_a_prefix_is_for_clients_alone(clients, upstreams):
    assert chat(clients["root"], "lab.only-b").status_code == 200
    call = upstreams[1].calls[-1]
    assert call.json["model"] == "only-b"
    assert call.header("Authorization") == "Bearer sk-lab"


def test_a_whitelist_offers_also_what_the_upstream_does_not_list(clients, upstreams):
    assert chat(clients["root"], "chosen").status_code == 200
    assert upstreams[1].calls[-1].header("Authorization") == "Bearer sk-s"


def test_a_connection_can_be_named_before_the_model(clients, upstreams):
    assert chat(clients["root"], "second/shared").status_code == 200
    assert upstreams[1].calls[-1].header("Authorization") == "Bearer sk-second"


def test_tags_and_origin_stand_in_the_list(clients):
    models = {model["id"]: model for model in clients["root"].get("/v1/models").json()["data"]}
    assert models["lab.shared"]["tags"] == ["research", "slow"]
    assert models["lab.shared"]["connection_type"] == "internal"
    assert models["shared"]["tags"] == []


def test_staff_see_every_model(clients):
    assert listed(clients["root"]) == EVERYTHING


@pytest.mark.parametrize(
    ("user", "usable"),
    [("alice", {"shared", "lab.shared", "lab.only-b"}), ("bob", {"shared", "chosen"})],
)
def test_users_may_call_what_they_are_shown_and_nothing_else(clients, user, usable):
    client = clients[user]
    assert listed(client) == usable
    assert {model for model in EVERYTHING if chat(client, model).status_code == 200} == usable
    shown = {name for name in EVERYTHING if client.get(f"/v1/models/{name}").status_code == 200}
    assert shown == usable


def test_grants_and_revocations_are_seen_at_once(gateway, clients):
    before = listed(clients["alice"])
    gateway.manage("grant", "only-*", "--group", "lab")
    wait_for_models(clients["alice"], *before, "only-a", "only-b")
    gateway.manage("revoke", "only-*", "--group", "lab")
    wait_for_models(clients["alice"], *before)
    assert chat(clients["alice"], "only-a").status_code == 404


def test_a_connection_that_is_switched_off_gives_way_to_the_next(gateway, clients, connections):
    root = clients["root"]
    first = connections["first"]
    gateway.configure(connections=[first | {"enabled": False}])
    wait_for_models(root, *EVERYTHING - {"only-a"})
    assert chat(root, "shared").status_code == 200
    gateway.configure(connections=[first])
    wait_for_models(root, *EVERYTHING)


def test_a_key_that_is_revoked_is_refused(gateway, clients):
    key = gateway.api_key("carol")
    with client_of(gateway, key) as carol:
        assert carol.get("/v1/models").status_code == 200
        revoke = "ApiKey.objects.get(user__username='carol').revoke()"
        gateway.manage("shell", "-c", f"from accounts.models import ApiKey; {revoke}")
        wait_until(
            lambda: carol.get("/v1/models").status_code == 401,
            what="the revocation",
        )
        assert chat(carol, "shared").json()["error"]["code"] == "invalid_api_key"


def test_a_user_who_is_deactivated_is_refused(gateway, clients):
    with client_of(gateway, gateway.api_key("dave")) as dave:
        assert dave.get("/v1/models").status_code == 200
        change = "User.objects.get(username='dave'); u.is_active = False; u.save()"
        gateway.manage("shell", "-c", f"from accounts.models import User; u = {change}")
        wait_until(
            lambda: dave.get("/v1/models").status_code == 401,
            what="the deactivation",
        )


def test_an_edit_under_load_leaves_requests_in_flight_alone(gateway, clients):
    """What has begun ends where it began, and the old key never goes to the new URL."""
    root = clients["root"]
    with ScriptedUpstream(models=("moving",)) as old, ScriptedUpstream(models=("moving",)) as new:
        entry = {"name": "moving", "base_url": old.url, "keys": ["sk-old"]}
        gateway.configure(connections=[entry])
        wait_for_models(root, *EVERYTHING, "moving")
        moved = Event()
        old.on("POST", CHAT, when_told(moved, BEGINNING, REST), complete_chat)
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(streamed, root, "moving")
            wait_until(lambda: bool(old.calls), what="the call")
            gateway.configure(connections=[entry | {"base_url": new.url, "keys": ["sk-new"]}])
            wait_until(
                lambda: is_served_by(new, root, "moving"),
                what="the move",
            )
            assert not answer.done()
            moved.set()
            content = answer.result()
        assert content.count(b"tick") == 2
        assert content.endswith(b"data: [DONE]\n\n")
        assert {r.header("Authorization") for r in new.requests} == {"Bearer sk-new"}
        assert {r.header("Authorization") for r in old.requests} == {"Bearer sk-old"}
