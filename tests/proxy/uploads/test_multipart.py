"""Forms on their way through: what is understood here is what the upstream reads."""

from __future__ import annotations

import asyncio
import errno
import io
import tempfile
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multipart import MultipartParser
from rest_framework.exceptions import UnsupportedMediaType

from models_registry.registration import Registration
from proxy.client_side.errors import ApiError, InvalidRequestError, PayloadTooLargeError
from proxy.client_side.incoming import ClientGoneError, IncomingBody
from proxy.uploads.held import HeldUploads
from proxy.uploads.multipart import MOST_FIELD_BYTES, MOST_PARTS, IncomingForm

OWNER = "1:key"
BOUNDARY = "b0undary"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()
MODEL = ('name="model"', b"stt")
FILE = ('name="file"; filename="a.wav"', b"RIFF")

Parts = list[tuple[str, bytes]]
names = st.sampled_from(["language", "prompt", "temperature", "timestamp_granularities[]"])
# What looks like the beginning of a boundary is where parsers err.
contents = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"--", b"\r\n--", b"\r\n--b0und", b"x", b"\x00\xff"]),
    max_size=8,
).map(b"".join)


def written(parts: Parts) -> bytes:
    """The parts as a client sends them; the first of each is what its disposition says."""
    return b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {said}\r\n\r\n".encode() + data + b"\r\n"
        for said, data in parts
    )


def form_of(
    *chunks: bytes,
    content_type: str = FORM_TYPE,
    leaves: bool = False,
    held: HeldUploads | None = None,
) -> IncomingForm:
    """A form that comes in as ``chunks``, from a client that then waits, or leaves."""
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in chunks]
    if leaves:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False
    coming = iter(messages)

    async def receive() -> dict:
        return next(coming, None) or await asyncio.Event().wait()

    body = IncomingBody(receive, serving=asyncio.current_task(), limit=2**30)
    return IncomingForm(body, content_type, owner=OWNER, held=held or a_store())


def a_store(per_key: int = 2**20, overall: int = 2**20) -> HeldUploads:
    return HeldUploads(most_bytes_per_key=per_key, most_bytes=overall)


async def sent(form: IncomingForm, model: str = "whisper-1") -> bytes:
    """What the upstream gets."""
    return b"".join([data async for data in form.upload(model)])


