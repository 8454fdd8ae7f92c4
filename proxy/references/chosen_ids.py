"""Ids that a client would choose for what an upstream makes."""

from __future__ import annotations

from proxy.client_side.errors import InvalidRequestError
from proxy.references.names import LONGEST_SHOWN, folded
from wire_formats.json_types import JsonObject

REQUEST_ID = "requestid"
# The body itself, a socket's response.create in its older form, and what some proxies unpack.
PLACES = ("response", "extra_body")


def check_no_chosen_id(body: JsonObject) -> None:
    """Refuse ``request_id`` in a request for a response.

    vLLM and SGLang take it for the id of the response: a client could have its own response answer
    to the id of another's, and put it in that one's place. Raises ``InvalidRequestError``.
    """
    level: list[JsonObject] = [body]
    while level:
        for name in (name for fields in level for name in fields):
            if len(name) <= LONGEST_SHOWN and folded(name) == REQUEST_ID:
                raise InvalidRequestError(
                    f"`{name}` is not accepted: the upstream chooses the id of a response.",
                    param=name,
                    code="unsupported_field",
                )
        within = [fields.get(place) for fields in level for place in PLACES]
        level = [fields for fields in within if isinstance(fields, dict)]
