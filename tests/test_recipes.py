"""What CONTRIBUTING.md asks of a new part has been done for each part there is."""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from audio import urls as audio
from connections.choices import ApiType, AuthType, Provider
from connections.configuration.open_webui import provider_of
from connections.configuration.spec import ConnectionSpec
from proxy import urls as proxy
from proxy.client_side.inner_request import Application
from proxy.filters.chain import FilterChain
from proxy.routes_ws import BASE, websocket_routes
from proxy.views.model_call import ModelCallView
from proxy.workers.live.page import LIVE_SOCKET
from tests.acceptance.test_auth_matrix import ROWS
from tests.acceptance.test_endpoints import ENDPOINTS
from tests.connections.providers.test_published_examples import EXAMPLES
from tests.security.routes import routes_of
from tests.security.test_cross_site import SOCKETS
from tests.support.environment import ROOT
from usage import hours
from usage.metrics import HELP
from usage.models import UsageDay, UsageHour, UsageRow
from usage.pruning import TOTALS
from usage.record import TOLD
from usage.reports import Line

README = (ROOT / "README.md").read_text()
API, AUTH, AUDIO, CONFIGURATION, FILTERS, PROVIDERS, USAGE = (
    (ROOT / "docs" / f"{name}.md").read_text()
    for name in ("api", "auth", "audio", "configuration", "filters", "providers", "usage")
)
YAML = re.findall(r"```yaml\n(.*?)```", CONFIGURATION, re.DOTALL)[0]

# A client may write a path with any of these in front.
SURFACES = re.compile(r"^/?(?:openai/deployments/\{\}/|(?:openai/|anthropic/)?v1/|openai/)?")
DOCUMENTED_PATH = re.compile(r"`(?:[A-Z, `]+ |ws )?(?:…)?(/[^`?\s]+)")

each_provider = pytest.mark.parametrize("provider", Provider)
each_auth_type = pytest.mark.parametrize("auth_type", AuthType)


def tail_of(path: str) -> str:
    """``path`` without the surface it is on; its parameters are ``{}``."""
    return SURFACES.sub("", re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])).rstrip("/")


def documented(text: str) -> set[str]:
    return {tail_of(path) for path in DOCUMENTED_PATH.findall(text)}


def texts_in(directory: Path) -> Iterator[str]:
    """The strings in the code of ``directory``; what an f-string fills in is ``{}``."""
    for file in directory.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )


