"""The steps in their order, each timed, none beyond the time there is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from django.core.exceptions import ValidationError

from accounts.caller import Caller
from accounts.outgoing_proxies import proxies_of_settings
from connections.auth.base import AuthUnavailableError
from connections.calling.client import UpstreamClient
from connections.errors import UpstreamError
from connections.rules.validators import normalise_base_url, validate_base_url
from connections.upstream import Upstream
from connections.verify import model_list, network, trial_chat
from connections.verify.inspection import Inspection
from connections.verify.refusals import SLOW, broken, no_credential
from connections.verify.result import Finding, Status, Step, Verification, failed, skipped

Check = Callable[[Inspection], Awaitable[Finding]]

SILENT = {
    "dns": "Check the network and the DNS settings of the machine that runs the gateway.",
    "tls": "If the port speaks plain http, write http:// in the URL.",
}


async def verify(
    upstream: Upstream,
    *,
    client: UpstreamClient,
    model: str = "",
    stream: bool = False,
    timeout_seconds: float = 10,
    caller: Caller | None = None,
    credential: str = "",
) -> Verification:
    """Try ``upstream`` step by step, ``timeout_seconds`` for all of them. A failure is a finding.

    ``dns``, ``tcp``, ``tls`` (with https), ``auth``, ``models``; ``chat`` when a ``model`` is given
    by the upstream's own name; ``stream`` when that is asked for as well. A malformed URL is a
    step before them all, ``url``. After a step that failed the others are skipped. Keys go to the
    host of the base URL and nowhere else.

    ``caller`` and ``credential`` are who has it verified and what they presented, which some
    connections are used with.
    """
    inspection = Inspection(
        upstream=replace(upstream, base_url=normalise_base_url(upstream.base_url)),
        client=client,
        model=model,
        caller=caller or Caller.system(),
        credential=credential,
        deadline=asyncio.get_running_loop().time() + timeout_seconds,
    )
    steps = await _steps(inspection, is_streamed=stream)
    return Verification(steps=tuple(steps), models=tuple(inspection.models))


async def _steps(inspection: Inspection, *, is_streamed: bool) -> list[Step]:
    """All steps, of which those after a failure are skipped."""
    steps: list[Step] = []
    broken_at = ""
    if problem := _problem_of(inspection.upstream.base_url):
        broken_at = "url"
        steps.append(_step(inspection, broken_at, failed(problem, "Correct the base URL."), 0.0))
    for name, check in _plan(inspection, is_streamed=is_streamed).items():
        if broken_at:
            step = _step(inspection, name, skipped(f"Not tried, since {broken_at} failed."), 0.0)
        else:
            step = await _take(inspection, name, check)
        steps.append(step)
        broken_at = broken_at or (name if step.status is Status.FAILED else "")
    return steps


def _plan(inspection: Inspection, *, is_streamed: bool) -> dict[str, Check]:
    """The checks to make, by name and in order."""
    plan: dict[str, Check] = {"dns": network.dns, "tcp": network.tcp}
    if inspection.upstream.base_url.startswith("https:"):
        plan["tls"] = network.tls
    upstream = inspection.upstream
    if proxies_of_settings().of(upstream.base_url, override=upstream.proxy):
        left = _left_to_its_proxy if upstream.proxy else _left_to_the_proxy
        plan = dict.fromkeys(plan, left)
    plan |= {"auth": model_list.auth, "models": model_list.models}
    if inspection.model:
        plan["chat"] = trial_chat.chat
    if is_streamed:
        plan["stream"] = trial_chat.stream if inspection.model else _no_model
    return plan


async def _take(inspection: Inspection, name: str, check: Check) -> Step:
    started = time.perf_counter()
    try:
        async with asyncio.timeout_at(inspection.deadline):
            finding = await check(inspection)
    except TimeoutError:
        finding = failed("There was no answer in time.", SILENT.get(name, SLOW))
    except AuthUnavailableError as exc:
        finding = no_credential(exc)
    except UpstreamError as exc:
        finding = await broken(inspection, exc)
    return _step(inspection, name, finding, 1000 * (time.perf_counter() - started))


def _step(inspection: Inspection, name: str, finding: Finding, milliseconds: float) -> Step:
    redactor = inspection.redactor
    return Step(
        name=name,
        status=finding.status,
        milliseconds=round(milliseconds, 3),
        detail=redactor.masked(finding.detail),
        hint=redactor.masked(finding.hint),
        cause=finding.cause,
        change=finding.change,
    )


def _problem_of(base_url: str) -> str:
    try:
        validate_base_url(base_url)
    except ValidationError as exc:
        return str(exc.messages[0])
    return ""


async def _left_to_the_proxy(_inspection: Inspection) -> Finding:
    return skipped("Calls go through GATEWAY_UPSTREAM_PROXY, which resolves names and connects.")


async def _left_to_its_proxy(_inspection: Inspection) -> Finding:
    return skipped("Calls go through the connection's proxy, which resolves names and connects.")


async def _no_model(_inspection: Inspection) -> Finding:
    return skipped("A stream needs a model.", "Give the name of a model.")
