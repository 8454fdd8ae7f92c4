from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import ApiKey, Departed, User
from tests.usage.records import a_record
from usage.models import Price, UsageRow
from usage.pruning import prune
from usage.storing import store

pytestmark = pytest.mark.django_db
ROWS = reverse("admin:usage_usagerow_changelist")
PRICES = reverse("admin:usage_price_changelist")
ADD_PRICE = reverse("admin:usage_price_add")


@pytest.fixture
def rows():
    store(
        [
            a_record(request_id="req_done", client_request_id="mine-1"),
            a_record(request_id="req_failed", status=502, error_code="upstream_unreachable"),
            a_record(request_id="req_left", status=499, is_client_gone=True, connection="x"),
        ]
    )


def found(admin_client, **query):
    page = admin_client.get(ROWS, query).content.decode()
    return {name for name in ("req_done", "req_failed", "req_left") if f">{name}<" in page}


def led_to(admin_client, search):
    """The request that a search for it leads to."""
    return admin_client.get(ROWS, {"q": search})["Location"].split("/")[-3]


def test_a_row_is_shown_and_not_changed(admin_client, rows):
    url = reverse("admin:usage_usagerow_change", args=["req_done"])
    assert "gpt-4o" in admin_client.get(url).content.decode()
    assert admin_client.post(url, {"username": "eve"}).status_code == 403
    assert admin_client.get(reverse("admin:usage_usagerow_add")).status_code == 403


def a_price(**fields):
    given = {"model": "gpt-4o", "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00"}
    return given | dict.fromkeys(Price.RATES, "") | fields


def test_a_price_is_added_and_stays(admin_client):
    admin_client.post(ADD_PRICE, a_price(input_per_million="2.5", output_per_million="10"))
    price = Price.objects.get()
    assert (price.source, price.input_per_million) == ("admin", 2.5)
    url = reverse("admin:usage_price_change", args=[price.pk])
    assert admin_client.post(url, a_price(input_per_million="9")).status_code == 403
    assert "gpt-4o" in admin_client.get(PRICES).content.decode()


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"input_per_million": "-1"}, "not negative"),
        ({"connection": "nowhere"}, "no connection of that name"),
        ({"model": ""}, "required"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(admin_client, fields, complaint):
    page = admin_client.post(ADD_PRICE, a_price(**fields)).content.decode()
    assert complaint in page
    assert not Price.objects.exists()


def record_of(user, request_id, **fields):
    return a_record(request_id=request_id, user_id=user.pk, username=user.username, **fields)


@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("search", ["ada", "ada@example.com", "Ada Lovelace", "laptop"])
def test_records_are_found_by_who_it_was(admin_client, search, is_deleted):
    ada = User.objects.create(
        username="ada", email="ada@example.com", first_name="Ada", last_name="Lovelace"
    )
    key, _ = ApiKey.objects.issue(ada, name="laptop")
    other = User.objects.create(username="eve")
    store(
        [
            record_of(ada, "req_done", key_id=key.pk, key_hint=key.hint),
            record_of(other, "req_left"),
        ]
    )
    if is_deleted:
        ada.delete()
    assert found(admin_client, q=search) == {"req_done"}


def test_a_name_that_has_changed_hands_is_told(admin_client):
    first, renamed = (User.objects.create(username=name) for name in ("ada", "bob"))
    store([record_of(first, "req_done"), record_of(renamed, "req_left")])
    number = first.pk
    first.delete()
    renamed.username = "robert"
    renamed.save()
    second = User.objects.create(username="ada")
    store([record_of(second, "req_failed")])
    page = admin_client.get(ROWS).content.decode()
    assert f"(deleted, #{number})" in page
    assert "(now robert)" in page
    assert page.count("(deleted") == 1


def test_the_names_of_the_deleted_go_with_their_last_record():
    ada, eve = (User.objects.create(username=name) for name in ("ada", "eve"))
    now = datetime.now(UTC)
    store([record_of(ada, "req_done"), record_of(eve, "req_left")])
    UsageRow.objects.filter(pk="req_done").update(accepted_at=now - timedelta(days=90))
    UsageRow.objects.filter(pk="req_left").update(accepted_at=now)
    User.objects.all().delete()
    Departed.objects.update(left_at=now - timedelta(days=80))
    prune(timedelta(days=30))
    assert [each.username for each in Departed.objects.all()] == ["eve"]
