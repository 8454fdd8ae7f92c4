"""The lock-step measurement fits together: a run too short to mean anything."""

import asyncio

import pytest

from benchmarks import lockstep
from benchmarks.lockstep import ALONE, CHAT, TOGETHER, Effort

BRIEF = Effort(rounds=2, streams=2, numbers={CHAT: 2, ALONE: 3, TOGETHER: 4})


@pytest.mark.long
def test_every_kind_of_work_is_measured_in_each_round():
    entrants = lockstep.entrants(lockstep.parser().parse_args(["--limits", "3", "--floor"]))
    gateways = asyncio.run(lockstep.measured(entrants, BRIEF))
    for gateway in gateways:
        assert {kind: len(costs) for kind, costs in gateway.costs.items()} == {
            CHAT: 2,
            ALONE: 2,
            TOGETHER: 2,
        }
        assert all(cost > 0 for costs in gateway.costs.values() for cost in costs)
    assert lockstep.shown(gateways).count(" µs") == len(BRIEF.numbers) * len(entrants)


def test_a_checkout_is_compared_by_the_ratios_of_its_rounds():
    mine, other = (
        lockstep.Gateway(name=name, prepared=None, process=None, costs={CHAT: costs})
        for name, costs in (("mine", [10.0, 40.0, 20.0]), ("other", [20.0, 60.0, 60.0]))
    )
    assert lockstep.shown([mine, other]) == "chat: 20.0 µs; other 60.0 µs (+20.0, 2.00x)"


def test_each_checkout_is_measured_with_limits_and_without() -> None:
    chosen = lockstep.entrants(lockstep.parser().parse_args(["/x/old", "--limits", "3", "--floor"]))
    own = lockstep.processes.ROOT.name
    assert [entrant.name for entrant in chosen] == [
        own,
        "old",
        f"{own}, 3 limits",
        "old, 3 limits",
        "floor",
    ]
