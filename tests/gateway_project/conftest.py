from __future__ import annotations

import uvloop


def pytest_asyncio_loop_factories(config, item):
    """The event loop of production: what becomes of a cancelled timer, for one, differs."""
    return {"uvloop": uvloop.new_event_loop}
