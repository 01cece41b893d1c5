"""Masking: values of variables whose names look secret are not in what is kept or shown of a program's output."""

import json
import os
import re
from collections.abc import Mapping

MASK = "***"
SECRET_NAME = re.compile("TOKEN|KEY|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
LEAST = 8
"""Characters of a secret: what is shorter stands in output by chance."""
PLAIN_WORD = re.compile("[A-Za-z]?[a-z]+|[A-Z]+")


def secrets_in(environ: Mapping[str, str]) -> list[str]:
    """What is to be masked: secrets in this environment, and as JSON has them, the longest first.

    A plain word, the place of something that exists, and git's names of settings are none.
    """
    values = {value.strip() for name, value in environ.items() if SECRET_NAME.search(name) and name[:4] != "GIT_"}
    found = {value for value in values if len(value) >= LEAST and not _is_harmless(value)}
    return sorted(found | {json.dumps(value)[1:-1] for value in found}, key=len, reverse=True)


def masked(text: str) -> str:
    """The text without the secrets of our own environment."""
    for secret in secrets_in(os.environ):
        text = text.replace(secret, MASK)
    return text


def _is_harmless(value: str) -> bool:
    return bool(PLAIN_WORD.fullmatch(value)) or ("/" in value and os.path.lexists(value))
