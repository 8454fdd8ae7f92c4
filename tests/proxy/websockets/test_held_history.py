"""What sockets remember is bounded."""

from proxy.websockets.held_history import HeldHistory


def test_each_key_and_all_together_have_a_cap():
    held = HeldHistory(most_bytes_per_key=10, most_bytes=15)
    assert held.hold("a", 8, instead_of=0)
    assert not held.hold("a", 3, instead_of=0)
    assert held.hold("a", 10, instead_of=8)
    assert not held.hold("b", 6, instead_of=0)
    assert held.hold("b", 5, instead_of=0)
    assert held.bytes_held == 15


def test_what_is_forgotten_makes_room():
    held = HeldHistory(most_bytes_per_key=10, most_bytes=15)
    assert held.hold("a", 10, instead_of=0)
    assert not held.hold("a", 11, instead_of=10)
    assert held.bytes_held == 0
    assert held.hold("b", 10, instead_of=0)
    assert held.hold("b", 0, instead_of=10)
    assert held.bytes_held == 0
