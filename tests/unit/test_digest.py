"""Digests: never more tokens than they may have, whatever an agent says."""

import random
import string

import pytest

from staddle.core.digest import MOST_TOKENS, digest, tokens_at_most

ALPHABETS = {
    "words": [*string.ascii_lowercase, " "],
    "capitals": [*string.ascii_uppercase],
    "letters": [*string.ascii_letters],
    "figures": [*string.hexdigits],
    "marks": [*string.punctuation, " "],
    "han": [chr(number) for number in range(0x4E00, 0x9FFF)],
    "pictures": [chr(number) for number in range(0x1F300, 0x1F9FF)],
    "anything": [chr(number) for number in (*range(1, 0xD800, 7), *range(0x10000, 0x10FFFF, 97))],
}


def texts(name: str) -> list[str]:
    rng = random.Random(7)
    return ["".join(rng.choices(ALPHABETS[name], k=700)) for _ in range(50)]


@pytest.mark.parametrize("name", ALPHABETS)
@pytest.mark.parametrize("vocabulary", ["cl100k_base", "o200k_base", "voyage3_base"])
def test_no_real_vocabulary_needs_more_tokens_for_a_digest_than_it_may_have(vocabulary: str, name: str) -> None:
    encoding = pytest.importorskip("bpe_openai").get_encoding(vocabulary)
    for text in texts(name):
        assert len(encoding.encode(digest(text))) <= tokens_at_most(digest(text)) <= MOST_TOKENS


def test_a_short_message_is_its_own_digest() -> None:
    assert digest("All tests\n  are green.\x1b[0m") == "All tests are green. [0m"


def test_a_long_message_is_cut_and_says_so() -> None:
    said = digest("The gate asks for a signed warrant before money moves. " * 40)
    assert said.startswith("The gate asks for a signed warrant")
    assert said.endswith(" ...")
    assert len(said) > 200
