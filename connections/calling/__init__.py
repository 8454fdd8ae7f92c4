"""Calling upstreams: the client, what a call is, what can go wrong, and asking for lists."""
