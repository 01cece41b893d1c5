"""Filters: the programs that git has write files for it (LFS), and which of them is not there."""

import shutil

from ..core.errors import WorkFailed
from .git import Git

KEYS = r"^filter\..*\.(process|smudge)$"


def require_programs(git: Git) -> None:
    """WorkFailed, by name, when a filter that the settings demand has a program that is not installed."""
    listed = git.attempt("config", "-z", "--get-regexp", KEYS).out.decode(errors="surrogateescape")
    for line in filter(None, listed.split("\0")):
        key, _, command = line.partition("\n")
        name, program = key.split(".", 1)[1].rpartition(".")[0], (command.split() or [""])[0]
        if git.config(f"filter.{name}.required") == "true" and program and not shutil.which(program):
            what = f"files of this repository go through the filter {name}, and its program {program} is not installed"
            raise WorkFailed(what, f"install {program}, then run the same command again")
