"""What a change does to people."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from models_registry.access.change import Wish, planned
from models_registry.access.effect import effect_of
from models_registry.access.holders import load_holders
from models_registry.access.people import load_people
from models_registry.access.who import who_may
from models_registry.models import ModelGrant
from tests.models_registry.access.trees import a_tree, ids

pytestmark = pytest.mark.django_db
TREE = a_tree()
OPUS = TREE.by_id["anthropic/opus"]


@pytest.fixture
def team():
    """Ada and Bob are in the team, Bob in the lab, too, which has everything of one maker; Cy has
    a grant of his own, Di is switched off, and Eve is of the staff."""
    team, lab = Group.objects.create(name="team"), Group.objects.create(name="lab")
    for name in ("ada", "bob", "cy", "di", "eve"):
        person = User.objects.create_user(name, is_staff=name == "eve", is_active=name != "di")
        person.groups.add(team)
    User.objects.get(username="bob").groups.add(lab)
    ModelGrant.objects.create(pattern="anthropic/*", group=lab)
    ModelGrant.objects.create(pattern="anthropic/opus", user=User.objects.get(username="cy"))
    User.objects.create_user("outsider")
    return team


def holder(holders, name):
    return next(each for each in holders if each.name == name)


def names(people):
    return [person.username for person in people]


def test_gains_leave_out_who_has_it_already_and_who_may_anyway(team, django_assert_num_queries):
    holders = load_holders(TREE)
    change = planned(Wish(rows=(OPUS,), grant_to=(holder(holders, "team"),)), TREE)
    with django_assert_num_queries(2):
        effect = effect_of(change, holders, TREE)
    assert names(effect.gain.people) == ["ada"]
    assert ids(TREE, effect.gain.models) == ["anthropic/opus"]
    assert names(effect.keep) == ["bob", "cy"]
    assert effect.reasons == ("anthropic/* of lab", "grants of their own")
    assert (effect.lose.people, effect.staff) == ((), 1)


def test_a_grant_to_everyone_reaches_who_is_in_no_group(team):
    holders = load_holders(TREE)
    change = planned(Wish(rows=(OPUS,), grant_to=(holders[0],)), TREE)
    assert names(effect_of(change, holders, TREE).gain.people) == ["ada", "outsider"]


def test_losses_leave_out_who_keeps_it_by_another_grant(team):
    ModelGrant.objects.create(pattern="anthropic/opus", group=team)
    holders = load_holders(TREE)
    change = planned(Wish(rows=(OPUS,), revoke_from=(holder(holders, "team"),)), TREE)
    effect = effect_of(change, holders, TREE)
    assert names(effect.lose.people) == ["ada"]
    assert names(effect.keep) == ["bob", "cy"]


def test_nothing_is_asked_where_nothing_changes(django_assert_num_queries):
    holders = load_holders(TREE)
    with django_assert_num_queries(0):
        assert effect_of(planned(Wish(rows=(OPUS,)), TREE), holders, TREE).gain.people == ()


def test_people_come_with_their_groups_and_own_grants(team):
    found = {person.username: person for person in load_people()}
    assert set(found) == {"ada", "bob", "cy", "eve", "outsider"}
    assert len(found["bob"].groups) == 2
    assert found["outsider"].groups == frozenset()
    assert found["cy"].own == ("anthropic/opus",)
    assert "outsider" not in {person.username for person in load_people([team.pk])}


def test_who_may_use_a_model_is_counted_by_all_ways(team, django_assert_num_queries):
    with django_assert_num_queries(4):
        who = who_may(OPUS, TREE)
    assert [(each.name, [grant.pattern for grant in grants]) for each, grants in who.holders] == [
        ("lab", ["anthropic/*"])
    ]
    assert [(name, pattern) for _, name, pattern in who.users] == [("cy", "anthropic/opus")]
    assert (who.people, who.all_people, who.staff) == (2, 4, 1)
