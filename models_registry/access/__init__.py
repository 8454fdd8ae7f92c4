"""Who may use which models, as sets: the matrix of the admin, and what a change of grants does."""
