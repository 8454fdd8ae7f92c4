"""System checks are silenced and looked up by their ids."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = (
    "accounts",
    "audio",
    "portal",
    "connections",
    "gateway_project",
    "models_registry",
    "proxy",
    "resilience",
    "usage",
    "limits",
)
CHECK_ID = re.compile(r"\w+\.[CDEIW]\d{3}")


def ids_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "id":
            value = getattr(node.value, "value", None)
            if isinstance(value, str) and CHECK_ID.fullmatch(value):
                yield value


def test_each_message_of_a_check_has_an_id_of_its_own():
    found = Counter(
        name for room in ROOMS for path in (ROOT / room).rglob("*.py") for name in ids_in(path)
    )
    assert "gateway_project.E001" in found
    assert [name for name, times in found.items() if times > 1] == []
