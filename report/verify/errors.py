"""The one error of verify: a submission that cannot be judged."""

from __future__ import annotations

from report.errors import InputError


class UnjudgedError(InputError):
    """The submission itself is at fault: damaged, hostile, or not made by this program; exit code 2."""
