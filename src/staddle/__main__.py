"""The program `staddle`; nothing is imported before it is needed."""

import gc
import sys

SELDOM = 100_000
"""Objects made until garbage is first looked for: most commands have ended by then."""


def main() -> None:
    """Run the command line, and end with the exit code that it came to."""
    if sys.argv[1:] == ["--version"]:
        from . import __version__

        sys.stdout.write(f"staddle {__version__}\n")
        return
    gc.set_threshold(SELDOM)
    from .cli.main import run

    try:
        code = run(sys.argv[1:])
    finally:
        gc.freeze()  # the interpreter's last collection would go through every module again, for a fifth of the time
    sys.exit(code)


def launch(verb: str) -> None:
    """Run one verb with the arguments of the script that calls this."""
    sys.argv[1:1] = [verb]
    main()


if __name__ == "__main__":
    main()
