"""Ollama: its OpenAI-compatible paths, or its own API where the connection says native."""

from connections.providers.ollama import OllamaAdapter
from connections.providers.ollama_native import OllamaNativeAdapter

__all__ = ["OllamaAdapter", "OllamaNativeAdapter"]
