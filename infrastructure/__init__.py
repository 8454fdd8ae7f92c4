"""What every room may use: how Redis is reached, and what is told of outages."""
