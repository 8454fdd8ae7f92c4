"""Secrets that must turn up nowhere."""

UPSTREAM_KEY = "sk-upstream-canary-9f2c71d0a4"
HEADER_SECRET = "header-canary-58be0c66f1"
