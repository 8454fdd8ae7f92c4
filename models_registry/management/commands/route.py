from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from accounts.management.command import GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from connections.auth.key_states import KeyReport
from connections.choices import Outcome
from connections.verify import Verification
from models_registry.one_off import current_snapshot
from models_registry.route_report import RouteReport, report_of, states_of
from models_registry.route_trial import Found, tried
from resilience.live import TargetReport
from resilience.shared_state import State

NONE, SOME = 1, 3  # exit codes; 2 is for usage, as argparse has it


class Command(GatehouseCommand):
    help = (
        "Show the targets of a model in the order to try them, or try their connections. "
        "A trial asks for lists of models and never for a response, so it costs nothing."
    )
    examples = (
        "show gpt-4o",
        "show gpt-4o --json",
        "test gpt-4o",
    )
    exits = {
        0: "all targets can be used",
        1: "none can",
        2: "there is no such model or route",
        3: "some cannot, or something needs a look",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("show", "test"))
        parser.add_argument("model", metavar="MODEL", help="an id as clients write it")
        add_json_argument(parser)

    def handle(self, *, action: str, model: str, json: bool, **options: Any) -> None:
        report = report_of(asyncio.run(current_snapshot()), model)
        if report is None:
            raise UsageError(f"There is no model {model}, and no route of this id.")
        found = tried(report) if action == "test" else {}
        if json:
            self.write_json(_as_json(report, found))
        else:
            self._show(report, found)
        if code := _code(report, found):
            sys.exit(code)

    def _show(self, report: RouteReport, found: Found) -> None:
        self.stdout.write(f"{report.model}: {report.in_words}")
        states = states_of(report)
        for place in report.places:
            target = place.target
            told = [f"left out: {place.left_out}" if place.left_out else ""]
            told += [_resting(states.targets.get(target.key))]
            told += [_words(found.get(target.connection_id))]
            line = f"  tier {target.tier}  weight {target.weight}  {place.name}"
            self.stdout.write("  ".join([line, *filter(None, told)]))
            for key in states.keys_for(target):
                self.stdout.write(f"    key {key.hint}  {_resting(key)}")
        for note in report.notes:
            self.stdout.write(f"  {note}")


def _resting(known: TargetReport | KeyReport | None) -> str:
    if known is None or known.state is State.OK:
        return ""
    return f"{known.state}, {known.seconds:.0f} s: {known.reason}"


def _words(verification: Verification | None) -> str:
    if verification is None:
        return ""
    step = verification.failure
    return f"{step.name}: {step.detail} {step.hint}".rstrip() if step else verification.outcome


def _code(report: RouteReport, found: Found) -> int:
    outcomes = [verification.outcome for verification in found.values()]
    usable = [
        place
        for place in report.serving
        if place.target.connection_id not in found
        or found[place.target.connection_id].outcome != Outcome.FAILED
    ]
    if not usable:
        return NONE
    is_well = len(usable) == len(report.places) and Outcome.WARNINGS not in outcomes
    return 0 if is_well else SOME


def _as_json(report: RouteReport, found: Found) -> dict[str, Any]:
    answer, states = report.as_json(), states_of(report)
    for target, place in zip(answer["targets"], report.places, strict=True):
        known = states.targets.get(place.target.key)
        target["state"] = asdict(known) if known else None
        if keys := states.keys_for(place.target):
            target["resting_keys"] = [asdict(key) for key in keys]
        if verification := found.get(place.target.connection_id):
            target["verification"] = verification.as_json()
    return answer
