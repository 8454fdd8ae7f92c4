"""``GET /v1/usage``: one's own, and for administrators everybody's."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from accounts.models import ApiKey
from gateway_project.entry import application
from tests.support.asgi import AsgiClient
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def keys():
    """Ada is an ordinary user, root may see usage records, and both have used something. The helper
    is staff and may not.
    """
    users = get_user_model().objects
    ada, root = users.create_user("ada"), users.create_user("root", is_staff=True)
    root.user_permissions.add(Permission.objects.get(codename="view_usagerow"))
    helper = users.create_user("helper", is_staff=True)
    store(
        [
            a_record(request_id="req_1", user_id=ada.pk, username="ada", model="gpt-4o"),
            a_record(request_id="req_2", user_id=root.pk, username="root", model="o3"),
        ]
    )
    return {
        "ada": ApiKey.objects.issue(ada)[1],
        "root": ApiKey.objects.issue(root, scopes=["admin"])[1],
        "root, not for administration": ApiKey.objects.issue(root)[1],
        "helper": ApiKey.objects.issue(helper, scopes=["admin"])[1],
    }


async def ask(key, query=""):
    client = AsgiClient(
        "GET", "/v1/usage", headers={"authorization": f"Bearer {key}"}, query=query.encode()
    )
    return await client.through(application)


@pytest.mark.parametrize("query", ["", "user=ada", "by=model"])
async def test_everybody_sees_their_own(keys, query):
    answer = await ask(keys["ada"], query)
    assert answer.status == 200
    assert [line["group"] for line in answer.json["data"]] == ["gpt-4o"]


@pytest.mark.parametrize("query", ["user=all", "user=nobody", "user="])
@pytest.mark.parametrize("who", ["ada", "root, not for administration", "helper"])
async def test_others_are_for_administrators(keys, who, query):
    answer = await ask(keys[who], query)
    assert (answer.status, answer.json["error"]["code"]) == (403, "permission_denied")


async def test_administrators_see_everybody(keys):
    everybody = await ask(keys["root"], "by=user&user=all")
    assert [line["group"] for line in everybody.json["data"]] == ["ada", "root"]
    ada = await ask(keys["root"], "by=model&user=ada")
    assert [line["group"] for line in ada.json["data"]] == ["gpt-4o"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("by=colour", "by"),
        ("since=soon", "since"),
        ("until=x", "until"),
        ("user=no", "user"),
        ("user=a%00b", "user"),
        ("since=0001-01-01T00:00%2B14:00", "since"),
    ],
)
async def test_what_makes_no_sense_is_refused(keys, query, param):
    answer = await ask(keys["root"], query)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


async def test_a_key_is_needed():
    assert (await ask("sk-gw-no")).status == 401
