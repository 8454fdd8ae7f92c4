"""The names that people from a provider get here."""

import pytest

from accounts.models import User
from accounts.user_names import free_username, readable


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("ada", "ada"),
        ("ada.lovelace+gw@acme.example", "ada.lovelace+gw@acme.example"),
        ("Zoë Łukasz", "Zoë-Łukasz"),
        ("张伟", "张伟"),
        ("Ольга Петрова", "Ольга-Петрова"),
        ("हिन्दी", "हिन्दी"),
        ("สมชาย ใจดี", "สมชาย-ใจดี"),
        ("محمد", "محمد"),
        ("ＡＤＡ", "ADA"),
        ("CORP\\ada", "CORP-ada"),
        ("a\u202eb\u200bc", "a-b-c"),
        ("<b>ada</b>", "b-ada-b"),
        ("a" * 300, "a" * 100),
        ("😀", ""),
        ("-- ..", ""),
    ],
)
def test_a_name_stays_readable_in_its_script(wanted, name):
    assert readable(wanted) == name
    User(username=name or "x", password="x").clean_fields()


@pytest.mark.django_db
def test_namesakes_are_numbered():
    for name in ("Ada", "ada-2"):
        User.objects.create(username=name)
    assert free_username(["", "😀", "ada"], "issuer#1") == "ada-3"


@pytest.mark.django_db
def test_a_person_without_a_name_gets_one():
    assert [free_username(wanted, "issuer#1") for wanted in ([], ["😀"])] == ["user", "user"]


@pytest.mark.django_db
def test_many_namesakes_are_told_apart_by_their_identity():
    User.objects.bulk_create(User(username=f"ada-{n}") for n in range(2, 50))
    User.objects.create(username="ada")
    first, second = (free_username(["ada"], f"issuer#{n}") for n in (1, 2))
    assert len({first, second, "ada"}) == 3
