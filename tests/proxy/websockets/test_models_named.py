"""The socket's own model in what a client says."""

import pytest

from proxy.client_side.errors import ModelNotFoundError
from proxy.websockets.models_named import put_main, take_main


@pytest.mark.parametrize("name", [["x"], {"x": 1}, 5, True, "", "other"])
@pytest.mark.parametrize("place", [(), ("session",), ("response",)])
def test_no_other_model_stands_in_its_place(name, place):
    fields = {"model": name}
    with pytest.raises(ModelNotFoundError):
        take_main({place[0]: fields} if place else fields, "talk")


def test_it_is_sent_under_the_upstream_s_name():
    message = {"model": "talk", "session": {"model": "talk"}, "response": {"model": None}}
    places = take_main(message, "talk")
    assert message == {"session": {}, "response": {"model": None}}
    put_main(message, places, "upstream-talk")
    assert message == {
        "model": "upstream-talk",
        "session": {"model": "upstream-talk"},
        "response": {"model": None},
    }
