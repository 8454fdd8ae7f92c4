import pytest

from connections.configuration.entry import EntryError
from connections.configuration.spec import ConnectionSpec
from connections.configuration.stored_headers import HIDDEN
from connections.configuration.upsert import upsert
from connections.models import Connection

pytestmark = pytest.mark.django_db
SECRET = "sk-upsert-0123456789"
ENTRY = {"name": "one", "base_url": "https://one.example/v1", "keys": [SECRET]}


def put(**changes):
    return upsert(ConnectionSpec.from_dict(ENTRY | changes))


def test_new_connection_is_added_with_its_keys():
    difference = put()

    assert str(difference) == "+ connection one: https://one.example/v1; keys …6789"
    assert Connection.objects.get().keys.get().reveal() == SECRET


def test_same_again_changes_nothing():
    put()
    updated_at = Connection.objects.get().updated_at

    assert put().kind.name == "UNCHANGED"
    assert Connection.objects.get().updated_at == updated_at


def test_changes_are_said_field_by_field():
    put()

    difference = put(priority=5, enabled=False, model_ids=["a", "b"], headers={"X-A": "hidden"})

    assert difference.details == (
        "enabled true → false",
        "priority 10 → 5",
        "model_ids [] → [a, b]",
        "headers now X-A (values not shown)",
    )


def test_field_that_is_no_longer_given_is_as_by_default():
    put(priority=5)
    put()

    assert Connection.objects.get().priority == 10


def test_replaced_key_is_shown_masked():
    put()

    difference = put(keys=["env:OTHER", "sk-other-987654321"])

    assert difference.details == ("keys …6789 → env:OTHER, …4321",)
    assert Connection.objects.get().keys.count() == 2


def test_absent_keys_leave_the_stored_ones():
    put()
    put(keys=None, priority=5)

    assert Connection.objects.get().keys.get().reveal() == SECRET


def test_new_base_url_drops_keys_that_are_not_given_again():
    put()

    difference = put(keys=None, base_url="https://two.example")

    assert "its keys are dropped" in str(difference)
    assert not Connection.objects.get().keys.exists()


def test_new_base_url_takes_keys_that_are_given():
    put()
    put(base_url="https://two.example")

    assert Connection.objects.get().keys.get().reveal() == SECRET


def test_changing_a_connection_of_the_environment_takes_it_over():
    upsert(ConnectionSpec.from_dict(ENTRY), is_from_environment=True)
    assert put().kind.name == "UNCHANGED"
    assert Connection.objects.get().is_from_environment

    assert "no longer kept by the environment" in str(put(priority=5))
    assert not Connection.objects.get().is_from_environment


def test_header_that_stands_hidden_keeps_its_value_at_the_same_url():
    put(headers={"X-Secret": "value"})

    assert put(headers={"X-Secret": HIDDEN}).kind.name == "UNCHANGED"
    put(headers={"X-Secret": HIDDEN}, base_url="https://one.example:443/v1")
    assert Connection.objects.get().headers == {"X-Secret": "value"}


@pytest.mark.parametrize("url", ["https://two.example/v1", "http://one.example/v1"])
def test_header_that_stands_hidden_does_not_follow_to_another_url(url):
    put(headers={"X-Secret": "value"})

    with pytest.raises(EntryError, match="headers hold hidden values that belong to another"):
        put(headers={"X-Secret": HIDDEN}, base_url=url)
    assert Connection.objects.get().base_url == ENTRY["base_url"]


def test_header_that_is_not_given_is_dropped_with_the_old_url():
    put(headers={"X-Secret": "value"})
    put(base_url="https://two.example")

    assert Connection.objects.get().headers == {}


def test_file_may_pass_on_what_is_the_callers():
    put(auth_type="session", forward_cookies=True)
    put(auth_type="session", forward_cookies=True, base_url="https://two.example")

    assert Connection.objects.get().base_url == "https://two.example"


@pytest.mark.parametrize("auth_type", ["azure_ad", "microsoft_entra_id"])
def test_file_sends_no_identity_to_any_host(auth_type):
    with pytest.raises(EntryError, match="GATEWAY_IDENTITY_HOSTS"):
        put(auth_type=auth_type)
    with pytest.raises(EntryError, match="auth_scope is not valid"):
        put(
            auth_type=auth_type,
            base_url="https://res.openai.azure.com",
            auth_scope="https://management.azure.com/.default",
        )
