"""A gateway with a person of the staff, and a stream that goes on until it is ended."""

from contextlib import ExitStack, contextmanager

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.responders import chunk, hang, head
from tests.support.upstream import ScriptedUpstream

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
HOSTILE = "gpt<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o", HOSTILE)) as upstream:
        upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
        yield upstream


@pytest.fixture(scope="module")
def ready(crew, upstream):
    crew.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    crew.api_key("root", is_admin=True)
    return crew


@pytest.fixture(scope="module")
def key(ready):
    key = ready.api_key("alice")
    with client_of(ready, key) as client:
        wait_for_models(client, "gpt-4o", HOSTILE)
    return key


def signed_in(gateway, user):
    """The session key of ``user``'s browser."""
    code = f"""
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
user = User.objects.get(username="{user}")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""
    return gateway.manage("shell", "--no-imports", "-c", code).stdout.strip()


@contextmanager
def streams(gateway, key, *models):
    """A stream of each of ``models`` that has begun: its parts."""
    with ExitStack() as stack:
        client = stack.enter_context(client_of(gateway, key))
        begun = []
        for model in models:
            body = chat_body(model, stream=True)
            answer = stack.enter_context(client.stream("POST", CHAT, json=body))
            begun.append(answer.iter_bytes())
            assert next(begun[-1]) == EVENT
        yield begun
