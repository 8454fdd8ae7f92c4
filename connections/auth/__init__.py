"""How requests to an upstream are signed: one strategy per file, each an ``httpx.Auth`` flow.

A strategy is built once for each connection and reused. The data of one request travels in
``request.extensions[CALL_EXTENSION]``, a :class:`connections.call.Call`.
To add one: a file here, a line in ``registry.py``, a test.
"""
