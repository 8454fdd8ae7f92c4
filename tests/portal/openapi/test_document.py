"""The description of the API tells of what is served, and of nothing else."""

import re

import pytest

from portal.openapi.document import document
from tests.security.routes import routes_of

BASE = "/v1"
BASE_URL = "https://gateway.example/v1"
DOCUMENT = document(BASE_URL)
ROUTES = {
    route.pattern.removeprefix(BASE): route
    for route in routes_of("gateway_project.api_urls")
    if route.pattern.startswith(f"{BASE}/")
}
KINDS = {str: "string", list: "array", dict: "object"}
OPERATIONS = [
    pytest.param(told, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]


def schema_of(reference):
    return DOCUMENT["components"]["schemas"][reference["$ref"].rpartition("/")[2]]


def body_of(path):
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]
    return schema_of(content["application/json"]["schema"])


def test_every_route_is_described_and_nothing_else():
    assert set(DOCUMENT["paths"]) == set(ROUTES)


@pytest.mark.parametrize("path", ROUTES)
def test_every_method_of_a_route_is_described_and_no_other(path):
    assert set(DOCUMENT["paths"][path]) == set(ROUTES[path].methods)


@pytest.mark.parametrize(
    "path",
    [path for path, route in ROUTES.items() if getattr(route.view.view_class, "required", ())],
)
def test_a_body_must_hold_what_the_view_asks_for(path):
    schema = body_of(path)
    for required in ROUTES[path].view.view_class.required:
        (name,) = set(required.names) & set(schema["required"])
        kinds = schema["properties"][name]["type"]
        described = {kinds} if isinstance(kinds, str) else set(kinds)
        assert described == {KINDS[kind] for kind in required.kinds}


@pytest.mark.parametrize(
    "path",
    [path for path, route in ROUTES.items() if hasattr(route.view.view_class, "default_models")],
)
def test_a_model_is_required_where_there_is_no_default(path):
    view = ROUTES[path].view.view_class
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]
    for media in content.values():
        assert ("model" in schema_of(media["schema"])["required"]) is not bool(view.default_models)


@pytest.mark.parametrize("told", OPERATIONS)
def test_an_operation_says_who_asks_for_what_and_how_it_fails(told):
    assert told["summary"]
    assert "default" in told["responses"]
    for media in told["responses"]["default"]["content"].values():
        assert schema_of(media["schema"])


def test_operations_have_ids_of_their_own():
    ids = [
        told["operationId"] for methods in DOCUMENT["paths"].values() for told in methods.values()
    ]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"\w+", each) for each in ids)


def test_every_schema_is_used_and_every_reference_leads_somewhere():
    named = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert named == set(DOCUMENT["components"]["schemas"])


def test_the_server_is_the_base_url_of_clients():
    assert DOCUMENT["servers"] == [{"url": BASE_URL}]
    assert document("http://127.0.0.1:1/v1")["servers"] == [{"url": "http://127.0.0.1:1/v1"}]
