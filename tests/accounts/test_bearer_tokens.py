import base64
import hmac
import json
import time

import jwt
import pytest
from channels.db import database_sync_to_async
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import Identity, User

pytestmark = pytest.mark.django_db(transaction=True)


def signed_with_public_key(issuer, said):
    """The old trick: the public key, which anyone has, as the secret of a symmetric signature."""
    public = issuer.private_keys["one"][0].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [encoded(json.dumps(part)) for part in ({"alg": "HS256", "kid": "one"}, said)]
    signature = hmac.digest(secret, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, encoded(signature)])


def encoded(part):
    data = part.encode() if isinstance(part, str) else part
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


async def test_token_stands_for_its_subject(issuer):
    token = issuer.token(preferred_username="ada", name="Ada L", email="ada@example.com")

    caller = await issuer.tokens().find(token)

    assert (caller.username, caller.display_name, caller.email) == ("ada", "Ada L", "")
    assert (caller.is_staff, caller.scopes) == (False, {"inference"})


async def test_elliptic_signature_is_as_good(issuer):
    issuer.add_key("curve", "ES256")

    assert await issuer.tokens().find(issuer.token("curve")) is not None


async def test_same_subject_is_the_same_user_and_another_is_not(issuer):
    tokens = issuer.tokens()
    first = await tokens.find(issuer.token(preferred_username="ada"))
    renamed = await tokens.find(issuer.token(preferred_username="countess", jti="2"))
    other = await tokens.find(issuer.token(preferred_username="ada", sub="ada-2"))

    assert first.user_id == renamed.user_id != other.user_id
    assert first.key_id == renamed.key_id != other.key_id
    assert other.username != "ada"


@pytest.mark.parametrize("claim", ["preferred_username", "email"])
async def test_nobody_becomes_a_user_who_is_here_already(issuer, claim):
    boss = await User.objects.acreate(username="boss", email="boss@example.com", is_staff=True)
    says = {"preferred_username": "boss", "email": "boss@example.com", "email_verified": True}

    caller = await issuer.tokens().find(
        issuer.token(**{claim: says[claim], "email_verified": True})
    )

    assert caller.user_id != boss.pk
    assert not caller.is_staff


async def test_token_of_a_superuser_administers_nothing_whatever_it_claims(issuer):
    tokens = issuer.tokens()
    ada = await tokens.find(issuer.token())
    await User.objects.filter(pk=ada.user_id).aupdate(is_staff=True, is_superuser=True)
    tokens.forget()

    caller = await tokens.find(issuer.token(scope="admin gatehouse.admin", scopes=["admin"]))

    assert (caller.is_superuser, caller.scopes) == (True, {"inference"})
    assert caller.permissions == frozenset()
    assert not caller.may_administer()


async def test_groups_of_the_claim_count_beside_ones_own(issuer):
    groups = {name: await Group.objects.acreate(name=name) for name in ("own", "claimed", "other")}
    tokens = issuer.tokens()
    ada = await tokens.find(issuer.token())
    await (await User.objects.aget(pk=ada.user_id)).groups.aadd(groups["own"])
    tokens.forget()

    caller = await tokens.find(issuer.token(groups=["claimed", "unknown", 7]))

    assert caller.group_ids == {groups["own"].pk, groups["claimed"].pk}


@pytest.mark.parametrize(
    "claims",
    [
        {"groups": ["a\x00b", "\ud800", "team", 1, None]},
        {"groups": "\x00"},
        {"email": f"{'x' * 300}@example.com", "email_verified": True},
        {"preferred_username": "\x00" * 200, "given_name": "x" * 400, "family_name": "\ud800"},
    ],
    ids="-".join,
)
async def test_claims_that_no_row_can_hold_do_no_harm(issuer, claims):
    await Group.objects.acreate(name="team")
    caller = await issuer.tokens().find(issuer.token(**claims))
    assert caller is not None
    assert len(caller.group_ids) == (1 if "team" in claims.get("groups", []) else 0)
    assert caller.email == ""


