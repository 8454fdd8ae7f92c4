"""Bytes to and from upstreams: ``httpx``'s transport interface over aiohttp's pool.

``aiohttp_transport`` sends a request, ``connector`` opens connections, ``attempt`` knows which
phase a request is in, ``resolver`` refuses addresses, ``tls`` builds contexts, ``protocol``,
``response_body`` and ``watchdog`` bring the answer, ``decoding`` opens what was compressed unasked.
"""

from connections.transport.aiohttp_transport import AiohttpTransport

__all__ = ["AiohttpTransport"]
