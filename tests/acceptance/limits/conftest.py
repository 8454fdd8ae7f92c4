"""Gateways for the proofs of limits, on each backing, and what is around them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

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


class Sites:
    """A site for each backing, started when the first test asks for it and kept until the last.

    A fixture with parameters would be started anew for each module.
    """

    def __init__(self, start: Callable[[str], AbstractContextManager[Site]]) -> None:
        self._start = start
        self._running: dict[str, Site] = {}
        self.stack = ExitStack()

    def of(self, backing: str) -> Site:
        if backing not in self._running:
            self._running[backing] = self.stack.enter_context(self._start(backing))
        return self._running[backing]


@pytest.fixture(scope="package")
def sites(
    stores: Stores,
    upstream: BilledUpstream,
    hook: ScriptedUpstream,
    sink: MailSink,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Sites]:
    environment = {
        "EMAIL_URL": sink.url,
        "GATEWAY_ALERT_EMAILS": "ops@example.com",
        "GATEWAY_WEBHOOK_URL": f"{hook.url}/hook",
        "GATEWAY_WEBHOOK_SECRET": f"whsec_{SECRET}",
    }

    def start(backing: str) -> AbstractContextManager[Site]:
        directory = tmp_path_factory.mktemp("proofs")
        return running_site(stores, backing, directory, upstream, **environment)

    sites = Sites(start)
    with sites.stack:
        yield sites


@pytest.fixture(scope="module", params=BACKINGS)
def site(request: pytest.FixtureRequest, sites: Sites) -> Iterator[Site]:
    """Without limits, before an upstream that is well."""
    site = sites.of(request.param)
    site.upstream.forget()
    yield site
    site.shell(FORGET)
    site.upstream.forget()
