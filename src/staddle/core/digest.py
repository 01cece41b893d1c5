"""Digests: what an agent said last, in at most 150 tokens of any usual vocabulary, without having one at hand.

A word is counted as more tokens than vocabularies cut it into, and anything else by the byte, of which a token has at
least one; so a digest is shorter than it might be, and never longer.
"""

import re

MOST_TOKENS = 150
CUT = " ..."

_PIECE = re.compile(r"[ \n]|(?:[A-Z]?[a-z]{1,16}|[A-Z]{2,5})(?![A-Za-z])|[\s\S]")
_VOWEL = re.compile("[aeiouyAEIOUY]")


def tokens_at_most(text: str) -> int:
    """More tokens than `text` has."""
    return sum(map(_weight, _PIECE.findall(text)))


def digest(text: str, most: int = MOST_TOKENS) -> str:
    """The beginning of `text`, white space made single spaces, that is no more than `most` tokens."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if tokens_at_most(plain) <= most:
        return plain
    left, kept = most - tokens_at_most(CUT), list[str]()
    for piece in _PIECE.findall(plain):
        left -= _weight(piece)
        if left < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + CUT


def _weight(piece: str) -> int:
    if piece in (" ", "\n"):
        return int(piece == "\n")  # a vocabulary counts a space to the word that follows it
    is_word = piece.isascii() and piece.isalpha() and _VOWEL.search(piece)
    return (len(piece) + 1) // 2 + 1 if is_word and len(piece) > 2 else len(piece.encode(errors="replace"))
