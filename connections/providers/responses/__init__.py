"""Upstreams that speak only the Responses API: chats are translated to it and back."""

from connections.providers.responses import AzureResponsesAdapter, ResponsesAdapter

__all__ = ["AzureResponsesAdapter", "ResponsesAdapter"]
