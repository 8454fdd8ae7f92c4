"""Who deleted users were."""

import pytest

from accounts.departures import named, user_id_of
from accounts.models import ApiKey, Departed, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return User.objects.create_user(
        "ada", email="ada@example.com", first_name="Ada", last_name="Lovelace"
    )


@pytest.mark.parametrize("name", ["ada", "ADA", "Ada@Example.com", "ada lovelace"])
@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_user_is_found_by_every_name(ada, name, is_deleted):
    number = ada.pk
    if is_deleted:
        ada.delete()
    assert named(name).user_ids == {number}


@pytest.mark.parametrize("delete", [None, "key", "user", "users"])
def test_a_key_is_found_by_name_and_hint(ada, delete):
    key, _ = ApiKey.objects.issue(ada, name="laptop")
    expected = {(ada.pk, key.pk)}
    match delete:
        case "key":
            ApiKey.objects.filter(pk=key.pk).delete()
        case "user":
            ada.delete()
        case "users":
            User.objects.all().delete()
    assert named("Laptop").keys == named(key.hint).keys == expected


def test_part_of_a_name_finds_nothing(ada):
    found = named("ad")
    assert not found.user_ids
    assert not found.keys


def test_a_name_is_that_of_its_present_user_or_else_of_the_last(ada):
    first = ada.pk
    ada.delete()
    assert user_id_of("ada") == first
    second = User.objects.create(username="ada")
    assert user_id_of("ada") == second.pk
    number = second.pk
    second.delete()
    assert user_id_of("ada") == number
    assert named("ada").user_ids == {first, number}
    assert user_id_of("eve") is None
    assert [each.username for each in Departed.objects.users()] == ["ada", "ada"]
