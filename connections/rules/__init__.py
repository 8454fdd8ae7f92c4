"""The rules for a connection: its address, its destination, and the credentials sent there."""
