"""The checks behind problem 1, and the ledger that records them."""

from derivations.checks.ledger import Check, CheckFailed, Finding, LedgerRow, run

__all__ = ["Check", "CheckFailed", "Finding", "LedgerRow", "run"]
