"""Which model is served by which connection, and who may use it."""
