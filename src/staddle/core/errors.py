"""The failures staddle expects, each with its exit code and the command that helps."""

import signal


class StaddleError(Exception):
    """An expected failure: what is wrong with which thing, and a hint to paste or follow.

    `exit_code` is the contract of scripts and the command line: 1 the work failed, 2 bad plan or
    usage, 3 refused for safety, 4 held by another process.
    """

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class WorkFailed(StaddleError):
    """The work itself failed: a red check, a conflict, a set-up command that ended badly."""


class UsageError(StaddleError):
    """The request makes no sense: an unknown target, a wrong option, a missing repository."""

    exit_code = 2


class PlanError(UsageError):
    """The plan is wrong; `what` holds one line a fault, each `file:line: trail: message`."""


class Refused(StaddleError):
    """Doing it could lose or harm something; `code` names the reason for machines."""

    exit_code = 3

    def __init__(self, code: str, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.code = code


class Held(StaddleError):
    """Another living process holds what is needed; trying again later helps."""

    exit_code = 4


class Interrupted(BaseException):
    """INT, TERM or HUP arrived; everything under way unwinds and the exit code is 128 + signal.

    A BaseException, so that no `except Exception` on the way holds it up.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum
