"""An entry of the history is completed with its origin before it is stored."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from auditlog.signals import pre_log
from django.contrib.auth import get_user_model
from django.db.models.signals import pre_save
from django.dispatch import receiver

from infrastructure.origin import Origin, current_origin
from usage.models import Price, PriceSource

# What an entry has in ``additional_data``. ``WHO`` outlives the user's account.
WAY, NAME, WHO = "way", "name", "who"


@receiver(pre_log, sender=Price, dispatch_uid="history of prices")
def is_of_an_administrator(sender: Any, instance: Price, **kwargs: Any) -> bool:
    """Prices of the bundled list come and go by themselves."""
    return instance.source == PriceSource.ADMIN


@receiver(pre_save, sender=LogEntry, dispatch_uid="origin of entries")
def complete(sender: Any, instance: LogEntry, **kwargs: Any) -> None:
    """Have a new entry tell where its change comes from."""
    origin = current_origin()
    if origin is None or instance.pk is not None:
        return
    user = _user_of(origin)
    instance.actor = user
    instance.remote_addr = origin.address or None
    told = {WAY: str(origin.way), NAME: origin.name, WHO: user.get_username() if user else ""}
    instance.additional_data = {name: value for name, value in told.items() if value}


def _user_of(origin: Origin) -> Any:
    """The user behind ``origin`` if they still have an account, else None."""
    user = origin.user()
    return user if isinstance(user, get_user_model()) and user.pk else None
