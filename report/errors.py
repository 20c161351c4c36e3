"""The errors that the command reports: one sentence, what to do, an exit code."""

from __future__ import annotations


class ReportError(Exception):
    """An error that a person can cause or fix: one sentence with what is wrong and where, and what to do."""

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(ReportError):
    """Bad arguments, configuration or data."""

    exit_code = 2


class LatexError(ReportError):
    """No LaTeX toolchain, or LaTeX failed."""

    exit_code = 3


class CheckError(ReportError):
    """One of the program's own checks failed: of a derivation, of the two searches, or of the bundle."""

    exit_code = 4


class MachineError(ReportError):
    """The machine failed: disk, kernel, worker, a limit, a lock."""

    exit_code = 5
