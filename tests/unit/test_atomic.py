"""Files that are there whole or not at all."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from report import bundle

INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from report import bundle

def interrupt(event, arguments):
    if event == "os.rename":
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(interrupt)
bundle.write(Path(sys.argv[1]), b"new")
"""


@pytest.mark.parametrize("former", [None, b"old"])
def test_an_interrupt_between_writing_and_putting_in_place_leaves_nothing(former, tmp_path):
    """Ctrl-C in the moment before the file is put in its place: the former one stays, no part is left."""
    file = tmp_path / "entry.json"
    if former is not None:
        file.write_bytes(former)

    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, file],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )

    assert done.returncode == -signal.SIGINT, done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == (
        {} if former is None else {"entry.json": former}
    )


def test_a_file_too_large_for_the_disk_leaves_nothing(tmp_path):
    """Where the system refuses in the middle, the former file stays and no part is left."""
    file = tmp_path / "entry.json"
    bundle.write(file, b"old")
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, former[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            bundle.write(file, b"new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, ignored)

    assert [path.name for path in tmp_path.iterdir()] == ["entry.json"]
    assert file.read_bytes() == b"old"


def test_the_last_content_stays(tmp_path):
    """A file is replaced as a whole, with the permissions that a file is made with here."""
    file, plain = tmp_path / "entry.json", tmp_path / "plain"
    plain.write_bytes(b"")
    for content in (b"a longer one", b"short"):
        bundle.write(file, content)

    assert file.read_bytes() == b"short"
    assert file.stat().st_mode == plain.stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["entry.json", "plain"]
