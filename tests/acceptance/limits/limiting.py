"""Limits of a user of a live gateway."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from tests.support.live import LiveGateway

Meter = tuple[str, str, int]  # of what, in which window, how much

MAKE = """
from decimal import Decimal
from accounts.models import User
from limits.models import Limit
user = User.objects.get(username={user!r})
for metric, window, amount in {meters!r}:
    Limit.objects.create(
        label=f"{{user}} {{metric}} {{window}}", subject_kind="user", user=user, metric=metric,
        amount=Decimal(amount), window=window, mode={mode!r}, unpriced="free",
    )
Limit.objects.create(
    label=f"{{user}} in force", subject_kind="user", user=user, metric="requests",
    amount=Decimal(0), window="minute", endpoints=["moderations"], mode={mode!r},
)
"""
IN_FORCE = "/v1/moderations"  # is refused once the limits are in force


def limit(gateway: LiveGateway, user: str, mode: str, meters: Iterable[Meter]) -> None:
    """Make limits of ``user``, and one more that :func:`is_in_force` asks for where they are
    enforced."""
    code = MAKE.format(user=user, mode=mode, meters=list(meters))
    gateway.manage("shell", "--no-imports", "-c", code)


def is_in_force(client: httpx.Client, model: str) -> bool:
    """Whether the worker has taken up the limits of the client's user."""
    return client.post(IN_FORCE, json={"model": model, "input": "a"}).status_code == 429


PERIOD = """
from limits.models import Period
found = Period.objects.filter(limit__user__username={user!r})
print(list(found.values_list("requests", "input_tokens")))
"""


def periods_of(gateway: LiveGateway, user: str) -> str:
    """The requests and input tokens of each period of the user's limits, as a list is written."""
    return gateway.manage("shell", "--no-imports", "-c", PERIOD.format(user=user)).stdout.strip()
