"""Each example parses as what it is for, and has the key, the URL and the model in its place."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import tomllib

import pytest
import yaml

from accounts.snippets import UNKNOWN_KEY, UNKNOWN_MODEL, Snippet, snippets

KEY = "sk-gw-abc"
URL = "https://gw.example/v1"
MODEL = 'lab/o\'hara "x"'  # what quotes are for


def by_tool(key: str = KEY, url: str = URL, model: str = MODEL) -> dict[str, Snippet]:
    return {snippet.tool: snippet for snippet in snippets(key, url, model)}


def text_of(tool: str, **given: str) -> str:
    return by_tool(**given)[tool].text


def exported(tool: str) -> dict[str, str]:
    words = shlex.split(text_of(tool))
    return dict(word.split("=", 1) for word in words if re.match("[A-Z_]+=", word))


def test_every_tool_has_one_with_key_and_url() -> None:
    found = by_tool()
    assert len(found) == 12
    for tool, snippet in found.items():
        assert re.fullmatch("[a-z-]+", tool)
        assert snippet.title
        assert snippet.place
        assert KEY in snippet.text
        assert KEY not in repr(snippet)
        assert "https://gw.example" in snippet.text


@pytest.mark.parametrize(
    "tool", ["curl", "environment", "open-webui", "aider", "llm", "claude-code"]
)
def test_what_goes_into_a_shell_is_read_by_one(tool: str) -> None:
    told = subprocess.run(
        ["sh", "-n"], input=text_of(tool), text=True, capture_output=True, check=True
    )
    assert told.stderr == ""


def test_curl_lists_models_and_sends_a_chat() -> None:
    words = shlex.split(text_of("curl").replace("\\\n", " "))
    assert [word for word in words if word.startswith("http")] == [
        f"{URL}/models",
        f"{URL}/chat/completions",
    ]
    assert words.count(f"Authorization: Bearer {KEY}") == 2
    assert json.loads(words[-1])["model"] == MODEL


@pytest.mark.parametrize("tool", ["python", "langchain"])
def test_python_is_python(tool: str) -> None:
    given = [
        keyword
        for node in ast.walk(ast.parse(text_of(tool)))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    ]
    values = {each.arg: each.value.value for each in given if isinstance(each.value, ast.Constant)}
    assert values == {"base_url": URL, "api_key": KEY, "model": MODEL}


def test_node_gets_strings() -> None:
    text = text_of("node")
    for name, value in (("baseURL", URL), ("apiKey", KEY), ("model", MODEL)):
        assert f"{name}: {json.dumps(value)}," in text


def test_librechat_reads_an_endpoint() -> None:
    document = yaml.safe_load(text_of("librechat"))
    (endpoint,) = document["endpoints"]["custom"]
    assert document["version"]
    assert (endpoint["apiKey"], endpoint["baseURL"]) == (KEY, URL)
    assert endpoint["models"] == {"default": [MODEL], "fetch": True}
    assert endpoint["titleModel"] == MODEL


def test_continue_reads_a_model() -> None:
    document = yaml.safe_load(text_of("continue"))
    assert {"name", "version", "schema"} < set(document)
    (model,) = document["models"]
    assert (model["provider"], model["model"]) == ("openai", MODEL)
    assert (model["apiBase"], model["apiKey"]) == (URL, KEY)


def test_codex_reads_a_provider() -> None:
    text = text_of("codex")
    document = tomllib.loads(text)
    provider = document["model_providers"][document["model_provider"]]
    assert (document["model"], provider["base_url"]) == (MODEL, URL)
    assert provider["wire_api"] == "responses"
    assert f"export {provider['env_key']}={KEY}" in text


def test_claude_code_gets_the_url_without_its_version() -> None:
    assert exported("claude-code") == {
        "ANTHROPIC_BASE_URL": "https://gw.example",
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "ANTHROPIC_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL,
    }


def test_aider_and_openai_clients_read_the_environment() -> None:
    assert exported("aider") == {"OPENAI_API_BASE": URL, "OPENAI_API_KEY": KEY}
    assert shlex.split(text_of("aider"))[-1] == f"openai/{MODEL}"
    assert exported("environment") == {"OPENAI_BASE_URL": URL, "OPENAI_API_KEY": KEY}


def test_llm_gets_a_model_of_its_own() -> None:
    text = text_of("llm")
    (model,) = yaml.safe_load(text.split("<<'END'\n")[1].split("\nEND")[0])
    assert (model["model_name"], model["api_base"]) == (MODEL, URL)
    assert model["api_key_name"] == "gatehouse"
    assert shlex.quote(model["model_id"]) in text


def test_a_container_calls_its_machine_by_a_name() -> None:
    for tool in ("open-webui", "librechat"):
        assert "gw.example" in text_of(tool)
        local = text_of(tool, url="http://127.0.0.1:8000/v1")
        assert "http://host.docker.internal:8000/v1" in local
        assert "127.0.0.1" not in local
    assert "--add-host" not in text_of("open-webui")
    assert "--add-host host.docker.internal:host-gateway" in text_of(
        "open-webui", url="http://[::1]/v1"
    )


def test_placeholders_stand_for_what_is_not_known() -> None:
    assert f'"Authorization: Bearer {UNKNOWN_KEY}"' in text_of("curl", key="")
    assert f'"{UNKNOWN_MODEL}"' in text_of("python", model="")
