"""The tokens a provider gave when somebody signed in: kept encrypted, one row for each session,
and renewed shortly before they expire, once for all workers.
"""
