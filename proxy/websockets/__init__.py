"""The API over WebSockets."""
