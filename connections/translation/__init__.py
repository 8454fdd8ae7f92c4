"""Answers of upstreams that speak a language of their own, turned into OpenAI's as they pass.

An adapter puts a :class:`Translation` into ``request.extensions["gatehouse.translation"]``;
:mod:`connections.client` applies it. Whoever reads the response sees OpenAI's form only.
"""
