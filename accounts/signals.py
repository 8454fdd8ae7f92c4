"""Changes to users, groups and keys reach every worker, and end what depended on them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import receiver

from accounts import changes, invitations
from accounts.models import ApiKey, EarlierKey, Identity, User
from accounts.playground_tokens import end_tokens_at_sign_out

user_logged_out.connect(end_tokens_at_sign_out)


@receiver([post_save, post_delete], sender=ApiKey)
@receiver([post_save, post_delete], sender=EarlierKey)
@receiver([post_save, post_delete], sender=Group)
@receiver(post_delete, sender=Identity)
@receiver([post_save, post_delete], sender=User)
@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
@receiver(post_delete, sender=Permission)
def announce_change(sender: Any, **kwargs: Any) -> None:
    # Each sign-in saves the user's last_login, which no worker holds in memory.
    if kwargs.get("update_fields") == frozenset({"last_login"}):
        return
    changes.announce(changes.Subject.PEOPLE)


@receiver(pre_delete, sender=User)
def end_invitations(sender: Any, *, instance: User, **kwargs: Any) -> None:
    invitations.end_those_of(instance)
