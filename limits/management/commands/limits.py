from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC
from typing import Any

from django.utils import timezone

from accounts.management.command import DONE, GatehouseCommand
from accounts.management.tables import records, table, width_of
from connections.configuration.difference import Kind
from limits.choices import Metric
from limits.configuration.descriptions import amount_in_words, limit_in_words
from limits.configuration.subjects import names_of
from limits.management import arguments, showing
from limits.management.raising import end, find_limit, make_raise
from limits.management.setting import set_limit
from limits.models import Limit, LimitChange

HEADS = (
    *("label", "for", "allows", "by", "amount", "used", "left", "begins again", "mode"),
    "forecast",
)
FIGURES = (4, 5, 6)


class Command(GatehouseCommand):
    help = (
        "Show what may be used by whom and what is used of it, set a limit, or raise one until a "
        "date. Workers follow within seconds."
    )
    examples = (
        "show",
        "show --user alice --json",
        "set interns --for group:interns --share each_user --metric usd --amount 5 --window day",
        "set interns --amount 30",
        "raise interns --amount 60 --until 2026-12-31 --reason workshop",
        "raise interns --end",
    )
    exits = {
        0: f"{DONE}, or nothing to do",
        2: "no such limit, user, group or key, or a value that cannot be used; nothing was changed",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, text, add in (
            ("show", "what holds for whom, with what is used and left", arguments.add_show),
            ("set", "make a limit, or change what is named of it", arguments.add_set),
            ("raise", "another amount until a date", arguments.add_raise),
        ):
            add(actions.add_parser(name, help=text, description=f"Limits: {text}."))

    def handle(self, *, action: str, json: bool, **options: Any) -> None:
        match action:
            case "show":
                self._show(options, as_json=json)
            case "set":
                self._set(options, as_json=json)
            case _:
                self._raise(options, as_json=json)

    def _show(self, options: dict[str, Any], *, as_json: bool) -> None:
        held = _held(**{name: options[name] for name in ("user", "key", "group", "label")})
        if as_json:
            self.write_json({"limits": [showing.as_json(each) for each in held]})
            return
        rows = [row for each in held for row in showing.rows_of(each)]
        if not rows:
            self.stdout.write("No limit.")
            return
        text = table(HEADS, rows, right=FIGURES)
        fits = max(map(len, text.splitlines())) <= width_of(self.stdout)
        self.stdout.write(text if fits else records(HEADS, rows))

    def _set(self, options: dict[str, Any], *, as_json: bool) -> None:
        difference, spec = set_limit(**options)
        if as_json:
            change = difference.kind.name.lower()
            told = {"change": change, "details": list(difference.details)}
            self.write_json({"limit": spec.to_dict(), **told, "dry_run": options["dry_run"]})
        elif difference.kind is Kind.UNCHANGED:
            self.stdout.write(f"Nothing to do: {difference.subject} is so already.")
        else:
            self.stdout.write(str(difference))
        if options["dry_run"]:
            self.stderr.write("This was a dry run: nothing was written.")

    def _raise(self, options: dict[str, Any], *, as_json: bool) -> None:
        limit = find_limit(options["label"])
        if options["end"]:
            self._end(limit, options["share"], as_json=as_json)
            return
        asked = {name: options[name] for name in ("amount", "until", "share", "reason")}
        change = make_raise(limit, **asked)
        if as_json:
            self.write_json({"label": limit.label, "raise": _as_json(change)})
            return
        amount = amount_in_words(Metric(limit.metric), change.amount)
        self.stdout.write(
            f"Raised {limit} ({limit_in_words(limit)}) to {amount} until "
            f"{timezone.localtime(change.until):%Y-%m-%d %H:%M %Z}."
        )

    def _end(self, limit: Limit, share: str, *, as_json: bool) -> None:
        ended = end(limit, share=share)
        if as_json:
            self.write_json({"label": limit.label, "ended": [_as_json(one) for one in ended]})
        elif ended:
            self.stdout.write(f"Ended {len(ended)} of {limit}: {limit_in_words(limit)} holds.")
        else:
            self.stdout.write(f"Nothing to do: no raise of {limit} is in force.")


def _held(
    *, user: str | None, key: str | None, group: str | None, label: str | None
) -> list[showing.Holding]:
    if user is not None:
        return showing.held_by_user(user)
    if key is not None:
        return showing.held_by_key(key)
    if group is not None:
        return showing.of_group(group)
    return showing.of_all() if label is None else showing.of_label(label)


def _as_json(change: LimitChange) -> dict[str, Any]:
    return {
        "amount": f"{change.amount.normalize():f}",
        "until": f"{change.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "share": names_of([change.share])[change.share] or None,
        "reason": change.reason,
    }
