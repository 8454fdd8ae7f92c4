"""``/v1/me/…``: what the pages show and do, for programs, from the same functions."""
