"""The form of a gateway key: ``sk-gw-`` + 32 base62 characters + a 6-character checksum.

The checksum tells a mistyped or foreign key from one that was issued, to scanners for leaked keys
and while the database is down. It is no secret: what protects a key are its 190 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib

PREFIX = "sk-gw-"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
LOOKS_LIKE_KEY = re.compile(re.escape(PREFIX) + r"\w+")
KEY_LENGTH = len(PREFIX) + RANDOM_LENGTH + CHECKSUM_LENGTH


def generate() -> str:
    """A new key in the clear. Show it once and keep only its digest."""
    random_part = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return PREFIX + random_part + checksum_of(random_part)


def is_well_formed(key: str) -> bool:
    """Whether ``key`` could have come from :func:`generate`."""
    if len(key) != KEY_LENGTH or not key.startswith(PREFIX) or not key.isascii():
        return False
    random_part, checksum = key[len(PREFIX) : -CHECKSUM_LENGTH], key[-CHECKSUM_LENGTH:]
    return hmac.compare_digest(checksum_of(random_part), checksum)


def digest(key: str, pepper: bytes) -> str:
    """HMAC-SHA256 of the whole key, as 64 hexadecimal digits."""
    return hmac.new(pepper, key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def hint(key: str) -> str:
    """The part of a key that lists and logs may show."""
    return f"{PREFIX}…{key[-4:]}"


def censored(text: str) -> str:
    """``text`` without anything that looks like a key: clients paste theirs into odd places."""
    return LOOKS_LIKE_KEY.sub(f"{PREFIX}…", text) if PREFIX in text else text


def checksum_of(text: str) -> str:
    """The last characters of a key whose rest is ``text``."""
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, remainder = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[remainder])
    return "".join(reversed(digits))
