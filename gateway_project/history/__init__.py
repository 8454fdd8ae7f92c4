"""The history of changes: what changed, when, and by whom or by what.

    a save or a deletion ──► django-auditlog ──► entries.complete ──► the table of entries
                                                     ▲
                        infrastructure.origin: a page, the API, a command, the environment

An entry is written in the transaction of the change. ``recorded.py`` says which models have a
history, and which fields are left out or hidden.
"""