def read(form: IncomingForm, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """What the upstream reads: name, file name and content of each part."""
    boundary = form.content_type.partition("boundary=")[2]
    parts = MultipartParser(io.BytesIO(body), boundary, len(body), strict=True)
    return [(part.name, part.filename, part.raw) for part in parts]


async def passed(*parts: tuple[str, bytes]) -> list[tuple[str, str | None, bytes]]:
    """What the upstream reads of a form with ``parts``."""
    return await through(form_of(written(list(parts)) + END))


async def through(form: IncomingForm) -> list[tuple[str, str | None, bytes]]:
    with closing(form):
        await form.read_model()
        return read(form, await sent(form))


@st.composite
def forms(draw: st.DrawFn) -> tuple[Parts, list[bytes]]:
    """Any fields once each, the model among them, one file or two; and any chunking of it."""
    parts = [
        (f'name="{name}"', draw(contents))
        for name in draw(st.lists(names, unique=True, max_size=4))
    ]
    files = draw(st.lists(contents, min_size=1, max_size=2))
    parts += [(f'name="file{n}"; filename="{n}.wav"', data) for n, data in enumerate(files)]
    parts = draw(st.permutations([*parts, MODEL]))
    whole = written(parts) + END
    borders = draw(st.lists(st.integers(0, len(whole)), max_size=12))
    return parts, [whole[a:b] for a, b in pairwise([0, *sorted(borders), len(whole)])]


@given(forms())
async def test_any_chunking_gives_the_same_upload(drawn: tuple[Parts, list[bytes]]) -> None:
    parts, chunks = drawn
    upload = await through(form_of(*chunks))
    assert upload[0] == ("model", None, b"whisper-1")
    told = [(said.split('"')[1], data) for said, data in parts if said != MODEL[0]]
    assert [(name, content) for name, _, content in upload[1:]] == told


@given(forms())
async def test_byte_by_byte_is_no_other_form(drawn: tuple[Parts, list[bytes]]) -> None:
    whole = b"".join(drawn[1])
    single_bytes = [whole[n : n + 1] for n in range(len(whole))]
    assert await through(form_of(whole)) == await through(form_of(*single_bytes))


async def test_no_file_is_passed_on_before_the_model_is_named():
    with closing(form_of(written([FILE, MODEL]) + END)) as form:
        assert await form.read_model() == "stt"


async def test_file_does_not_wait_where_the_path_names_the_model():
    form = form_of(written([FILE]), leaves=True)  # which is noticed only by who reads on
    assert await form.read_model(is_known=True) is None


async def test_model_of_the_path_goes_up_in_the_place_of_any_behind_the_file():
    form = form_of(written([FILE, MODEL]) + END)
    await form.read_model(is_known=True)
    assert read(form, await sent(form)) == [
        ("model", None, b"whisper-1"),
        ("file", "a.wav", b"RIFF"),
    ]


DEFAULTS = {
    "language": "en",
    "temperature": 0.2,
    "prompt": "Names: Ada.",
    "translate": True,
    "chunking": {"type": "auto"},
    'a"b': 1,
}


@pytest.mark.parametrize("is_late", [False, True])
async def test_defaults_are_added_where_the_client_gave_none(is_late: bool):
    language = ('name="language"', b"de")
    parts = [MODEL, FILE, language] if is_late else [MODEL, language, FILE]
    with closing(form_of(written(parts) + END)) as form:
        await form.read_model()
        registration = Registration(default_parameters=DEFAULTS)
        upload = form.upload("whisper-1", registration.defaults_beside)
        fields = read(form, b"".join([data async for data in upload]))
    assert fields[-4:] == [
        ("temperature", None, b"0.2"),
        ("prompt", None, b"Names: Ada."),
        ("translate", None, b"true"),
        ("a_b", None, b"1"),
    ]
    assert [content for name, _, content in fields if name == "language"] == [b"de"]


async def test_form_that_did_not_go_live_can_be_sent_again():
    with closing(form_of(written([FILE, MODEL]) + END)) as form:
        await form.read_model()
        first, second = await sent(form, "stt-1"), await sent(form, "stt-2")
    assert first.replace(b"stt-1", b"stt-2") == second


async def test_form_that_went_live_can_not():
    form = form_of(written([MODEL, FILE]) + END)
    await form.read_model()
    await sent(form)
    with pytest.raises(InvalidRequestError, match="second time"):
        await sent(form)


@pytest.mark.parametrize(
    "other",
    [
        'name="model"',
        'name="Model"',
        'name="MODEL"',
        'name=" model"',
        'name="model[]"',
        "name=model",
        'name="x"; name="model"',
        'name="model"; filename="m.txt"',
    ],
)
@pytest.mark.parametrize("is_live", [True, False], ids=["behind the file", "in front of it"])
async def test_second_model_is_refused(other, is_live):
    twin = (other, b"gpt-secret")
    parts = [MODEL, FILE, twin] if is_live else [MODEL, twin, FILE]
    with pytest.raises(InvalidRequestError, match=r"more than once|`model` must"):
        await passed(*parts)


@pytest.mark.parametrize("said", ['name="Model"', 'name="model[]"', 'name="model"; filename="m"'])
async def test_model_in_another_dress_is_refused(said):
    with pytest.raises(InvalidRequestError, match="`model` must"):
        await passed((said, b"gpt-secret"), FILE)


@pytest.mark.parametrize(
    "said",
    [
        'name="x\\"',
        'name="x\\"; filename="; name=model; a="',
        'name="x%22; name=%22model"',
        'name="x%0D%0A%0D%0Amodel"',
        'name="x;y"',
        'name="x\x00"',
        'name="x\u2028y"',
        'name=""',
        'filename="a.wav"',
    ],
)
async def test_name_that_could_be_read_otherwise_is_refused(said):
    with pytest.raises(InvalidRequestError):
        await passed(MODEL, (said, b"gpt-secret"))


@pytest.mark.parametrize(
    ("told", "given"),
    [
        ("a b.wav", "a b.wav"),
        ("Höhle 音.wav", "Höhle 音.wav"),
        ("a%22; name=%22model", "a__ name=_model"),
        ("a\\\\.wav", "a__.wav"),
        ("a%0D%0AContent-Type: x.wav", "a__Content-Type: x.wav"),
        ("a\x0bb\x85c.wav", "a_b_c.wav"),
        ("", ""),
    ],
)
async def test_file_name_has_no_end_but_its_own(told, given):
    parts = await passed(MODEL, (f'name="file"; filename="{told}"', b"RIFF"))
    assert parts[1] == ("file", given, b"RIFF")


async def test_list_may_have_several_values():
    granularities = 'name="timestamp_granularities[]"'
    parts = await passed(MODEL, (granularities, b"word"), (granularities, b"segment"), FILE)
    assert [content for name, _, content in parts if name.endswith("[]")] == [b"word", b"segment"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        written([MODEL, FILE]),
        written([MODEL, FILE])[:-2],
        written([MODEL, FILE]).replace(BOUNDARY.encode(), b"other") + END[:5],
        written([("x", b"")] * 1).replace(b"form-data", b"attachment") + END,
        b"--b0undary\r\nno header\r\n\r\n\r\n" + END,
        b"--b0undary\r\nContent-Disposition: form-data; name=" + b"x" * 5000 + b"\r\n\r\n" + END,
        b"--b0undary\r\n" + b"X-A: b\r\n" * 100 + b"\r\n" + END,
        b'--b0undary\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\r\n' + END,
        written([MODEL] + [("name=x[]", b"")] * MOST_PARTS) + END,
    ],
)
async def test_what_is_no_form_is_400(body):
    with pytest.raises(InvalidRequestError):
        await through(form_of(body))


