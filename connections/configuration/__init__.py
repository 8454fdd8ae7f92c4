"""Writing connections down, whoever does it: YAML, the environment, Open WebUI's endpoints."""
