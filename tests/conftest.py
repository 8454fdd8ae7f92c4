"""Fixtures for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections

from resilience.budget import retry_budgets
from resilience.hedging import hedges
from resilience.states import states
from tests.support import emptying, live, parts, run
from tests.support.live import TWO_WORKERS, LiveGateway, live_gateway
from tests.support.parts import Part, Services
from tests.support.plugin import SERVICES
from tests.support.redis_server import RedisServer
from tests.support.stores import BACKINGS, Stores

emptying.install()


@pytest.fixture(autouse=True)
def _strangers() -> None:
    """Nothing is known of any target, and no retry was made."""
    states.reset()
    retry_budgets.reset()
    hedges.reset()


@pytest.fixture(autouse=True)
def _no_connection_left_open(request: pytest.FixtureRequest) -> None:
    """The thread that async code uses holds no connection that a test without a database meets,
    and none whose transaction an earlier test has left open.

    It outlives the tests, and Django looks at its old connections before each call in it, which
    pytest-django refuses to a test that asked for no database.
    """
    has_database = request.node.get_closest_marker("django_db") is not None
    close = emptying.close_open_transactions if has_database else connections.close_all
    SyncToAsync.single_thread_executor.submit(close).result()


@pytest.fixture(scope="session")
def services() -> Services:
    """The servers of this run."""
    return SERVICES


@pytest.fixture
def postgres(services: Services) -> Part:
    """The PostgreSQL server; the test is skipped without one."""
    return parts.require("PostgreSQL", services.postgres)


@pytest.fixture
def redis_server(services: Services) -> Part:
    """The Redis server of this run; the test is skipped without one."""
    return parts.require("Redis", services.redis)


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may freeze, kill and fill."""
    program = parts.require("redis-server", parts.program("redis-server"))
    server = RedisServer(Path(program.address))
    server.start()
    yield server
    server.close()


@pytest.fixture
def chromium() -> Part:
    """The system's browser; its path is the ``address``."""
    return parts.require("Chromium", parts.chromium())


@pytest.fixture
def curl() -> Part:
    """The program that pasted examples need."""
    return parts.require("curl", parts.program("curl"))


@pytest.fixture(scope="session")
def stores(services: Services) -> Stores:
    """Databases and directories for live gateways."""
    return Stores(services)


@pytest.fixture(scope="module", params=BACKINGS)
def gateway(
    request: pytest.FixtureRequest, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveGateway]:
    """A gateway that the tests of a module share, once for each backing."""
    with live_gateway(stores, request.param, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture(scope="module", params=BACKINGS)
def crew(
    request: pytest.FixtureRequest, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveGateway]:
    """A gateway as ``gateway`` is, with two workers where they can share what they know."""
    options = TWO_WORKERS if "redis" in request.param else ()
    directory = tmp_path_factory.mktemp("crew")
    environment = {"GATEWAY_REQUIRE_STAFF_MFA": "false"}
    with live_gateway(stores, request.param, directory, *options, **environment) as gateway:
        yield gateway


@pytest.fixture
def start_gateway(
    stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., LiveGateway]]:
    """``start_gateway("sqlite+memory", *TWO_WORKERS, NAME="value")``: a gateway for this test."""
    with ExitStack() as stack:

        def start(backing: str = BACKINGS[0], *options: str, **environment: str) -> LiveGateway:
            directory = tmp_path_factory.mktemp("gateway")
            serving = live_gateway(stores, backing, directory, *options, **environment)
            return stack.enter_context(serving)

        yield start


@pytest.fixture(scope="session")
def django_db_keepdb(services: Services) -> bool:
    """Whether Django takes up the file that ``django_db_modify_db_settings`` has copied."""
    return services.postgres is None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, services: Services
) -> None:
    """Have the database of the tests be a copy of what one process of this run has migrated."""
    test = connections["default"].settings_dict["TEST"]
    if services.postgres is None:
        shutil.copy(run.migrated_directory() / "gatehouse.db", test["NAME"])
    else:
        test["TEMPLATE"] = urlsplit(run.migrated_database(services.postgres.address)).path[1:]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Have the thread of the async tests let go of the database before it is dropped."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that start gateways, so that nobody waits at the end for a long one."""
    live = {item.path for item in items if item.get_closest_marker("acceptance")}
    items.sort(key=lambda item: item.path not in live)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the gateways said beside the failure of a test."""
    report = yield
    if report.failed:
        report.sections += [
            (f"log of {gateway.url}", gateway.log_tail()) for gateway in live.running
        ]
    return report
