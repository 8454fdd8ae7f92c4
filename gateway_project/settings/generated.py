"""Secrets of a local run, made once and kept in ``DATA_DIR`` for its owner's eyes alone."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings.findings import refuse

FILE_NAME = "secrets.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedSecrets:
    secret_key: str = field(repr=False)
    encryption_key: str = field(repr=False)


def usable_secrets(directory: Path) -> GeneratedSecrets:
    """The secrets kept in ``directory``, which is made. Empty ones if it is noted as of no use."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return generated_secrets(directory)
    except ImproperlyConfigured as exc:
        refuse("DATA_DIR", str(exc))
    except OSError as exc:
        refuse(
            "DATA_DIR",
            f"DATA_DIR, {directory}, cannot be used: {exc.strerror}. Make it and give it to the "
            "user that runs the gateway.",
        )
    return GeneratedSecrets(secret_key="", encryption_key="")


def generated_secrets(directory: Path) -> GeneratedSecrets:
    """The secrets kept in ``directory``, made now if there are none.

    Two processes that start together agree: whoever links its finished file first wins.
    """
    path = directory / FILE_NAME
    if not path.exists():
        _make(path)
    try:
        return GeneratedSecrets(**json.loads(path.read_text()))
    except (ValueError, TypeError) as exc:
        raise ImproperlyConfigured(
            f"{path} is damaged. Restore it from a backup: without it the keys in the database "
            "cannot be read. If they may be lost, remove both the file and the database."
        ) from exc


def _make(path: Path) -> None:
    made = GeneratedSecrets(
        secret_key=secrets.token_urlsafe(50),
        encryption_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(made), file)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
