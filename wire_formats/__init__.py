"""The formats of clients and upstreams, and nothing else.

One folder for each format, with modules named ``<what>_to_chat`` and ``<what>_from_chat``: chat
completions are the pivot between all of them. A ``dialect`` says how a format writes its streams.
Nothing here knows Django, a database, a network or a setting, and nothing of ours is imported.
"""
