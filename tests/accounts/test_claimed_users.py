"""What headers say of a user, and how that can go wrong."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from accounts.authentication_errors import InvalidUserHeader
from accounts.claimed_users import claimed_user, folded

EMAIL, NAME = b"x-openwebui-user-email", b"x-openwebui-user-name"
ID, ROLE = b"x-openwebui-user-id", b"x-openwebui-user-role"


def told(
    email: bytes = b"ada@example.com", *more: tuple[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"gw.example"), (EMAIL, email), *more]


def test_headers_without_a_user_name_none():
    headers = [(b"authorization", b"Bearer k"), (b"x-openwebui-chat-id", b"c-1")]
    assert claimed_user(headers) is None


@pytest.mark.parametrize(
    "email",
    [b"ada@example.com", b"ADA@Example.COM", b"  ada@example.com ", b"ada+x@localhost"],
)
def test_address_is_compared_without_its_case_and_blanks(email):
    claimed = claimed_user(told(email))
    assert claimed is not None
    assert claimed.email == email.decode().strip().lower()


def test_header_names_count_in_any_case():
    claimed = claimed_user([(b"X-OpenWebUI-User-Email", b"ada@example.com")])
    assert claimed is not None
    assert claimed.email == "ada@example.com"


def test_underscores_make_another_header():
    assert claimed_user([(b"x_openwebui_user_email", b"ada@example.com")]) is None


@pytest.mark.parametrize("name", ["Ada Lovelace", "Zoë O'Hara", "愛", "50 % more", "a,b;c"])
def test_name_is_read_as_open_webui_encodes_it(name):
    claimed = claimed_user(told(b"a@b", (NAME, quote(name, safe=" ").encode())))
    assert claimed is not None
    assert claimed.name == name


@pytest.mark.parametrize(
    "name", [b"%FF%FE", b"%0d%0aX-Evil: 1", b"\xff", b"%00", b"a\x7fb", "\u202eada".encode()]
)
def test_name_that_cannot_be_read_is_none(name):
    claimed = claimed_user(told(b"a@b", (NAME, name)))
    assert claimed is not None
    assert claimed.name == ""


def test_name_that_is_repeated_is_none_and_a_long_one_is_cut():
    repeated = claimed_user(told(b"a@b", (NAME, b"Ada"), (NAME, b"Eve")))
    long = claimed_user(told(b"a@b", (NAME, b"x" * 5000)))
    assert repeated is not None
    assert long is not None
    assert repeated.name == ""
    assert long.name == "x" * 150


@pytest.mark.parametrize(
    "email",
    [
        *(b"", b" ", b"ada", b"@example.com", b"ada@", b"a@b@c"),
        *(b"ada@example.com,eve@example.com", b"ada@example.com eve@example.com"),
        *(b"ada@example.com\x00", b"ada@exam\tple.com", b"ada@ex\r\nample.com"),
        *(b"<ada@example.com>", b'"a"@b', b"ada\xff@example.com", "a\u202e@b".encode()),
        b"a" * 250 + b"@b.example",
    ],
)
def test_address_that_is_none_is_refused(email):
    with pytest.raises(InvalidUserHeader):
        claimed_user(told(email))


@pytest.mark.parametrize("emails", [(b"ada@b", b"eve@b"), (b"ada@b", b"ada@b")])
def test_repeated_address_is_refused(emails):
    with pytest.raises(InvalidUserHeader, match="once"):
        claimed_user([(EMAIL, email) for email in emails])


@pytest.mark.parametrize("header", [(ID, b"1"), (NAME, b"Ada"), (ROLE, b"admin")])
def test_user_without_an_address_is_refused(header):
    with pytest.raises(InvalidUserHeader, match="no `X-OpenWebUI-User-Email`"):
        claimed_user([header])


def test_signed_user_is_refused_with_what_to_change():
    with pytest.raises(InvalidUserHeader, match="FORWARD_USER_INFO_HEADER_JWT_SECRET"):
        claimed_user([(b"x-openwebui-user-jwt", b"a.b.c")])


def test_percent_signs_of_an_address_are_its_own():
    claimed = claimed_user(told(b"ada%40x@example.com"))
    assert claimed is not None
    assert claimed.email == "ada%40x@example.com"


def test_letters_that_become_ascii_in_lower_case_stay_apart():
    assert "\N{KELVIN SIGN}".lower() == "k"
    assert folded("\N{KELVIN SIGN}@B") == "\N{KELVIN SIGN}@b"
