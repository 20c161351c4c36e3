"""What the fault tests share: ways to break the machine for one process, and to look for what is left."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

SECLUDED = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


@pytest.fixture
def secluded(tmp_path):
    """Return a function that runs a command where a script has mounted something, or the network is gone.

    It takes the command, the folder that the script calls ``$OUT``, the script, and the environment; what was
    seen in the folder stays there. The test is skipped where the system does not allow that.
    """
    if subprocess.run([*SECLUDED, "true"], capture_output=True, check=False).returncode:
        pytest.skip("the system lets nobody but root mount anything")

    def run(command, out, prepare, environ, *, network=True):
        after = tmp_path / "after"
        after.mkdir()
        script = f'set -e\n{prepare}\nset +e\n"$@"; code=$?; cp -a "$OUT/." "$AFTER"; exit $code'
        done = subprocess.run(
            [*SECLUDED, *([] if network else ["--net"]), "sh", "-c", script, "sh", *command],
            cwd=out.parent,
            env={"OUT": str(out), "AFTER": str(after), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        shutil.rmtree(out)
        after.replace(out)
        return done

    return run


@pytest.fixture
def without_latex(tmp_path):
    """Give a PATH that has the shell's programs and no LaTeX."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("sh", "env", "uname", "cat", "rm", "ls"):
        found = shutil.which(program)
        assert found is not None
        (folder / program).symlink_to(found)
    return {"PATH": str(folder)}


@pytest.fixture
def alive():
    """Give a function that lists the processes that work in a folder, or were started from it, and stay."""

    def processes(folder):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                place = str((process / "cwd").readlink())
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:  # it has just ended
                continue
            if state != "Z" and (place.startswith(str(folder)) or str(folder) in words):
                found.append(words)
        return found

    def look(folder):
        end = time.monotonic() + 60
        while (found := processes(folder)) and time.monotonic() < end:
            time.sleep(0.1)
        return found

    return look
