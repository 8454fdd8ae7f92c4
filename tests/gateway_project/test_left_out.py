from __future__ import annotations

import sys
from importlib import import_module

import pytest

from gateway_project.left_out import leave_out_unused


@pytest.fixture(params=["psycopg", "rich"])
def package(request, monkeypatch: pytest.MonkeyPatch) -> str:
    """One that is not imported yet; afterwards it is as it was."""
    name: str = request.param
    monkeypatch.setitem(sys.modules, name, import_module(name))
    monkeypatch.delitem(sys.modules, name)
    return name


def test_what_a_server_has_no_use_for_is_as_if_not_installed(settings, package):
    settings.DATABASE_IS_SQLITE, settings.LOG_FORMAT = True, "json"
    leave_out_unused()
    with pytest.raises(ModuleNotFoundError):
        import_module(package)


def test_what_is_of_use_stays(settings, package):
    settings.DATABASE_IS_SQLITE, settings.LOG_FORMAT = False, "console"
    leave_out_unused()
    assert package not in sys.modules


def test_filters_may_use_all_that_is_installed(settings, package):
    settings.DATABASE_IS_SQLITE, settings.LOG_FORMAT = True, "json"
    settings.GATEWAY_FILTERS = ["acme.filters.Redactor"]
    leave_out_unused()
    assert package not in sys.modules


def test_what_is_loaded_already_stays(settings):
    settings.DATABASE_IS_SQLITE, settings.LOG_FORMAT = True, "json"
    loaded = import_module("rich")
    leave_out_unused()
    assert sys.modules["rich"] is loaded
