"""Gateways for the proofs of limits, on each backing, and what is around them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from tests.acceptance.limits.site import Site, running_site
from tests.support.mail_sink import MailSink, mail_sink
from tests.support.responders import json_response
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS, Stores
from tests.support.upstream import ScriptedUpstream

SECRET = base64.b64encode(bytes(range(32))).decode()
FORGET = """
from limits.models import Limit
for limit in Limit.objects.all():
    limit.delete()
"""


@pytest.fixture(scope="package")
def upstream() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="package")
def hook() -> Iterator[ScriptedUpstream]:
    """Where alerts are posted."""
    with ScriptedUpstream() as hook:
        hook.on("POST", "/v1/hook", json_response({}))
        yield hook


@pytest.fixture(scope="package")
def sink() -> Iterator[MailSink]:
    """Where alerts are mailed."""
    with mail_sink() as sink:
        yield sink


@pytest.fixture(scope="package", params=BACKINGS)
def shared_site(
    request: pytest.FixtureRequest,
    stores: Stores,
    upstream: BilledUpstream,
    hook: ScriptedUpstream,
    sink: MailSink,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    environment = {
        "EMAIL_URL": sink.url,
        "GATEWAY_ALERT_EMAILS": "ops@example.com",
        "GATEWAY_WEBHOOK_URL": f"{hook.url}/hook",
        "GATEWAY_WEBHOOK_SECRET": f"whsec_{SECRET}",
    }
    directory = tmp_path_factory.mktemp("proofs")
    with running_site(stores, request.param, directory, upstream, **environment) as site:
        yield site


@pytest.fixture(scope="module")
def site(shared_site: Site) -> Iterator[Site]:
    """Without limits, before an upstream that is well."""
    shared_site.upstream.forget()
    yield shared_site
    shared_site.shell(FORGET)
    shared_site.upstream.forget()
