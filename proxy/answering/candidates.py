"""What a surface hands to dispatch: who may serve a request, and what is special about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypedDict

from connections.call import Call
from limits.demand import Demand, nothing
from models_registry.targets import Target
from proxy.answering.shapes import Shape
from resilience.route import NO_ROUTE, Route


class Candidates(NamedTuple):
    """The targets that may serve a request, and the call to make for each.

    ``forward_user_info``: upstreams are told who asks. ``demand`` is what the request asks for, as
    far as it can be told; for a long body it takes its time, and belongs in a thread. It raises
    ``UnsendableError``.
    """

    targets: Sequence[Target]
    call_for: Callable[[Target], Call]
    route: Route = NO_ROUTE
    forward_user_info: bool = False
    demand: Callable[[], Demand] = nothing


Fallback = Callable[[str], Awaitable[Candidates]]


class Further(TypedDict, total=False):
    """What only some surfaces say of their requests; see :func:`dispatch`."""

    shape: Shape
    fallback: Fallback
    may_repeat: Callable[[], bool]
    client_failure: Callable[[], Exception | None]
