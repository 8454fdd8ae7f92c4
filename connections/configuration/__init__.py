"""Writing connections down: from YAML, the environment and Open WebUI's endpoints."""
