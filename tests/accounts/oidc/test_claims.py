"""What the claims of a provider make of a user."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.oidc.claims import claimed_groups, follow_claims

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(settings):
    settings.OIDC_GROUP_MAPPING = {"ml": "research", "ops": "operations"}
    return User.objects.create_user("alice")


def names(user):
    return set(user.groups.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({"userinfo": {"groups": ["a"]}, "id_token": {"groups": ["b"]}}, {"a"}),
        ({"userinfo": {}, "id_token": {"groups": ["b"]}}, {"b"}),
        ({"userinfo": {"groups": "a"}}, {"a"}),
        ({"userinfo": {"groups": [1, None, {"a": 1}]}}, set()),
        ({"userinfo": {"groups": None}}, set()),
        ({}, set()),
    ],
)
def test_reads_groups_wherever_they_are(claims, groups):
    assert claimed_groups(claims) == groups


def test_only_groups_that_the_mapping_leads_to_are_taken(alice):
    alice.groups.set([Group.objects.create(name=name) for name in ("own", "operations")])
    follow_claims(alice, {"userinfo": {"groups": ["ml", "own", "strange"]}})
    assert names(alice) == {"own", "research"}


def test_without_settings_for_it_the_role_stays(alice):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.refresh_from_db()
    follow_claims(alice, {"userinfo": {"groups": []}})
    assert alice.is_staff


def test_the_role_is_given_and_taken(alice, settings):
    settings.OIDC_STAFF_GROUPS, settings.OIDC_SUPERUSER_GROUPS = ["staff"], ["root"]
    roles = []
    for groups in (["root"], ["staff"], []):
        follow_claims(alice, {"userinfo": {"groups": groups}})
        alice.refresh_from_db()
        roles.append((alice.is_staff, alice.is_superuser))
    assert roles == [(True, True), (True, False), (False, False)]
