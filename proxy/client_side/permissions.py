"""Which keys may use an endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rest_framework.request import Request

from accounts.administration import NEEDS
from accounts.caller import Caller, Scope


class View(Protocol):
    """``administers`` is a key of ``accounts.administration.NEEDS``, empty for inference."""

    administers: str

    @property
    def caller(self) -> Caller: ...


class MayInfer:
    """Everything that is not administrative."""

    message = "This API key is not for calling models: it lacks the inference scope."

    def has_permission(self, request: Request, view: View) -> bool:
        return view.caller.has_scope(Scope.INFERENCE)


class MayAdminister:
    """Administrative endpoints: the key's scope and its user's permissions count, both.

    Only administrators are told which permissions they lack.
    """

    message = "This endpoint is for administrators, with a key that has the admin scope."

    def has_permission(self, request: Request, view: View) -> bool:
        needs = NEEDS[view.administers]
        if view.caller.has_scope(Scope.ADMIN):
            self.message = lacking_message(needs)
        return view.caller.may_administer(*needs)


def lacking_message(permissions: Iterable[str]) -> str:
    """The refusal of an administrator whose permissions do not reach as far as this."""
    named = ", ".join(f"`{name}`" for name in permissions)
    return f"This endpoint needs the user of the key to have: {named}."
