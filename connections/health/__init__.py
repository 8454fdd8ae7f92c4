"""How each connection is: what works, what failed, since when, and for which cause.

``keeping`` writes down what workers and verifications hear, ``state`` reads it as one value for
pages and commands.
"""

from connections.health.state import ConnectionState, Kind, connection_states, state_of

__all__ = ["ConnectionState", "Kind", "connection_states", "state_of"]
