"""Which refusals say that an upstream does not have the path."""

import json

import pytest

from proxy.answering.lacking import says_path_is_missing

MODEL = "The model `m` does not exist or you do not have access to it."


def told(message, **fields):
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "404 page not found",
        "Not Found",
        "<html><title>404</title>No model here</html>",
        "Cannot POST /v1/responses",
        {"detail": "Not Found"},
        {"message": "no Route matched with those values"},
        {"error": {"code": "404", "message": "Resource not found"}},
        {"error": "path not found"},
        told("Invalid URL (POST /v1/responses)", type="invalid_request_error"),
        told("Unknown request URL: POST /openai/v1/responses.", code="unknown_url"),
        told("File Not Found", type="not_found_error", code=404),
        told("The requested URL was not found on the server."),
        told("Endpoint /v1/responses not supported"),
        [told("Not found.")],
        {},
    ],
)
def test_a_missing_path(body):
    text = body if isinstance(body, str) else json.dumps(body)
    assert says_path_is_missing(404, text.encode())


@pytest.mark.parametrize(
    "body",
    [
        "model 'm' not found",
        told(MODEL, code="model_not_found"),
        told("Not found", code="model_not_found"),
        told("Not found", param="model"),
        told("model 'm' not found, try pulling it first"),
        told("The API deployment for this resource does not exist.", code="DeploymentNotFound"),
        told("Response with id 'resp_1' not found."),
        told("Item 'rs_1' not found."),
        told("No endpoints found that support tool use."),
        told("Your account was closed."),
        {"object": "error", "message": MODEL, "code": 404},
    ],
)
def test_what_is_not_there_apart_from_a_path(body):
    text = body if isinstance(body, str) else json.dumps(body)
    assert not says_path_is_missing(404, text.encode())


@pytest.mark.parametrize("status", [405, 501])
def test_a_method_that_is_not_there(status):
    assert says_path_is_missing(status, b'{"detail":"Method Not Allowed"}')
    assert says_path_is_missing(status, b"")
    assert not says_path_is_missing(status, b'{"error":"This model takes no tools"}')


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429, 500, 503])
def test_other_refusals(status):
    assert not says_path_is_missing(status, b'{"detail":"Not Found"}')
