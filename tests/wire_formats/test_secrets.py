"""Secrets that are taken out of what an upstream said."""

from wire_formats.secrets import without_secrets


def test_every_secret_is_replaced_wherever_it_stands():
    assert without_secrets("a sk-1 b sk-2sk-1", ["sk-1", "sk-2"]) == (
        "a [removed] b [removed][removed]"
    )


def test_of_secrets_within_each_other_the_longest_goes_first():
    assert without_secrets("sk-12", ["sk-1", "sk-12"]) == "[removed]"


def test_the_mask_may_be_another():
    assert without_secrets("sk-1", {"sk-1"}, mask="***") == "***"


def test_other_text_stays():
    assert without_secrets("nothing", ["sk-1"]) == without_secrets("nothing", []) == "nothing"
