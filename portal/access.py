"""Asking for models, and deciding on it.

The answer to a request for access is the same whether or not there is such a model: an admin, who
sees the catalogue, decides.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.keys import censored
from accounts.models import User
from accounts.public_url import public_link
from infrastructure.letters import Letter
from models_registry.grantee import Grantee
from portal.models import AccessRequest, AccessRequestQuerySet, RequestState
from portal.models.access_requests import LONGEST_REASON
from portal.refusals import NotTheirsError, RefusedError

logger = logging.getLogger(__name__)

MOST_OPEN = 10
MOST_A_DAY = 30


def requests_of(user: User) -> AccessRequestQuerySet:
    """Those of ``user``. Every look at a request for access in the portal begins here."""
    return AccessRequest.objects.filter(asked_by=user)


def ask_for(user: User, model: str, reason: str) -> AccessRequest:
    """Raises :class:`RefusedError`. Asking again for what is open changes nothing."""
    row = AccessRequest(asked_by=user, model=model.strip(), reason=reason.strip())
    if len(row.reason) > LONGEST_REASON or "\0" in row.reason:  # models check neither of texts
        raise RefusedError(f"Give a reason of at most {LONGEST_REASON} characters.", field="reason")
    try:
        row.clean_fields(exclude=["asked_by"])
    except ValidationError as exc:
        field, messages = next(iter(exc.message_dict.items()))
        raise RefusedError(" ".join(messages), field=field) from exc
    row.reason = censored(row.reason)
    if censored(row.model) != row.model:
        raise RefusedError("An API key is no model. Give the id of a model.", field="model")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once would pass the caps
        before = requests_of(user).open().filter(model=row.model).first()
        if before is not None:
            return before
        _check_caps(user)
        row.save(force_insert=True)
    _tell_admins(row)
    return row


def withdraw(user: User, request_id: int) -> AccessRequest:
    """Raises :class:`NotTheirsError`."""
    row = requests_of(user).filter(pk=request_id).first()
    if row is None:
        raise NotTheirsError("You have no such request for access.")
    if _decided(row, RequestState.WITHDRAWN, by=None, words=""):
        row.refresh_from_db()
    return row


@transaction.atomic
def approve(row: AccessRequest, *, by: User, words: str = "", group: Group | None = None) -> bool:
    """Grant the model to the person, or to a ``group`` of theirs. False if it was decided before.

    Raises ``ValidationError`` for what is no id of a model.
    """
    if not _decided(row, RequestState.APPROVED, by=by, words=words):
        return False
    grantee = Grantee(group=group) if group is not None else Grantee(user=row.asked_by)
    grantee.grant(row.model)
    return True


def decline(row: AccessRequest, *, by: User, words: str) -> bool:
    """False if it was decided before."""
    return _decided(row, RequestState.DECLINED, by=by, words=words)


def _decided(row: AccessRequest, state: RequestState, *, by: User | None, words: str) -> bool:
    """The first decision counts."""
    changed = AccessRequest.objects.open().filter(pk=row.pk)
    return bool(changed.update(state=state, decided_by=by, decided_at=timezone.now(), words=words))


def _check_caps(user: User) -> None:
    mine = requests_of(user)
    if mine.open().count() >= MOST_OPEN:
        raise RefusedError(
            f"{MOST_OPEN} requests of yours are open. Wait for a decision, or withdraw one.",
            code="too_many_requests_for_access",
        )
    today = timezone.now() - timedelta(days=1)
    if mine.filter(created_at__gt=today).count() >= MOST_A_DAY:
        raise RefusedError(
            "You have asked for many models today. Ask again tomorrow.",
            code="too_many_requests_for_access",
        )


def _tell_admins(row: AccessRequest) -> None:
    """By mail, where a mail server and addresses are set; a mail that fails holds up nothing."""
    to = sorted(set(settings.GATEWAY_ALERT_EMAILS))
    if not to or not settings.EMAIL_URL:
        return
    try:
        _letter(row).send(to)
    except (SMTPException, OSError, ValueError) as exc:
        logger.warning("No mail tells of a request for access: %s", type(exc).__name__)


def _letter(row: AccessRequest) -> Letter:
    return Letter(
        subject=f"Access to {row.model} is asked for",
        lines=(
            f"{row.asked_by} asks for the model {row.model}.",
            row.reason or "No reason is given.",
        ),
        action="Decide on it",
        url=public_link("admin:portal_accessrequest_change", row.pk),
        notes=("In the admin it is under Models, Access requests.",),
        reason="You get this mail because this address is in GATEWAY_ALERT_EMAILS.",
    )
