"""The models that the page offers, and the parameters it asks for."""

from types import SimpleNamespace

import pytest

from accounts.models import ApiKey, User
from accounts.playground_tokens import make_playground_token
from models_registry.grants import Grants
from models_registry.registration import Registration
from models_registry.registry import activate
from portal.playground.own_models import own_models, parameters_of
from tests.support.builders import a_snapshot, a_target, an_upstream, the_targets

MODELS = ("gpt-4o", "gpt-5.2", "tts-1", "text-embedding-3-small", "whisper-1", "secret-model")


@pytest.fixture
def registry():
    """Models of OpenAI and of a company, all but one of them for everyone."""
    openai = an_upstream("openai", provider="openai")
    inhouse = an_upstream("inhouse", id=2, url_index=1)
    targets = [
        *the_targets(openai, *MODELS),
        *the_targets(inhouse, "our-tts", "our-embedding", "our-chat"),
    ]
    grants = Grants(everyone=("gpt-*", "tts-1", "text-*", "whisper-1", "our-*"))
    activate(SimpleNamespace(snapshot=a_snapshot(*targets, grants=grants)))
    yield
    activate(None)


@pytest.fixture
def ada(db):
    return User.objects.create_user("ada")


def kinds(user):
    return {model["id"]: model["kind"] for model in own_models(user)}


def test_models_that_chat_and_models_that_speak_are_offered(registry, ada):
    chat, speech = "chat", "speech"
    assert kinds(ada) == {
        "gpt-4o": chat,
        "gpt-5.2": chat,
        "our-chat": chat,
        "tts-1": speech,
        "our-tts": speech,
    }


def test_staff_are_offered_all(registry, db):
    assert "secret-model" in kinds(User.objects.create_user("root", is_staff=True))


def test_a_narrowed_playground_offers_less(registry, ada):
    make_playground_token(ada)
    ApiKey.objects.filter(user=ada).update(model_patterns=["our-*"])
    assert set(kinds(ada)) == {"our-chat", "our-tts"}


def test_a_process_that_serves_no_api_offers_nothing(ada):
    assert own_models(ada) == []


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", {"temperature": True, "max_tokens": "max_tokens", "efforts": []}),
        ("gpt-5", {"temperature": False, "max_tokens": "max_completion_tokens"}),
        ("gpt-5", {"efforts": ["minimal", "low", "medium", "high"], "max_tokens_most": 128_000}),
        ("claude-haiku-4-5", {"temperature": True, "is_one_of": True}),
        ("a-model-of-nobody", {"top_p": True, "is_one_of": False, "max_tokens_most": None}),
    ],
)
def test_parameters_are_those_that_the_family_takes(model, expected):
    parameters = parameters_of(a_target(model=model))
    assert {name: parameters[name] for name in expected} == expected


def test_what_an_admin_says_of_a_model_counts():
    (target,) = the_targets(an_upstream(), "house", house=Registration(is_reasoning=True))
    assert parameters_of(target)["max_tokens"] == "max_completion_tokens"
