"""The one table of endpoints."""

from audio import urls as audio
from connections.providers import anthropic, ollama_native
from proxy import urls as proxy
from proxy.websockets.upstream_sockets import RealtimeConsumer, ResponsesConsumer
from wire_formats.endpoints import (
    CHATS,
    CHUNKS,
    ENDPOINTS,
    OPERATIONS,
    OWN_PARAMETERS,
    TEXTS,
    WITH_MAXIMUM,
)


def endpoints_of_views():
    views = [*(proxy.model_calls | audio.model_calls).values()]
    named = {getattr(view.view_class, "endpoint", "") for view in views}
    return named - {""} | {RealtimeConsumer.endpoint, ResponsesConsumer.endpoint}


def test_every_endpoint_that_is_called_is_in_the_table():
    called = endpoints_of_views() | set(anthropic.PATHS) | set(ollama_native.PATHS)
    assert len(called) > 10
    assert called <= ENDPOINTS.keys()


def test_what_is_known_of_them():
    assert {"chat/completions", "messages", "responses"} == CHATS
    assert CHATS | {"completions", "realtime", "responses/compact"} == TEXTS
    assert TEXTS - {"responses/compact"} == WITH_MAXIMUM
    assert {"chat/completions", "completions"} == CHUNKS
    assert "messages/count_tokens" in OWN_PARAMETERS
    assert OPERATIONS["embeddings"] == "embeddings"
