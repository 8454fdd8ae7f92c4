"""Secrets on their way from a form to the page that shows them once.

A form is answered by a redirect, so that a reload makes nothing again. Until the page is shown, the
secrets wait in the session, encrypted, and bound to the user who is signed in. After
``WAITING_SECONDS`` they are not shown any more, and leave the session with the next ones or at the
sign-out.
"""

from __future__ import annotations

import json
import time
from typing import Any

from django.http import HttpRequest

from accounts.encryption import EncryptionError, keyring

SESSION_NAME = "shown_once"
WAITING_SECONDS = 300


def keep(request: HttpRequest, name: str, values: Any) -> None:
    """Let the session of ``request`` take ``values``, which JSON can write, once by ``name``."""
    ciphertext = keyring().encrypt(json.dumps(values), bound_to=_bound_to(request, name))
    waiting = _waiting(request)
    waiting[name] = [ciphertext, time.time() + WAITING_SECONDS]
    request.session[SESSION_NAME] = waiting


def take(request: HttpRequest, name: str) -> Any:
    """The values that wait for this session, which forgets them. None if they have been taken."""
    waiting = _waiting(request)
    taken = waiting.pop(name, None)
    if taken is None:
        return None
    request.session[SESSION_NAME] = waiting
    try:
        return json.loads(keyring().decrypt(taken[0], bound_to=_bound_to(request, name)))
    except EncryptionError:  # the encryption keys were rotated in between
        return None


def _waiting(request: HttpRequest) -> dict[str, Any]:
    """Ciphertexts, and until when each may be shown, by their names."""
    now = time.time()
    waiting = request.session.get(SESSION_NAME, {})
    return {name: each for name, each in waiting.items() if each[1] > now}


def _bound_to(request: HttpRequest, name: str) -> str:
    return f"accounts.shown_once:{request.user.pk}:{name}"
