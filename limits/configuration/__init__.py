"""How people write limits down, and how limits are described to them."""
