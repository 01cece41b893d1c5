"""What git runs before a commit in a milestone's tree: the rules of `lint`, for what is staged and for the message."""

import os
import sys
from pathlib import Path


def main(hook: str, plan: str, *arguments: str) -> int:
    """Judge the commit under way; 1 stops it. What keeps us from judging it is told, and does not stop it."""
    try:
        from .core.errors import StaddleError
        from .core.policy import Level
    except ImportError as error:
        return _passed_over(error)
    try:
        from .edges.console import talk
        from .flows import lint
        from .flows.workspace import Workspace, open_workspace

        main_one = open_workspace(Path(plan))
        workspace = Workspace(main_one.git, main_one.state, Path.cwd(), main_one.loaded)
        if not workspace.plan.hooks:
            return 0
        if hook == "pre-commit":
            index = os.environ.get("GIT_INDEX_FILE")
            findings = lint.lint_staged(workspace, Path(index).absolute() if index else None).findings
        else:
            text = Path(arguments[0]).read_bytes().decode(errors="replace")
            findings = lint.lint_draft(workspace, workspace.plan, text, None).findings
    except (StaddleError, ImportError, OSError) as error:
        return _passed_over(error)
    for line in (line for finding in findings for line in finding.lines()):
        talk(line)
    return int(any(finding.level is Level.ERROR for finding in findings))


def _passed_over(error: Exception) -> int:
    sys.stderr.write(f"staddle: this commit is not linted: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
