"""How each provider differs from OpenAI: one adapter per file, overriding only what differs.

To add one: a file here, a line in ``registry.py``, a row in the contract suite.
"""
