"""The parts of a form, as they are understood here and written for an upstream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, Any

import orjson

MODEL = "model"
AMBIGUOUS = frozenset('"\\;')  # some parsers end a quoted value at one of these, others do not


@dataclass(slots=True, kw_only=True)
class Part:
    """A field, whose value is ``content``, or a file, which is in ``spool`` if it had to wait."""

    name: str
    filename: str | None = None
    content_type: str | None = None
    content: bytearray = field(default_factory=bytearray)
    spool: IO[bytes] | None = None

    @property
    def is_file(self) -> bool:
        return self.filename is not None

    @property
    def is_model(self) -> bool:
        return self.common_name == MODEL

    @property
    def common_name(self) -> str:
        """The common form of names that some reader could take for the same."""
        return self.name.strip().removesuffix("[]").lower()

    def head(self, boundary: bytes) -> bytes:
        """The bytes in front of the part's content."""
        disposition = f'form-data; name="{self.name}"'
        if self.filename is not None:
            disposition += f'; filename="{plain(self.filename)}"'
        lines = [f"Content-Disposition: {disposition}"]
        if self.content_type and self.content_type.isprintable():
            lines.append(f"Content-Type: {self.content_type}")
        return b"--%b\r\n%b\r\n\r\n" % (boundary, "\r\n".join(lines).encode())


def as_field(value: Any) -> bytes | None:
    """``value`` as a form has it; None for what has no form of its own there."""
    match value:
        case str():
            return value.encode()
        case bool() | int() | float():
            return orjson.dumps(value)
        case _:
            return None


def plain(text: str) -> str:
    """``text`` without what some reader could take for its end."""
    return "".join(c if c.isprintable() and c not in AMBIGUOUS else "_" for c in text)
