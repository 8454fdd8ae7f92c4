"""The list of recorded requests in the admin, and the page of one."""
