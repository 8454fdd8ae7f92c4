"""Request bodies that come compressed."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.client_side.errors import ApiError, InvalidRequestError, PayloadTooLargeError
from proxy.client_side.inflating import MOST_RATIO, Inflater, inflater_for

PLENTY = 2**30


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    " Deflate ": raw_deflate,
}


def inflated(inflater: Inflater | None, *parts: bytes, limit: int = PLENTY) -> bytes:
    assert inflater is not None
    whole = b"".join(b"".join(inflater.add(part, limit)) for part in parts)
    inflater.finish()
    return whole


@pytest.mark.parametrize("coding", PACKERS)
@given(data=st.binary(max_size=2000), cut=st.integers(min_value=0, max_value=2000))
def test_what_was_packed_comes_out_however_it_is_cut(coding: str, data: bytes, cut: int) -> None:
    packed = PACKERS[coding](data)
    assert inflated(inflater_for(coding), packed[:cut], packed[cut:]) == data


def test_gzip_may_have_several_members() -> None:
    assert inflated(inflater_for("gzip"), gzip.compress(b"a") + gzip.compress(b"b")) == b"ab"


@pytest.mark.parametrize("coding", ["", "identity"])
def test_there_may_be_nothing_to_take_off(coding: str) -> None:
    assert inflater_for(coding) is None


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_another_coding_is_415_and_says_which_there_are(coding: str) -> None:
    with pytest.raises(ApiError) as raised:
        inflater_for(coding)
    assert raised.value.status == 415
    assert raised.value.headers == {"accept-encoding": "gzip, deflate"}


@pytest.mark.parametrize(
    "body",
    [b"", b"not gzip", gzip.compress(b"x" * 99)[:-9]],
    ids=["nothing", "no gzip", "cut off"],
)
def test_a_broken_body_is_400(body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        inflated(inflater_for("gzip"), body)
    assert raised.value.status == 400


def test_the_limit_is_that_of_the_inflated_body() -> None:
    with pytest.raises(PayloadTooLargeError):
        inflated(inflater_for("gzip"), gzip.compress(bytes(range(256)) * 5), limit=1000)


def test_a_bomb_ends_long_before_the_limit() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    inflater = Inflater("gzip")
    with pytest.raises(ApiError) as raised:
        inflater.add(bomb, PLENTY)
    assert (raised.value.status, raised.value.code) == (413, "request_too_large")
    assert inflater.made_bytes <= max(2**20, MOST_RATIO * len(bomb)) + 2**18
