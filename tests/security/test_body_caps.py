"""Bodies that are too large, never end, or that nobody reads: on every route, for everybody."""

import contextlib
import select
import time

import pytest

from tests.security.watching import watched
from tests.support.api import CHAT, chat_body, connected, exchange, read_answer, request_bytes
from tests.support.live import live_gateway
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

BODY_SECONDS = 1
MOST_SECONDS = 30  # until a connection that has to end in BODY_SECONDS is given up by the test
PAGES = ["/accounts/login/", "/admin/", "/admin/login/", "/", "/no/such/page", "/static/x.css"]
UNREAD = ["/livez", "/readyz", "/metrics", "/v1/nothing", "/anthropic/nothing", CHAT]
PIECE = b"10000\r\n" + b"x" * 65536 + b"\r\n"
CHUNKED = "Transfer-Encoding: chunked"
FORM = "application/x-www-form-urlencoded"  # JSON for a page that does not exist is the API's


@pytest.fixture(scope="module")
def hasty(stores, tmp_path_factory):
    """A gateway that waits for bodies no longer than a second."""
    directory = tmp_path_factory.mktemp("hasty")
    seconds = {"GATEWAY_BODY_SECONDS": str(BODY_SECONDS), "GATEWAY_HEADER_TIMEOUT": "3"}
    with live_gateway(stores, BACKINGS[0], directory, **seconds) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def hasty_key(hasty):
    return hasty.api_key("alice")


def post(path, *lines, key="", method="POST", kind="application/json"):
    own = (f"Authorization: Bearer {key}",) if key else ()
    return request_bytes(
        path, "Host: localhost", *own, f"Content-Type: {kind}", *lines, method=method
    )


def is_ended(connection, *, keep_sending=b""):
    """Whether the gateway ends the connection, before a long time is over."""
    ends_at = time.monotonic() + MOST_SECONDS
    try:
        while time.monotonic() < ends_at:
            readable, _, _ = select.select([connection], [], [], 0.05)
            if readable and connection.recv(65536) == b"":
                return True
            if keep_sending:
                connection.sendall(keep_sending)
    except (ConnectionError, TimeoutError):
        return True
    return False


