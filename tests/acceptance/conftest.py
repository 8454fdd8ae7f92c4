"""Fixtures of the acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client_packages import node_project
from tests.support.live import LiveGateway
from tests.support.oidc.provider import Browser, Provider, oidc_provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """An OpenID Connect provider; a gateway with its ``environment`` signs people in with it."""
    with oidc_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def browser(gateway: LiveGateway) -> Iterator[Browser]:
    """Somebody who has not signed in yet."""
    browser = Browser(gateway.url)
    yield browser
    browser.http.close()


@pytest.fixture
def axe(tmp_path: Path) -> str:
    """The source of axe-core, which finds what keeps people from using a page."""
    return (node_project("axe", tmp_path) / "node_modules/axe-core/axe.min.js").read_text()