def section(text: str, heading: str) -> str:
    """What stands below ``heading``, to the next one of its kind; empty if there is none."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


# Endpoints and sockets

ROUTES = sorted({tail_of(route.pattern) for route in routes_of("gateway_project.api_urls")})
MODEL_CALLS = proxy.model_calls | audio.model_calls


@functools.cache
def paths_in_tests() -> set[str]:
    """The paths that tests write; only the process that needs them reads all tests."""
    return {f"/{tail_of(text)}" for text in texts_in(ROOT / "tests")}


async def no_api(scope: object, receive: object, send: object) -> None:
    raise AssertionError("no socket is opened here")


def sockets() -> list[str]:
    application: Application = no_api
    patterns = [str(route.pattern) for route in websocket_routes(application)]
    return [one.removeprefix(BASE).removesuffix("/?$") for one in patterns if BASE in one]


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_in_the_documents(route):
    assert route in documented(API) | documented(AUDIO)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_named_by_a_test(route):
    literal = [part.strip("/") for part in route.split("{}") if part.strip("/")][-1]
    assert any(f"/{literal}" in text for text in paths_in_tests())


@pytest.mark.parametrize("route", MODEL_CALLS)
def test_every_call_with_json_is_among_the_endpoints_that_are_tested(route):
    is_json = issubclass(MODEL_CALLS[route].view_class, ModelCallView)
    assert route in ENDPOINTS or not is_json or route in audio.model_calls


@pytest.mark.parametrize("socket", sockets())
def test_every_socket_is_documented_and_closed_to_other_sites(socket):
    assert f"`ws …/v1/{socket}" in API
    assert socket in {tail_of(path) for path in SOCKETS}


def test_sockets_are_found():
    assert {"chat/completions", "realtime", "responses"} <= set(sockets())
    assert LIVE_SOCKET not in sockets()


# Connections


@each_provider
def test_every_provider_has_its_section(provider):
    assert "| base URL |" in section(PROVIDERS, provider.value)


@each_provider
def test_every_provider_is_among_those_of_the_example(provider):
    choices = re.search(r"provider: .*?# (.*)", YAML)[1]
    assert provider.value in choices.split(", ")


@each_provider
def test_a_provider_with_hosts_of_its_own_is_told_by_them(provider):
    row = re.search(r"^\| base URL \| (.*) \|$", section(PROVIDERS, provider.value), re.MULTILINE)
    for url in re.findall(r"`(https://[^`]+)`", row[1]):
        assert provider_of(url, {}) == provider


@each_provider
def test_every_provider_is_named_in_the_readme(provider):
    assert provider.label.lower() in README.lower()


@pytest.mark.parametrize("api_type", ApiType)
def test_every_api_is_explained(api_type):
    assert f"api_type: {api_type.value}" in PROVIDERS
    assert api_type.value in re.search(r"api_type: .*?# (.*)", YAML)[1]


@each_auth_type
def test_every_way_to_sign_is_explained(auth_type):
    table = section(AUTH, "How requests are signed upstream")
    assert re.search(rf"^\| [^|]*`{auth_type.value}`", table, re.MULTILINE)
    choices = re.search(r"auth_type: .*?# (.*)", YAML)[1]
    assert auth_type.value in choices.split(", ")


@each_auth_type
def test_every_way_to_sign_is_in_the_matrix(auth_type):
    assert auth_type.value in ROWS


@pytest.mark.parametrize("field", [field.name for field in fields(ConnectionSpec)])
def test_every_field_of_a_connection_is_in_the_example(field):
    assert re.search(rf"^(?:  - |    ){field}: ", YAML.partition("\nmodels:")[0], re.MULTILINE)


@each_provider
def test_every_provider_has_an_example_of_its_own_documentation(provider):
    assert provider.value in {example["provider"] for example in EXAMPLES}


# Usage and filters


@pytest.mark.parametrize("name", [name for name in TOLD if name.endswith("_tokens")])
def test_every_kind_of_token_is_in_the_totals(name):
    assert name in {field.name for field in UsageRow._meta.fields}
    assert name in {field.name for field in UsageHour._meta.fields}
    assert name in {field.name for field in UsageDay._meta.fields}
    assert name in hours.TOLD
    assert name in TOTALS
    assert name in {field.name for field in fields(Line)}


@pytest.mark.parametrize("metric", HELP)
def test_every_metric_is_explained(metric):
    assert f"`{metric}`" in section(USAGE, "Metrics")


def filters() -> list[str]:
    """The classes in ``proxy/filters/`` that look at requests, as settings name them."""
    names = [f"proxy.filters.{file.stem}" for file in (ROOT / "proxy" / "filters").glob("*.py")]
    return [
        f"{name}.{each.__name__}"
        for name in names
        for each in vars(import_module(name)).values()
        if hasattr(each, "inlet") and each.__module__ == name and each is not FilterChain
    ]


@pytest.mark.parametrize("path", filters())
def test_every_filter_is_explained(path):
    assert f"`{path}`" in FILTERS


def test_filters_are_found():
    assert "proxy.filters.redactor.RegexRedactor" in filters()


# Tests

ROOMS = {path.parent.name for path in ROOT.glob("*/__init__.py")}
STATE = {"_asked_again_at"}  # what a process remembers between tests


def replaced_in(code: str) -> set[str]:
    """What ``code`` replaces in modules of ours by ``monkeypatch.setattr``."""
    tree = ast.parse(code)
    ours = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ROOMS
        for alias in node.names
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    arguments = [call.args for call in calls if ast.unparse(call.func) == "monkeypatch.setattr"]
    named = {ast.literal_eval(args[1]) for args in arguments if ast.unparse(args[0]) in ours}
    dotted = [args[0].value for args in arguments if isinstance(args[0], ast.Constant)]
    return named | {name for name in dotted if name.partition(".")[0] in ROOMS}


def test_tests_replace_constants_of_ours_and_no_code():
    replaced = {
        name
        for file in (ROOT / "tests").rglob("*.py")
        for name in replaced_in(file.read_text())
        if not name.isupper()
    }
    assert replaced == STATE


def test_what_replaces_our_code_is_found():
    code = """
import os
from usage import flusher as flushing

monkeypatch.setattr(flushing, "store", None)
monkeypatch.setattr(os, "open", None)
monkeypatch.setattr("usage.flusher.BATCH", 1)
"""
    assert replaced_in(code) == {"store", "usage.flusher.BATCH"}
