"""Where calls go: keys, auth strategies, provider adapters, the upstream client."""
