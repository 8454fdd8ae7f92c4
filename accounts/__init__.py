"""Who is calling: users, API keys, and the secrets that protect them."""
