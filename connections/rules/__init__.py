"""What a connection may be: its addresses, its destination, and whose credentials go there."""
