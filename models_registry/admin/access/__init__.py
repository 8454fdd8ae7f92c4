"""The pages of access: models and groups as a matrix, changing it, and seeing it as one person."""
