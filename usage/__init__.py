"""Usage, its cost, and its limits."""
