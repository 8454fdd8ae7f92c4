"""What a request for speech must hold, and what its answer is called."""

from dataclasses import replace

import pytest

from audio.speech_request import SpeechRequest, is_told_who_asks
from connections.choices import CALLERS_OWN
from models_registry.registration import Registration
from proxy.client_side.errors import InvalidRequestError
from tests.support.builders import a_target

BODY = {"model": "tts", "input": "Hello", "voice": "alloy"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": ["Hello"]}, "input"),
        ({"voice": 7}, "voice"),
        ({"voice": "../x"}, "voice"),
        ({"voice": "a/b"}, "voice"),
        ({"voice": "a?b#c"}, "voice"),
        ({"voice": {"id": "..\\x"}}, "voice"),
        ({"voice": "alloy\n"}, "voice"),
        ({"response_format": "mp3\n"}, "response_format"),
        ({"response_format": "../mp3"}, "response_format"),
        ({"response_format": ["mp3"]}, "response_format"),
    ],
)
def test_what_cannot_be_meant_is_refused(change, param):
    with pytest.raises(InvalidRequestError) as refused:
        SpeechRequest.parse(BODY | change)
    assert refused.value.param == param


@pytest.mark.parametrize("voice", ["alloy", "af_bella+af_sky(2)", "en-US Jenny", {"id": "v_1"}])
def test_names_of_voices_pass(voice):
    assert SpeechRequest.parse(BODY | {"voice": voice}).body["voice"] == voice


def digest(target=None, scope="shared", **fields):
    return SpeechRequest.parse(BODY | fields).digest(target or a_target(), scope)


def test_digest_is_a_file_name_and_nothing_else():
    assert set(digest(input="../../x")) <= set("0123456789abcdef")


def test_order_of_keys_does_not_matter():
    shuffled = SpeechRequest.parse(dict(reversed(BODY.items())))
    assert shuffled.digest(a_target(), "shared") == digest()


def test_body_that_is_too_deep_is_refused():
    nested = {}
    for _ in range(300):
        nested = {"x": nested}
    with pytest.raises(InvalidRequestError, match="too deeply"):
        digest(extra=nested)


def test_default_parameters_of_an_admin_matter():
    target = replace(a_target(), registration=Registration(default_parameters={"speed": 2}))
    assert digest(target) == digest(speed=2) != digest()
    assert digest(target, speed=1) == digest(speed=1)


@pytest.mark.parametrize(
    "told",
    [
        *({"auth_type": auth_type} for auth_type in sorted(CALLERS_OWN)),
        {"forward_cookies": True},
        {"headers": (("X-User", "{{USER_NAME}}"),)},
    ],
)
def test_upstream_that_is_told_who_asks(told):
    assert is_told_who_asks(replace(a_target().connection.upstream, **told))


def test_upstream_that_is_not():
    upstream = replace(a_target().connection.upstream, headers=(("X-Region", "eu"),))
    assert not is_told_who_asks(upstream)


def test_public_name_of_the_model_does_not_matter():
    assert digest(model="alias") == digest()


@pytest.mark.parametrize(
    "fields",
    [{"input": "Hello "}, {"voice": "nova"}, {"speed": 1.0}, {"anything": None}, {"scope": "x"}],
)
def test_every_parameter_matters(fields):
    assert digest(**fields) != digest()
