"""Inviting people: a user without a way to sign in, and a link that gives them one, once.

The link was sent to the mail address of the user, by mail or by hand: opening it proves the
address. Until then the user cannot sign in, though keys of the user work.

An invitation counts as long as its author could still write it: one whose author is deleted,
switched off, or has lost a right that it took is void. One of a command has no author.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.claimed_users import LONGEST_EMAIL, folded
from accounts.models import LIFETIME, Invitation, User, api_key_pepper
from accounts.public_url import below
from accounts.rights import may_act_for, may_invite
from accounts.user_names import free_username
from infrastructure.letters import NAME, Letter, gateway_name

logger = logging.getLogger(__name__)

TOKEN_BYTES = 32
KEPT = timedelta(days=90)  # how long an invitation that has ended stays to be seen


class InvitationError(Exception):
    """The person cannot be invited, or the link opens nothing. The message is safe to show."""


@transaction.atomic
def invite(
    email: str,
    *,
    groups: Iterable[Group] = (),
    made_by: User | None = None,
    lifetime: timedelta = LIFETIME,
) -> tuple[Invitation, str]:
    """Invite the person at ``email``: the row, and the token of the link, which is not stored.

    An unknown address makes a user, named after it, in ``groups``. A user who cannot sign in yet is
    invited again, and an earlier link of theirs ends. Raises :class:`InvitationError` for a user
    who can sign in, and for one on whose behalf ``made_by`` may not act, who sees the link. The
    caller sees to it that ``made_by`` may give ``groups``.
    """
    address = folded(email.strip())
    user = _user_to_invite(address, made_by)
    given = list(groups)
    user.groups.add(*given)
    now = timezone.now()
    user.invitations.waiting().update(expires_at=now)
    Invitation.objects.filter(expires_at__lt=now - KEPT).delete()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = Invitation.objects.create(
        user=user,
        email=address,
        digest=_digest(token),
        made_by=made_by,
        gives_groups=bool(given),
        expires_at=now + lifetime,
    )
    return row, token


def waiting_for(token: str) -> Invitation | None:
    """The invitation that ``token`` opens; None if it is unknown, used, expired or void."""
    rows = Invitation.objects.waiting().filter(digest=_digest(token))
    found: Invitation | None = rows.select_related("user", "made_by").first()
    return None if found is None or is_void(found) else found


@transaction.atomic
def accept(invitation_id: int, *, password: str | None = None) -> User:
    """Open the invitation, for the only time: its user, who may sign in with ``password`` now.

    Without a password the caller links another way to sign in. Raises :class:`InvitationError`
    where the invitation has been opened meanwhile, has ended, or is void.
    """
    # The user is locked, too: two invitations of one user open one after the other.
    waiting = Invitation.objects.waiting().select_for_update().select_related("user")
    row = waiting.filter(pk=invitation_id).first()
    if row is None or can_sign_in(row.user) or is_void(row):
        raise InvitationError("This invitation has been used, or it has expired.")
    row.opened_at = timezone.now()
    row.save(update_fields=["opened_at"])
    user: User = row.user
    if password is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def can_sign_in(user: User) -> bool:
    """Whether ``user`` has a password, or an identity at a provider."""
    return user.pk is not None and (
        user.has_usable_password()
        or user.identities.exists()
        or SocialAccount.objects.filter(user=user).exists()
        or user.last_login is not None
    )


def is_void(row: Invitation) -> bool:
    """Whether its author could not write the invitation any more. The author may have the link."""
    author = row.made_by
    if author is None:
        return False
    is_able = author.is_active and author.is_staff and may_invite(author)
    may_give = author.is_superuser or not row.gives_groups
    return not (is_able and may_give and may_act_for(author, row.user))


def end_those_of(author: User) -> None:
    """For an author who is about to be deleted: what they wrote would pass for a command's."""
    now = timezone.now()
    theirs = Invitation.objects.filter(made_by=author, opened_at=None, expires_at__gt=now)
    theirs.update(expires_at=now)


def link(token: str, base_url: str) -> str:
    """The address that ``token`` is sent as, below ``base_url``, which has no slash at its end."""
    return below(base_url, "invitation_link", token)


def mail(row: Invitation, url: str) -> bool:
    """Send ``url`` to the person. False where no mail server is configured or it takes nothing."""
    if not settings.EMAIL_URL:
        return False
    try:
        _letter(row, url).send([row.email])
    except (SMTPException, OSError, ValueError) as exc:
        logger.warning("An invitation is not mailed: the server says %s", type(exc).__name__)
        return False
    return True


def _letter(row: Invitation, url: str) -> Letter:
    author = f"{row.made_by.username} has" if row.made_by else "An administrator has"
    return Letter(
        subject=f"Your invitation to {NAME}",
        lines=(
            f"You are invited to use AI models through {gateway_name()}, as {row.user.username}.",
            "The link below lets you choose how you sign in.",
        ),
        action="Choose how you sign in",
        url=url,
        notes=(f"It opens once, until {row.expires_at:%Y-%m-%d %H:%M} UTC. Keep it to yourself.",),
        reason=f"You get this mail because {author} invited {row.email}. If you do not expect it, "
        "do nothing.",
    )


def _user_to_invite(address: str, author: User | None) -> User:
    known = _user_at(address)
    if known is not None and author is not None and not may_act_for(author, known):
        raise InvitationError(
            f"A user with this address has permissions that you lack, or is staff: {address}. A "
            "superuser invites them."
        )
    user = known or _new_user(address)
    if can_sign_in(user):
        raise InvitationError(f"{user.username} has this address and can sign in already.")
    if not user.is_active:
        raise InvitationError(f"{user.username} has this address and is not active.")
    return user


def _user_at(address: str) -> User | None:
    if len(address) > LONGEST_EMAIL:
        raise InvitationError("A mail address has 254 characters at most.")
    try:
        validate_email(address)
    except ValidationError as exc:
        raise InvitationError(f"{address!r} is not an email address.") from exc
    # The database folds more letters than addresses do.
    similar = User.objects.select_for_update().filter(email__iexact=address)
    users = [user for user in similar if folded(user.email) == address]
    if len(users) > 1:
        raise InvitationError(f"Several users have the address {address}.")
    return users[0] if users else None


def _new_user(address: str) -> User:
    user = User(username=free_username([address.partition("@")[0]], address), email=address)
    user.set_unusable_password()
    user.save()
    return user


def _digest(token: str) -> str:
    return keys.digest(token, api_key_pepper())
