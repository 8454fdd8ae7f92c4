"""Limits of a user of a live gateway."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from tests.support.live import LiveGateway

Meter = tuple[str, str, int]  # of what, in which window, how much
LAST = "is in force"

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
    label=f"{{user}} {last}", subject_kind="user", user=user, metric="requests",
    amount=Decimal(10**6), window="minute", mode={mode!r},
)
"""


def limit(gateway: LiveGateway, user: str, mode: str, meters: Iterable[Meter]) -> None:
    """Make limits of ``user``, and a last one, which :func:`is_in_force` looks for where they are
    not in the shadow."""
    code = MAKE.format(user=user, mode=mode, meters=list(meters), last=LAST)
    gateway.manage("shell", "--no-imports", "-c", code)


def is_in_force(client: httpx.Client) -> bool:
    """Whether the worker has taken up the limits of the client's user. Counts for none of them: a
    request that is sent to find out counts even before they are in force."""
    found = client.get("/v1/limits").raise_for_status().json()["data"]
    return any(each["label"].endswith(LAST) for each in found)


PERIOD = """
from limits.models import Period
found = Period.objects.filter(limit__user__username={user!r})
print(list(found.values_list("requests", "input_tokens")))
"""


def periods_of(gateway: LiveGateway, user: str) -> str:
    """The requests and input tokens of each period of the user's limits, as a list is written."""
    return gateway.manage("shell", "--no-imports", "-c", PERIOD.format(user=user)).stdout.strip()
