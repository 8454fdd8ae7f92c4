"""``/v1/me/…``: a key tells of its own user, and makes no more of itself than it is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from accounts.callers import callers
from accounts.models import ApiKey, User
from gateway_project.history.told import entries_of, way_of, who_of
from portal.keys import rotate_key
from portal.models import KeyPolicy
from proxy.client_side.handler import ApiHandler
from tests.portal.conftest import MODELS
from tests.support.asgi import AsgiClient
from tests.usage.records import a_log, a_record
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)
SECRET_WORDS = ("openai.com", "azure", "…a1b2", "…c3d4", "why", "upstream_request_id")


def ask(
    key: str, method: str, path: str, body: object = None, query: str = "", email: str = ""
) -> tuple[int, dict]:
    """``email`` is that of the user for whom the key speaks."""
    headers = {"authorization": f"Bearer {key}"}
    if email:
        headers["x-openwebui-user-email"] = email
    sent = []
    if body is not None:
        headers["content-type"] = "application/json"
        sent = [json.dumps(body).encode()]
    client = AsgiClient(method, path, headers=headers, body=sent, query=query.encode())

    async def run() -> AsgiClient:
        await callers.refresh()
        return await client.through(ApiHandler())

    answer = async_to_sync(run)()
    return answer.status, json.loads(answer.body)


def key_of(user: User, *scopes: str, **more) -> tuple[ApiKey, str]:
    return ApiKey.objects.issue(user, name="maker", scopes=scopes, **more)


@pytest.fixture
def managing(ada, team):
    KeyPolicy.objects.create(group=team, most_keys=10, longest_days=90, may_make_managing_keys=True)
    return key_of(ada, "inference", "keys")


def test_me_is_the_user_of_the_key_with_what_they_may(ada, registry):
    row, key = key_of(ada, model_patterns=["gpt-4o*"])
    status, me = ask(key, "GET", "/v1/me")
    assert (status, me["username"], me["groups"]) == (200, "ada", ["team"])
    assert me["key"] == {
        "id": str(row.pk),
        "hint": row.hint,
        "scopes": ["inference"],
        "models": ["gpt-4o*"],
    }
    assert me["may"] == {
        "make_keys": True,
        "keys_at_most": 5,
        "days_at_most": 90,
        "models": [],
    }


def test_models_are_those_that_the_key_opens(ada, registry):
    _, key = key_of(ada, model_patterns=["gpt-4o", "secret-model"])
    status, models = ask(key, "GET", "/v1/me/models")
    assert (status, [each["id"] for each in models["data"]]) == (200, ["gpt-4o"])
    (model,) = models["data"]
    assert (model["description"], model["state"]) == ("hard questions, code", "good")
    assert {rate["kind"] for rate in model["prices"]} == {"input", "output"}
    assert ask(key, "GET", "/v1/me/models/gpt-4o")[1] == model
    for hidden in ("secret-model", "o1", "nothing"):
        status, error = ask(key, "GET", f"/v1/me/models/{hidden}")
        said = error["error"]["message"].replace(hidden, "…")
        assert (status, error["error"]["code"]) == (404, "model_not_found")
        assert said == "The model `…` does not exist or you do not have access to it."
    assert "secret-model" in MODELS


def test_usage_and_requests_are_ones_own(ada, bob, registry):
    row, key = key_of(ada)
    now = timezone.now()
    store(
        [
            a_record(
                request_id=f"req_{name}_{n}",
                accepted_at=(now - timedelta(hours=n)).timestamp(),
                user_id=user.pk,
                username=name,
                key_id=row.pk,
                key_hint=row.hint,
                status=502 if n == 1 else 200,
                error_code="upstream_error" if n == 1 else "",
                attempt_log=a_log(error_text="api.openai.com said no") if n == 1 else None,
            )
            for name, user in (("ada", ada), ("bob", bob))
            for n in range(4)
        ]
    )
    _, used = ask(key, "GET", "/v1/me/usage", query="days=7")
    assert (used["total"]["requests"], used["total"]["failed"]) == (4, 1)
    assert [line["group"] for line in used["by_key"]] == [row.hint]
    _, page = ask(key, "GET", "/v1/me/requests", query="limit=3")
    assert [each["id"] for each in page["data"]] == ["req_ada_0", "req_ada_1", "req_ada_2"]
    assert page["has_more"]
    _, rest = ask(key, "GET", "/v1/me/requests", query=f"limit=3&after={page['last_id']}")
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (["req_ada_3"], False)
    _, failed = ask(key, "GET", "/v1/me/requests", query="state=failed")
    assert [each["id"] for each in failed["data"]] == ["req_ada_1"]
    status, one = ask(key, "GET", "/v1/me/requests/req_ada_1")
    assert (status, len(one["attempts"]), one["verdict"][:18]) == (200, 3, "Failed with 502 up")
    assert [word for word in SECRET_WORDS if word in json.dumps(one)] == []
    for other in ("req_bob_1", "nothing", "x" * 300):
        assert ask(key, "GET", f"/v1/me/requests/{other}")[0] == 404
    for wrong in ("limit=0", "order=up", "after=req_bob_1", "period=century", "since=x"):
        assert ask(key, "GET", "/v1/me/requests", query=wrong)[0] == 400


def test_a_key_without_the_scope_sees_itself_and_makes_nothing(ada, registry):
    mine, key = key_of(ada)
    other, _ = key_of(ada)
    _, listed = ask(key, "GET", "/v1/me/keys")
    assert [each["id"] for each in listed["data"]] == [str(mine.pk)]
    calls = [
        ("POST", "/v1/me/keys", {"name": "x", "expires_in_days": 1}),
        ("GET", f"/v1/me/keys/{other.pk}", None),
        ("DELETE", f"/v1/me/keys/{other.pk}", None),
        ("POST", f"/v1/me/keys/{other.pk}/rotate", {}),
        ("POST", f"/v1/me/keys/{mine.pk}/rotate", {}),
    ]
    for method, path, body in calls:
        status, error = ask(key, method, path, body)
        assert (status, error["error"]["code"]) == (403, "permission_denied"), path
    assert ada.api_keys.count() == 2
    assert ask(key, "GET", f"/v1/me/keys/{mine.pk}")[1]["hint"] == mine.hint


def test_a_key_may_revoke_itself(ada, registry):
    mine, key = key_of(ada)
    assert ask(key, "DELETE", f"/v1/me/keys/{mine.pk}")[1]["deleted"]
    assert ask(key, "GET", "/v1/me")[0] == 401


def test_a_key_with_the_scope_makes_rotates_and_revokes_what_it_made(managing, ada, registry):
    _, key = managing
    body = {"name": "job", "expires_in_days": 7, "models": ["gpt-4o"]}
    status, made = ask(key, "POST", "/v1/me/keys", body)
    assert (status, made["scopes"], made["models"]) == (201, ["inference"], ["gpt-4o"])
    assert ask(made["key"], "GET", "/v1/me")[0] == 200
    status, rotated = ask(key, "POST", f"/v1/me/keys/{made['id']}/rotate", {"overlap_hours": 0})
    assert (status, rotated["id"]) == (200, made["id"])
    assert ask(made["key"], "GET", "/v1/me")[0] == 401
    assert ask(rotated["key"], "GET", "/v1/me")[0] == 200
    assert ask(key, "DELETE", f"/v1/me/keys/{made['id']}")[0] == 200
    assert ask(rotated["key"], "GET", "/v1/me")[0] == 401


@pytest.mark.parametrize("overlap", [timedelta(), timedelta(days=1)])
def test_the_keys_that_a_key_made_follow_it_through_a_rotation(managing, ada, registry, overlap):
    mine, key = managing
    made = ask(key, "POST", "/v1/me/keys", {"name": "job", "expires_in_days": 7})[1]
    _, fresh = rotate_key(ada, mine.pk, overlap)
    assert ask(made["key"], "GET", "/v1/me")[0] == 200
    path = f"/v1/me/keys/{made['id']}"
    status, rotated = ask(fresh, "POST", f"{path}/rotate", {"overlap_hours": 0})
    assert (status, rotated["id"]) == (200, made["id"])
    assert ask(key, "GET", path)[0] == (200 if overlap else 401)
    mine.refresh_from_db()
    mine.revoke()
    assert ask(rotated["key"], "GET", "/v1/me")[0] == 401


def test_a_key_touches_no_keys_that_it_did_not_make(managing, ada, bob, registry):
    mine, key = managing
    by_hand, _ = key_of(ada)
    of_bob, _ = key_of(bob)
    for row, status in ((by_hand, 403), (of_bob, 404), (mine, 403)):
        assert ask(key, "POST", f"/v1/me/keys/{row.pk}/rotate", {})[0] == status
    assert ask(key, "DELETE", f"/v1/me/keys/{by_hand.pk}")[0] == 403
    assert ask(key, "DELETE", f"/v1/me/keys/{of_bob.pk}")[0] == 404
    assert ask(key, "GET", f"/v1/me/keys/{of_bob.pk}")[0] == 404
    assert ask(key, "GET", "/v1/me/keys/no-uuid")[0] == 404
    assert str(of_bob.pk) not in json.dumps(ask(key, "GET", "/v1/me/keys")[1])


WIDER = [
    ({"scopes": ["keys"]}, "scopes"),
    ({"scopes": ["inference", "keys"]}, "scopes"),
    ({"models": ["*"]}, "models"),
    ({"models": ["o1"]}, "models"),
    ({"models": "gpt-4o"}, "models"),
    ({"models": [7]}, "models"),
    ({"name": 7}, "name"),
    ({"name": ""}, "name"),
    ({"expires_in_days": 91}, "expires_in_days"),
    ({"expires_in_days": None}, "expires_in_days"),
    ({"expires_in_days": 10**30}, "expires_in_days"),
    ({"expires_in_days": True}, "expires_in_days"),
]


def test_a_key_makes_none_that_is_wider_than_itself(ada, team, registry):
    KeyPolicy.objects.create(group=team, longest_days=90, may_make_managing_keys=True)
    _, key = key_of(ada, "inference", "keys", model_patterns=["gpt-4o*"])
    for body, param in WIDER:
        status, error = ask(key, "POST", "/v1/me/keys", {"name": "x", "expires_in_days": 1} | body)
        assert (status, error["error"]["param"]) == (400, param), body
    assert ada.api_keys.count() == 1


def test_fields_that_say_more_change_nothing(managing, ada, bob, registry):
    _, key = managing
    for field in ("user", "user_id", "scopes", "is_staff", "may_speak_for_users"):
        more = {field: ["admin"] if field == "scopes" else bob.pk}
        body = {"name": "x", "expires_in_days": 1} | more
        status, made = ask(key, "POST", "/v1/me/keys", body)
        row = ada.api_keys.get(pk=made["id"])
        assert (status, row.scopes, row.may_speak_for_users) == (201, ["inference"], False)


def test_a_made_key_ends_with_its_maker(ada, team, registry):
    KeyPolicy.objects.create(group=team, may_make_managing_keys=True, longest_days=None)
    maker, key = key_of(ada, "inference", "keys", lifetime=timedelta(days=3))
    _, made = ask(key, "POST", "/v1/me/keys", {"name": "x", "expires_in_days": 30})
    row = ApiKey.objects.get(pk=made["id"])
    assert abs(row.expires_at - maker.expires_at) < timedelta(seconds=5)
    assert ask(made["key"], "GET", "/v1/me")[0] == 200
    maker.revoke()
    assert ask(made["key"], "GET", "/v1/me")[0] == 401


def test_a_key_for_keys_alone_makes_none_that_calls_models(ada, team, registry):
    KeyPolicy.objects.create(group=team, may_make_managing_keys=True)
    _, key = key_of(ada, "keys")
    status, error = ask(key, "POST", "/v1/me/keys", {"name": "x", "expires_in_days": 1})
    assert (status, error["error"]["param"]) == (400, "scopes")
    assert ask(key, "GET", "/v1/me")[0] == 403


def test_a_key_that_speaks_for_users_decides_nothing_for_them(bob, registry):
    service = User.objects.create_user("front-end")
    _, key = ApiKey.objects.issue(service, scopes=["inference", "keys"], may_speak_for_users=True)
    for method, path, body in (
        ("GET", "/v1/me/keys", None),
        ("POST", "/v1/me/keys", {"name": "x", "expires_in_days": 1}),
        ("POST", "/v1/me/access-requests", {"model": "o1"}),
    ):
        assert ask(key, method, path, body)[0] == 403


def test_access_is_asked_for_and_withdrawn(ada, bob, registry):
    _, key = key_of(ada)
    status, asked = ask(key, "POST", "/v1/me/access-requests", {"model": "o3", "reason": "proofs"})
    assert (status, asked["state"], asked["model"]) == (201, "open", "o3")
    assert ask(key, "POST", "/v1/me/access-requests", {"model": "o3"})[1]["id"] == asked["id"]
    _, of_bob = key_of(bob)
    assert ask(of_bob, "DELETE", f"/v1/me/access-requests/{asked['id']}")[0] == 404
    assert ask(key, "DELETE", f"/v1/me/access-requests/{asked['id']}")[1]["state"] == "withdrawn"
    _, listed = ask(key, "GET", "/v1/me/access-requests")
    assert [each["state"] for each in listed["data"]] == ["withdrawn"]
    for wrong in ("", "*", "gpt-*", "a\nb", "x" * 300):
        status, error = ask(key, "POST", "/v1/me/access-requests", {"model": wrong})
        assert (status, error["error"]["param"]) == (400, "model")


def test_limits_are_those_of_v1_limits(ada, registry):
    _, key = key_of(ada)
    assert ask(key, "GET", "/v1/me/limits") == ask(key, "GET", "/v1/limits")


def test_the_history_tells_that_a_key_was_made_over_the_api(managing, ada, registry):
    _, key = managing
    _, made = ask(key, "POST", "/v1/me/keys", {"name": "job", "expires_in_days": 1})
    (entry,) = entries_of(ApiKey.objects.get(pk=made["id"]))
    assert (who_of(entry), way_of(entry)) == ("ada", "the API")
    assert made["key"] not in str(entry.changes)


def test_texts_that_no_database_takes_are_refused(ada, registry):
    _, key = key_of(ada)
    for reason in ("x" * 1001, "a\0b"):
        body = {"model": "o3", "reason": reason}
        status, error = ask(key, "POST", "/v1/me/access-requests", body)
        assert (status, error["error"]["param"]) == (400, "reason")
    status, error = ask(key, "GET", "/v1/me/requests", query="after=%00")
    assert (status, error["error"]["param"]) == (400, "after")


def test_a_key_that_speaks_for_users_reads_no_records_of_theirs(bob, registry):
    service = User.objects.create_user("front-end")
    _, key = ApiKey.objects.issue(service, may_speak_for_users=True)
    store([a_record(request_id="req_of_bob", user_id=bob.pk, username="bob", model="gpt-4o")])
    for path in ("", "/requests", "/requests/req_of_bob", "/access-requests"):
        status, _ = ask(key, "GET", f"/v1/me{path}", email=bob.email)
        assert status == 403, path
        assert ask(key, "GET", f"/v1/me{path}")[0] == (404 if "req_of" in path else 200)
    assert ask(key, "GET", "/v1/me/models", email=bob.email)[0] == 200


@pytest.mark.parametrize("end", ["deleted", "expired", "expired long ago"])
def test_what_a_key_made_ends_with_it_however_it_ends(managing, ada, registry, end):
    maker, key = managing
    _, made = ask(key, "POST", "/v1/me/keys", {"name": "job", "expires_in_days": 30})
    if end == "deleted":
        maker.delete()
    else:
        now = timezone.now()
        ApiKey.objects.filter(pk=maker.pk).update(created_at=now - timedelta(days=9))
        maker.refresh_from_db()
        maker.expires_at = now - timedelta(days=1 if end == "expired long ago" else 0)
        maker.save()
    assert ask(key, "GET", "/v1/me")[0] == 401
    assert ask(made["key"], "GET", "/v1/me")[0] == 401
