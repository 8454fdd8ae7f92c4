"""Limits and budgets: what each caller may use, counted exactly and shared by all workers."""
