"""What runs in every worker beside its requests: access that is withdrawn, news, the live view."""
