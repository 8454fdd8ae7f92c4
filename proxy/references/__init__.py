"""The references of a request: to earlier responses, objects of the account, further models.

Every surface asks :func:`proxy.references.ownership.permitted`.
"""
