"""The tests that need the database, again on SQLite and process memory."""

import os
import subprocess
import sys

import pytest

from tests.support.environment import ROOT
from tests.support.parts import Services

# They need the database for keys and rows alone; what they try knows no database: formats, fields,
# permissions, the handler.
TRIED_ONCE = (
    "tests/faults/test_accepted_requests.py",
    "tests/faults/test_named_losses.py",
    "tests/faults/test_odd_answers.py",
    "tests/proxy/client_side",
    "tests/security/test_admin_permissions.py",
    "tests/test_connection_fields.py",
    "tests/test_registry_fields.py",
)
IS_PLAIN_RUN = os.environ.get("TEST_BACKING") == "sqlite+memory"


@pytest.mark.timeout(900)
@pytest.mark.skipif(IS_PLAIN_RUN, reason="this is that run")
def test_database_tests_pass_on_sqlite_and_process_memory():
    left_out = [f"--ignore={path}" for path in TRIED_ONCE]
    assert [path for path in TRIED_ONCE if not (ROOT / path).exists()] == []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "django_db and not acceptance", *left_out],
        cwd=ROOT,
        env=os.environ | {"TEST_BACKING": "sqlite+memory", "REQUIRE_SERVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Real parts: SQLite" in done.stdout
    assert "no Redis" in done.stdout


def test_a_service_that_was_found_is_the_one_in_use(services: Services, settings):
    engine = "postgresql" if services.postgres else "sqlite3"
    assert settings.DATABASES["default"]["ENGINE"].endswith(engine)
    assert bool(settings.REDIS_URL) == bool(services.redis)
