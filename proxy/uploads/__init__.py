"""Files that clients send, passed on as they come."""
