"""Build on each Debian and verify every PDF on every other: a table of exit codes for docs/numbers.md.

`make systems`, as root on a Debian machine with debootstrap. Each system is bootstrapped once into a folder
of its own (`--folder`, 5 GB in all), from the mirror that this machine uses. There the last commit is set up
and built; the first time as on a bare machine, with `make setup` as the first command.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13", "testing": "Debian testing"}
PAGE, BEGIN, END = ROOT / "docs" / "numbers.md", "<!-- systems -->\n", "<!-- /systems -->\n"
PROJECT, HANDED_IN = Path("root/project"), Path("root/handed-in")
FULL = 20  # the points of the sheet
# This machine's certificates, for its network; under a name that no package writes.
CERTIFICATES, COPY = Path("/etc/ssl/certs/ca-certificates.crt"), Path("root/certificates.crt")
# What the processes of a system see beside its files: devices, and only each other.
ENTER = """\
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/tmp" &&
cd / && exec chroot "$1" sh -c "cd /root/project && $2"
"""


@dataclass(frozen=True)
class System:
    """A Debian in a folder."""

    suite: str
    root: Path

    def bootstrap(self) -> None:
        """Install the few packages of a bare machine, unless that has been done."""
        made = self.root / "bootstrapped"
        if not made.exists():
            bare = ["--variant=minbase", "--include=python3,make"]
            subprocess.run(
                ["debootstrap", *bare, self.suite, self.root, mirror()], check=True, stdout=sys.stderr
            )
            made.touch()
        for file, copy in ((Path("/etc/resolv.conf"), Path("etc/resolv.conf")), (CERTIFICATES, COPY)):
            if file.exists():
                shutil.copyfile(file, self.root / copy)

    def check_out(self) -> None:
        """Put the last commit there, and nothing else but the .venv of the last time."""
        git = ["git", "-C", str(self.root / PROJECT)]
        subprocess.run(["git", "init", "--quiet", self.root / PROJECT], check=True)
        subprocess.run([*git, "fetch", "--quiet", ROOT, "HEAD"], check=True)
        subprocess.run([*git, "reset", "--quiet", "--hard", "FETCH_HEAD"], check=True)
        subprocess.run([*git, "clean", "-fdxq", "--exclude=.venv"], check=True)

    def run(self, command: str) -> tuple[int, str]:
        """Run a shell command in the project's folder there; return its code and its stdout."""
        print(f"{self.suite}: {command}", file=sys.stderr, flush=True)
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        environ = {"HOME": "/root", "PATH": path, "LC_ALL": "C.UTF-8"}
        if CERTIFICATES.exists():
            environ["PIP_CERT"] = f"/{COPY}"
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        done = subprocess.run(
            [*alone, "sh", "-c", ENTER, "sh", self.root, command],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout

    def versions(self) -> str:
        """Name the Python and the TeX that are installed there."""
        _, python = self.run(".venv/bin/python -V")
        _, tex = self.run("pdflatex --version")
        return f"{python.strip()}, {tex.splitlines()[0].removesuffix('/Debian)').replace('(', '')}"


def mirror() -> str:
    """Return where this machine has its Debian packages from."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    return subprocess.run(ask, check=True, capture_output=True, encoding="utf-8").stdout.split()[0]


def build(system: System) -> Path:
    """Set up and build there; return the submission."""
    system.bootstrap()
    system.check_out()
    for command in ("make setup", ".venv/bin/python generate_report.py --quick"):
        code, _ = system.run(command)
        if code:
            sys.exit(f"{system.suite}: `{command}` ended with {code}.")
    return system.root / PROJECT / "build" / "submission.pdf"


def verify(system: System, name: str, pdf: Path) -> tuple[int, float]:
    """Verify another system's submission there; return the exit code and the points."""
    folder = system.root / HANDED_IN
    folder.mkdir(exist_ok=True)
    shutil.copyfile(pdf, folder / name)  # by itself: a notebook beside it would count as handed in, too
    code, _ = system.run(
        f".venv/bin/python generate_report.py verify /{HANDED_IN}/{name}"
        f" --gradescope /{HANDED_IN}/points.json >/dev/null"
    )
    points = json.loads((folder / "points.json").read_text(encoding="utf-8"))
    return code, points.get("score", sum(test["score"] for test in points.get("tests", [])))


def main() -> int:
    """Build and verify everywhere, and write the table; 0 if every code is 0 with full points."""
    parser = argparse.ArgumentParser(prog="make systems", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/report-systems"))
    parser.add_argument("--test", action="store_true", help="also run the quick tests on each system")
    options = parser.parse_args()
    if os.geteuid() or not shutil.which("debootstrap"):
        sys.exit("`make systems` needs root, and debootstrap: apt-get install debootstrap")
    systems = {name: System(suite, options.folder / suite) for suite, name in SUITES.items()}
    built = {name: build(system) for name, system in systems.items()}
    rows = [
        f"| verified on | {' | '.join(f'built on {name}' for name in systems)} |",
        f"|---|{'---|' * len(systems)}",
    ]
    failed = False
    for name, system in systems.items():
        found = [verify(system, f"{systems[other].suite}.pdf", pdf) for other, pdf in built.items()]
        cells = [f"{code} ({points:g} points)" for code, points in found]
        rows.append(f"| {name}: {system.versions()} | {' | '.join(cells)} |")
        failed |= any(each != (0, FULL) for each in found)
    table = "\n".join(rows)
    print(table)
    text = PAGE.read_text(encoding="utf-8")
    before, behind = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{table}\n{END}{behind}", encoding="utf-8")
    if options.test:
        for system in systems.values():
            failed |= system.run("make test >&2")[0] != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
