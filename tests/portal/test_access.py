"""Asking for models: capped, the same for what exists and what does not, decided once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.keys import generate
from accounts.models import User
from models_registry.models import ModelGrant
from portal.access import MOST_OPEN, approve, ask_for, decline, withdraw
from portal.models import AccessRequest, KeyPolicy
from portal.refusals import NotTheirsError, RefusedError
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
ACCESS = reverse("portal:access")


def texts_of(browser: Client, *models: str) -> list[str]:
    return [
        browser.get(reverse("portal:model", args=[model])).content.decode().replace(model, "…")
        for model in models
    ]


@pytest.mark.django_db(transaction=True)
def test_a_model_that_is_not_theirs_reads_as_one_that_is_not_there(ada, registry):
    browser = browser_of(ada)
    pages = [text.partition("<main")[2] for text in texts_of(browser, "secret-model", "no-model")]
    assert len({text.partition("csrfmiddlewaretoken")[0] for text in pages}) == 1
    assert "does not exist or you do not have access to it" in pages[0]
    for term in ("secret-model", "no-such-thing"):
        found = browser.get(reverse("portal:models"), {"q": term})
        assert (found.context["models"], found.context["others"]) == ([], [])
        answer = browser.post(ACCESS, {"model": term, "reason": ""}, follow=True)
        assert f"You have asked for {term}." in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_policy_shows_the_catalogue(ada, team, registry):
    KeyPolicy.objects.create(group=team, shows_catalogue=True)
    page = browser_of(ada).get(reverse("portal:models"), {"q": "secret"})
    assert page.context["others"] == ["secret-model"]


@pytest.mark.django_db(transaction=True)
def test_a_models_page_tells_price_and_keys_that_cannot_call_it(ada, registry):
    ada.api_keys.model.objects.issue(ada, name="for o1", model_patterns=["o1"])
    page = browser_of(ada).get(reverse("portal:model", args=["gpt-4o"]))
    assert page.context["narrowed_keys"] == ["for o1"]
    assert [rate.kind for rate in page.context["model"].rates] == ["input", "output"]
    assert '"model": "gpt-4o"' in page.context["snippets"][0].text


def test_asking_twice_is_asking_once(ada):
    assert ask_for(ada, "o3", "a").pk == ask_for(ada, " o3 ", "b").pk


def test_open_requests_are_capped(ada, bob):
    for n in range(MOST_OPEN):
        ask_for(ada, f"m{n}", "")
    with pytest.raises(RefusedError, match="10 requests of yours are open"):
        ask_for(ada, "one-more", "")
    ask_for(bob, "one-more", "")


@pytest.mark.parametrize("model", ["", "*", "gpt-*", "a\nb", "a\0b", "x" * 201])
def test_only_the_id_of_one_model_can_be_asked_for(ada, model):
    with pytest.raises(RefusedError):
        ask_for(ada, model, "")
    assert not AccessRequest.objects.exists()


def test_approval_grants_the_model_to_the_person_or_a_group_of_theirs(ada, bob, team):
    assert approve(ask_for(ada, "o3", ""), by=bob)
    assert approve(ask_for(ada, "o4", ""), by=bob, group=team)
    grants = ModelGrant.objects.order_by("pattern").values_list("pattern", "user", "group")
    assert list(grants) == [("o3", ada.pk, None), ("o4", None, team.pk)]


def test_what_is_decided_stays_decided(ada, bob):
    row = ask_for(ada, "o3", "")
    assert decline(row, by=bob, words="Use gpt-4o.")
    assert not approve(row, by=bob)
    withdraw(ada, row.pk)
    row.refresh_from_db()
    assert (row.state, row.words, row.decided_by) == ("declined", "Use gpt-4o.", bob)
    assert not ModelGrant.objects.exists()


def test_a_request_of_somebody_else_is_not_there(ada, bob):
    row = ask_for(bob, "o3", "")
    with pytest.raises(NotTheirsError):
        withdraw(ada, row.pk)
    assert browser_of(ada).post(reverse("portal:withdraw_access", args=[row.pk])).status_code == 404
    assert b"o3" not in browser_of(ada).get(ACCESS).content


def test_admins_are_told_by_mail_where_that_is_set(ada, settings):
    ask_for(ada, "o1", "")
    assert mail.outbox == []
    settings.EMAIL_URL = "smtp://mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.GATEWAY_ALERT_EMAILS = ["ops@example.org"]
    ask_for(ada, "o3", "proofs")
    (told,) = mail.outbox
    assert told.to == ["ops@example.org"]
    assert "ada asks for the model o3." in told.body
    assert "://" not in told.body  # the gateway's address is not known


def test_the_mail_leads_to_the_request_by_the_public_url(ada, settings):
    settings.EMAIL_URL = "smtp://mail.example"
    settings.GATEWAY_ALERT_EMAILS = ["ops@example.org"]
    settings.GATEWAY_PUBLIC_URL = "https://gw.example/gate"
    row = ask_for(ada, "o3 <b>", "<script>proofs</script>\n\nBcc: x@example.org")
    (told,) = mail.outbox
    url = f"https://gw.example/gate/admin/portal/accessrequest/{row.pk}/change/"
    html = told.alternatives[0][0]
    assert url in told.body
    assert f'href="{url}"' in html
    assert "&lt;script&gt;proofs&lt;/script&gt;" in html
    assert told.subject == "Access to o3 <b> is asked for"


def decider(*codenames: str) -> Client:
    user = User.objects.create_user(f"helper-{len(codenames)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return browser_of(user)


def test_an_admin_approves_with_a_page_that_asks_first(ada, team: Group):
    row = ask_for(ada, "o3", "proofs")
    may = decider("view_accessrequest", "change_accessrequest", "add_modelgrant")
    lacks = decider("view_accessrequest", "change_accessrequest")
    url = reverse("admin:portal_accessrequest_approve", args=[row.pk])
    assert lacks.post(url, {"group": "", "words": ""}).status_code == 403
    assert b"proofs" in may.get(url).content
    assert not ModelGrant.objects.exists()
    foreign = Group.objects.create(name="foreign")
    assert may.post(url, {"group": str(foreign.pk)}).status_code == 200
    may.post(url, {"group": str(team.pk), "words": "Have fun."})
    assert ModelGrant.objects.get().group == team
    assert b"Have fun." in browser_of(ada).get(ACCESS).content


def test_an_admin_declines_with_words(ada):
    row = ask_for(ada, "o3", "")
    may = decider("view_accessrequest", "change_accessrequest", "add_modelgrant")
    url = reverse("admin:portal_accessrequest_decline", args=[row.pk])
    assert may.post(url, {"words": ""}).status_code == 200
    may.post(url, {"words": "Use gpt-4o."})
    row.refresh_from_db()
    assert (row.state, row.words) == ("declined", "Use gpt-4o.")


@pytest.mark.django_db
def test_a_key_that_was_pasted_by_mistake_is_not_kept():
    user, key = User.objects.create_user("paster"), generate()
    with pytest.raises(RefusedError, match="An API key is no model"):
        ask_for(user, key, "")
    assert key not in ask_for(user, "o3", f"as with {key}").reason
