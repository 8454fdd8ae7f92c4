"""The invitation whose link a browser has followed, as its session keeps it: for minutes.

The next person at the browser must not take it up by chance. So a sign-in, a sign-out, the page of
signing in and a sign-in at the provider that did not begin on the invitation's page end it.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.invitations import is_void
from accounts.models import Invitation

SESSION_NAME = "invitation"
PARAMETER = "invitation"  # of a sign-in at the provider that began on the invitation's page
LIFETIME = timedelta(minutes=15)


def remember(request: HttpRequest, invitation: Invitation) -> None:
    until = time.time() + LIFETIME.total_seconds()
    request.session[SESSION_NAME] = {"id": invitation.pk, "until": until}


def has_followed_one(request: HttpRequest) -> bool:
    return SESSION_NAME in request.session


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The invitation that waits in the session, while it can be opened."""
    pk = _waiting_id(request)
    if pk is None:
        return None
    found = Invitation.objects.waiting().filter(pk=pk).select_related("user", "made_by").first()
    return None if found is None or is_void(found) else found


def forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_NAME, None)


@receiver(user_logged_in)
def forget_at_sign_in(sender: Any, *, request: HttpRequest | None, **kwargs: Any) -> None:
    """A sign-out empties the session by itself."""
    if request is not None and hasattr(request, "session"):
        forget(request)


def _waiting_id(request: HttpRequest) -> int | None:
    kept: Any = request.session.get(SESSION_NAME)
    # Sessions of an earlier version hold a number, without an end.
    is_good = isinstance(kept, dict) and kept["until"] > time.time()
    return kept["id"] if is_good else None
