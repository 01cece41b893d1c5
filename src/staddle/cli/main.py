"""The command line as a whole, and the only place where expected errors end."""

import errno
import signal
from collections.abc import Callable

import typer

from ..core.errors import Interrupted, StaddleError
from ..core.verbs import VERBS
from ..edges.console import complain, talk
from ..guard.trap import die_with_parent, trap
from . import checks, ci, crews, drills, landings, lints, matrix, ranks, requests, runs, start, trees, upkeep, work

BROKEN_PIPE = 128 + signal.SIGPIPE
MACHINES_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE}
"""What no code of ours is to blame for; every other OSError is a bug and keeps its traceback."""

app = typer.Typer(
    name="staddle",
    help="Worktrees from one file: a tree for each milestone, several candidates for one hard task.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

_GROUPS = (start, trees, work, crews, checks, upkeep, matrix, landings, requests, lints, ranks, runs, drills, ci)
COMMANDS: dict[str, Callable[..., None]] = {name: verb for group in _GROUPS for name, verb in group.COMMANDS.items()}
for _verb in VERBS:
    _help = f"{_verb.summary}\n\n{_verb.details}"
    _epilog = f"Example: staddle {_verb.name} {_verb.example}"
    app.command(_verb.name, help=_help, short_help=_verb.summary, epilog=_epilog)(COMMANDS[_verb.name])


@app.callback()
def _program(
    version: bool = typer.Option(False, "--version", help="Print the version and end."),
) -> None:
    if version:
        from .. import __version__
        from ..edges.console import answer

        answer(f"staddle {__version__}")
        raise typer.Exit


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code is the contract of core.errors, or 128 + a signal's number."""
    die_with_parent()
    try:
        with trap():
            app(arguments, prog_name="staddle")
    except SystemExit as end:  # Typer's own, which is 1 where nobody reads on
        return BROKEN_PIPE if isinstance(end.__context__, BrokenPipeError) else int(end.code or 0)
    except StaddleError as error:
        complain(error.what, error.hint)
        return error.exit_code
    except Interrupted as interrupt:
        talk(f"ended by {interrupt}")
        return 128 + interrupt.signum
    except OSError as error:
        if error.errno not in MACHINES_FAULTS:
            raise
        what = ": ".join(filter(None, (error.strerror, error.filename)))
        complain(what, "mend that; the next command takes up what was under way")
        return 1

    return 0
