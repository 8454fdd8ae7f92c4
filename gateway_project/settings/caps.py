"""How much, how many and how long: what bounds requests, answers, streams and sockets."""

from __future__ import annotations

from gateway_project.settings import environment

# Bodies of requests: bytes, structure, time. One that set the older name set all JSON by it.
GATEWAY_MAX_JSON_BYTES = environment.whole_number(
    "GATEWAY_MAX_JSON_BYTES",
    default=environment.whole_number("GATEWAY_MAX_BODY_BYTES", default=50 * 2**20, minimum=1024),
    minimum=1024,
)
GATEWAY_MAX_JSON_STRUCTURE = environment.whole_number(
    "GATEWAY_MAX_JSON_STRUCTURE", default=1_000_000, minimum=256 * 1024
)
GATEWAY_MAX_PAGE_BYTES = environment.whole_number(
    "GATEWAY_MAX_PAGE_BYTES", default=2.5 * 2**20, minimum=1024
)
# Django's own limits say 400 for more fields (1000) and files (100), and a page needs no more.
DATA_UPLOAD_MAX_MEMORY_SIZE = GATEWAY_MAX_PAGE_BYTES
# Beyond it a body waits on disk, so that many at once do not fill the memory.
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
GATEWAY_BODY_SECONDS = environment.number("GATEWAY_BODY_SECONDS", default=60, minimum=0.1)

# Uploads of files.
GATEWAY_MAX_UPLOAD_BYTES = environment.whole_number(
    "GATEWAY_MAX_UPLOAD_BYTES", default=512 * 2**20, minimum=1024
)
GATEWAY_UPLOAD_HELD_BYTES_PER_KEY = environment.whole_number(
    "GATEWAY_UPLOAD_HELD_BYTES_PER_KEY", default=GATEWAY_MAX_UPLOAD_BYTES, minimum=1024
)
GATEWAY_UPLOAD_HELD_BYTES = environment.whole_number(
    "GATEWAY_UPLOAD_HELD_BYTES", default=2 * 2**30, minimum=1024
)

# How many gateways a request may have passed before it comes here.
GATEWAY_MAX_HOPS = environment.whole_number("GATEWAY_MAX_HOPS", default=8, minimum=1)

# What upstreams send, and how long they take.
GATEWAY_MAX_RESPONSE_BYTES = environment.whole_number(
    "GATEWAY_MAX_RESPONSE_BYTES", default=64 * 2**20, minimum=1024
)
GATEWAY_MAX_SSE_LINE_BYTES = environment.whole_number(
    "GATEWAY_MAX_SSE_LINE_BYTES", default=32 * 2**20, minimum=1024
)
GATEWAY_MAX_STREAM_BYTES = environment.whole_number(
    "GATEWAY_MAX_STREAM_BYTES", default=256 * 2**20, minimum=1024
)
GATEWAY_CONNECT_TIMEOUT = environment.number("GATEWAY_CONNECT_TIMEOUT", default=10, minimum=0.1)
GATEWAY_STREAM_IDLE_TIMEOUT = environment.number(
    "GATEWAY_STREAM_IDLE_TIMEOUT", default=120, minimum=0.1
)
GATEWAY_STREAM_MAX_SECONDS = environment.number(
    "GATEWAY_STREAM_MAX_SECONDS", default=3600, minimum=1
)
GATEWAY_STREAM_KEEP_ALIVE_SECONDS = environment.number(
    "GATEWAY_STREAM_KEEP_ALIVE_SECONDS", default=15, minimum=0.1
)

# Slow and idle clients, and the end of a process.
GATEWAY_KEEP_ALIVE_TIMEOUT = environment.whole_number(
    "GATEWAY_KEEP_ALIVE_TIMEOUT", default=150, minimum=1
)
GATEWAY_HEADER_TIMEOUT = environment.number("GATEWAY_HEADER_TIMEOUT", default=20, minimum=0.1)
GATEWAY_WRITE_TIMEOUT = environment.number("GATEWAY_WRITE_TIMEOUT", default=60, minimum=0.1)
GATEWAY_SHUTDOWN_DELAY_SECONDS = environment.number("GATEWAY_SHUTDOWN_DELAY_SECONDS", default=0)
GATEWAY_SHUTDOWN_GRACE_SECONDS = environment.number(
    "GATEWAY_SHUTDOWN_GRACE_SECONDS", default=30, minimum=0
)

