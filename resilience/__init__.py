"""Which target is asked next, and when to stop: outcomes, policies, routes, and what is known of
targets."""
