"""Forms with files, passed on while they come in.

Only what comes before the first file is held in memory, and only fields are understood. A client
may name the model behind its file; until then the file waits on disk, since no upstream is to see a
byte of it before the model is known to be the client's to use. The form is written again for the
upstream, under a boundary of our own and with the model in front: what was understood here is what
is read there.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)
from rest_framework import exceptions

from proxy.client_side.errors import ApiError, InvalidRequestError, PayloadTooLargeError
from proxy.client_side.incoming import ClientGoneError, IncomingBody
from proxy.references.forms import check_form_field
from proxy.uploads.held import HeldUploads, no_room
from proxy.uploads.parts import MODEL, Part, as_field, plain
from wire_formats.json_types import JsonObject

logger = logging.getLogger(__name__)

MOST_PARTS = 200
MOST_FIELD_BYTES = 2**20  # of all fields together
SPOOL_IN_MEMORY_BYTES = 64 * 1024  # of each file; there may be as many as parts
READ_BYTES = 64 * 1024


def no_defaults(given: Iterable[str]) -> JsonObject:
    return {}


class IncomingForm:
    """One form. ``read_model`` first; then ``upload`` for each target until one takes it.

    ``failure`` is what was wrong with the part of the form that came while it was passed on.
    :meth:`close` it in the end.
    """

    def __init__(
        self, incoming: IncomingBody, content_type: str, *, owner: str, held: HeldUploads
    ) -> None:
        self._boundary_of_ours = secrets.token_hex(16).encode()
        self._events = _events(incoming, _boundary(content_type))
        self._parts: list[Part] = []
        self._field_bytes = 0
        self._owner = owner
        self._held_uploads = held
        self._held_bytes = 0
        self._is_complete = False
        self._is_live = False
        self.failure: ApiError | ClientGoneError | None = None

    @property
    def content_type(self) -> str:
        """Of the form as it is passed on."""
        return f"multipart/form-data; boundary={self._boundary_of_ours.decode()}"

    def is_whole(self) -> bool:
        """Whether none of the form has gone to an upstream that cannot be read again."""
        return not self._is_live

    def value(self, name: str) -> str | None:
        """A field that has come so far, as text."""
        part = next((p for p in self._parts if p.name == name and not p.is_file), None)
        return None if part is None else part.content.decode("utf-8", "replace")

    @property
    def file_name(self) -> str:
        """The name of the file that came first, as the client has it; empty where none came."""
        return next((part.filename or "" for part in self._parts if part.is_file), "")

    async def read_model(self, *, is_known: bool = False) -> str | None:
        """Read until the model is named and a file begins, or to the end; None if none is named.

        Where the model ``is_known`` from elsewhere no file has to wait for it. Raises
        :class:`proxy.client_side.errors.ApiError` and ``ClientGoneError``.
        """
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                part = self._begin(event)
                if part.is_file and (is_known or self.value(MODEL) is not None):
                    return self.value(MODEL)
                if part.is_file:
                    part.spool = tempfile.SpooledTemporaryFile(SPOOL_IN_MEMORY_BYTES)  # noqa: SIM115
            elif event is not None:
                await self._keep(self._parts[-1], event)
        self._is_complete = True
        return self.value(MODEL)

    async def upload(
        self, model: str, defaults: Callable[[Iterable[str]], JsonObject] = no_defaults
    ) -> AsyncGenerator[bytes]:
        """The form for an upstream that knows the model as ``model``.

        ``defaults`` gives the fields to add to those of the given names. Of them a form can hold
        texts, numbers and switches.
        """
        if self._is_live:
            raise InvalidRequestError("The upload cannot be sent a second time.")
        yield Part(name=MODEL).head(self._boundary_of_ours) + model.encode() + b"\r\n"
        for part in self._parts:
            async for data in self._held(part):
                yield data
        if not self._is_complete:
            self._is_live = True
            try:
                async for data in self._live():
                    yield data
            except (ApiError, ClientGoneError) as exc:
                self.failure = exc
                raise
        for name, value in defaults({part.common_name for part in self._parts}).items():
            if (content := as_field(value)) is not None:
                yield Part(name=plain(name)).head(self._boundary_of_ours) + content + b"\r\n"
        yield b"--%b--\r\n" % self._boundary_of_ours

    def close(self) -> None:
        """Give up what waits on disk. May be called again."""
        held, self._held_bytes = self._held_bytes, 0
        self._held_uploads.release(self._owner, held)
        for part in self._parts:
            if part.spool is not None:
                part.spool.close()

    async def aclose(self) -> None:
        """As :meth:`close`, for the request that owns the form."""
        self.close()

    def _begin(self, segment: MultipartSegment) -> Part:
        """The part that begins. Raises for one that could be read as another part."""
        part = Part(
            name=segment.name or "",
            filename=segment.filename,
            content_type=segment.header("Content-Type"),
        )
        if not part.name or part.name != plain(part.name):
            raise InvalidRequestError("The form has a field without a valid name.")
        # Upstreams differ on which of two equal fields counts, and on whether case matters.
        twins = [other for other in self._parts if other.common_name == part.common_name]
        is_list = part.name.endswith("[]") or part.is_file
        if any(not (is_list and other.name == part.name) for other in twins):
            raise InvalidRequestError(
                "The form has this field more than once.", param=part.name[:100]
            )
        if part.is_model and (part.is_file or part.name != MODEL):
            raise InvalidRequestError("`model` must be a string.", param=part.name[:100])
        check_form_field(part.name)
        self._parts.append(part)
        return part

    async def _keep(self, part: Part, data: bytes) -> None:
        if part.spool is None:
            self._count(data)
            part.content += data
            return
        self._held_uploads.hold(self._owner, len(data), of_form=self._held_bytes)
        self._held_bytes += len(data)
        try:
            await asyncio.to_thread(part.spool.write, data)
        except OSError as exc:
            logger.warning("There is no room for an upload to wait: %s", exc)
            raise no_room() from exc

    def _count(self, data: bytes) -> None:
        self._field_bytes += len(data)
        if self._field_bytes > MOST_FIELD_BYTES:
            raise PayloadTooLargeError(MOST_FIELD_BYTES)

    async def _held(self, part: Part) -> AsyncIterator[bytes]:
        """A part that has come, or the head of the file that is coming."""
        if part.is_model:
            return
        yield part.head(self._boundary_of_ours)
        if part.spool is not None:
            part.spool.seek(0)
            while data := await asyncio.to_thread(part.spool.read, READ_BYTES):
                yield data
        elif part.is_file:
            return
        else:
            yield bytes(part.content)
        yield b"\r\n"

    async def _live(self) -> AsyncIterator[bytes]:
        """The rest of the form, from the content of the file that has begun."""
        async for event in self._events:
            part = self._begin(event) if isinstance(event, MultipartSegment) else self._parts[-1]
            if isinstance(event, bytes) and not part.is_file:
                self._count(event)
            if part.is_model:
                continue
            match event:
                case MultipartSegment():
                    yield part.head(self._boundary_of_ours)
                case None:
                    yield b"\r\n"
                case _:
                    yield event


def _boundary(content_type: str) -> str:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise exceptions.UnsupportedMediaType(content_type[:100])
    if not options.get("boundary"):
        raise InvalidRequestError("The form's Content-Type names no boundary.")
    return str(options["boundary"])


async def _events(
    incoming: IncomingBody, boundary: str
) -> AsyncGenerator[MultipartSegment | bytes | None]:
    """Beginning, content and end of each part. Raises ``ApiError`` for what is no form."""
    try:
        with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
            async for chunk in incoming.parts():
                for event in parser.parse(chunk):
                    yield event
    except ParserLimitReached as exc:
        raise InvalidRequestError(f"The form is over a limit: {exc}.") from exc
    except MultipartError as exc:
        raise InvalidRequestError(f"The form cannot be read: {exc}.") from exc
