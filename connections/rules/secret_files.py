"""Reading a file that holds a secret, as Docker, Kubernetes and systemd hand them to a process."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_BYTES = 2**20


class SecretFileError(Exception):
    """The message completes "The file …" and holds nothing of its content."""


def read_secret_file(path: Path) -> str:
    """What the file at ``path`` holds, without line breaks at its end. Never empty.

    Raises :class:`SecretFileError`.
    """
    try:
        # A pipe without a writer would otherwise hold up the process.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SecretFileError("is missing") from None
    except OSError as exc:
        raise SecretFileError(f"cannot be read: {exc.strerror}") from None
    except ValueError:
        raise SecretFileError("has a name that no file can have") from None
    try:
        content = _content(descriptor)
    finally:
        os.close(descriptor)
    try:
        text = content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretFileError("is not UTF-8 text") from None
    if not text.strip():
        raise SecretFileError("is empty")
    return text


def _content(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SecretFileError("is no regular file")
    content = os.read(descriptor, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SecretFileError("is larger than 1 MiB")
    return content
