"""Integers that would lose digits on their way through.

Requests are read and written anew, so that no upstream can see another model in them than the one
the caller was found to have access to. Reading keeps integers of 64 bits and takes longer ones for
floating-point numbers.
"""

from __future__ import annotations

import json

from proxy.errors import InvalidRequestError

DIGITS = bytes.maketrans(b"123456789", b"000000000")
# No integer with fewer digits is beyond 64 bits.
LONG = b"0" * 19
LOWEST, HIGHEST = -(2**63), 2**64 - 1
MOST_DIGITS = 20


def check_integers(text: bytes) -> None:
    """Refuse valid JSON with an integer beyond 64 bits. Raises :class:`InvalidRequestError`.

    Only a text with that many digits in a row is read a second time.
    """
    if LONG not in text.translate(DIGITS):
        return
    try:
        json.loads(text, parse_int=_checked)
    except RecursionError as exc:
        raise InvalidRequestError("The request is nested too deeply.") from exc


def _checked(text: str) -> int:
    digits = text.removeprefix("-")
    if len(digits) > MOST_DIGITS or not LOWEST <= int(text) <= HIGHEST:
        raise InvalidRequestError(
            f"The integer {text[:40]} does not fit into 64 bits. Write it as a text."
        )
    return 0
