"""The pages of everybody who can sign in, and the same over the API."""
