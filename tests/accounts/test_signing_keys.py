import asyncio

import pytest

from accounts.signing_keys import SigningKeysUnavailableError


async def test_keys_are_fetched_once_for_many(issuer):
    keys = issuer.signing_keys()

    found = await asyncio.gather(*(keys.key("one") for _ in range(50)))

    assert {key.key_id for key in found} == {"one"}
    assert len(issuer.asked) == 1


async def test_url_is_found_where_the_issuer_publishes_it(issuer):
    assert await issuer.signing_keys(url="").key("one") is not None
    assert issuer.asked == [
        "https://id.example/.well-known/openid-configuration",
        "https://id.example/jwks",
    ]


async def test_new_key_is_taken_up_when_a_token_names_it(issuer):
    keys = issuer.signing_keys()
    await keys.key("one")
    issuer.add_key("two")
    issuer.now += 31

    assert (await keys.key("two")).key_id == "two"
    assert len(issuer.asked) == 2


async def test_names_that_are_made_up_leave_the_issuer_in_peace(issuer):
    keys = issuer.signing_keys()
    await keys.key("one")
    issuer.now += 31

    assert [await keys.key(f"made-up-{n}") for n in range(100)] == [None] * 100
    assert len(issuer.asked) == 2


async def test_key_that_is_withdrawn_is_refused_within_the_hour(issuer):
    keys = issuer.signing_keys()
    await keys.key("one")
    issuer.add_key("two")
    del issuer.private_keys["one"]
    issuer.now += 3601

    assert await keys.key("one") is None


async def test_known_keys_serve_on_while_the_issuer_is_down(issuer):
    keys = issuer.signing_keys()
    await keys.key("one")
    issuer.is_down = True
    issuer.now += 3601

    assert (await keys.key("one")).key_id == "one"


async def test_without_keys_nobody_can_tell(issuer):
    issuer.is_down = True
    keys = issuer.signing_keys()

    for _ in range(3):
        with pytest.raises(SigningKeysUnavailableError):
            await keys.key("one")
    assert len(issuer.asked) == 1


async def test_client_that_hangs_up_takes_the_keys_from_nobody(issuer):
    may_answer, fetch = asyncio.Event(), issuer.fetch

    async def slow(url):
        await may_answer.wait()
        return await fetch(url)

    issuer.fetch = slow
    keys = issuer.signing_keys()
    first = asyncio.create_task(keys.key("one"))
    second = asyncio.create_task(keys.key("one"))
    await asyncio.sleep(0)
    first.cancel()
    may_answer.set()

    assert (await second).key_id == "one"
    assert len(issuer.asked) == 1


async def test_only_key_needs_no_name(issuer):
    assert (await issuer.signing_keys().key(None)).key_id == "one"
    issuer.add_key("two")
    assert await issuer.signing_keys().key(None) is None


async def test_symmetric_key_in_public_is_passed_over(issuer):
    keys = issuer.signing_keys()
    issuer.published = lambda key_id: {"kty": "oct", "kid": key_id, "k": "AAAA", "alg": "HS256"}

    with pytest.raises(SigningKeysUnavailableError):
        await keys.key("one")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"[" * 100_000, b'{"keys":[]}'])
async def test_answer_that_holds_no_keys_is_as_good_as_none(issuer, body):
    async def fetch(url):
        return body

    issuer.fetch = fetch

    with pytest.raises(SigningKeysUnavailableError):
        await issuer.signing_keys().key("one")
