"""The notebook's kernel finds matplotlib's list of fonts made, however long that takes on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# matplotlib tells of a new list after five seconds; here at once, as if to make one took that long.
SLOW_MACHINE = """
import sys, threading
from pathlib import Path

timer = threading.Timer
threading.Timer = lambda seconds, *rest: timer(0, *rest)
from report.process import keep_font_list
keep_font_list(Path(sys.argv[1], "build"))
from report.kernel import _environment
private = Path(sys.argv[1], "kernel")
private.mkdir()
_environment(private, 1)
"""
IN_THE_NOTEBOOK = """
from matplotlib import font_manager, get_cachedir

assert font_manager.fontManager.ttflist
print(get_cachedir())
"""


def test_the_list_of_fonts_is_there_when_the_notebook_begins(tmp_path: Path) -> None:
    """On a machine without the list it is made in silence, before the kernel, which makes none of its own."""
    environ = os.environ | {"MPLCONFIGDIR": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}

    made = subprocess.run(
        [sys.executable, "-c", SLOW_MACHINE, tmp_path], env=environ, capture_output=True, check=True
    )
    (fonts,) = (tmp_path / "kernel").glob("fontlist-*.json")
    before = fonts.stat().st_mtime_ns
    environ["MPLCONFIGDIR"] = str(tmp_path / "kernel")
    used = subprocess.run(
        [sys.executable, "-c", IN_THE_NOTEBOOK], env=environ, capture_output=True, check=True
    )

    assert (b"", b"") == (made.stdout, made.stderr)
    assert f"{tmp_path}/kernel\n".encode() == used.stdout
    assert before == fonts.stat().st_mtime_ns
