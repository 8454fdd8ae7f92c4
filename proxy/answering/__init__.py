"""From a request that may pass to an upstream's answer.

- Whether the limits of the caller have room: ``admission`` with ``demand`` and ``clamping``.
- Which targets: ``routing``, ``lacking``, ``chat_traits``, ``prices``.
- What a surface hands over: ``candidates``, ``shapes``.
- What is tried, and in which order: ``dispatch`` with ``walk``, ``hedged`` and ``settling``.
- One attempt: ``attempting`` with ``time_limit``, ``opening`` and ``look_ahead``. It leads to
  ``dispatched``, an answer, or to ``ended``, a failure.
- The error for the client: ``upstream_errors`` of one attempt, ``exhausted`` of all.
- Passing the answer on: ``relay`` and ``streamed`` for streams, ``whole`` for one in one piece,
  both within ``limits``.
- Filters of Open WebUI: ``pipelines_server``.
"""
