"""Streams that outlive their client's connection, for clients that ask for it.

The answer is produced by a request of its own (``request``) and kept event by event
(``recording``), in the memory of its worker and, where there is Redis, in a stream there for all
workers (``redis_stream``). Its client reads it from the first event or any later one
(``recordings``), and is told when the worker that they read from ends (``readers``).

Events are numbered from 1 by counting them: each ``data:`` that is no comment, an error and
``[DONE]`` included. The numbers are not sent, since an ``id:`` line breaks clients.
"""
