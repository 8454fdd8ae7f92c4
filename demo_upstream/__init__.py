"""A small OpenAI-compatible upstream of our own, for trying Gatehouse out, tests and benchmarks.

Plain ASGI without Django, so that as a mock it costs next to nothing. One file per endpoint.
It shares no code with the gateway: an upstream that wrote with our writer would test nothing.
"""
