"""The callers: users, API keys, and the secrets that protect them."""