async def test_fields_have_a_cap():
    with pytest.raises(PayloadTooLargeError):
        await passed(MODEL, FILE, ('name="prompt"', b"x" * (MOST_FIELD_BYTES + 1)))


@pytest.mark.parametrize(
    ("content_type", "error"),
    [
        ("application/json", UnsupportedMediaType),
        ("multipart/mixed; boundary=x", UnsupportedMediaType),
        ("multipart/form-data", InvalidRequestError),
        ('multipart/form-data; boundary=""', InvalidRequestError),
    ],
)
async def test_other_media_types_are_refused(content_type, error):
    body = IncomingBody(_never, serving=asyncio.current_task(), limit=1)
    with pytest.raises(error):
        IncomingForm(body, content_type, owner=OWNER, held=a_store())


async def _never() -> dict:
    raise NotImplementedError


async def test_failure_in_mid_upload_is_remembered():
    form = form_of(written([MODEL, FILE]))
    await form.read_model()
    with pytest.raises(ApiError):
        await sent(form)
    assert isinstance(form.failure, InvalidRequestError)


async def test_client_that_left_is_not_an_end():
    form = form_of(written([MODEL, FILE]), leaves=True)
    await form.read_model()
    with pytest.raises(ClientGoneError):
        await sent(form)
    assert isinstance(form.failure, ClientGoneError)


async def test_full_disk_is_told(monkeypatch, caplog):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda size: Full())
    form = form_of(written([FILE, MODEL]) + END)
    with pytest.raises(ApiError) as told:
        await form.read_model()
    assert (told.value.status, told.value.code) == (507, "no_room_for_upload")
    assert "No space left" in caplog.text


async def test_closing_gives_up_what_waits(monkeypatch):
    spool = io.BytesIO()
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda size: spool)
    form = form_of(written([FILE, MODEL]) + END)
    await form.read_model()
    assert not spool.closed
    form.close()
    assert spool.closed


LARGE = ('name="file"; filename="a.wav"', b"x" * 1000)


@pytest.mark.parametrize(
    ("per_key", "overall", "before", "status"),
    [(999, 10_000, 0, 413), (1500, 10_000, 600, 429), (1500, 1500, 600, 507)],
)
async def test_file_that_may_not_wait_is_refused(per_key, overall, before, status):
    held = a_store(per_key, overall)
    held.hold(OWNER if status == 429 else "2:key", before, of_form=0)
    form = form_of(written([LARGE, MODEL]) + END, held=held)
    with closing(form), pytest.raises(ApiError) as told:
        await form.read_model()
    assert told.value.status == status
    assert "before the file" in told.value.message
    assert held.bytes_held == before


async def test_file_behind_the_model_never_waits():
    form = form_of(written([MODEL, LARGE]) + END, held=a_store(1, 1))
    assert (await through(form))[1][2] == LARGE[1]


async def test_what_waited_is_given_back_once():
    held = a_store()
    form = form_of(written([LARGE, MODEL]) + END, held=held)
    await form.read_model()
    assert held.bytes_held == 1000
    form.close()
    form.close()
    assert held.bytes_held == 0
