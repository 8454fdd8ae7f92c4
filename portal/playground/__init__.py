"""The playground: a person's models, asked from a page over the same API that programs use."""