def flooded(connection, total_bytes):
    """Send pieces until all are sent, or the gateway has an answer; how many bytes were sent."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < total_bytes and not select.select([connection], [], [], 0)[0]:
            connection.sendall(PIECE)
            sent += len(PIECE)
    return sent


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", PAGES)
def test_an_endless_body_of_a_page_is_413_long_before_it_ends(gateway, keys, path, method):
    with watched(gateway, growth=100 * 2**20), connected(gateway.port) as connection:
        connection.sendall(post(path, CHUNKED, method=method, kind=FORM))
        sent = flooded(connection, 200 * 2**20)
        answer = read_answer(connection)
    assert answer.status == 413
    assert sent < 50 * 2**20
    assert answer.header("content-type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", PAGES)
def test_a_declared_length_of_a_page_is_413_before_the_body_comes(gateway, keys, path):
    answer = exchange(gateway.port, post(path, f"Content-Length: {700 * 2**20}", kind=FORM))
    assert answer.status == 413


def test_forms_of_pages_pass(gateway, keys):
    form = b"login=nobody&password=x&padding=" + b"x" * 1_000_000
    head = post(
        "/accounts/login/",
        f"Content-Length: {len(form)}",
        kind="application/x-www-form-urlencoded",
    )
    assert exchange(gateway.port, head + form).status == 403  # it has no CSRF token


@pytest.mark.parametrize("field", [b"a=1&", b"&a", b"a[]=&"])
def test_forms_of_very_many_fields_are_refused(gateway, keys, field):
    form = field * 5000
    head = post(
        "/accounts/login/",
        "Cookie: csrftoken=" + "a" * 32,
        f"Content-Length: {len(form)}",
        kind="application/x-www-form-urlencoded",
    )
    with watched(gateway):
        assert exchange(gateway.port, head + form).status in {400, 403}


@pytest.mark.parametrize("path", [*PAGES, CHAT, "/v1/embeddings", "/openai/chat/completions"])
def test_a_body_that_stops_is_408_and_the_end(hasty, hasty_key, path):
    with connected(hasty.port, seconds=MOST_SECONDS) as connection:
        by = {"kind": FORM} if path in PAGES else {"key": hasty_key}
        connection.sendall(post(path, CHUNKED, **by) + b"1\r\n{\r\n")
        answer = read_answer(connection)
        assert answer.status == 408
        assert answer.header("connection") == "close"
        assert is_ended(connection)


def test_no_request_is_served_behind_an_answer_that_ends_the_connection(hasty, hasty_key):
    """Its client takes it for unread, and may send it again elsewhere."""
    with connected(hasty.port, seconds=MOST_SECONDS) as connection:
        connection.sendall(post(CHAT, "Content-Length: 4", key=hasty_key) + b"{")
        assert read_answer(connection).header("connection") == "close"
        further = request_bytes(
            "/v1/models", "Host: localhost", f"Authorization: Bearer {hasty_key}", method="GET"
        )
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"   " + further)
            assert connection.recv(65536) == b""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/chat/completions", "request_timeout"),
        ("/openai/deployments/x/chat/completions", "request_timeout"),
        ("/v1/audio/transcriptions", "request_timeout"),
        ("/v1/messages", "did not come in time"),
        ("/accounts/login/", "did not come in time"),
    ],
)
@pytest.mark.parametrize("line", [CHUNKED, "Content-Length: 1000"])
def test_a_drip_of_bytes_is_408_in_the_form_of_the_surface(hasty, hasty_key, path, name, line):
    kind = "multipart/form-data; boundary=b" if "audio" in path else "application/json"
    drip = b"1\r\n \r\n" if line == CHUNKED else b" "
    if "audio" in path:
        drip = b"2\r\n\r\n\r\n" if line == CHUNKED else b"\r\n"
    with connected(hasty.port, seconds=MOST_SECONDS) as connection:
        connection.sendall(post(path, line, key=hasty_key, kind=kind))
        ends_at = time.monotonic() + MOST_SECONDS
        while time.monotonic() < ends_at:
            if select.select([connection], [], [], 0.2)[0]:
                break
            connection.sendall(drip)
        answer = read_answer(connection)
    assert answer.status == 408
    assert name in answer.body.decode()


@pytest.mark.parametrize("path", UNREAD)
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("is_busy", [True, False])
def test_a_body_that_nobody_reads_does_not_keep_the_connection(hasty, path, method, is_busy):
    with connected(hasty.port, seconds=MOST_SECONDS) as connection:
        connection.sendall(post(path, CHUNKED, method=method) + PIECE)
        with watched(hasty, growth=50 * 2**20):
            drip = PIECE if is_busy else b"1\r\nx\r\n"
            assert is_ended(connection, keep_sending=drip)


def test_the_answer_to_a_body_that_nobody_reads_arrives(hasty):
    with connected(hasty.port) as connection:
        connection.sendall(post(CHAT, CHUNKED) + PIECE * 20)
        assert read_answer(connection).status == 401


def test_a_connection_goes_on_behind_a_body_that_nobody_read(hasty):
    first = post("/livez", f"Content-Length: {2**20}") + b"x" * 2**20
    with connected(hasty.port) as connection:
        connection.sendall(first)
        assert read_answer(connection).status == 200
        connection.sendall(request_bytes("/livez", "Host: localhost"))
        assert read_answer(connection).status == 200
        time.sleep(BODY_SECONDS * 1.5)  # longer than the rest of a body is waited for
        connection.sendall(request_bytes("/livez", "Host: localhost"))
        assert read_answer(connection).status == 200


def test_a_chat_whose_body_comes_in_time_is_taken(hasty, hasty_key):
    body = str(chat_body("none")).replace("'", '"').encode()
    with connected(hasty.port) as connection:
        connection.sendall(post(CHAT, f"Content-Length: {len(body)}", key=hasty_key))
        connection.sendall(body[:10])
        connection.sendall(body[10:])
        assert read_answer(connection).status == 404


@pytest.mark.parametrize("path", [CHAT, "/v1/responses", "/v1/realtime?model=x", "/nothing"])
def test_a_handshake_that_does_not_end_is_dropped(hasty, path):
    lines = ("Host: localhost", "Upgrade: websocket", "Connection: Upgrade")
    with connected(hasty.port, seconds=MOST_SECONDS) as connection:
        connection.sendall(request_bytes(path, *lines).removesuffix(b"\r\n"))
        assert is_ended(connection)
