"""JSON whose numbers are told apart by how they are spelled."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

digits = st.text("0123456789", min_size=1, max_size=30)
whole = st.just("0") | digits.map(lambda text: text.lstrip("0") or "0")
fractions = st.just("") | digits.map(lambda text: f".{text}")
exponents = st.just("") | st.tuples(
    st.sampled_from("eE"), st.sampled_from(["", "+", "-", "-0", "00"]), st.integers(0, 99)
).map(lambda parts: "".join(map(str, parts)))
numbers = st.tuples(st.sampled_from(["", "-"]), whole, fractions, exponents).map("".join)
# Texts that look like numbers, and ones whose escapes hide where they end.
texts = st.sampled_from(
    [r'"\\"', r'"\""', r'": 1.50, \\\""', r'"1.50"', r'"é☃"', '"é"', r'"\\\\\\1e3,"', '""']
) | st.text(max_size=8).map(json.dumps)
spaces = st.sampled_from(["", "", " ", "\n\t"])
scalars = numbers | texts | st.sampled_from(["true", "false", "null"])


def containers(values: Any) -> Any:
    items = st.tuples(spaces, values, spaces).map("".join)
    entries = st.tuples(spaces, texts, spaces, st.just(":"), items).map("".join)
    arrays = st.lists(items, max_size=4).map(lambda each: f"[{','.join(each)}]")
    return arrays | st.lists(entries, max_size=4).map(lambda each: f"{{{','.join(each)}}}")


values = st.recursive(scalars, containers, max_leaves=20)


class Number(str):
    """A number as it is spelled, which equals no text."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and str(self) == str(other)


def spelled(text: str | bytes) -> Any:
    """What ``text`` says, its numbers to the letter."""
    return json.loads(text, parse_int=Number, parse_float=Number)