async def test_only_those_who_are_known_are_let_in_where_none_are_made(issuer):
    tokens = issuer.tokens(new_users="refused")
    assert await tokens.find(issuer.token()) is None
    ada = await User.objects.acreate(username="ada")
    await Identity.objects.acreate(user=ada, issuer="https://id.example", subject="ada-1")

    assert (await tokens.find(issuer.token())).user_id == ada.pk
    assert await User.objects.acount() == 1


async def test_somebody_new_waits_for_an_admin(issuer):
    tokens, token = issuer.tokens(new_users="pending"), issuer.token(preferred_username="ada")
    assert [await tokens.find(token) for _ in range(2)] == [None, None]

    assert (await User.objects.aget(username="ada")).is_pending
    await User.objects.aupdate(is_active=True, is_pending=False)

    assert (await tokens.find(token)).username == "ada"


async def test_user_who_is_not_active_is_refused_once_that_is_known(issuer):
    tokens, token = issuer.tokens(), issuer.token()
    assert await tokens.find(token) is not None
    await User.objects.aupdate(is_active=False)

    tokens.forget()

    assert await tokens.find(token) is None


async def test_user_who_is_switched_off_during_the_look_up_is_not_remembered(issuer):
    tokens, token = issuer.tokens(), issuer.token()
    await tokens.find(token)
    tokens.forget()

    def overtake(execute, sql, *rest):
        found = execute(sql, *rest)
        tokens.forget()
        return found

    await database_sync_to_async(lambda: connection.execute_wrappers.append(overtake))()
    assert await tokens.find(token) is not None
    await database_sync_to_async(lambda: connection.execute_wrappers.remove(overtake))()
    await User.objects.aupdate(is_active=False)

    assert await tokens.find(token) is None


async def test_warm_token_costs_no_query_and_no_signature(issuer):
    tokens, token = issuer.tokens(), issuer.token()
    first = await tokens.find(token)

    def refuse(*arguments):
        raise AssertionError("a query")

    await database_sync_to_async(lambda: connection.execute_wrappers.append(refuse))()
    issuer.private_keys.clear()
    found = await tokens.find(token)
    await database_sync_to_async(lambda: connection.execute_wrappers.remove(refuse))()

    assert found is first


async def test_token_past_its_end_is_served_from_no_memory(issuer):
    tokens, token = issuer.tokens(), issuer.token(exp=int(time.time()) - 5)  # clocks may differ
    assert await tokens.find(token) is not None

    await User.objects.aupdate(is_active=False)

    assert await tokens.find(token) is None


HOUR_AGO = int(time.time()) - 3600


@pytest.mark.parametrize(
    "said",
    [
        {"iss": "https://evil.example"},
        {"iss": "https://id.example/"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": None},
        {"exp": HOUR_AGO},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
    ],
    ids=lambda said: next(iter(said)),
)
async def test_token_that_does_not_say_what_it_must_is_refused(issuer, said):
    assert await issuer.tokens().find(issuer.token(**said)) is None
    assert not await User.objects.aexists()


async def test_signature_of_another_key_is_refused(issuer):
    tokens = issuer.tokens()
    await tokens.find(issuer.token())
    issuer.add_key("one")  # the same name, another key

    assert await tokens.find(issuer.token(sub="eve")) is None


async def test_new_key_under_an_old_name_is_taken_up(issuer):
    tokens = issuer.tokens()
    await tokens.find(issuer.token())
    issuer.add_key("one")
    issuer.now += 31

    assert await tokens.find(issuer.token(sub="eve")) is not None


async def test_token_without_a_key_id_finds_its_key_among_several(issuer):
    issuer.add_key("two")

    for key_id in ("one", "two"):
        nameless = issuer.token(key_id, headers={"kid": None}, sub=key_id)
        assert await issuer.tokens().find(nameless) is not None


async def test_clocks_may_differ_by_a_minute(issuer):
    soon = int(time.time()) + 50

    assert await issuer.tokens().find(issuer.token(nbf=soon, iat=soon)) is not None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"exp": 1}, "it has expired (`exp`), or the clocks differ"),
        ({"nbf": 2**33}, "it is not valid yet (`nbf`, `iat`), or the clocks differ"),
        ({"iss": "https://canary.example"}, "it is of another issuer (`iss`)"),
        ({"aud": "canary"}, "it is for another audience (`aud`)"),
        ({"exp": None}, "it has no `exp`"),
        ({"sub": ""}, "its subject (`sub`) is empty, too long or not printable"),
    ],
    ids=str,
)
async def test_log_says_why_once_and_nothing_of_the_token(issuer, caplog, said, why):
    tokens = issuer.tokens()
    for number in range(3):
        await tokens.find(issuer.token(**said, jti=f"canary-{number}"))

    assert caplog.messages == [f"A bearer token is refused: {why}."]


