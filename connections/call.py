"""One call to an upstream, before any provider had its say."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, field, fields
from operator import attrgetter

from accounts.caller import Caller
from wire_formats.families import Facts, family_of
from wire_formats.family import Family
from wire_formats.json_types import JsonObject


# Not frozen, which takes several times as long to make: each request makes one.
@dataclass(slots=True, kw_only=True)
class Call:
    """What the client asks of a model.

    ``endpoint`` is the path below the base URL, such as ``chat/completions``. ``body`` is the
    client's JSON, never changed in place. ``model`` is the upstream's own name of the model.
    ``credential`` is the key that the client presented, for the strategies that pass it on.
    ``cookies`` is the client's Cookie header without the gateway's own, for the same strategies.
    ``is_reasoning`` is an admin's word on the model's family, None where its name tells;
    ``family_facts`` are further ones.
    ``query`` is URL-encoded. ``headers`` are those of the client's that the upstream needs to know.
    ``hops`` are the gateways before this one, as :mod:`connections.hops` writes them.
    Only a POST has its body sent, unless it is empty. An ``upload`` of the media type
    ``upload_type`` is sent in place of the body, and can be sent once. ``has_substitute``: should
    the upstream lack the endpoint, it can be asked for the same at another. ``is_long``: a thread
    writes the request, which takes its time.

    Not to be changed.
    """

    endpoint: str
    model: str
    body: JsonObject = field(repr=False)
    caller: Caller
    request_id: str
    credential: str = field(default="", repr=False)
    cookies: str = field(default="", repr=False)
    chat_id: str = ""
    is_reasoning: bool | None = None
    family_facts: Facts = ()
    method: str = "POST"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    upload: AsyncIterable[bytes] | None = field(default=None, repr=False)
    upload_type: str = ""
    has_substitute: bool = False
    is_long: bool = False
    hops: str = ""
    is_socket: bool = False  # asks for a WebSocket, by GET

    @property
    def family(self) -> Family:
        """What is known of the model's family."""
        return family_of(self.model, self.family_facts)

    @property
    def is_streamed(self) -> bool:
        return self.body.get("stream") is True

    def with_body(self, body: JsonObject) -> Call:
        """The call with ``body`` in place of its own, for a third of what ``replace`` costs."""
        return Call(body=body, **dict(zip(OTHERS, others_of(self), strict=True)))


OTHERS = tuple(one.name for one in fields(Call) if one.name != "body")
others_of = attrgetter(*OTHERS)
