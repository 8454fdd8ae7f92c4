"""Anthropic: chat completions become Messages, and the answers come back as completions."""

from connections.providers.anthropic import AnthropicAdapter

__all__ = ["AnthropicAdapter"]
