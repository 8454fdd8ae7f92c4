"""What the tests stand on: the real parts of this run, and a gateway in a process of its own."""