# Streams that are kept for clients who come back.
GATEWAY_RESUMABLE_SECONDS = environment.number("GATEWAY_RESUMABLE_SECONDS", default=600, minimum=1)
GATEWAY_RESUMABLE_MAX_BYTES = environment.whole_number(
    "GATEWAY_RESUMABLE_MAX_BYTES", default=16 * 2**20, minimum=1024
)
GATEWAY_RESUMABLE_MAX_STREAMS = environment.whole_number(
    "GATEWAY_RESUMABLE_MAX_STREAMS", default=32, minimum=1
)
GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL = environment.whole_number(
    "GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL", default=512, minimum=1
)
GATEWAY_RESUMABLE_MAX_READERS = environment.whole_number(
    "GATEWAY_RESUMABLE_MAX_READERS", default=64, minimum=1
)
GATEWAY_RESUMABLE_MAX_READERS_TOTAL = environment.whole_number(
    "GATEWAY_RESUMABLE_MAX_READERS_TOTAL", default=512, minimum=1
)
GATEWAY_RESUMABLE_MAX_KEPT = environment.whole_number(
    "GATEWAY_RESUMABLE_MAX_KEPT", default=100, minimum=1
)
GATEWAY_RESUMABLE_KEY_BYTES = environment.whole_number(
    "GATEWAY_RESUMABLE_KEY_BYTES", default=32 * 2**20, minimum=1024
)
GATEWAY_RESUMABLE_TOTAL_BYTES = environment.whole_number(
    "GATEWAY_RESUMABLE_TOTAL_BYTES", default=256 * 2**20, minimum=1024
)

# Responses and conversations, which upstreams or the gateway itself keep for their users.
GATEWAY_STORED_RESPONSES_PER_USER = environment.whole_number(
    "GATEWAY_STORED_RESPONSES_PER_USER", default=10_000, minimum=1
)
GATEWAY_KEEPS_RESPONSES = environment.switch("GATEWAY_KEEPS_RESPONSES", default=True)
GATEWAY_CONVERSATION_DAYS = environment.number(
    "GATEWAY_CONVERSATION_DAYS", default=30, minimum=0.01, maximum=environment.MOST_DAYS
)
GATEWAY_CONVERSATION_BYTES = environment.whole_number(
    "GATEWAY_CONVERSATION_BYTES", default=16 * 2**20, minimum=1024
)
GATEWAY_CONVERSATION_BYTES_PER_USER = environment.whole_number(
    "GATEWAY_CONVERSATION_BYTES_PER_USER", default=256 * 2**20, minimum=1024
)
GATEWAY_CONVERSATIONS_PER_USER = environment.whole_number(
    "GATEWAY_CONVERSATIONS_PER_USER", default=1000, minimum=1
)

# WebSockets.
GATEWAY_WS_MAX_MESSAGE_BYTES = environment.whole_number(
    "GATEWAY_WS_MAX_MESSAGE_BYTES", default=16 * 2**20, minimum=1024
)
GATEWAY_WS_MAX_REQUESTS = environment.whole_number("GATEWAY_WS_MAX_REQUESTS", default=16, minimum=1)
GATEWAY_WS_MAX_SOCKETS = environment.whole_number("GATEWAY_WS_MAX_SOCKETS", default=5000, minimum=1)
GATEWAY_WS_MAX_SOCKETS_PER_KEY = environment.whole_number(
    "GATEWAY_WS_MAX_SOCKETS_PER_KEY", default=500, minimum=1
)
GATEWAY_WS_HELD_BYTES_PER_KEY = environment.whole_number(
    "GATEWAY_WS_HELD_BYTES_PER_KEY", default=128 * 2**20, minimum=1024
)
GATEWAY_WS_HELD_BYTES = environment.whole_number(
    "GATEWAY_WS_HELD_BYTES", default=512 * 2**20, minimum=1024
)
GATEWAY_WS_MESSAGES_PER_SECOND = environment.number(
    "GATEWAY_WS_MESSAGES_PER_SECOND", default=20, minimum=0.1
)
GATEWAY_WS_PROXIED_MESSAGES_PER_SECOND = environment.number(
    "GATEWAY_WS_PROXIED_MESSAGES_PER_SECOND", default=200, minimum=0.1
)
GATEWAY_WS_PING_SECONDS = environment.number("GATEWAY_WS_PING_SECONDS", default=20, minimum=1)

# How old may be what a worker holds in memory.
GATEWAY_MODELS_REFRESH_SECONDS = environment.number(
    "GATEWAY_MODELS_REFRESH_SECONDS", default=60, minimum=1
)
GATEWAY_CALLER_STALE_SECONDS = environment.number("GATEWAY_CALLER_STALE_SECONDS", default=600)

# A request that a limit holds for asks Redis what was used.
GATEWAY_LIMITS_REDIS_SECONDS = environment.number(
    "GATEWAY_LIMITS_REDIS_SECONDS", default=0.05, minimum=0.001
)

# The last byte of a response waits for Redis to have its usage record.
GATEWAY_USAGE_REDIS_SECONDS = environment.number(
    "GATEWAY_USAGE_REDIS_SECONDS", default=0.25, minimum=0.001
)

# The cache of speech.
GATEWAY_SPEECH_CACHE_MAX_BYTES = environment.whole_number(
    "GATEWAY_SPEECH_CACHE_MAX_BYTES", default=2**30
)
GATEWAY_SPEECH_CACHE_MAX_AGE_SECONDS = environment.number(
    "GATEWAY_SPEECH_CACHE_MAX_AGE_SECONDS", default=30 * 24 * 3600
)
