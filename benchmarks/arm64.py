"""Run the notebook on an emulated arm64 server and compare its counts: a paragraph for docs/numbers.md.

`make arm64`, as root on a Debian machine with debootstrap and qemu-user (10 or newer: Debian 13's). An arm64
Debian 12 is unpacked into a folder, and its Python started under emulation beside the aarch64 wheels of the
lock file. There the notebook's cells run with a search of two settings, the second of which is chaotic, and
the best network of the sample is trained once. About half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.systems import mirror
from experiments.record import MIME

ROOT = Path(__file__).resolve().parents[1]
CELLS = ROOT / "benchmarks" / "notebook_cells.py"
PAGE, BEGIN, END = ROOT / "docs" / "numbers.md", "<!-- arm64 -->\n", "<!-- /arm64 -->\n"
GLIBC = (17, 24, 26, 27, 28, 31, 34, 35, 36)  # 2.N: wheels for these run on Debian 12
CPU = "neoverse-n1"


def unpack_debian(root: Path) -> None:
    """Unpack a minimal arm64 Debian 12 with Python; nothing of it is run for that."""
    if (root / "usr" / "bin" / "python3.11").exists():
        return
    bare = ["--foreign", "--arch=arm64", "--variant=minbase", "--include=python3,libstdc++6"]
    subprocess.run(["debootstrap", *bare, "bookworm", root, mirror()], check=True, stdout=sys.stderr)
    for package in (root / "var" / "cache" / "apt" / "archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)


def install_wheels(packages: Path) -> None:
    """Install the aarch64 wheels of the lock file, with their hashes."""
    if (packages / "sklearn").exists():
        return
    platforms = ["any", "manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in GLIBC)]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-q", "--target", packages, "--no-deps"),
            *(f"--platform={platform}" for platform in platforms),
            *("--python-version=3.11", "--implementation=cp", "--only-binary=:all:"),
            *("--require-hashes", "-r", ROOT / "requirements.txt"),
        ],
        check=True,
        stdout=sys.stderr,
    )


def run(qemu: str, folder: Path, notebook: Path, params: str) -> dict[str, Any]:
    """Run the notebook's cells under emulation; return its record and what was found beside it."""
    room, debian = folder / "room", folder / "debian"
    shutil.rmtree(room, ignore_errors=True)
    shutil.copytree(ROOT / "data", room)
    for file in (notebook, CELLS):
        shutil.copy(file, room)
    environ = {"PYTHONHOME": f"{debian}/usr", "PYTHONPATH": f"{folder}/packages", "HOME": str(room)}
    environ |= {"LOKY_MAX_CPU_COUNT": "1", "MPLBACKEND": "Agg", "PYTHONUTF8": "1"}
    python: list[str | Path] = [qemu, "-L", debian, "-cpu", CPU, debian / "usr" / "bin" / "python3.11"]
    said = subprocess.run(
        [*python, CELLS.name, notebook.name, params],
        cwd=room,
        env=environ,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout
    found: dict[str, Any] = json.loads(said.strip().rpartition("\n")[2])
    return found


def told(found: dict[str, Any], sample: dict[str, Any]) -> str:
    """Say what came out, beside what the sample has."""
    counts = [
        f"{name} {found[key]['dev']} (in the sample {sample[name]['dev']})"
        for name, key in (("default", "default"), ("best", "trained"))
    ]
    passed_over = "; ".join(f"one with {other['dev']}" for other in found["passed_over"]) or "nothing"
    versions, rate = found["versions"], found["params"]["learning_rate_init"]
    return (
        f"Python {versions['python']}, numpy {versions['numpy']}, {', '.join(found['kernels'])},"
        f" emulated {CPU}.\nDev samples correct: {', '.join(counts)}.\nOf the settings (50,), tanh, adam,"
        f" batch 32 with the rates 0.03 and 0.1 the rule reports {rate} with {found['best']['dev']} and"
        f" passes over {passed_over}."
    )


def main() -> int:
    """Run it there and write what came out; 0 if default and best have the sample's counts."""
    parser = argparse.ArgumentParser(prog="make arm64", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/report-arm64"))
    parser.add_argument("--notebook", type=Path, default=ROOT / "build" / "homework03.ipynb")
    options = parser.parse_args()
    folder = options.folder
    qemu = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if os.geteuid() or not shutil.which("debootstrap") or not qemu:
        sys.exit("`make arm64` needs root and two programs: apt-get install debootstrap qemu-user")
    folder.mkdir(parents=True, exist_ok=True)
    unpack_debian(folder / "debian")
    install_wheels(folder / "packages")
    [sample] = [
        output.data[MIME]
        for output in nbformat.read(options.notebook, as_version=4).cells[-1].outputs
        if MIME in output.get("data", {})
    ]
    found = run(qemu, folder, options.notebook, json.dumps(sample["params"]))
    words = told(found, sample)
    print(words)
    text = PAGE.read_text(encoding="utf-8")
    before, behind = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{words}\n{END}{behind}", encoding="utf-8")
    return 0 if (found["default"], found["trained"]) == (sample["default"], sample["best"]) else 1


if __name__ == "__main__":
    sys.exit(main())
