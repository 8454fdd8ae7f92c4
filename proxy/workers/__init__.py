"""The background tasks of every worker: withdrawn access, news, the live view."""
