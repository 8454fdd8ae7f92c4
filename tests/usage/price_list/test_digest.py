from __future__ import annotations

from usage.price_list import DIGEST
from usage.price_list.digest import written


def test_the_digest_is_that_of_the_installed_package() -> None:
    same = DIGEST.read_bytes() == written()
    assert same, "run `python -m usage.price_list.digest`"
