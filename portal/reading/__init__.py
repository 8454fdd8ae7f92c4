"""What pages and the API show of one person: models, usage, requests, limits."""
