from __future__ import annotations

import pytest
import uvicorn
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from limits.checks import WORKERS_VARIABLE
from tests.limits.builders import make_limit


@pytest.mark.django_db
def test_several_workers_without_redis_do_not_start_where_there_are_limits(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, "1")
    settings.REDIS_URL = ""
    make_limit()
    with pytest.raises(SystemCheckError, match=r"limits.E001.*share no Redis"):
        call_command("serve", "--workers", "2", "--port", "1")


@pytest.mark.django_db
def test_the_server_is_told_how_long_idle_connections_are_kept(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GATEWAY_KEEP_ALIVE_TIMEOUT = 620
    told: dict[str, object] = {}
    monkeypatch.setenv(WORKERS_VARIABLE, "1")
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: told.update(options))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    call_command("serve", "--port", "1")
    assert told["timeout_keep_alive"] == 620
