"""Make the secrets of deploy/compose.yaml that are not there yet, each for the user that reads it.

``python make_secrets.py GATEWAY STORES``: two directories. What is there is kept: without
ENCRYPTION_KEYS the stored keys could no longer be read.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

GATEWAY_USER, STORE_USER = 10001, 999


def main(gateway: Path, stores: Path) -> None:
    password = kept(stores / "postgres_password", secrets.token_urlsafe(24), STORE_USER)
    redis_conf = f"requirepass {secrets.token_urlsafe(24)}\nsave ''\nappendonly no\n"
    redis_password = kept(stores / "redis.conf", redis_conf, STORE_USER).split()[1]
    made = {
        "secret_key": secrets.token_urlsafe(50),
        "encryption_keys": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "metrics_token": secrets.token_urlsafe(24),
        "database_url": f"postgres://gatehouse:{password}@postgres:5432/gatehouse",
        "redis_url": f"redis://default:{redis_password}@redis:6379/0",
    }
    for name, value in made.items():
        kept(gateway / name, value, GATEWAY_USER)


def kept(file: Path, value: str, user: int) -> str:
    """What ``file`` holds, which is ``value`` if it was not there."""
    if not file.exists():
        draft = file.with_name(f".{file.name}")
        draft.unlink(missing_ok=True)  # left by a start that was cut short
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(value)
            if os.geteuid() == 0:
                os.fchown(descriptor, user, user)
        draft.rename(file)
    return file.read_text()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
