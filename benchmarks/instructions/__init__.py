"""Instructions for a chat and for a chunk, counted by valgrind: the same figures on a busy machine.

::

    __main__ ── valgrind ──► counted ── gateway or floor ── wire: a client and an upstream
                   │            │
                   │            └─ marks: the names of the stretches, in their order
                   └─ callgrind: the instructions of each stretch ──► table
"""
