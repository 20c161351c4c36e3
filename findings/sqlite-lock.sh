#!/usr/bin/env bash
# SQLite's timeout of five seconds does not wait: who has read before writing is told "database is locked" at once.
#
# One would expect: with sqlite3.connect(timeout=5) a writer waits up to five seconds for another one to end.
# What happens: two connections begin, both read, one writes; the other's insert fails within a tenth of a second,
#   in the old journal mode (SQLITE_BUSY) and in WAL even after the first has committed (SQLITE_BUSY_SNAPSHOT). With
#   BEGIN IMMEDIATE it does wait, five seconds where the other never ends.
# Seen with: Python 3.11's sqlite3, SQLite 3.40.1. Why: the reader's view is already old, waiting could not mend it,
#   and for two that both hold a read lock it would be a deadlock; so the handler that waits is not called.
# For this program: several processes look a fit up and then store it; each statement stands alone (autocommit) or
#   the transaction begins as a writer's, and a longer timeout helps nothing.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 - "$folder" <<'END'
import sqlite3
import sys
import time

as_stated = True
for mode in ("delete", "wal"):
    for begin in ("begin", "begin immediate"):
        name = f"{sys.argv[1]}/{mode}{len(begin)}"
        first, second = (sqlite3.connect(name, timeout=5, isolation_level=None) for _ in range(2))
        first.execute(f"pragma journal_mode={mode}")
        first.execute("create table fits (a)")
        second.execute("begin" if begin == "begin" else "begin immediate")
        second.execute("select * from fits").fetchall()
        started = time.monotonic()
        try:
            first.execute(begin)
            first.execute("select * from fits").fetchall()
            second.execute("insert into fits values (1)")
            if mode == "wal":
                second.execute("commit")
            first.execute("insert into fits values (2)")
            told = "ok"
        except sqlite3.OperationalError as error:
            told = error.sqlite_errorname
        waited = time.monotonic() - started
        print(f"{sqlite3.sqlite_version} journal {mode:6} {begin:15} {told:20} after {waited:.2f} s")
        as_stated &= told.startswith("SQLITE_BUSY") and (waited < 1 if begin == "begin" else waited > 4)
sys.exit(not as_stated)
END
