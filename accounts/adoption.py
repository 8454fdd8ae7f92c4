"""People whom a trusted caller named before they came by themselves.

Such a user could not sign in until now, for lack of a password, an identity, a second factor and a
key. A trusted caller may speak for the holder of any address, before and after the adoption, so
that the adoption gives it no further power over the person.
"""

from __future__ import annotations

from accounts.claimed_users import folded
from accounts.models import Identity, User


def adopt(email: str, *, issuer: str, subject: str) -> User | None:
    """The user whom a trusted caller had made for ``email``, known by the identity from now on.

    The issuer has to vouch for ``email``. None where no such user is, where another has the address
    as well, or where the user has got rights, a key or a way to sign in meanwhile. Belongs into a
    transaction.
    """
    users = list(User.objects.filter(email__iexact=email)[:2]) if email else []
    if len(users) != 1 or folded(users[0].email) != folded(email):
        return None
    user = (
        User.objects.select_for_update(of=("self",))
        .filter(
            pk=users[0].pk,
            email=users[0].email,
            is_newcomer=True,
            is_active=True,
            is_staff=False,
            is_superuser=False,
            user_permissions=None,
            groups__permissions=None,
            identities=None,
            socialaccount=None,
            authenticator=None,
            api_keys=None,
        )
        .first()
    )
    if user is None or user.has_usable_password():
        return None
    user.is_newcomer = False
    user.save(update_fields=["is_newcomer"])
    Identity.objects.create(user=user, issuer=issuer, subject=subject)
    return user


def is_of_newcomer(email: str) -> bool:
    """Whether ``email`` is the address of a user whom a trusted caller named."""
    return bool(email) and User.objects.filter(email__iexact=email, is_newcomer=True).exists()
