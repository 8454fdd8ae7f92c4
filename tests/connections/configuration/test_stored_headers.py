import pytest

from connections.configuration.stored_headers import HIDDEN, HiddenValueError, hidden, revealed

URL, ELSEWHERE = "https://one.example/v1", "https://evil.example/v1"
STORED = {"X-Secret": "value", "X-Team": "search"}


def test_names_are_all_that_is_shown():
    assert hidden(STORED) == {"X-Secret": HIDDEN, "X-Team": HIDDEN}


@pytest.mark.parametrize("name", ["X-Secret", "x-secret"])
def test_mask_stands_for_the_stored_value_at_the_same_place(name):
    found = revealed(
        {name: HIDDEN, "X-New": "n"}, STORED, stored_for=URL, base_url="https://one.example:443/v1/"
    )
    assert found == {name: "value", "X-New": "n"}


@pytest.mark.parametrize("url", [ELSEWHERE, "http://one.example/v1", "https://one.example:8/v1"])
def test_mask_opens_nothing_elsewhere(url):
    with pytest.raises(HiddenValueError, match="belong to another base URL: give X-Secret again"):
        revealed({"X-Secret": HIDDEN, "X-New": "n"}, STORED, stored_for=URL, base_url=url)


def test_values_that_are_given_go_anywhere():
    found = revealed({"X-Secret": "new"}, STORED, stored_for=URL, base_url=ELSEWHERE)
    assert found == {"X-Secret": "new"}


def test_mask_of_nothing_is_refused():
    with pytest.raises(HiddenValueError, match="are not stored: give X-Other again"):
        revealed({"X-Other": HIDDEN}, STORED, stored_for=URL, base_url=URL)
    with pytest.raises(HiddenValueError, match="are not stored"):
        revealed({"X-Secret": HIDDEN}, {}, stored_for="", base_url=URL)
