import asyncio

import pytest

from accounts.signing_keys import SigningKeysUnavailableError


def ids(keys):
    return tuple(key.key_id for key in keys)


async def test_keys_are_fetched_once_for_many(issuer):
    keys = issuer.signing_keys()

    found = await asyncio.gather(*(keys.named("one") for _ in range(50)))

    assert {ids(each) for each in found} == {("one",)}
    assert len(issuer.asked) == 1


async def test_url_is_found_where_the_issuer_publishes_it(issuer):
    assert await issuer.signing_keys(url="").named("one")
    assert issuer.asked == [
        "https://id.example/.well-known/openid-configuration",
        "https://id.example/jwks",
    ]


async def test_new_key_is_taken_up_when_a_token_names_it(issuer):
    keys = issuer.signing_keys()
    await keys.named("one")
    issuer.add_key("two")
    issuer.now += 31

    assert ids(await keys.named("two")) == ("two",)
    assert len(issuer.asked) == 2


async def test_names_that_are_made_up_leave_the_issuer_in_peace(issuer):
    keys = issuer.signing_keys()
    await keys.named("one")
    issuer.now += 31

    assert [await keys.named(f"made-up-{n}") for n in range(100)] == [()] * 100
    assert len(issuer.asked) == 2


async def test_key_that_is_withdrawn_is_refused_within_the_hour(issuer):
    keys = issuer.signing_keys()
    await keys.named("one")
    issuer.add_key("two")
    del issuer.private_keys["one"]
    issuer.now += 3601

    assert await keys.named("one") == ()


async def test_known_keys_serve_on_while_the_issuer_is_down(issuer):
    keys = issuer.signing_keys()
    await keys.named("one")
    issuer.is_down = True
    issuer.now += 3601

    assert ids(await keys.named("one")) == ("one",)


async def test_without_keys_nobody_can_tell(issuer):
    issuer.is_down = True
    keys = issuer.signing_keys()

    for _ in range(3):
        with pytest.raises(SigningKeysUnavailableError):
            await keys.named("one")
    assert len(issuer.asked) == 1


async def test_client_that_hangs_up_takes_the_keys_from_nobody(issuer):
    may_answer, fetch = asyncio.Event(), issuer.fetch

    async def slow(url):
        await may_answer.wait()
        return await fetch(url)

    issuer.fetch = slow
    keys = issuer.signing_keys()
    first = asyncio.create_task(keys.named("one"))
    second = asyncio.create_task(keys.named("one"))
    await asyncio.sleep(0)
    first.cancel()
    may_answer.set()

    assert ids(await second) == ("one",)
    assert len(issuer.asked) == 1


async def test_token_without_a_key_id_may_be_of_any_key(issuer):
    issuer.add_key("two")
    assert ids(await issuer.signing_keys().named(None)) == ("one", "two")


async def test_key_without_an_id_may_be_that_of_any_token(issuer):
    published = issuer.published
    issuer.published = lambda key_id: published(key_id) | {"kid": None}
    assert ids(await issuer.signing_keys().named("one")) == (None,)


async def test_key_for_encryption_signs_nothing(issuer):
    published = issuer.published
    issuer.published = lambda key_id: published(key_id) | {"use": "enc"}
    with pytest.raises(SigningKeysUnavailableError):
        await issuer.signing_keys().named("one")


async def test_keys_are_renewed_on_demand_but_not_twice_in_a_moment(issuer):
    keys = issuer.signing_keys()
    await keys.named("one")
    assert not await keys.renew()
    issuer.now += 31
    assert [await keys.renew() for _ in range(2)] == [True, False]
    issuer.is_down = True
    issuer.now += 31
    assert not await keys.renew()


async def test_symmetric_key_in_public_is_passed_over(issuer):
    keys = issuer.signing_keys()
    issuer.published = lambda key_id: {"kty": "oct", "kid": key_id, "k": "AAAA", "alg": "HS256"}

    with pytest.raises(SigningKeysUnavailableError):
        await keys.named("one")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"[" * 100_000, b'{"keys":[]}'])
async def test_answer_that_holds_no_keys_is_as_good_as_none(issuer, body):
    async def fetch(url):
        return body

    issuer.fetch = fetch

    with pytest.raises(SigningKeysUnavailableError):
        await issuer.signing_keys().named("one")
