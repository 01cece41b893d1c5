"""Where a remote's URL leads: to a repository on the forge, or elsewhere."""

import pytest

from staddle.edges.forge import repository

HOSTS = ("github.com", "git.corp.example")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/venture.git",
        "https://github.com/acme/venture",
        "https://github.com/acme/venture/",
        "https://GitHub.com/acme/venture.git",
        "https://www.github.com/acme/venture",
        "https://ada:secret@github.com/acme/venture.git",
        "git@github.com:acme/venture.git",
        "github.com:acme/venture",
        "git@GITHUB.com:/acme/venture.git",
        "ssh://git@github.com/acme/venture.git",
        "ssh://git@github.com:22/acme/venture.git",
        "ssh://git@ssh.github.com:443/acme/venture.git",
        "git://github.com/acme/venture.git",
    ],
)
def test_every_spelling_of_a_repository_is_read(url: str) -> None:
    assert repository(url, HOSTS) == ("github.com", "acme", "venture")


def test_dots_and_dashes_belong_to_names() -> None:
    assert repository("git@github.com:ac-me/ven.ture.js.git", HOSTS) == ("github.com", "ac-me", "ven.ture.js")


def test_a_forge_of_ones_own_is_known_by_its_host() -> None:
    assert repository("ssh://git@git.corp.example:2222/acme/venture", HOSTS) == ("git.corp.example", "acme", "venture")


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/acme/venture.git",
        "https://github.com.evil.example/acme/venture",
        "https://github.com/acme",
        "https://github.com/acme/venture/tree/main",
        "https://evil.example/github.com:acme/venture",
        "../origin.git",
        "origin",
        "./github.com:acme/venture",
        "github.com/acme/venture",
        "file:///srv/github.com/acme/venture.git",
        "https://[github.com/acme/venture",
        "",
    ],
)
def test_what_is_elsewhere_is_no_repository_on_the_forge(url: str) -> None:
    assert repository(url, HOSTS) is None
