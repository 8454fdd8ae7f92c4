"""One question, two steps: the answer to "which models?" tells about the key and about the list."""

from __future__ import annotations

from dataclasses import replace

from connections.auth.base import AuthUnavailableError
from connections.calling.model_lists import ListingError, normalise
from connections.choices import AuthType, Cause
from connections.errors import UpstreamError
from connections.providers.registry import adapter_for
from connections.upstream import UpstreamKey
from connections.verify.inspection import Answer, Inspection
from connections.verify.refusals import (
    may_want_tls,
    no_credential,
    refusal,
    refused_otherwise,
    wants_tls,
)
from connections.verify.result import Change, Finding, Status, failed, ok, skipped, warning

REFUSED = frozenset({401, 403})
NO_SUCH_PATH = frozenset({404, 405, 501})
PATHS_BELOW_THE_BASE = ("/chat/completions", "/completions", "/models", "/embeddings")
GIVE_MODEL_IDS = "Give model_ids, the names of the models to offer: chat may work without a list."


async def auth(inspection: Inspection) -> Finding:
    """Ask for the models with each key; go on with the first that is taken."""
    upstream = inspection.upstream
    keys = upstream.keys if upstream.auth_type == AuthType.BEARER else ()
    if len(keys) < 2:
        return await _try_key(inspection, None)
    findings = {key: await _try_key(inspection, key) for key in keys}
    taken = [key for key, finding in findings.items() if finding.status is not Status.FAILED]
    if not taken:
        return findings[keys[0]]
    inspection.use_only(taken[0])
    if len(taken) == len(keys):
        return findings[taken[0]]
    refused = [key.hint or key.id for key in keys if key not in taken]
    return warning(
        f"{len(taken)} of {len(keys)} keys are taken, but not {', '.join(refused)}.",
        "Replace or remove the keys that are refused.",
    )


async def _try_key(inspection: Inspection, key: UpstreamKey | None) -> Finding:
    try:
        answer = await inspection.ask(inspection.adapter.models_request(), key=key)
    except AuthUnavailableError as exc:
        return no_credential(exc)
    if answer.status in REFUSED:
        return refusal(inspection, answer) or refused_otherwise(answer)
    inspection.list_answer = inspection.list_answer or answer
    if answer.status != 200 or answer.is_page:
        return skipped(f"An answer of {answer.status} does not tell whether the key is right.")
    if inspection.adapter.is_list_public:
        return skipped(
            "The upstream lists its models to anyone.", "Name a model, to try the key in a chat."
        )
    if inspection.upstream.auth_type == AuthType.BEARER and not inspection.upstream.keys:
        return ok("The upstream asks for no key.")
    return ok("The credential is taken.")


async def models(inspection: Inspection) -> Finding:
    """Read the list that came with the answer to ``auth``."""
    answer = inspection.list_answer
    assert answer is not None, "auth goes first"  # noqa: S101
    if answer.status == 400 and await may_want_tls(inspection):
        return wants_tls(inspection)
    if answer.status in NO_SUCH_PATH or answer.is_page:
        better = await _better_base_url(inspection)
        if better:
            return failed(
                "There is no API at this path.",
                f"Set the base URL to {better}.",
                cause=Cause.WRONG_URL,
                change=Change(field="base_url", value=better),
            )
    if answer.status in NO_SUCH_PATH:
        return _no_list(inspection, answer)
    known = refusal(inspection, answer)
    if known is not None:
        return known
    if answer.status != 200:
        return refused_otherwise(answer)
    return _listed(inspection, answer)


def _listed(inspection: Inspection, answer: Answer) -> Finding:
    try:
        inspection.models = normalise(answer.body, inspection.adapter)
    except ListingError as exc:
        said = f" It says: {answer.message}" if answer.message else ""
        return failed(f"{exc}{said}", "Check the path of the URL, which mostly ends in /v1.")
    count = len(inspection.models)
    named = inspection.upstream.model_ids
    if named:
        return ok(f"{count} listed; the connection offers the {len(named)} in model_ids.")
    if not inspection.adapter.lists_models:
        return warning(
            "The upstream lists what could be deployed, not what is.",
            "Give model_ids, the names of your deployments.",
        )
    if not count:
        return warning("The list is empty.", "Load a model at the upstream, or give model_ids.")
    return ok("1 model is listed." if count == 1 else f"{count} models are listed.")


def _no_list(inspection: Inspection, answer: Answer) -> Finding:
    named = inspection.upstream.model_ids
    if named:
        return ok(f"There is no list ({answer.status}), but {len(named)} in model_ids.")
    return warning(
        f"The upstream has no list of models ({answer.status}).",
        GIVE_MODEL_IDS,
        cause=Cause.NO_LIST,
    )


async def _better_base_url(inspection: Inspection) -> str:
    """A URL on the same host that would do, where the path was cut too short or is too long."""
    base_url = inspection.upstream.base_url
    if base_url.endswith("/v1"):
        return ""
    better = next(
        (base_url.removesuffix(end) for end in PATHS_BELOW_THE_BASE if base_url.endswith(end)),
        f"{base_url}/v1",
    )
    adapter = adapter_for(replace(inspection.upstream, base_url=better))
    try:
        answer = await inspection.ask(adapter.models_request())
        return better if answer.status in REFUSED or normalise(answer.body, adapter) else ""
    except (UpstreamError, ListingError):
        return ""
