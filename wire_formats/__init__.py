"""The formats of clients and upstreams, and nothing else.

One folder for each format, with modules named ``<what>_to_chat`` and ``<what>_from_chat``, or
packages of these names where one module does not do: chat completions are the pivot between all of
them. A ``dialect`` says how a format writes its streams.
Nothing here knows Django, a database, a network or a setting, and nothing of ours is imported.

What is read is JSON of a client or a provider and may be broken: it is a ``JsonObject``, whose
fields are looked at one by one. What is built has a type: a TypedDict of OpenAI's or Anthropic's
SDK where they have one for it, else one from the format's ``types``. Where other providers know
fields of a chat that OpenAI does not, ``chat.request_types`` has a type with both. The SDKs are
imported for type checking only. Fields that are copied through unchecked stay a ``JsonObject``
until the end.
"""
