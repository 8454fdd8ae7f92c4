"""A worker in a process of its own: takes 1 of a period again and again, and says how often it got
it. Arguments: URL of Redis, meter, amount, how many takes.
"""

from __future__ import annotations

import asyncio
import sys
import uuid

from limits.meters.interface import Ask, MeterKind, Taken
from limits.meters.redis_meters import RedisMeters
from tests.support.processes import PATIENCE_SECONDS


async def count(url: str, meter: str, amount: int, number: int) -> int:
    meters = RedisMeters(url, cap_seconds=PATIENCE_SECONDS)
    ask = Ask(meter, MeterKind.PERIOD, amount, 1, 1, ends_at=2e9)
    takes = (meters.take(uuid.uuid4().hex, [ask]) for _ in range(number))
    return sum(isinstance(one, Taken) for one in await asyncio.gather(*takes))


if __name__ == "__main__":
    url, meter, amount, number = sys.argv[1:]
    sys.stdout.write(str(asyncio.run(count(url, meter, int(amount), int(number)))))
