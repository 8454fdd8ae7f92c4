from __future__ import annotations

import pytest
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
