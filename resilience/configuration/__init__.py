"""Writing routes and policies down: entries of the configuration file."""
