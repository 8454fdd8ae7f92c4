import pytest

from connections.configuration.environment_sync import sync_environment
from connections.models import Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment(settings):
    """Sets the base URLs and keys of the environment."""

    def set_to(urls, keys=()):
        settings.OPENAI_API_BASE_URLS = list(urls)
        settings.OPENAI_API_KEYS = list(keys)

    return set_to


def kinds():
    return [difference.kind.name for difference in sync_environment().differences]


def test_connections_are_added_in_order_and_marked(environment):
    environment(["https://b.example", "https://a.example"], ["sk-b", ""])
    sync_environment()

    rows = Connection.objects.order_by("url_index")
    assert [row.name for row in rows] == ["b-example", "a-example"]
    assert all(row.is_from_environment for row in rows)
    assert rows[0].keys.get().reveal() == "sk-b"


def test_second_time_changes_nothing(environment):
    environment(["https://a.example"], ["sk-a"])
    sync_environment()
    key = Connection.objects.get().keys.get().pk

    assert kinds() == ["UNCHANGED"]
    assert Connection.objects.get().keys.get().pk == key


def test_changed_key_is_taken_over(environment):
    environment(["https://a.example"], ["sk-old"])
    sync_environment()
    environment(["https://a.example"], ["sk-new"])

    assert kinds() == ["CHANGED"]
    assert Connection.objects.get().keys.get().reveal() == "sk-new"


def test_vanished_connection_is_disabled_and_said(environment):
    environment(["https://a.example"], ["sk-a"])
    sync_environment()
    environment([])

    [difference] = sync_environment().differences

    assert "disabled" in str(difference)
    assert not Connection.objects.get().is_enabled
    assert sync_environment().differences == ()


def test_connection_that_comes_back_is_enabled(environment):
    environment(["https://a.example"])
    sync_environment()
    environment([])
    sync_environment()
    environment(["https://a.example"])
    sync_environment()

    assert Connection.objects.get().is_enabled


def test_connection_made_by_hand_is_left_alone(environment):
    Connection.objects.create(name="a-example", base_url="https://mine.example")
    environment(["https://a.example"], ["sk-a"])

    result = sync_environment()

    assert "managed here" in result.kept[0]
    row = Connection.objects.get()
    assert (row.base_url, row.is_from_environment) == ("https://mine.example", False)
    assert not row.keys.exists()


@pytest.mark.parametrize("enable", ["false", 0])
def test_entry_with_a_slip_keeps_its_connection_and_tells_the_slip(environment, settings, enable):
    environment(["https://a.example", "https://b.example"], ["sk-a", "sk-b"])
    sync_environment()
    settings.OPENAI_API_CONFIGS = {"0": {"enable": enable}}

    result = sync_environment()

    assert [difference.kind.name for difference in result.differences] == ["UNCHANGED"]
    assert "enable must be true or false" in result.warnings[0]
    assert all(row.is_enabled for row in Connection.objects.all())


def test_key_with_a_slip_keeps_the_stored_one(environment):
    environment(["https://a.example"], ["sk-a"])
    sync_environment()
    environment(["https://a.example"], ["sk-a sk-b"])

    [warning] = sync_environment().warnings

    assert "Item 1 of OPENAI_API_KEYS: holds more than visible ASCII" in warning
    assert "sk-a" not in warning
    assert Connection.objects.get().keys.get().reveal() == "sk-a"
