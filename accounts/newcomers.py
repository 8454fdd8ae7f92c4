"""Users whom a trusted caller names first."""

from __future__ import annotations

import logging

from django.contrib.auth.models import Group
from django.db import transaction

from accounts import changes
from accounts.claimed_users import ClaimedUser
from accounts.models import User
from accounts.people import Standing, standing_of
from accounts.user_names import free_username

logger = logging.getLogger(__name__)


@transaction.atomic
def make_newcomer(claimed: ClaimedUser, group_id: int) -> Standing | None:
    """Make a user of ``claimed`` in the group, unless the address is known here.

    The result is why no user can be spoken for by that address; None if one can now. Requests of
    several workers for one new user make one: they take turns, as nothing in the database keeps two
    users from having one address. Blocks on the database.
    """
    changes.lock_configuration()
    standing = standing_of(claimed.email)
    if standing is not Standing.UNKNOWN:
        return standing
    group = Group.objects.filter(pk=group_id).first()
    if group is None:  # deleted a moment ago
        return standing
    wanted = (claimed.email.partition("@")[0], claimed.name)
    user = User(
        username=free_username(wanted, claimed.email),
        email=claimed.email,
        first_name=claimed.name,
        is_newcomer=True,
    )
    user.set_unusable_password()
    user.save()
    user.groups.add(group)
    logger.info("A trusted caller named a new user: %s was made in %s", user.username, group.name)
    return None
