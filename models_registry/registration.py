"""An admin's settings for one model of a connection, as the request path sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wire_formats.families import Facts
from wire_formats.json_types import JsonObject

# Names of one and the same parameter: giving either is giving it.
SAME_PARAMETER = (frozenset({"max_tokens", "max_completion_tokens"}),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Every field may be empty, and then says nothing.

    ``is_reasoning`` is true or false where the admin knows the family better than the model's name
    tells. Either family also means that the model can chat. ``family_facts`` are what the admin
    knows better of :class:`wire_formats.family.Family`.
    """

    public_id: str = ""
    display_name: str = ""
    description: str = ""
    is_reasoning: bool | None = None
    family_facts: Facts = ()
    default_parameters: JsonObject = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    is_hidden: bool = False
    order: int | None = None

    @property
    def is_chat(self) -> bool:
        """Whether the admin says that the model chats, whatever its name looks like."""
        return self.is_reasoning is not None

    def shown_fields(self, connection_tags: Iterable[str]) -> JsonObject:
        """The fields of the model's entry that the admin has changed."""
        shown: dict[str, Any] = {
            "name": self.display_name,
            "description": self.description,
            "tags": list(dict.fromkeys((*connection_tags, *self.tags))),
        }
        return {name: value for name, value in shown.items() if value}

    def with_defaults(self, body: JsonObject) -> JsonObject:
        """``body`` with the default parameters it lacks; the very same object if it lacks none."""
        if not self.default_parameters:
            return body
        missing = self.defaults_beside(body)
        return body | missing if missing else body

    def defaults_beside(self, given: Iterable[str]) -> JsonObject:
        """The default parameters of a request that has ``given``."""
        names = set(given)
        for same in SAME_PARAMETER:
            if not same.isdisjoint(names):
                names |= same
        return {k: v for k, v in self.default_parameters.items() if k not in names}


AS_LISTED = Registration()