async def test_log_says_which_people_may_not_call(issuer, caplog):
    await issuer.tokens(new_users="refused").find(issuer.token())
    pending = issuer.tokens(new_users="pending")
    await pending.find(issuer.token())
    await User.objects.aupdate(is_pending=False)
    await pending.find(issuer.token())

    assert [message.partition(": ")[2] for message in caplog.messages] == [
        "it is of a person who is not known here, and GATEWAY_JWT_NEW_USERS is `refused`.",
        "its user waits for an administrator (pending).",
        "its user is not active.",
    ]


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["/team"]}}),
        ("https://acme.example/groups", {"https://acme.example/groups": {"team": {"id": 1}}}),
        ("groups", {"groups": "other, team"}),
        ("groups", {"groups": [{"displayName": "team"}]}),
    ],
    ids=str,
)
async def test_groups_are_read_in_every_form(issuer, claim, said):
    team = await Group.objects.acreate(name="team")

    caller = await issuer.tokens(groups_claim=claim).find(issuer.token(**said))

    assert caller.group_ids == {team.pk}


async def test_groups_that_a_token_has_no_room_for_are_told(issuer, caplog):
    caller = await issuer.tokens().find(issuer.token(_claim_names={"groups": "src1"}))

    assert caller.group_ids == set()
    assert caplog.messages == [
        "A token has no room for the claim `groups`: its groups do not count."
    ]


async def test_groups_that_cannot_be_read_are_told_and_the_rest_counts(issuer, caplog):
    team = await Group.objects.acreate(name="team")
    tokens = issuer.tokens()

    for number in range(2):
        caller = await tokens.find(issuer.token(groups=["team", None], jti=f"{number}"))

    assert caller.group_ids == {team.pk}
    assert caplog.messages == ["The groups in the claim `groups` of a token cannot be read: array."]


async def test_algorithm_is_ours_to_choose(issuer):
    said = claims(issuer.token())
    key, _ = issuer.private_keys["one"]
    unsigned = jwt.encode(said, None, "none", headers={"kid": "one"})
    other_hash = jwt.encode(said, key, "RS512", headers={"kid": "one"})

    tokens = issuer.tokens()
    for token in (signed_with_public_key(issuer, said), unsigned, other_hash):
        assert await tokens.find(token) is None


@pytest.mark.parametrize(
    "token",
    [
        "a.b.c",
        "..",
        "eyJhbGciOiJSUzI1NiJ9..",
        "é.é.é",
        "\udcff.\udcff.\udcff",
        encoded(b"[" * 30_000) + ".e30.x",
        encoded(b'{"alg":["RS256"]}') + ".e30.x",
        encoded(b'{"alg":"RS256","kid":7}') + ".e30.x",
        encoded(b'{"alg":"RS256","kid":"one"}') + ".e30.eA",
    ],
    ids=lambda token: ascii(token[:20]),
)
async def test_what_only_looks_like_a_token_is_refused(issuer, token):
    assert await issuer.tokens().find(token) is None
