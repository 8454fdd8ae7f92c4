"""What is counted of the messages that an upstream says."""

import json

from proxy.websockets.counting import count_message
from tests.support.builders import an_exchange
from wire_formats.token_counts import Tokens

# https://platform.openai.com/docs/api-reference/realtime-server-events/response/done
REALTIME = {
    "total_tokens": 253,
    "input_tokens": 132,
    "output_tokens": 121,
    "input_token_details": {"text_tokens": 119, "audio_tokens": 13, "cached_tokens": 64},
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}
RESPONSES = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
}


def counted(*messages):
    exchange = an_exchange()
    for message in messages:
        count_message(json.dumps(message), exchange)
    return exchange.tokens


def test_realtime_writes_its_details_in_the_singular():
    done = {"type": "response.done", "response": {"usage": REALTIME}}
    tokens = Tokens(prompt=132, cached=64, completion=121, audio_prompt=13, audio_completion=91)
    assert counted(done) == tokens
    assert counted(done, done) == Tokens(
        prompt=264, cached=128, completion=242, audio_prompt=26, audio_completion=182
    )


def test_transcriptions_of_the_input_count_as_their_upstream_tells():
    # https://platform.openai.com/docs/api-reference/realtime-server-events/conversation/item/input_audio_transcription/completed
    name = "conversation.item.input_audio_transcription.completed"
    of_tokens = {"type": "tokens", "total_tokens": 26, "input_tokens": 17, "output_tokens": 9}
    of_tokens["input_token_details"] = {"text_tokens": 3, "audio_tokens": 14}
    done = {"type": "response.done", "response": {"usage": REALTIME}}
    tokens = counted({"type": name, "transcript": "Hi", "usage": of_tokens}, done)
    assert (tokens.prompt, tokens.completion, tokens.audio_prompt) == (149, 130, 13)
    by_time = {"type": name, "usage": {"type": "duration", "seconds": 2.5}}
    assert counted(by_time, by_time) == Tokens(audio_seconds=5.0)
    assert counted({"type": name}, {"type": "note", "says": f'"{name}"'}) == Tokens()


def test_responses_write_theirs_in_the_plural():
    done = {"type": "response.completed", "response": {"usage": RESPONSES}}
    assert counted(done) == Tokens(prompt=20, cached=8, completion=9, reasoning=4)


def test_a_socket_has_the_tier_that_all_of_its_answers_have():
    def done(**tier):
        return {"type": "response.completed", "response": {"usage": RESPONSES, **tier}}

    flex, default = done(service_tier="flex"), done(service_tier="default")
    assert counted(flex, flex).service_tier == "flex"
    assert counted(default, done()).service_tier == "default"
    assert counted(done(), flex).service_tier == "mixed"
