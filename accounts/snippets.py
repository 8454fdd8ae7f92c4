"""Examples to paste, to use a new API key."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    title: str
    text: str = field(repr=False)  # holds the key in the clear


def snippets(key: str, base_url: str) -> list[Snippet]:
    """Ways to call the gateway at ``base_url``, which ends in ``/v1``, with ``key``."""
    return [
        Snippet(
            title="curl: the models this key may use",
            text=f'curl {base_url}/models \\\n  -H "Authorization: Bearer {key}"',
        ),
        Snippet(
            title="Environment of OpenAI clients",
            text=f"export OPENAI_BASE_URL={base_url}\nexport OPENAI_API_KEY={key}",
        ),
        Snippet(
            title="Python, with the openai package",
            text="from openai import OpenAI\n\n"
            f'client = OpenAI(\n    base_url="{base_url}",\n    api_key="{key}",\n)\n'
            "print(client.models.list())",
        ),
    ]
