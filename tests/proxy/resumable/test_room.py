"""How much memory recordings take."""

from proxy.resumable.recording import Recording
from proxy.resumable.room import Room


def nothing_to_give_up():
    return False


def a_recording(room, limit_bytes=100):
    return Recording(owner="7:key", limit_bytes=limit_bytes, room=room)


def test_recordings_share_a_room():
    room = Room(10, nothing_to_give_up)
    first, second = a_recording(room), a_recording(room)
    first.add(b"aaaa")
    second.add(b"bbbb")
    second.add(b"cccc")
    assert (first.events_after(0), second.events_after(1)) == ([b"aaaa"], [b"cccc"])
    assert room.size_bytes == 8


def test_what_is_finished_goes_before_the_events_of_what_is_not():
    finished = [4, 4]

    def relieve():
        if not finished:
            return False
        room.take(-finished.pop())
        return True

    room = Room(12, relieve)
    room.take(8)
    recording = a_recording(room)
    for event in (b"aaaa", b"bbbb", b"cccc"):
        recording.add(event)
    assert recording.events_after(0) == [b"aaaa", b"bbbb", b"cccc"]
    recording.add(b"dddd")
    assert recording.first == 2


def test_a_room_lies_within_another():
    house = Room(10, nothing_to_give_up)
    one, other = (Room(100, nothing_to_give_up, within=house) for _ in range(2))
    one.take(8)
    assert not other.is_overfull()
    one.take(4)
    assert other.is_overfull()


def test_one_who_leaves_gives_back_what_was_taken_once():
    room = Room(10, nothing_to_give_up)
    recording = a_recording(room)
    recording.add(b"aaaa")
    recording.leave_room()
    recording.leave_room()
    recording.add(b"bbbb")
    assert room.size_bytes == 0
