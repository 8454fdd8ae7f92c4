"""What follows for the keys that a key has made."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver

from accounts.models import ApiKey


@receiver(post_save, sender=ApiKey)
def end_those_it_made(sender: Any, *, instance: ApiKey, created: bool, **kwargs: Any) -> None:
    """A thief of a key that makes keys keeps none of them, however the key was ended."""
    if created:
        return
    if instance.revoked_at is not None:
        for key in _working(instance):
            key.revoke(instance.revoked_at)
    elif instance.expires_at is not None:
        end = instance.expires_at
        for key in _working(instance).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=end)):
            _end_by(key, instance)


@receiver(pre_delete, sender=ApiKey)
def revoke_those_of_a_deleted_one(sender: Any, *, instance: ApiKey, **kwargs: Any) -> None:
    for key in _working(instance):
        key.revoke()


def _working(maker: ApiKey) -> Any:
    return ApiKey.objects.filter(made_with__maker=maker, revoked_at__isnull=True)


def _end_by(key: ApiKey, maker: ApiKey) -> None:
    if maker.expires_at is not None and key.created_at < maker.expires_at:
        key.expires_at = maker.expires_at
        key.save(update_fields=["expires_at"])
    else:  # no key expires before it was made
        key.revoke()
