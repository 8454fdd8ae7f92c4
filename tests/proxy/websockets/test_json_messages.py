"""Messages of upstreams that tell of errors."""

import json

import pytest

from proxy.websockets.json_messages import Censor, told_without

SECRETS = frozenset({"sk-secret/1"})
LONG = "x" * 5000


@pytest.mark.parametrize("written", ["sk-secret/1", "sk-secret\\/1", "\\u0073k-secret/1"])
def test_a_secret_is_removed_however_json_writes_it(written):
    text = f'{{"type": "error", "error": {{"message": "no {written}", "details": ["{written}"]}}}}'
    assert json.loads(told_without(text, SECRETS)) == {
        "type": "error",
        "error": {"message": "no [removed]", "details": ["[removed]"]},
    }


def test_a_message_without_a_secret_passes_as_it_is():
    text = json.dumps({"error": {"message": "no"}, "text": LONG})
    assert told_without(text, SECRETS) is text


def test_what_is_no_json_loses_its_secrets_too():
    assert told_without("error: sk-secret/1", SECRETS) == "error: [removed]"


def test_a_message_loses_more_where_it_tells_of_an_error():
    censor = Censor(frozenset({"sk-1"}), frozenset({"sk-1", "10.0.0.7"}))
    assert censor.message('{"text": "sk-1 at 10.0.0.7"}') == '{"text": "[removed] at 10.0.0.7"}'
    assert censor.error("sk-1 at 10.0.0.7") == "[removed] at [removed]"
    told = json.loads(censor.message('{"error": {"message": "sk-1 at 10.0.0.7"}}'))
    assert told["error"]["message"] == "[removed] at [removed]"
