"""Google's signatures, there and back."""

import pytest

from wire_formats.chat.google_signatures import google_signature, sign_by_google


@pytest.mark.parametrize("signature", ["c2ln+/=", ""])
def test_a_signature_comes_back(signature):
    call = {"id": "c"}
    sign_by_google(call, signature)
    assert google_signature(call) == signature


def test_without_a_signature_there_is_no_field():
    call = {"id": "c"}
    sign_by_google(call, "")
    assert call == {"id": "c"}


@pytest.mark.parametrize(
    "extra", [None, 7, {}, {"google": 7}, {"google": {"thought_signature": 7}}]
)
def test_what_is_none_is_empty(extra):
    assert google_signature({"extra_content": extra}) == ""
