"""``/metrics`` for Prometheus: about all workers of this machine, whichever of them is asked."""

from __future__ import annotations

import secrets
from collections import Counter
from functools import partial
from typing import Any

from django.conf import settings

from accounts.administration import METRICS, NEEDS
from accounts.callers import CallersUnavailableError, callers
from accounts.client_address import address_of_scope
from accounts.look_ups import TooManyLookUpsError
from connections.auth.key_states import KeyState
from connections.calling.open_connection import OpenConnection
from models_registry.registry import active, is_running
from resilience.states import states
from usage.genai_conventions import PROVIDER_LABEL
from usage.journal import segments
from usage.ledger import Ledger, active_ledger
from usage.metrics import label, merged, rendered

METRICS_PATH = "/metrics"
BEARER = "bearer "
MAY_NOT_READ = (
    "The figures are for administrators who may see usage records, with a key that has the admin "
    "scope.\n"
)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

Gauges = dict[str, dict[str, float]]


async def answer_metrics(scope: Any, receive: Any, send: Any) -> None:
    """Answered whatever the Host header says, as scrapers use addresses; never to strangers."""
    ledger = active_ledger()
    if scope["method"] != "GET":
        await _answer(send, 405, "Use GET.\n")
    elif (refusal := await _refusal(scope)) is not None:
        await _answer(send, *refusal)
    elif ledger is None:
        await _answer(send, 503, "The gateway is starting.\n")
    else:
        await _answer(send, 200, metrics_text(ledger))


def metrics_text(ledger: Ledger) -> str:
    everybody = list(ledger.workers.everybody())
    gauges: Gauges = {name: {"": 0.0} for name in ledger.gauges()}
    for figures in everybody:
        for name, value in figures.gauges.items():
            if name in gauges and (figures.is_alive or name.endswith("_total")):
                gauges[name][""] += value
    histograms = merged(figures.histograms for figures in everybody)
    gauges |= _journal(ledger) | _upstreams() | _targets() | _keys()
    return rendered(histograms, gauges)


def _journal(ledger: Ledger) -> Gauges:
    sizes = []
    for path in segments(ledger.journal.directory):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # moved meanwhile
            continue
    in_redis = 0 if ledger.stream is None else ledger.stream.length
    return {
        "gatehouse_usage_journal_bytes": {"": sum(sizes)},
        "gatehouse_usage_journal_segments": {"": len(sizes)},
        "gatehouse_usage_journal_stream_records": {"": in_redis},
    }


def _upstreams() -> Gauges:
    if not is_running():
        return {}
    return {
        "gatehouse_upstream_up": {
            label(PROVIDER_LABEL, connection.upstream.name): float(not listing.is_stale)
            for connection, listing in active().listings.items()
        }
    }


def _targets() -> Gauges:
    """How many targets of each connection step back, as this worker knows."""
    if not is_running():
        return {}
    labels = {
        connection.upstream.id: label(PROVIDER_LABEL, connection.upstream.name)
        for connection in active().listings
    }
    cooling, failing = dict.fromkeys(labels.values(), 0.0), dict.fromkeys(labels.values(), 0.0)
    now = states.clock()
    for state in states.known():
        if of := labels.get(state.key[0]):  # the connection may be gone
            cooling[of] += state.cooling_until > now
            failing[of] += not state.breaker.is_closed
    return {"gatehouse_targets_cooling": cooling, "gatehouse_targets_failing": failing}


def _keys() -> Gauges:
    """How many keys of each connection are in which state, as this worker knows."""
    found: dict[str, float] = {}
    for connection in active().listings if is_running() else ():
        name = label(PROVIDER_LABEL, connection.upstream.name)
        counts = Counter(_states_of_keys(connection).values())
        found |= {f"{name},{label('state', each)}": counts[each] for each in KeyState}
    return {"gatehouse_keys": found}


def _states_of_keys(connection: OpenConnection) -> dict[str, KeyState]:
    """The worst state of each key, by its id: a key can rest for several models."""
    reports = connection.keys.reports() if connection.keys is not None else []
    worst_last = sorted(reports, key=lambda report: list(KeyState).index(report.state))
    return {report.id: report.state for report in worst_last}


def _token(scope: Any) -> str:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    text = values[0].decode("latin-1") if len(values) == 1 else ""
    return text[len(BEARER) :].strip() if text.lower().startswith(BEARER) else ""


async def _refusal(scope: Any) -> tuple[int, str] | None:
    """Status and text for whoever asks, unless their token opens the figures."""
    token = _token(scope)
    expected: str = settings.GATEWAY_METRICS_TOKEN
    if expected and secrets.compare_digest(token.encode(), expected.encode()):
        return None
    try:
        caller = await callers.find(token, partial(address_of_scope, scope))
    except (CallersUnavailableError, TooManyLookUpsError):
        caller = None
    if caller is None:
        return 401, "Give GATEWAY_METRICS_TOKEN or an administrator's API key as a bearer token.\n"
    return None if caller.may_administer(*NEEDS[METRICS]) else (403, MAY_NOT_READ)


async def _answer(send: Any, status: int, text: str) -> None:
    body = text.encode()
    headers = [
        (b"content-type", CONTENT_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    elif status == 405:
        headers.append((b"allow", b"GET"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
