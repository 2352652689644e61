"""Pseudonyms: made of a value by HMAC-SHA256, so that nobody without the key can tell the value or try which it was.

The same value of the same kind is always the same pseudonym. They are in lower case (names but for their initials), so
they differ where case does not matter, too; and where a column is shorter than a pseudonym, its beginning stands there.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import struct
from collections.abc import Callable
from functools import cache
from hashlib import shake_256
from itertools import product
from math import log2
from typing import NamedTuple
from uuid import UUID

__all__ = ["KINDS", "Pseudonym", "pseudonym"]


class Pseudonym(NamedTuple):
    """A pseudonym, and the bits of chance in it: of 2 to the half of them values two may have one pseudonym."""

    text: str
    bits: float


Bits = Callable[[int], bytes]
"""So many bytes of chance; more of them begin with the fewer."""

_LETTER_OF = b"abcdefghijkmnpqrstuvwxyz23456789" * 8
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_HEX = re.compile(r"[0-9a-fA-F]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LONG = 16
"""Letters that tell values apart, of five bits each."""
LONGEST_TOKEN = 64


def pseudonym(key: bytes, kind: str, value: str, longest: int = 0) -> Pseudonym:
    """The pseudonym of a value, with at most `longest` characters (0: any number)."""
    normal = _NORMAL.get(kind, str)(value)
    seed = hmac.digest(key, f"{kind}\0{normal}".encode("utf-8", "surrogatepass"), "sha256")
    return KINDS[kind](lambda size: shake_256(seed).digest(size), value, longest)


def _letters(bits: Bits, count: int) -> str:
    return bits(count).translate(_LETTER_OF).decode()


@cache
def _all_words() -> list[str]:
    """Words of five letters that can be spoken, of 16 bits each (as in https://arxiv.org/html/0901.4016)."""
    return ["".join(word) for word in product(_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)]


def _words(bits: Bits, count: int) -> list[str]:
    return [_all_words()[number] for number in struct.unpack(f">{count}H", bits(2 * count))]


def _with_letters(before: str, after: str) -> Callable[[Bits, str, int], Pseudonym]:
    """Letters between two texts, of which they keep what there is room for."""

    def made(bits: Bits, value: str, longest: int) -> Pseudonym:
        room = (longest or 255) - len(before) - len(after)
        if room < 4:  # what shows the kind has to go
            count = min(longest, LONG)
            return Pseudonym(_letters(bits, count), 5 * count)
        count = min(room, LONG)
        return Pseudonym(before + _letters(bits, count) + after, 5 * count)

    return made


def _name_part(bits: Bits, value: str, longest: int) -> Pseudonym:
    return _cut("".join(_words(bits, 2)).capitalize(), longest, 3.2)


def _name(bits: Bits, value: str, longest: int) -> Pseudonym:
    words = _words(bits, 4)
    return _cut(f"{(words[0] + words[1]).capitalize()} {(words[2] + words[3]).capitalize()}", longest, 3.2)


def _text(bits: Bits, value: str, longest: int) -> Pseudonym:
    """Of the length that the value has."""
    words = _words(bits, len(value) // 6 + 1)
    return _cut(" ".join(words)[: len(value)].rstrip().ljust(len(value), "a"), longest, 16 / 6)


def _phone(bits: Bits, value: str, longest: int) -> Pseudonym:
    """+999 is nobody's: https://en.wikipedia.org/wiki/List_of_telephone_country_codes."""
    digits = str(int.from_bytes(bits(8), "big") % 10**11).zfill(11)
    return _cut(f"+999{digits}", longest, log2(10), sure=4)


def _password(bits: Bits, value: str, longest: int) -> Pseudonym:
    """One that nobody can log in with, as `set_unusable_password` has it (django/contrib/auth/hashers.py)."""
    return _cut("!" + _letters(bits, 40), longest, 5, sure=1)


def _token(bits: Bits, value: str, longest: int) -> Pseudonym:
    """As long as the value, and of digits, of hexadecimal digits, or of letters and digits, as it is."""
    if _UUID.fullmatch(value):
        return _uuid(bits, value, longest)
    size = min(len(value), LONGEST_TOKEN, longest or LONGEST_TOKEN)
    if value.isdecimal() and value.isascii():
        return Pseudonym(str(int.from_bytes(bits(size), "big") % 10**size).zfill(size), log2(10) * size)
    if _HEX.fullmatch(value):
        return Pseudonym(bits(size).hex()[:size], 4 * size)
    return Pseudonym(_letters(bits, size), 5 * size)


def _session(bits: Bits, value: str, longest: int) -> Pseudonym:
    return _cut(_letters(bits, 32), longest, 5)


def _uuid(bits: Bits, value: str, longest: int) -> Pseudonym:
    made = UUID(bytes=bits(16), version=4)
    return Pseudonym(str(made) if "-" in value else made.hex, 122)


def _ip(bits: Bits, value: str, longest: int) -> Pseudonym:
    """A private one: 10.0.0.0/8 (RFC 1918), or fd00::/8 (RFC 4193)."""
    if ":" in value:
        return Pseudonym(str(ipaddress.IPv6Address(b"\xfd" + bits(15))), 120)
    return Pseudonym(str(ipaddress.IPv4Address(b"\x0a" + bits(3))), 24)


def _cut(text: str, longest: int, bits: float, *, sure: int = 0) -> Pseudonym:
    """`bits` for each character but the first `sure`."""
    text = text[:longest] if longest else text
    return Pseudonym(text, bits * (len(text) - sure))


def _plain_uuid(value: str) -> str:
    try:
        return UUID(value).hex
    except ValueError:
        return value


_NORMAL: dict[str, Callable[[str], str]] = {"uuid": _plain_uuid}
KINDS: dict[str, Callable[[Bits, str, int], Pseudonym]] = {
    "email": _with_letters("", "@example.com"),  # RFC 2606: it is nobody's
    "username": _with_letters("user_", ""),
    "first_name": _name_part,
    "last_name": _name_part,
    "name": _name,
    "phone": _phone,
    "text": _text,
    "password": _password,
    "token": _token,
    "session": _session,
    "uuid": _uuid,
    "ip": _ip,
    "url": _with_letters("https://example.com/", ""),
}
"""By kind, what makes a pseudonym of chance, the value and the most characters."""
