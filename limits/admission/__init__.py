"""The way of a request through its limits: matched, expected, asked, waited for, settled."""
