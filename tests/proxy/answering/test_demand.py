"""What a body asks for, told before any upstream is asked."""

from __future__ import annotations

import pytest

from limits.demand import NOTHING, Demand
from proxy.answering.demand import READERS, demand_of, demand_of_form, demand_of_message
from wire_formats.endpoints import ENDPOINTS
from wire_formats.figures import MOST
from wire_formats.json_numbers import read_json
from wire_formats.token_estimate import MEDIA_TOKENS

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x" * 400}]}
PICTURE = f"data:image/png;base64,{'A' * 50_000}"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"max_tokens": 100}, 100),
        ({"max_completion_tokens": 100}, 100),
        ({"max_tokens": 100, "max_completion_tokens": 300}, 300),
        ({"max_tokens": 100, "n": 3}, 300),
        ({"max_tokens": 0}, None),  # which Ollama takes for no maximum
        ({"max_tokens": 1e3}, 1000),
        ({"max_tokens": 10**30, "n": 2}, MOST),
        ({"max_tokens": None, "n": None}, None),
        ({"max_tokens": "100"}, None),
        ({"max_tokens": 99.5}, None),
        ({"max_tokens": True}, None),
        ({"max_tokens": -1}, None),
        ({"max_tokens": float("inf")}, None),
        ({"max_tokens": 100, "n": "3"}, 300),
        ({"max_tokens": 100, "N": 3}, 300),
        ({"max_tokens": 100, "n": "many"}, 100),
        ({"max_tokens": 100, "n": "9" * 41}, 100),
        ({"max_tokens": 100, "best_of": 3}, 300),
        ({"max_tokens": 1, "max_completion_tokens": "1000"}, None),
        ({"max_tokens": 1, "max_completion_tokens": -1}, None),
        ({"max_tokens": 1, "Max_To\u212aens": 70}, 70),
        ({"MAX_TOKENS": 1}, None),
        ({"max_tokens": 1, "n_predict": 80}, 80),
        ({"max_tokens": 1, "n_predict": -1}, None),
        ({"n_predict": 80}, None),
        ({"max_tokens": 100, "n": 0}, 100),
        ({"options": {"num_predict": 40}}, None),  # which upstreams beside Ollama do not read
        ({"max_tokens": 9, "options": {"num_predict": 40}}, 40),
        ({"max_tokens": 9, "options": {"num_predict": -1}}, None),
        ({"max_tokens": 9, "options": {"temperature": 1}}, 9),
    ],
)
def test_the_output_of_a_chat_is_what_it_names_for_all_its_answers(fields, expected) -> None:
    demand = demand_of("chat/completions", CHAT | fields)
    assert demand.output_tokens == expected
    assert 100 <= demand.input_tokens <= 115


def test_a_number_that_keeps_its_spelling_is_a_number() -> None:
    body = read_json(b'{"max_tokens": 1e2, "n": 200000000000000000000000}')
    assert demand_of("chat/completions", body).output_tokens == MOST


@pytest.mark.parametrize(
    ("fields", "tokens", "output"),
    [
        ({"prompt": "x" * 400, "max_tokens": 10}, 104, 10),
        ({"prompt": "x" * 400}, 104, None),
        ({"prompt": ["x" * 400] * 3, "max_tokens": 10, "n": 2}, 306, 60),
        ({"prompt": "x" * 400, "max_tokens": 10, "n": 2, "best_of": 5}, 104, 50),
        ({"prompt": [100_000] * 7, "max_tokens": 10}, 7, 10),
        ({"prompt": [[100_000] * 7, [1, 2]], "max_tokens": 10}, 9, 20),
        ({"prompt": [], "max_tokens": 10}, 4, 10),
    ],
)
def test_each_prompt_of_a_completion_has_answers_of_its_own(fields, tokens, output) -> None:
    demand = demand_of("completions", fields)
    assert demand == Demand(input_tokens=demand.input_tokens, output_tokens=output)
    assert demand.input_tokens == pytest.approx(tokens, abs=3)


def test_responses_and_messages_name_their_own_maximum() -> None:
    asked = {"input": "x" * 400, "max_output_tokens": 50, "max_tokens": 7}
    assert demand_of("responses", asked).output_tokens == 50
    assert demand_of("responses", {"input": "x"}).output_tokens is None
    of_realtime = {"input": "x", "max_response_output_tokens": 1}
    assert demand_of("responses", of_realtime).output_tokens is None
    message = CHAT | {"max_tokens": 60, "system": "x" * 400}
    assert demand_of("messages", message).output_tokens == 60
    assert demand_of("messages", message).input_tokens > 200


def test_a_picture_is_no_text_on_any_surface() -> None:
    image = {"type": "image_url", "image_url": {"url": PICTURE}}
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 50_000}
    content = {
        "chat/completions": {"messages": [{"role": "user", "content": [image]}]},
        "embeddings": {"messages": [{"role": "user", "content": [image]}]},
        "messages": {"messages": [{"content": [{"type": "image", "source": source}]}]},
        "responses": {"input": [{"content": [{"type": "input_image", "image_url": PICTURE}]}]},
        "moderations": {"input": [image]},
        "rerank": {"query": "q", "documents": [{"image": "A" * 50_000}]},
        "images/edits": {"prompt": "p", "images": [{"image_url": PICTURE}]},
        "images/generations": {"prompt": "p", "image": PICTURE},
        "a/path/of/its/own": {"document": {"file_data": "A" * 50_000}},
    }
    for endpoint, body in content.items():
        tokens = demand_of(endpoint, body).input_tokens
        assert MEDIA_TOKENS < tokens < MEDIA_TOKENS + 100, endpoint


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"input": "x" * 400}, 104),
        ({"input": ["x" * 400, "x" * 400]}, 205),
        ({"input": [1, 2, 3]}, 3),
        ({"input": [[1, 2, 3], [4]]}, 4),
    ],
)
def test_embeddings_write_nothing(body, tokens) -> None:
    demand = demand_of("embeddings", body)
    assert demand.output_tokens == 0
    assert demand.input_tokens == pytest.approx(tokens, abs=2)


