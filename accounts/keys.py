"""The form of a gateway key: ``sk-gw-`` + 32 base62 characters + a 6-character checksum.

The checksum tells a mistyped or foreign key from one that was issued, to scanners for leaked keys
and while the database is down. It is no secret: what protects a key are its 190 random bits.
"""

from __future__ import annotations

import hmac
import re
import secrets
import zlib
from functools import lru_cache

PREFIX = "sk-gw-"
EPHEMERAL_PREFIX = "ek_gw_"  # of client secrets: OpenAI's clients look for the beginning
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
LOOKS_LIKE_KEY = re.compile(rf"({PREFIX}|{EPHEMERAL_PREFIX})\w+")
LENGTH_BEHIND_PREFIX = RANDOM_LENGTH + CHECKSUM_LENGTH
KEY_LENGTH = len(PREFIX) + LENGTH_BEHIND_PREFIX


def generate(prefix: str = PREFIX) -> str:
    """A new key in the clear. Show it once and keep only its digest."""
    random_part = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return prefix + random_part + checksum_of(random_part)


def is_well_formed(key: str, prefix: str = PREFIX) -> bool:
    """Whether ``key`` could have come from :func:`generate`."""
    if len(key) != len(prefix) + LENGTH_BEHIND_PREFIX:
        return False
    if not key.startswith(prefix) or not key.isascii():
        return False
    random_part, checksum = key[len(prefix) : -CHECKSUM_LENGTH], key[-CHECKSUM_LENGTH:]
    return hmac.compare_digest(checksum_of(random_part), checksum)


def digest(key: str, pepper: bytes) -> str:
    """HMAC-SHA256 of the whole key, as 64 hexadecimal digits."""
    keyed = _keyed(pepper).copy()
    keyed.update(key.encode("utf-8", "surrogatepass"))
    return keyed.hexdigest()


@lru_cache(maxsize=4)
def _keyed(pepper: bytes) -> hmac.HMAC:
    """The HMAC of nothing yet: each request needs one, and copying it takes a third of the time."""
    return hmac.new(pepper, digestmod="sha256")


def hint(key: str) -> str:
    """The part of a key that lists and logs may show."""
    return f"{PREFIX}…{key[-4:]}"


def censored(text: str) -> str:
    """``text`` without anything that looks like a key: clients paste theirs into odd places."""
    if PREFIX not in text and EPHEMERAL_PREFIX not in text:
        return text
    return LOOKS_LIKE_KEY.sub(r"\1…", text)


def checksum_of(text: str) -> str:
    """The last characters of a key whose rest is ``text``."""
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, remainder = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[remainder])
    return "".join(reversed(digits))
