"""The API, described for programs (OpenAPI 3.1) and for people."""
