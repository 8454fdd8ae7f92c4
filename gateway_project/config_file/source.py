"""YAML with a memory of where everything stood, so that an error can say in which line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from connections.configuration.entry import EntryError


class ConfigFileError(Exception):
    """The file cannot be used. The message names the line where there is one."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    data: Any = field(repr=False)
    root: yaml.Node | None

    def error(self, path: tuple[str | int, ...], exc: EntryError) -> ConfigFileError:
        """``exc`` of the entry at ``path``, with its line: the field's own, else the entry's."""
        return ConfigFileError(f"{exc}.", line=self.line(*path, exc.field))

    def line(self, *path: str | int) -> int | None:
        """The line, from 1, of the last step of ``path`` that stands in the file."""
        node, line = self.root, None
        for step in path:
            place = _child(node, step)
            if place is None:
                break
            mark, node = place
            line = mark.line + 1
        return line


def read_source(text: str) -> Source:
    """Parse ``text``. Raises :class:`ConfigFileError`, also for a key that stands twice."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        for mark, key in _repeated_keys(root):
            raise ConfigFileError(f"{key} stands here a second time.", line=mark.line + 1)
        return Source(data=yaml.safe_load(text), root=root)
    except yaml.MarkedYAMLError as exc:
        place = exc.problem_mark or exc.context_mark
        raise ConfigFileError(
            f"this is not YAML: {exc.problem}.", line=place.line + 1 if place else None
        ) from None  # the cause would print the line itself, and with it perhaps a key
    except (yaml.YAMLError, ValueError) as exc:
        raise ConfigFileError(f"this is not YAML: {exc}") from exc


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark, item
    return None


def _repeated_keys(root: yaml.Node | None) -> Iterator[tuple[yaml.Mark, str]]:
    """YAML would silently let the last of them win."""
    waiting, visited = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in visited:  # an alias leads to its anchor's node
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value]
            for position, (key, value) in enumerate(node.value):
                waiting.append(value)
                if key.value in names[:position]:
                    yield key.start_mark, str(key.value)
