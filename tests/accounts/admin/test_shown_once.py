"""What is shown once waits in the session, encrypted."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts.admin.shown_once import SESSION_NAME, keep, take
from accounts.models import User


def request_of(user: User, session: Any) -> Any:
    request = RequestFactory().get("/")
    request.user, request.session = user, session
    return request


def test_values_are_taken_once_by_the_user_who_kept_them() -> None:
    ada, eve = User(pk=1, username="ada"), User(pk=2, username="eve")
    session = SessionStore()
    keep(request_of(ada, session), "links", ["canary-link"])
    assert "canary" not in str(session[SESSION_NAME])
    assert take(request_of(ada, session), "others") is None
    assert take(request_of(eve, session), "links") is None
    keep(request_of(ada, session), "links", ["canary-link"])
    assert take(request_of(ada, session), "links") == ["canary-link"]
    assert take(request_of(ada, session), "links") is None


def test_values_that_waited_too_long_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    request = request_of(User(pk=1), SessionStore())
    monkeypatch.setattr("time.time", lambda: 1000.0)
    keep(request, "links", 1)
    monkeypatch.setattr("time.time", lambda: 1301.0)
    assert take(request, "links") is None
