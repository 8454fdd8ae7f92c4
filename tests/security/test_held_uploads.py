"""Files whose model is not known yet do not fill the disk."""

import select

import pytest

from tests.support.api import CHAT, client_of, connected, read_answer, request_bytes
from tests.support.live import live_gateway
from tests.support.processes import PATIENCE_SECONDS
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

PER_KEY = 2**20
SIZE = 700 * 1024
PATHS = [
    *("/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits"),
    *("/v1/images/variations", "/audio/transcriptions"),
]
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
MODEL = b'\r\n--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nnone\r\n--b--\r\n'


@pytest.fixture(scope="module")
def narrow(stores, tmp_path_factory):
    caps = {
        "GATEWAY_UPLOAD_HELD_BYTES_PER_KEY": str(PER_KEY),
        "GATEWAY_UPLOAD_HELD_BYTES": str(PER_KEY * 2),
    }
    directory = tmp_path_factory.mktemp("narrow")
    with live_gateway(stores, BACKINGS[0], directory, **caps) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def key(narrow):
    return narrow.api_key("alice")


def begun(path, key):
    """A form that goes on, without a model so far."""
    lines = ("Host: localhost", f"Authorization: Bearer {key}", "Transfer-Encoding: chunked")
    kind = "Content-Type: multipart/form-data; boundary=b"
    return request_bytes(path, *lines, kind, method="POST") + chunk(HEAD)


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_may_not_wait_is_413(narrow, key, path):
    with connected(narrow.port) as connection:
        connection.sendall(begun(path, key) + chunk(b"x" * (PER_KEY + 1)))
        answer = read_answer(connection)
    assert answer.status == 413
    assert b"before the file" in answer.body


def test_several_files_of_a_key_share_its_room_and_give_it_back(narrow, key):
    path = PATHS[0]
    with connected(narrow.port) as first, connected(narrow.port) as second:
        both = {first, second}
        for connection in both:
            connection.sendall(begun(path, key) + chunk(b"x" * SIZE))
        # One of the two has no room, whichever comes second; the other is asked for its end.
        [refused], _, _ = select.select(both, (), (), PATIENCE_SECONDS)
        assert read_answer(refused).status == 429
        [other] = both - {refused}
        other.sendall(chunk(MODEL) + chunk(b""))
        assert read_answer(other).status == 404
    with connected(narrow.port) as again:
        again.sendall(begun(path, key) + chunk(b"x" * SIZE) + chunk(MODEL) + chunk(b""))
        assert read_answer(again).status == 404


def test_the_model_in_front_is_refused_before_the_file_comes(narrow, key):
    field = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nnone\r\n'
    with connected(narrow.port) as connection:
        form = begun(PATHS[0], key).replace(chunk(HEAD), chunk(field + HEAD))
        connection.sendall(form)
        assert read_answer(connection).status == 404


def test_json_is_not_concerned(narrow, key):
    with client_of(narrow, key) as client:
        body = {"model": "none", "messages": [], "user": "x" * PER_KEY * 2}
        assert client.post(CHAT, json=body).status_code == 404
