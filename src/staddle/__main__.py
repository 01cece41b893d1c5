"""The program `staddle`; nothing is imported before it is needed."""

import sys


def main() -> None:
    """Run the command line, and end with the exit code that it came to."""
    if sys.argv[1:] == ["--version"]:
        from . import __version__

        sys.stdout.write(f"staddle {__version__}\n")
        return
    from .cli.main import run

    sys.exit(run(sys.argv[1:]))


def launch(verb: str) -> None:
    """Run one verb with the arguments of the script that calls this."""
    sys.argv[1:1] = [verb]
    main()


if __name__ == "__main__":
    main()
