"""What is used and left now, for people who ask: in pages, commands and the API."""
