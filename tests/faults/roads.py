"""The two roads of a chunk (docs/architecture.md), as settings. Clients see the same of both."""

ROADS = {
    "short road": {"GATEWAY_SHORT_ROAD": "true"},
    "long road": {"GATEWAY_SHORT_ROAD": "false"},
}
