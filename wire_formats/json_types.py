"""The type of a JSON object whose fields are looked at one by one."""

from typing import Any

JsonObject = dict[str, Any]
