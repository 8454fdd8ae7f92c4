"""A Helm chart rendered without Helm: as much of its templates' language as our chart uses.

What it does not know raises ``KeyError`` or ``ValueError``. Where Helm is, a test holds what both
make of the chart against each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ACTION = re.compile(
    r"(\s*)\{\{- (.*?)(?: -\}\}(\s*)|\}\})|\{\{ ?(.*?)(?: -\}\}(\s*)|\}\})", re.DOTALL
)
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\$?[\w.]+|\$|[()|]|:=|,')
ASSIGNED = re.compile(r"(\$\w+), (\$\w+) := (.*)", re.DOTALL)


class RequiredError(Exception):
    """A value is missing that the chart asks for; the message is the chart's own."""


@dataclass(slots=True)
class Block:
    """``if``, ``with``, ``range`` or ``define``, or the whole of a file."""

    keyword: str = ""
    head: str = ""
    inner: list[str | Block] = field(default_factory=list)
    otherwise: list[str | Block] = field(default_factory=list)


def parse(text: str) -> Block:
    """Blocks of texts and actions; an action without an end is a ``Block`` called ``print``."""
    whole = Block()
    open_blocks, branches = [whole], [whole.inner]
    for kind, content in pieces(text):
        if kind == "text":
            branches[-1].append(content)
            continue
        keyword, _, head = content.partition(" ")
        if keyword == "end":
            open_blocks.pop()
            branches.pop()
        elif keyword == "else":
            branches[-1] = open_blocks[-1].otherwise
        elif keyword in {"if", "with", "range", "define"}:
            block = Block(keyword, head)
            branches[-1].append(block)
            open_blocks.append(block)
            branches.append(block.inner)
        elif not content.startswith("/*"):
            branches[-1].append(Block("print", content))
    assert open_blocks == [whole], "a block has no end"
    return whole


def pieces(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in ACTION.finditer(text):
        yield "text", text[end : match.start()]
        yield "action", (match[2] if match[2] is not None else match[4]).strip()
        end = match.end()
    yield "text", text[end:]


class Chart:
    """The chart in ``directory``, which can be rendered with many values."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.values = yaml.safe_load((directory / "values.yaml").read_text())
        files = sorted((directory / "templates").iterdir())
        self._templates = {file.name: parse(file.read_text()) for file in files}
        self._defined = {
            json.loads(block.head): block
            for template in self._templates.values()
            for block in template.inner
            if isinstance(block, Block) and block.keyword == "define"
        }
        self._functions = self._own_functions() | FUNCTIONS

    def objects(self, release: str = "gatehouse", **values: Any) -> list[dict[str, Any]]:
        """What Kubernetes would be given, with ``values`` over those of the chart."""
        texts = self.texts(release, values).values()
        return [one for text in texts for one in yaml.safe_load_all(text) if one]

    def texts(self, release: str, values: Mapping[str, Any]) -> dict[str, str]:
        """The rendered text of each file."""
        chart = yaml.safe_load((self.directory / "Chart.yaml").read_text())
        root = {
            "Values": merged(deepcopy(self.values), values),
            "Chart": {"AppVersion": chart["appVersion"]},
            "Release": {"Name": release, "Service": "Helm", "Revision": 1},
            "Files": {},
        }
        names = [name for name in self._templates if not name.startswith("_")]
        return {name: self._block(self._templates[name], root, {"$": root}) for name in names}

    def _block(self, block: Block, dot: Any, names: dict[str, Any]) -> str:
        return "".join(self._parts(block.inner, dot, names))

    def _parts(self, inner: list[str | Block], dot: Any, names: dict[str, Any]) -> Iterator[str]:
        for part in inner:
            if isinstance(part, str):
                yield part
            elif part.keyword == "range":
                yield from self._range(part, dot, names)
            elif part.keyword in {"if", "with"}:
                value = self._value(part.head, dot, names)
                below = value if part.keyword == "with" and value else dot
                yield from self._parts(part.inner if value else part.otherwise, below, names)
            elif part.keyword == "print":
                yield shown(self._value(part.head, dot, names))

    def _range(self, block: Block, dot: Any, names: dict[str, Any]) -> Iterator[str]:
        match = ASSIGNED.fullmatch(block.head)
        assert match is not None, block.head
        for key, value in sorted(self._value(match[3], dot, names).items()):
            here = names | {match[1]: key, match[2]: value}
            yield from self._parts(block.inner, value, here)

    def _value(self, text: str, dot: Any, names: dict[str, Any]) -> Any:
        tokens = TOKEN.findall(text)
        assert "".join(tokens) == re.sub(r'("[^"]*")|\s', r"\1", text), text
        value = self._pipeline(tokens, dot, names)
        assert not tokens, text
        return value

    def _pipeline(self, tokens: list[str], dot: Any, names: dict[str, Any]) -> Any:
        """Takes from ``tokens`` up to a closing parenthesis or the end."""
        piped: list[Any] = []
        while True:
            command = []
            while tokens and tokens[0] not in {"|", ")"}:
                command.append(self._operand(tokens, dot, names))
            command += piped
            value = command[0](*command[1:]) if callable(command[0]) else command[0]
            if not tokens or tokens[0] == ")":
                return value
            tokens.pop(0)
            piped = [value]

    def _operand(self, tokens: list[str], dot: Any, names: dict[str, Any]) -> Any:
        token = tokens.pop(0)
        if token == "(":
            value = self._pipeline(tokens, dot, names)
            tokens.pop(0)
            return value
        if token.startswith('"'):
            return json.loads(token)
        if token.isdigit():
            return int(token)
        if token == ".Files.Get":
            return lambda name: (self.directory / name).read_text()
        if token.startswith((".", "$")):
            name, *path = token.split(".")
            value = names[name] if name else dot
            for step in filter(None, path):
                value = value.get(step)
            return value
        return self._functions[token]

    def _own_functions(self) -> dict[str, Callable[..., Any]]:
        def include(name: str, dot: Any) -> str:
            return self._block(self._defined[name], dot, {"$": dot})

        return {"include": include}


def merged(values: dict[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with ``others`` over them, as Helm has it: None takes a key away."""
    for name, value in others.items():
        if value is None:
            values.pop(name, None)
        elif isinstance(value, dict) and isinstance(values.get(name), dict):
            merged(values[name], value)
        else:
            values[name] = value
    return values


def shown(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_yaml(value: Any) -> str:
    return yaml.safe_dump(value, width=10_000, allow_unicode=True).rstrip("\n")


def indented(width: int, text: str) -> str:
    return "\n" + "\n".join(" " * width + line for line in text.split("\n"))


def required(message: str, value: Any) -> Any:
    if value in {None, ""}:
        raise RequiredError(message)
    return value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda *numbers: sum(numbers),
    "contains": lambda part, text: part in text,
    "default": lambda other, value: value or other,
    "eq": lambda one, other: one == other,
    "nindent": indented,
    "not": lambda value: not value,
    "printf": lambda form, *values: form.replace("%s", "{}").format(*values),
    "quote": lambda value: json.dumps(shown(value), ensure_ascii=False),
    "required": required,
    "toYaml": to_yaml,
    "trimSuffix": lambda suffix, text: text.removesuffix(suffix),
    "trunc": lambda length, text: text[:length],
}
