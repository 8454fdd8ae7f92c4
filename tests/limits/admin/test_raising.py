"""The page of a limit's raises."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, User
from limits.configuration.raises import RaiseSpec, raise_limit
from limits.models import Limit, LimitChange
from tests.limits.builders import make_limit

pytestmark = pytest.mark.django_db


def page(limit: Limit) -> str:
    return f"/admin/limits/limit/{limit.pk}/raise/"


def form(**fields: Any) -> dict[str, Any]:
    return {"amount": "50", "until": "2999-12-31T18:00", "reason": "a demo"} | fields


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_limit_is_raised_by_who_is_signed_in_and_the_history_tells(admin_client: Client) -> None:
    limit = make_limit("interns")
    assert admin_client.post(page(limit), form()).status_code == 302
    change = LimitChange.objects.get()
    assert (change.amount, change.share, change.made_by) == (50, "", "admin")
    assert "Raised to 50 until 2999-12-31" in LogEntry.objects.get().change_message
    shown = text_of(admin_client.get(page(limit)))
    for words in ("interns allows 20 requests a day", "50 requests", "a demo", "End now"):
        assert words in shown


def test_raise_ends_at_the_press_of_a_button_and_stays_listed(admin_client: Client) -> None:
    limit = make_limit()
    until = timezone.now() + timedelta(days=1)
    change = raise_limit(limit, RaiseSpec(amount=limit.amount, until=until))
    assert admin_client.post(page(limit), {"end": str(change.pk)}).status_code == 302
    change.refresh_from_db()
    assert change.until <= timezone.now()
    shown = text_of(admin_client.get(page(limit)))
    assert "(ended)" in shown
    assert "End now" not in shown
    assert "Ended the raise to 20" in LogEntry.objects.get().change_message


def test_raise_of_another_limit_is_not_ended(admin_client: Client) -> None:
    limit, other = make_limit("a"), make_limit("b")
    until = timezone.now() + timedelta(days=1)
    change = raise_limit(other, RaiseSpec(amount=other.amount, until=until))
    for number in (str(change.pk), "x", "", "²", "9" * 5000):
        assert admin_client.post(page(limit), {"end": number}).status_code == 302
    assert LimitChange.objects.get().until == until


def test_raise_can_be_for_one_user_or_one_key(admin_client: Client) -> None:
    ada = User.objects.create_user("ada")
    key, _ = ApiKey.objects.issue(ada)
    for share, name, stored in (
        ("each_user", "ada", f"u{ada.pk}"),
        ("each_key", str(key.pk), f"k{key.pk.hex}"),
    ):
        limit = make_limit(share, share=share)
        assert admin_client.post(page(limit), form(share=name)).status_code == 302
        assert limit.changes.get().share == stored


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"until": "2020-01-01T00:00"}, "Choose a time in the future."),
        ({"until": "soon"}, "Enter a valid date/time."),
        ({"until": "9999-12-31T23:59"}, "in the years 1970 to 9998"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "1.5"}, "Give a whole number"),
        ({"share": "bob"}, "There is no user named bob."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    admin_client: Client, fields: dict, words: str
) -> None:
    limit = make_limit(share="each_user")
    assert words in text_of(admin_client.post(page(limit), form(**fields)))
    assert not LimitChange.objects.exists()


def test_unknown_limit_leads_to_the_list(admin_client: Client) -> None:
    assert admin_client.get("/admin/limits/limit/999/raise/").status_code == 302
