"""Anthropic's Messages API in front of upstreams that speak OpenAI's chat completions.

``request`` turns a request into a chat, ``answer`` and ``stream`` turn what comes back into
a message. Upstreams that speak Messages themselves need none of this.
"""
