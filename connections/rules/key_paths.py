"""Which files a connection may take a key from: those of one folder that is meant for it.

An editor of connections also chooses where their keys are sent. So a path may lead only to keys of
upstreams: paths out of the folder, to the gateway's own secrets, or to the token that Kubernetes
puts beside them are refused.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from django.conf import settings

from connections.rules.secret_files import SecretFileError, read_secret_file

LONGEST_PATH = 500
SERVICE_ACCOUNTS = "kubernetes.io"


def path_problem(path: str) -> str:
    """The mistake in ``path`` as it is written, in words that complete "The file …"."""
    folder = PurePosixPath(settings.GATEWAY_KEY_FILES_DIR)
    pure = PurePosixPath(path)
    if len(path) > LONGEST_PATH or not path.isprintable():
        return f"has a path of more than {LONGEST_PATH} characters, or one that cannot be printed"
    if not pure.is_absolute() or ".." in pure.parts:
        return f"must be given by an absolute path within {folder}, without .."
    if folder not in pure.parents:
        return f"is not within {folder}, the folder of GATEWAY_KEY_FILES_DIR"
    return _ownership_problem(Path(path))


def read_key_file(path: str) -> str:
    """What the file at ``path`` holds. Links are followed as long as they stay in the folder.

    Raises :class:`SecretFileError`.
    """
    if problem := path_problem(path):
        raise SecretFileError(problem)
    folder = os.path.realpath(settings.GATEWAY_KEY_FILES_DIR)
    real = Path(os.path.realpath(path))
    if Path(folder) not in real.parents:
        raise SecretFileError(f"is a link that leads out of {settings.GATEWAY_KEY_FILES_DIR}")
    if problem := _ownership_problem(real):
        raise SecretFileError(problem)
    return read_secret_file(real)


def _ownership_problem(path: Path) -> str:
    if SERVICE_ACCOUNTS in path.parts:
        return "holds an account of the machine, and no key of an upstream"
    own = {os.path.realpath(each) for each in settings.OWN_SECRET_FILES}
    if os.path.realpath(path) in own:
        return "holds a secret of the gateway itself, and no key of an upstream"
    return ""
