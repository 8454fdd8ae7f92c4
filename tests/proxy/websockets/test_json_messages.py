"""Messages of upstreams that tell of errors."""

import json

import pytest

from proxy.websockets.json_messages import told_without

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
