"""From the instructions of stretches to those of a chat, a chunk and each stage of a chat."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.instructions.counted import CHATS, LONG, NOTHING, SHORT, Effort
from benchmarks.instructions.stages import SERVER, STAGES

Stretches = list[tuple[str, int]]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Instructions, the least of several rounds: polls of the event loop fall into some of them."""

    chat: float
    chunk: float
    stream: float  # a stream without its chunks

    @classmethod
    def of(cls, stretches: Stretches, effort: Effort) -> Cost:
        counted: dict[str, list[int]] = defaultdict(list)
        for name, count in stretches:
            counted[name].append(count)
        short, long = min(counted[SHORT]), min(counted[LONG])
        chunk = (long - short) / (effort.long - effort.short)
        return cls(
            chat=min(counted[CHATS]) / effort.chats,
            chunk=chunk,
            stream=short - effort.short * chunk,
        )


@dataclass(frozen=True, kw_only=True)
class Figures:
    """``limited`` and ``limited_stages`` are those of a gateway whose user has limits."""

    gateway: Cost
    floor: Cost
    stages: dict[str, float]
    limited: Cost | None = None
    limited_stages: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        gateway: Stretches,
        floor: Stretches,
        limited: Stretches | None = None,
        effort: Effort | None = None,
    ) -> Figures:
        effort = effort or Effort()
        return cls(
            gateway=Cost.of(gateway, effort),
            floor=Cost.of(floor, effort),
            stages=stages_of(gateway),
            limited=None if limited is None else Cost.of(limited, effort),
            limited_stages={} if limited is None else stages_of(limited),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> str:
        """In Markdown, with ratios to a chat of the floor, and what limits cost beside."""
        return "\n".join([*self._totals(), "", *self._stages()])

    def _totals(self) -> list[str]:
        lines = ["| instructions | gateway | floor | | limits |", "|---|--:|--:|--:|--:|"]
        for label, name in (
            ("chat", "chat"),
            ("stream, begun and ended", "stream"),
            ("chunk", "chunk"),
        ):
            mine, least = getattr(self.gateway, name), getattr(self.floor, name)
            more = "" if self.limited is None else f"{getattr(self.limited, name) - mine:+,.0f}"
            lines.append(f"| {label} | {mine:,.0f} | {least:,.0f} | {mine / least:.2f}x | {more} |")
        return lines

    def _stages(self) -> list[str]:
        base, limited = self.floor.chat, self.limited_stages
        lines = [
            "| stage of a chat | instructions | of the floor's chat | limits |",
            "|---|--:|--:|--:|",
        ]
        stages = self.stages | {"all": sum(self.stages.values())}
        if limited:
            limited = limited | {"all": sum(limited.values())}
        for name, count in stages.items():
            more = f"{limited[name] - count:+,.0f}" if name in limited else ""
            lines.append(f"| {name} | {count:,.0f} | {count / base:.3f} | {more} |")
        return lines


def stages_of(stretches: Stretches) -> dict[str, float]:
    """The least of each stage, without the mark at its beginning.

    As in :class:`Cost`; a chat with marks takes valgrind a second.
    """
    mark = min([count for name, count in stretches if name == NOTHING] or [0])
    counted: dict[str, list[int]] = defaultdict(list)
    for name, count in stretches:
        counted[name].append(count)
    # The first of the server's stretches were those of nothing.
    staged = {SERVER: counted[SERVER][len(counted[NOTHING]) :]}
    staged |= {name: counted[name] for name, _ in STAGES if name in counted}
    return {name: min(found) - mark for name, found in staged.items() if found}
