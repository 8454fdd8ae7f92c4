"""Examples to paste, to use an API key with the tools that people have.

Each is complete: pasted where it says, it works with the key, the URL and the model in it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

UNKNOWN_KEY = "YOUR_API_KEY"  # where the key is not known any more
UNKNOWN_MODEL = "MODEL"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
IN_DOCKER = "host.docker.internal"  # how a container calls its machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """``tool`` fits an HTML id. ``place`` says where ``text`` goes, such as ``in a shell``."""

    tool: str
    title: str
    place: str
    text: str = field(repr=False)  # may hold the key in the clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a snippet is written with. ``base_url`` ends in ``/v1``."""

    key: str = field(repr=False)
    base_url: str
    model: str

    @property
    def root_url(self) -> str:
        return self.base_url.removesuffix("/v1")

    @property
    def is_on_this_machine(self) -> bool:
        return urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def base_url_in_docker(self) -> str:
        """``base_url`` for a container, where loopback is the container itself."""
        if not self.is_on_this_machine:
            return self.base_url
        url = urlsplit(self.base_url)
        port = f":{url.port}" if url.port else ""
        return url._replace(netloc=f"{IN_DOCKER}{port}").geturl()


def snippets(key: str, base_url: str, model: str = "") -> list[Snippet]:
    """Ways to call the gateway at ``base_url``, which ends in ``/v1``, with ``key``.

    An empty ``key`` or ``model`` stands for one that is not known: a placeholder takes its place.
    """
    access = Access(key=key or UNKNOWN_KEY, base_url=base_url, model=model or UNKNOWN_MODEL)
    return [
        Snippet(tool=tool, title=title, place=place, text=write(access))
        for tool, title, place, write in TOOLS
    ]


def _quoted(text: str) -> str:
    """``text`` as a string of Python, JavaScript, YAML, TOML and JSON."""
    return json.dumps(text, ensure_ascii=False)


def _curl(access: Access) -> str:
    body = {"model": access.model, "messages": [{"role": "user", "content": "Say hello."}]}
    authorization = f'  -H "Authorization: Bearer {access.key}"'
    return (
        f"curl {access.base_url}/models \\\n{authorization}\n\n"
        f"curl {access.base_url}/chat/completions \\\n{authorization} \\\n"
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}"
    )


def _environment(access: Access) -> str:
    return f"export OPENAI_BASE_URL={access.base_url}\nexport OPENAI_API_KEY={access.key}"


def _python(access: Access) -> str:
    return f"""# pip install openai
from openai import OpenAI

client = OpenAI(
    base_url={_quoted(access.base_url)},
    api_key={_quoted(access.key)},
)
answer = client.chat.completions.create(
    model={_quoted(access.model)},
    messages=[{{"role": "user", "content": "Say hello."}}],
)
print(answer.choices[0].message.content)"""


def _node(access: Access) -> str:
    return f"""// npm install openai, save this as hello.mjs, and run: node hello.mjs
import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: {_quoted(access.base_url)},
  apiKey: {_quoted(access.key)},
}});
const answer = await client.chat.completions.create({{
  model: {_quoted(access.model)},
  messages: [{{ role: "user", content: "Say hello." }}],
}});
console.log(answer.choices[0].message.content);"""


def _langchain(access: Access) -> str:
    return f"""# pip install langchain-openai
from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url={_quoted(access.base_url)},
    api_key={_quoted(access.key)},
    model={_quoted(access.model)},
)
print(model.invoke("Say hello.").content)"""


def _open_webui(access: Access) -> str:
    host = f"  --add-host {IN_DOCKER}:host-gateway \\\n" if access.is_on_this_machine else ""
    return (
        "docker run -d --name open-webui -p 3000:8080 \\\n"
        f"{host}"
        "  -v open-webui:/app/backend/data \\\n"
        f"  -e OPENAI_API_BASE_URL={access.base_url_in_docker} \\\n"
        f"  -e OPENAI_API_KEY={access.key} \\\n"
        f"  -e DEFAULT_MODELS={shlex.quote(access.model)} \\\n"
        "  ghcr.io/open-webui/open-webui:main"
    )


def _librechat(access: Access) -> str:
    return f"""version: 1.3.17
endpoints:
  custom:
    - name: "Gatehouse"
      apiKey: {_quoted(access.key)}
      baseURL: {_quoted(access.base_url_in_docker)}
      models:
        default: [{_quoted(access.model)}]
        fetch: true
      titleConvo: true
      titleModel: {_quoted(access.model)}
      modelDisplayLabel: "Gatehouse\""""


def _continue(access: Access) -> str:
    return f"""name: Gatehouse
version: 1.0.0
schema: v1
models:
  - name: {_quoted(access.model)}
    provider: openai
    model: {_quoted(access.model)}
    apiBase: {_quoted(access.base_url)}
    apiKey: {_quoted(access.key)}
    roles: [chat, edit, apply]"""


def _aider(access: Access) -> str:
    return (
        f"export OPENAI_API_BASE={access.base_url}\nexport OPENAI_API_KEY={access.key}\n"
        f"aider --model {shlex.quote(f'openai/{access.model}')}"
    )


def _llm(access: Access) -> str:
    name = f"gatehouse/{access.model}"
    return f"""llm keys set gatehouse --value {access.key}
cat >> "$(dirname "$(llm logs path)")/extra-openai-models.yaml" <<'END'
- model_id: {_quoted(name)}
  model_name: {_quoted(access.model)}
  api_base: {_quoted(access.base_url)}
  api_key_name: gatehouse
END
llm -m {shlex.quote(name)} 'Say hello.'"""


def _claude_code(access: Access) -> str:
    # The small model writes titles and the like. A key of Anthropic's would go first.
    model = shlex.quote(access.model)
    return (
        f"unset ANTHROPIC_API_KEY\nexport ANTHROPIC_BASE_URL={access.root_url}\n"
        f"export ANTHROPIC_AUTH_TOKEN={access.key}\nexport ANTHROPIC_MODEL={model}\n"
        f"export ANTHROPIC_DEFAULT_HAIKU_MODEL={model}\nclaude"
    )


def _codex(access: Access) -> str:
    return f"""# In the shell that starts codex: export GATEHOUSE_API_KEY={access.key}
model = {_quoted(access.model)}
model_provider = "gatehouse"

[model_providers.gatehouse]
name = "Gatehouse"
base_url = {_quoted(access.base_url)}
env_key = "GATEHOUSE_API_KEY"
wire_api = "responses\""""


SHELL = "in a shell"
TOOLS: tuple[tuple[str, str, str, Callable[[Access], str]], ...] = (
    ("curl", "curl", SHELL, _curl),
    ("environment", "Environment", "in a shell, for clients of OpenAI's", _environment),
    ("python", "Python", "in a file, with the package openai", _python),
    ("node", "Node", "in hello.mjs, with the package openai", _node),
    ("langchain", "LangChain", "in a file of Python", _langchain),
    (
        "open-webui",
        "Open WebUI",
        "in a shell; a second start keeps what the first one set",
        _open_webui,
    ),
    ("librechat", "LibreChat", "in librechat.yaml", _librechat),
    ("continue", "Continue", "in ~/.continue/config.yaml", _continue),
    ("aider", "aider", SHELL, _aider),
    ("llm", "llm", SHELL, _llm),
    ("claude-code", "Claude Code", SHELL, _claude_code),
    ("codex", "Codex", "in ~/.codex/config.toml", _codex),
)
