"""The types of JSON objects.

A ``JsonObject`` was read from a client or a provider, so any field may be missing or broken; or it
was copied from one with fields that nobody here knows. A ``JsonMapping`` is only written out: a
``JsonObject``, or an object that was built here and has a TypedDict for its type.
"""

from collections.abc import Mapping
from typing import Any

JsonObject = dict[str, Any]
JsonMapping = Mapping[str, Any]
