"""Images from images, given as JSON; models that may be left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connections.models import Connection
from models_registry.registry import active
from usage.exchange import Exchange
from usage.in_flight import in_flight

pytestmark = pytest.mark.django_db(transaction=True)

EDITS = "/v1/images/edits"
PICTURE = {"image_url": "https://pictures.example/a.png"}
EDIT = {"model": "gpt-image-2", "prompt": "A gate", "images": [PICTURE]}
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nA gate\r\n'
    b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\nx\r\n--b--\r\n'
)


async def test_an_edit_in_json_passes_as_it_is(ask, upstream) -> None:
    body = EDIT | {"mask": {"image_url": "data:image/png;base64,AAAA"}, "unknown": None}
    for path in (EDITS, "/openai/v1/images/edits/", "/openai/deployments/gpt-image-2/images/edits"):
        client = await ask(path, body)
        assert client.status == 200
        assert upstream.last.url.path == "/v1/images/edits"
        assert upstream.body == body


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"images": [{"file_id": "file-1"}]}, "images[0].file_id"),
        ({"images": [PICTURE, {"image_url": "gs://b/a.png"}]}, "images[1].image_url"),
        ({"images": ["s3://b/a.png"]}, "images[0]"),
        ({"mask": {"file_id": "file-1"}}, "mask.file_id"),
        ({"mask": "file:///etc/passwd"}, "mask"),
    ],
)
async def test_what_the_account_owns_is_refused(ask, upstream, field, place) -> None:
    client = await ask(EDITS, EDIT | field)
    assert (client.status, client.json["error"]["param"]) == (400, place)
    assert client.json["error"]["code"] == "object_not_owned"
    assert not upstream.requests


async def test_a_connection_may_share_its_files(ask, upstream) -> None:
    await Connection.objects.all().aupdate(shares_account_objects=True)
    await active().reload()
    assert (await ask(EDITS, EDIT | {"images": [{"file_id": "file-1"}]})).status == 200


@pytest.mark.parametrize("missing", ["prompt", "images"])
async def test_an_edit_without_what_it_needs_is_refused(ask, upstream, missing) -> None:
    client = await ask(EDITS, {k: v for k, v in EDIT.items() if k != missing})
    assert (client.status, client.json["error"]["param"]) == (400, missing)
    assert not upstream.requests


async def test_a_model_that_is_not_granted_does_not_exist(ask, upstream) -> None:
    client = await ask(EDITS, EDIT | {"model": "secret"})
    assert (client.status, client.json["error"]["code"]) == (404, "model_not_found")
    assert not upstream.requests


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (EDITS, {k: v for k, v in EDIT.items() if k != "model"}, {}),
        ("/v1/images/generations", {"prompt": "A gate"}, {}),
        ("/v1/images/generations", {"prompt": "A gate", "model": None}, {}),
        (EDITS, FORM, {"content_type": "multipart/form-data; boundary=b"}),
    ],
)
async def test_an_image_has_a_default_model(ask, upstream, path, body, headers) -> None:
    assert (await ask(path, body, **headers)).status == 200
    assert b"gpt-image-2" in upstream.last.content


@pytest.fixture
def ended() -> Iterator[list[Exchange]]:
    """The exchanges that have ended."""
    found: list[Exchange] = []
    in_flight.on_close(found.append)
    yield found
    in_flight.forget(found.append)


@pytest.mark.parametrize("number", [None, 3])
@pytest.mark.parametrize("path", ["/v1/images/generations", EDITS])
async def test_the_ledger_knows_how_many_images_were_asked_for(ask, ended, path, number) -> None:
    assert (await ask(path, EDIT | ({"n": number} if number else {}))).status == 200
    assert [each.images for each in ended] == [number or 1]


@pytest.mark.parametrize(("number", "count"), [(b"3", 3), (b"", 1), (b"\xc2\xb2", 1), (b"0", 1)])
async def test_the_ledger_knows_how_many_images_a_form_asks_for(ask, ended, number, count) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n' + number + b"\r\n" + FORM
    kind = "multipart/form-data; boundary=b"
    assert (await ask(EDITS, form, content_type=kind)).status == 200
    assert [each.images for each in ended] == [count]


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/moderations", {"input": "a"}), ("/v1/embeddings", {"input": "a"})]
)
async def test_a_default_that_nobody_serves_is_said(ask, upstream, path, body) -> None:
    client = await ask(path, body)
    assert (client.status, client.json["error"]["param"]) == (400, "model")
    assert not upstream.requests


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/rerank", "/v2/rerank/"])
async def test_documents_are_ranked_in_either_version(ask, upstream, path) -> None:
    upstream.answer = {"id": "1", "results": [{"index": 0, "relevance_score": 0.5}], "meta": {}}
    body = {"model": "m", "query": "a", "documents": ["b"], "max_tokens_per_doc": 7}
    client = await ask(path, body)
    assert (client.status, client.json) == (200, upstream.answer)
    assert (upstream.last.url.path, upstream.body) == ("/v1/rerank", body)