def test_documents_are_input_too() -> None:
    demand = demand_of("rerank", {"query": "x" * 40, "documents": ["x" * 400, {"text": "x" * 400}]})
    assert demand.output_tokens == 0
    assert demand.input_tokens > 210


@pytest.mark.parametrize(("n", "images"), [({}, 1), ({"n": 4}, 4), ({"n": "4"}, 4), ({"n": 0}, 1)])
def test_pictures_are_counted_as_asked_for(n, images) -> None:
    assert demand_of("images/generations", {"prompt": "p"} | n).images == images
    assert demand_of("images/edits", {"prompt": "p"} | n).images == images


def test_speech_is_counted_in_characters() -> None:
    demand = demand_of("audio/speech", {"input": "語" * 40})
    assert (demand.characters, demand.input_tokens, demand.output_tokens) == (40, 30, 0)


@pytest.mark.parametrize(
    "endpoint", ["messages/count_tokens", "responses/input_tokens", "audio/voices", "realtime"]
)
def test_what_runs_no_model_asks_for_nothing(endpoint) -> None:
    assert demand_of(endpoint, CHAT | {"max_tokens": 9}) == NOTHING


def test_an_unknown_path_is_read_as_far_as_any_api_goes() -> None:
    demand = demand_of("v9/think", {"text": "x" * 400, "max_output_tokens": 9, "n": 2})
    assert demand.output_tokens == 18
    assert demand.input_tokens > 100
    assert demand_of("v9/things", {}) == NOTHING


def test_every_endpoint_with_a_json_body_has_a_reader() -> None:
    forms = {"audio/transcriptions", "audio/translations", "images/variations"}
    assert set(READERS) == set(ENDPOINTS) - forms


@pytest.mark.parametrize(
    ("name", "seconds"), [("a.wav", 30), ("a.mp3", 60), ("A.OPUS", 240), ("a", 60), ("", 60)]
)
def test_the_length_of_sound_is_guessed_from_its_bytes(name, seconds) -> None:
    demand = demand_of_form(
        "audio/transcriptions", lambda _: None, file_name=name, size_bytes=960_000
    )
    assert demand == Demand(audio_ms=seconds * 1000)


@pytest.mark.parametrize(("size_bytes", "least_ms"), [(0, 60_000), (1, 1)])
def test_sound_is_never_expected_to_be_nothing(size_bytes, least_ms) -> None:
    """An ask of nothing fits a limit that is used up."""
    demand = demand_of_form(
        "audio/translations", lambda _: None, file_name="a.wav", size_bytes=size_bytes
    )
    assert demand.audio_ms == least_ms


@pytest.mark.parametrize(("n", "images"), [(None, 1), ("3", 3), ("", 1), ("x", 1), ("٣", 3)])
def test_a_form_says_how_many_pictures_it_wants(n, images) -> None:
    fields = {"n": n, "prompt": "x" * 40}
    demand = demand_of_form("images/edits", fields.get, file_name="a.png", size_bytes=10**7)
    assert demand == Demand(input_tokens=10 + MEDIA_TOKENS, images=images)


def test_a_message_on_a_socket_asks_for_a_response_or_for_nothing() -> None:
    update = {"type": "session.update", "session": {"a": "x" * 400}}
    assert demand_of_message(update, is_realtime=True) == NOTHING
    flat = {"type": "response.create", "input": "x" * 400, "max_output_tokens": 9}
    assert demand_of_message(flat, is_realtime=False).output_tokens == 9
    assert demand_of_message(flat, is_realtime=False).input_tokens > 100
    within = {"type": "response.create", "response": {"max_output_tokens": "inf"}}
    assert demand_of_message(within, is_realtime=True).output_tokens is None
    older = {"type": "response.create", "response": {"max_response_output_tokens": 8}}
    assert demand_of_message(older, is_realtime=True).output_tokens == 8


@pytest.mark.parametrize(
    ("fields", "tier"), [({}, ""), ({"service_tier": "flex"}, "flex"), ({"service_tier": 1}, "")]
)
def test_the_service_tier_is_what_the_request_asks_for(fields, tier) -> None:
    assert demand_of("chat/completions", CHAT | fields).service_tier == tier
    assert demand_of("responses", {"model": "m", "input": "Hi"} | fields).service_tier == tier


def test_a_maximum_counts_only_where_the_upstream_looks_for_it() -> None:
    flat = {"type": "response.create", "max_output_tokens": 9}
    assert demand_of_message(flat, is_realtime=True).output_tokens is None
    both = flat | {"response": {"max_output_tokens": 500}}
    assert demand_of_message(both, is_realtime=False).output_tokens == 500
    assert demand_of_message(flat | {"response": {}}, is_realtime=False).output_tokens is None


@pytest.mark.parametrize("value", [True, 1, "true", "yes"])
def test_what_is_made_in_the_background_tells_nothing_of_its_use(value) -> None:
    assert demand_of("responses", {"input": "x", "background": value}).is_detached
    message = {"type": "response.create", "response": {"background": value}}
    assert demand_of_message(message, is_realtime=False).is_detached


@pytest.mark.parametrize("fields", [{}, {"background": False}, {"background": None}])
def test_other_responses_tell_of_their_use(fields) -> None:
    assert not demand_of("responses", {"input": "x"} | fields).is_detached
