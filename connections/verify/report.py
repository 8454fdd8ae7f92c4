"""Verifications on a terminal: one line for each step, and what to change below it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from connections.choices import Outcome
from connections.verify.result import Status, Step, Verification

SIGNS = {Status.OK: "✓", Status.WARNING: "!", Status.FAILED: "✗", Status.SKIPPED: "–"}
STYLES = {
    Status.OK: "green",
    Status.WARNING: "yellow",
    Status.FAILED: "bold red",
    Status.SKIPPED: "dim",
}
IN_WORDS = {
    Outcome.OK: ("works", "green"),
    Outcome.WARNINGS: ("works, with warnings", "yellow"),
    Outcome.FAILED: ("does not work", "bold red"),
}
INDENT = " " * 22


def show(console: Console, title: str, verification: Verification) -> None:
    """Print ``verification`` of the connection called ``title``."""
    _line(console, (title, "bold"), " ", IN_WORDS[verification.outcome])
    for step in verification.steps:
        _show_step(console, step)


def _show_step(console: Console, step: Step) -> None:
    took = "" if step.status is Status.SKIPPED else f"{step.milliseconds:.1f} ms"
    style = STYLES[step.status]
    _line(console, (f"  {SIGNS[step.status]} {step.name:<7}{took:>9}  ", style), step.detail)
    if step.hint:
        _line(console, f"{INDENT}→ {step.hint}")


def _line(console: Console, *parts: str | tuple[str, str]) -> None:
    """Texts are not read as markup, and lines not broken: what is piped on can be searched."""
    console.print(Text.assemble(*parts), soft_wrap=True, highlight=False)
