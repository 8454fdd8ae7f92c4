"""The gateways that a request has passed."""

from __future__ import annotations

import pytest

from connections.hops import leads_back, own_id, path_of, read_hops, with_own


def test_the_id_is_the_same_each_time_and_no_secret(settings) -> None:
    assert own_id() == own_id()
    assert len(own_id()) == 16
    assert own_id() not in settings.SECRET_KEY


def test_a_gateway_adds_itself_behind_those_before() -> None:
    assert with_own("") == own_id()
    assert read_hops(with_own("a, b")) == ("a", "b", own_id())


@pytest.mark.parametrize("header", ["", ",", "a,,b", "a b", "ä", "a\nb", "x" * 65, "a," * 3000])
def test_a_header_that_no_gateway_wrote_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="not a list"):
        read_hops(header)


def test_a_model_that_comes_from_here_leads_back(settings) -> None:
    settings.GATEWAY_MAX_HOPS = 3
    assert leads_back({"id": "m", "gateway_path": ["a", own_id()]})
    assert leads_back({"id": "m", "gateway_path": ["a", "b", "c"]})
    assert not leads_back({"id": "m", "gateway_path": ["a", "b"]})
    assert not leads_back({"id": "m", "gateway_path": "nonsense"})
    assert path_of({"gateway_path": [1, None]}) == ("1", "None")
