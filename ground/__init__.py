"""The ground that every room stands on: how Redis is reached, and what is told of outages."""
