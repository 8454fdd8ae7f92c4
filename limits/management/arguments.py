"""The arguments of ``limits show``, ``set`` and ``raise``."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from accounts.management.command import add_json_argument
from limits.choices import Metric, Mode, OnOutage, Share, Unpriced, Window

FOR = "everyone|group:G|user:U|key:ID|connection:C|connection_key:C/K"
OPTIONAL = ("share", "metric", "window", "mode", "on_outage", "unpriced")
CHOICES: dict[str, Any] = {
    "share": Share,
    "metric": Metric,
    "window": [window for window in Window if window],
    "mode": Mode,
    "on_outage": [choice for choice in OnOutage if choice],
    "unpriced": Unpriced,
}


def add_show(parser: ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--user", metavar="U", help="what holds for this user, groups included")
    whose.add_argument("--key", metavar="ID|HINT", help="what holds for this API key")
    whose.add_argument("--group", metavar="G", help="the limits of this group alone")
    whose.add_argument("--label", metavar="L", help="one limit, with each share that used of it")
    add_json_argument(parser)


def add_set(parser: ArgumentParser) -> None:
    parser.add_argument("label", metavar="LABEL")
    parser.add_argument("--for", dest="subject", metavar=FOR)
    for name in OPTIONAL:
        choices = [str(choice) for choice in CHOICES[name]]
        parser.add_argument(
            f"--{name.replace('_', '-')}", choices=choices, metavar="|".join(choices)
        )
    parser.add_argument("--amount", metavar="A", help="dollars and seconds may have decimals")
    parser.add_argument("--models", nargs="+", metavar="PATTERN")
    parser.add_argument("--endpoints", nargs="*", metavar="PATTERN", help="none: all")
    parser.add_argument("--time-zone", metavar="ZONE")
    parser.add_argument("--assumed-per-million", metavar="DOLLARS")
    parser.add_argument(
        "--wait-seconds",
        type=float,
        metavar="N",
        help="how long a request waits before it is refused; not for connections",
    )
    parser.add_argument(
        "--clamps",
        action=BooleanOptionalAction,
        default=None,
        help="near the limit, shorten responses whose request names no maximum; not for "
        "connections",
    )
    parser.add_argument("--thresholds", nargs="*", type=int, metavar="PERCENT")
    parser.add_argument("--alert-emails", nargs="*", metavar="ADDRESS")
    parser.add_argument("--enabled", action=BooleanOptionalAction, default=None)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would change and change nothing"
    )
    add_json_argument(parser)


def add_raise(parser: ArgumentParser) -> None:
    parser.add_argument("label", metavar="LABEL")
    parser.add_argument("--amount", metavar="A", help="what holds meanwhile, higher or lower")
    parser.add_argument(
        "--until",
        metavar="DATE",
        help="2026-12-31 (to its end), 2026-12-31T18:00, or a span of time from now such as 7d",
    )
    parser.add_argument("--share", default="", metavar="user:U|key:ID", help="default: all")
    parser.add_argument("--reason", default="", metavar="R")
    parser.add_argument("--end", action="store_true", help="end what raises there are, now")
    add_json_argument(parser)
