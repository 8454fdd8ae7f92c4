"""What the claims of a provider make of a user."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.oidc.claims import claimed_names, follow_claims

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(settings):
    settings.OIDC_GROUP_MAPPING = {"ml": "research", "/ops": "operations"}
    return User.objects.create_user("alice")


def names(user):
    return set(user.groups.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("claims", "groups", "is_complete"),
    [
        ({"userinfo": {"groups": ["a"]}, "id_token": {"groups": ["b"]}}, {"a"}, True),
        ({"userinfo": {}, "id_token": {"groups": ["b"]}}, {"b"}, True),
        ({"userinfo": {"groups": None}, "id_token": {"groups": ["b"]}}, {"b"}, True),
        ({"userinfo": {"groups": []}, "id_token": {"groups": ["b"]}}, set(), True),
        ({"userinfo": {"groups": "a"}}, {"a"}, True),
        ({"userinfo": {"groups": ["a", None]}}, {"a"}, False),
        ({}, set(), False),
    ],
)
def test_reads_groups_wherever_they_are(claims, groups, is_complete):
    found = claimed_names(claims, "groups")
    assert (found.names, found.is_complete) == (groups, is_complete)


def test_only_groups_that_the_mapping_leads_to_are_taken(alice):
    alice.groups.set([Group.objects.create(name=name) for name in ("own", "operations")])
    follow_claims(alice, {"userinfo": {"groups": ["ml", "own", "strange"]}})
    assert names(alice) == {"own", "research"}


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({}, "user info has nothing; ID token has nothing"),
        ({"userinfo": {"groups": 7}}, "user info has a number"),
        ({"id_token": {"groups": ["canary", {"x": "canary"}]}}, "an array of 2 (object, string)"),
        ({"id_token": {"_claim_names": {"groups": "src1"}}}, "it is too long for a token"),
    ],
    ids=str,
)
def test_what_cannot_be_read_takes_nothing_away_and_is_told(alice, settings, caplog, claims, told):
    settings.OIDC_STAFF_GROUPS, settings.OIDC_SUPERUSER_GROUPS = ["staff"], ["root"]
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    alice.refresh_from_db()
    alice.groups.add(Group.objects.create(name="operations"))
    follow_claims(alice, claims)
    alice.refresh_from_db()
    assert (names(alice), alice.is_staff, alice.is_superuser) == ({"operations"}, True, True)
    assert len(caplog.messages) == 2
    assert all("claim groups of user alice" in message for message in caplog.messages)
    assert told in caplog.text
    assert "canary" not in caplog.text


def test_what_was_read_of_a_broken_claim_counts(alice, settings):
    settings.OIDC_STAFF_GROUPS = ["staff"]
    follow_claims(alice, {"userinfo": {"groups": ["ml", "staff", None]}})
    assert (names(alice), alice.is_staff) == ({"research"}, True)


@pytest.mark.parametrize(
    ("claims", "left"),
    [({}, set()), ({"id_token": {"_claim_names": {"groups": "src1"}}}, {"operations"})],
)
def test_a_missing_claim_means_none_where_settings_say_so(alice, settings, claims, left):
    settings.OIDC_MISSING_CLAIM = "none"
    alice.groups.add(Group.objects.create(name="operations"))
    follow_claims(alice, claims)
    assert names(alice) == left


def test_nothing_is_told_where_nothing_hangs_on_it(alice, settings, caplog):
    settings.OIDC_GROUP_MAPPING = {}
    follow_claims(alice, {})
    assert caplog.messages == []


def test_without_settings_for_it_the_role_stays(alice):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.refresh_from_db()
    follow_claims(alice, {"userinfo": {"groups": []}})
    assert alice.is_staff


def test_the_role_is_given_and_taken(alice, settings):
    settings.OIDC_STAFF_GROUPS, settings.OIDC_SUPERUSER_GROUPS = ["/staff"], ["root"]
    settings.OIDC_ROLES_CLAIM = "access.roles"
    roles = []
    for groups in (["/root"], "staff, other", {}):
        follow_claims(alice, {"userinfo": {"access": {"roles": groups}, "groups": ["root"]}})
        alice.refresh_from_db()
        roles.append((alice.is_staff, alice.is_superuser))
    assert roles == [(True, True), (True, False), (False, False)]
