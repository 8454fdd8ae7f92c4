"""How much of the uploads may wait on disk for their model to be named.

A client may name the model behind its file, and then the file waits; so nobody is to fill the disk
with files whose model never comes, or is not theirs to use.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus

from django.conf import settings

from proxy.client_side.errors import AnsweredError, PayloadTooLargeError

ADVICE = "Put `model` before the file."


@dataclass(slots=True, kw_only=True)
class HeldUploads:
    """The waiting bytes of this process, capped by ``most_bytes_per_key`` and ``most_bytes``."""

    most_bytes_per_key: int
    most_bytes: int
    bytes_held: int = field(default=0, init=False)  # for all keys together
    _by_key: Counter[str] = field(default_factory=Counter, init=False)

    def hold(self, owner: str, size: int, *, of_form: int) -> None:
        """Count ``size`` bytes more for a user and key, of a form that held ``of_form``.

        Raises ``ApiError`` where they may not wait.
        """
        if of_form + size > self.most_bytes_per_key:
            raise PayloadTooLargeError(self.most_bytes_per_key, advice=ADVICE)
        if self._by_key[owner] + size > self.most_bytes_per_key:
            raise _refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many of your files wait already.")
        if self.bytes_held + size > self.most_bytes:
            raise no_room()
        self._by_key[owner] += size
        self.bytes_held += size

    def release(self, owner: str, size: int) -> None:
        """Give back what a form has held."""
        self.bytes_held -= size
        self._by_key[owner] -= size
        if not self._by_key[owner]:
            del self._by_key[owner]


@cache
def held_uploads() -> HeldUploads:
    """Those of this process, with the caps that the settings say."""
    return HeldUploads(
        most_bytes_per_key=settings.GATEWAY_UPLOAD_HELD_BYTES_PER_KEY,
        most_bytes=settings.GATEWAY_UPLOAD_HELD_BYTES,
    )


def no_room() -> AnsweredError:
    """The gateway cannot take another byte that has to wait."""
    text = "The gateway has no room to keep this file until the model is named."
    return _refusal(HTTPStatus.INSUFFICIENT_STORAGE, text)


def _refusal(status: HTTPStatus, text: str) -> AnsweredError:
    kind = "rate_limit_error" if status == HTTPStatus.TOO_MANY_REQUESTS else "server_error"
    return AnsweredError(f"{text} {ADVICE}", status=status, kind=kind, code="no_room_for_upload")
