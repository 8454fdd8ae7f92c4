"""The version of Gatehouse, as ``pyproject.toml`` and the deployments name it."""

VERSION = "0.1.0"
