"""Verify a submission: what it reports, what is attached to it, and what comes out here."""
