import pytest

from connections.rules.mending import bare_key, key_problem


@pytest.mark.parametrize(
    "raw", ["sk-1", " sk-1\r\n", '"sk-1"', "Bearer sk-1", "'Bearer sk-1'", "\ufeffsk-1"]
)
def test_key_is_taken_without_what_surrounds_it(raw):
    assert bare_key(raw) == "sk-1"


@pytest.mark.parametrize("key", ["Bearer", "bearer-1", 'a"b'])
def test_key_that_only_looks_like_it_stays(key):
    assert bare_key(key) == key


@pytest.mark.parametrize("key", ["sk 1", "sk-\u00e4", "sk-\n1", '"sk-1', "sk-\x00", ""])
def test_key_that_no_header_can_carry_is_told_without_it(key):
    assert "visible ASCII" in key_problem(key)
    assert "sk" not in key_problem(key)


def test_any_other_key_is_fine():
    assert key_problem("sk-1_.~+/=!{}[];,") == ""
