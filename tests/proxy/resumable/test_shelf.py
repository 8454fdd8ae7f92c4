"""The recordings of a worker."""

import pytest

from proxy.resumable.shelf import Shelf


@pytest.fixture(autouse=True)
def limits(settings):
    settings.GATEWAY_RESUMABLE_MAX_STREAMS = 2
    settings.GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL = 3
    settings.GATEWAY_RESUMABLE_MAX_KEPT = 2
    settings.GATEWAY_RESUMABLE_KEY_BYTES = 10
    settings.GATEWAY_RESUMABLE_TOTAL_BYTES = 20


def test_an_owner_has_so_many_under_way():
    shelf = Shelf()
    first = shelf.add("req_1", "ada")
    assert shelf.add("req_2", "ada")
    assert shelf.add("req_3", "ada") is None
    first.complete()
    assert shelf.add("req_3", "ada")
    assert shelf.under_way() == {"req_2": "ada", "req_3": "ada"}


def test_all_owners_have_so_many_under_way():
    shelf = Shelf()
    assert all(shelf.add(f"req_{owner}", owner) for owner in "abc")
    assert shelf.add("req_d", "d") is None
    shelf.remove("req_a")
    assert shelf.add("req_d", "d")


def test_so_many_are_kept():
    shelf = Shelf()
    for number in range(4):
        shelf.add(f"req_{number}", "ada").complete()
    shelf.thin_out("ada")
    assert [shelf.get(f"req_{number}") is not None for number in range(4)] == [0, 0, 1, 1]


def test_what_is_finished_makes_room():
    shelf = Shelf()
    others, old = shelf.add("req_others", "bob"), shelf.add("req_old", "ada")
    for recording in (others, old):
        recording.add(b"x" * 8)
        recording.complete()
    new = shelf.add("req_new", "ada")
    new.add(b"y" * 8)
    assert shelf.get("req_old") is None
    assert shelf.get("req_others") is others


def test_nothing_is_recorded_where_there_is_no_room():
    shelf = Shelf()
    shelf.add("req_1", "ada").add(b"x" * 21)
    assert shelf.add("req_2", "bob") is None
    shelf.remove("req_1")
    assert shelf.add("req_2", "bob")


def test_removing_twice_is_removing_once():
    shelf = Shelf()
    shelf.add("req_1", "ada")
    for _ in range(2):
        shelf.remove("req_1")
    assert shelf.get("req_1") is None
