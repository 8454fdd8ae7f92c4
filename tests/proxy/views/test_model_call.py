import pytest

from proxy.views.model_call import LONGEST_CHAT_ID, chat_id_of

LONGEST = "c" * LONGEST_CHAT_ID


@pytest.mark.parametrize("chat_id", ["4f2a-chat", LONGEST])
def test_the_chat_is_the_one_that_the_metadata_names(chat_id: str) -> None:
    assert chat_id_of({"metadata": {"chat_id": chat_id}}) == chat_id


@pytest.mark.parametrize(
    "body", [{}, {"metadata": None}, {"metadata": ["chat_id"]}, {"metadata": {"chat_id": 4}}]
)
def test_without_an_id_there_is_none(body: dict[str, object]) -> None:
    assert chat_id_of(body) == ""


def test_what_no_header_should_carry_is_no_id() -> None:
    assert chat_id_of({"metadata": {"chat_id": LONGEST + "c"}}) == ""
