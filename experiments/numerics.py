"""The numeric pins: which BLAS kernel, SIMD level and thread count every number is computed with.

OpenBLAS and numpy choose their loops by the CPU they meet, and other loops round otherwise. Pinned to AVX2
loops and one thread, the same wheels give the same bits on every x86-64 Linux with AVX2. The libraries read
the variables when they load: `pin` must run before numpy does, so this module imports only the standard
library.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

# One thread: the split of a sum over threads decides how it rounds. Harmless on every machine.
_LIBRARIES = ("OPENBLAS_NUM", "OMP_NUM", "MKL_NUM", "BLIS_NUM", "VECLIB_MAXIMUM")
THREADS = MappingProxyType({f"{library}_THREADS": "1" for library in _LIBRARIES})
# numpy's loops that are wider than AVX2, by the names of numpy 2.4 and by the older ones: a release ignores
# the names that it does not know.
WIDER_LOOPS = (
    *("AVX512_SPR", "AVX512_ICL", "X86_V4"),
    *("AVX512_CNL", "AVX512_CLX", "AVX512_SKX", "AVX512CD", "AVX512F"),
)
PINNED_LOOPS = ("X86_V3", "AVX2")
# These kernels crash on a CPU without AVX2: see `obstacles`.
KERNELS = MappingProxyType(
    {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": " ".join(WIDER_LOOPS)}
)
SAME_KERNELS = ("Haswell", "Zen")  # two names of one set of kernels
# OpenBLAS 0.3.N whose forced kernels give the same bits everywhere (OpenBLAS issue 6021). From 0.3.34 on they
# may crash on Zen 4 and 5 (issues 6013, 6026), and what calls itself 0.3.33 may hold 0.3.34.
SAFE_OPENBLAS = range(23, 33)

# For child processes: the order of sets, and so the form in which SymPy prints a result.
CHILDREN = MappingProxyType({"PYTHONHASHSEED": "0"})
KEEP = "REPORT_KEEP_ENV"
RECORD = "REPORT_OVERRIDDEN"  # tells child processes what the first one found


@dataclass(frozen=True)
class Machine:
    """What decides whether the kernels may be pinned here, found without importing numpy."""

    architecture: str
    libc: str
    flags: frozenset[str]
    openblas: Mapping[str, str]  # package -> the release of OpenBLAS that it was built with, if known
    numpy_loaded: bool


@dataclass(frozen=True)
class Pins:
    """What `pin` did: the variables in force, those it replaced, and why the kernels are not pinned."""

    applied: Mapping[str, str]
    overridden: Mapping[str, str]
    obstacles: tuple[str, ...]


def detect() -> Machine:
    """Describe this machine from /proc/cpuinfo and the text of the installed packages (some milliseconds)."""
    return Machine(
        architecture=platform.machine(),
        libc=platform.libc_ver()[0],
        flags=frozenset(_cpuinfo("flags").split()),
        openblas={package: _openblas(package) for package in ("numpy", "scipy")},
        numpy_loaded="numpy" in sys.modules,
    )


def _cpuinfo(field: str) -> str:
    """Return a field of /proc/cpuinfo, for the first processor; nothing where there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(rf"^{field}\s*:\s*(.*)$", text, re.MULTILINE)
    return found.group(1) if found else ""


def _openblas(package: str) -> str:
    """Return the release of OpenBLAS in a package, from the text of its build record."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return ""
    try:
        text = Path(spec.origin).with_name("__config__.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(r'"name": "[a-z-]*openblas[^}]*?"version": "([^"]+)"', text)
    return found.group(1) if found else ""


def obstacles(machine: Machine) -> tuple[str, ...]:
    """Return why the kernels must not be pinned on `machine`; empty if they may be."""
    reasons = []
    if machine.architecture not in ("x86_64", "AMD64"):
        reasons.append(f"the pins are made for x86-64, this machine is {machine.architecture or 'unknown'}")
    elif missing := {"avx2", "fma"} - machine.flags:
        reasons.append(f"the CPU does not show {' and '.join(sorted(missing))}")
    if machine.libc != "glibc":
        reasons.append(f"the C library is {machine.libc or 'unknown'}, the pins are proven with glibc only")
    for package, version in machine.openblas.items():
        release = re.match(r"0\.3\.(\d+)", version)
        if not release:
            reasons.append(f"{package} does not tell which OpenBLAS it carries")
        elif int(release.group(1)) not in SAFE_OPENBLAS:
            reasons.append(
                f"{package} carries OpenBLAS {version}, whose forced kernels are not known to be safe"
            )
    return tuple(reasons)


def pin(environ: MutableMapping[str, str] | None = None, machine: Machine | None = None) -> Pins:
    """Set the numeric pins in this process's environment, so that it and all it starts compute alike.

    A second call changes nothing. Another environment or machine is for tests.
    """
    environ = os.environ if environ is None else environ
    machine = detect() if machine is None else machine
    found = json.loads(environ.get(RECORD, "{}"))
    reasons = obstacles(machine)
    if environ.get(KEEP, "") not in ("", "0"):
        return Pins({}, found, (f"{KEEP} keeps the environment as it was", *reasons))
    wanted = {**THREADS, **({} if reasons else KERNELS)}
    if machine.numpy_loaded and any(environ.get(name) != value for name, value in wanted.items()):
        return Pins({}, found, ("numpy was loaded before the pins could be set", *reasons))
    # A kernel that must not be forced must not be inherited either; numpy fails to load with both its lists.
    unwanted = [*(KERNELS if reasons else ()), "NPY_ENABLE_CPU_FEATURES"]
    overridden = {name: environ[name] for name in wanted if environ.get(name, wanted[name]) != wanted[name]}
    overridden |= {name: environ.pop(name) for name in unwanted if name in environ}
    environ.update(wanted | CHILDREN)
    found = found or overridden
    environ[RECORD] = json.dumps(found, sort_keys=True)
    return Pins(wanted, found, reasons)


def cpu_name() -> str:
    """Return the CPU's name from the kernel."""
    return _cpuinfo("model name") or platform.processor()


def audit() -> dict[str, Any]:
    """Return what is really in force, by asking the loaded libraries, as types that JSON has.

    ``blas`` is a list with package, version, architecture and threads of each library, ``simd`` the highest
    level among numpy's float64 loops.
    """
    # Imported here: the module must be importable before numpy, and quickly (metadata brings all of `email`).
    import importlib.metadata  # noqa: PLC0415

    import scipy.linalg  # noqa: F401, PLC0415
    from numpy.lib import introspect  # noqa: PLC0415
    from threadpoolctl import threadpool_info  # noqa: PLC0415

    pins = pin()
    blas = sorted(
        (
            {
                "package": next((p for p in ("numpy", "scipy") if f"{p}.libs" in pool["filepath"]), "other"),
                "library": pool["internal_api"],
                "version": pool["version"] or "unknown",
                "architecture": pool.get("architecture", "unknown"),
                "threads": pool["num_threads"],
            }
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        ),
        key=lambda entry: str(entry["package"]),
    )
    loops = introspect.opt_func_info(signature="float64")
    levels = {loop["current"] for kinds in loops.values() for loop in kinds.values()}
    simd = next((level for level in (*WIDER_LOOPS, *PINNED_LOOPS) if level in levels), "baseline")
    faults = [
        f"{entry['package']}'s {entry['library']} runs {entry['architecture']} kernels on"
        f" {entry['threads']} thread{'s' * (entry['threads'] != 1)}"
        for entry in blas
        if entry["architecture"] not in SAME_KERNELS or entry["threads"] != 1
    ]
    if not blas:
        faults.append("no BLAS library tells which kernels it runs")
    if simd not in PINNED_LOOPS:
        faults.append(f"numpy runs {simd} loops instead of {PINNED_LOOPS[0]}")
    # What `pin` refused is not pinned, even where the libraries chose kernels of the same name by themselves.
    refused = obstacles(detect())
    return {
        "pinned": not faults and not refused,
        "reasons": [*pins.obstacles, *faults] if faults or refused else [],
        "overridden": dict(sorted(pins.overridden.items())),
        "blas": blas,
        "simd": simd,
        "machine": platform.machine(),
        "cpu": cpu_name(),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "scikit-learn")},
    }


def sentences(environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Describe an audit in sentences."""
    if environment["pinned"]:
        kernels, loops = environment["blas"][0]["architecture"], environment["simd"]
        first = (
            f"The arithmetic is pinned (BLAS: {kernels} kernels, one thread; numpy: {loops}): the same"
            " packages should give the same digits on any glibc Linux with an x86-64-v3 CPU."
        )
    else:
        first = f"Not pinned: {'; '.join(environment['reasons'])}. {_elsewhere(environment)}"
    told = [first]
    if environment["overridden"]:
        replaced = ", ".join(f"{name}={value}" for name, value in environment["overridden"].items())
        told.append(f"The environment had set {replaced}; the pins replaced it ({KEEP}=1 keeps it).")
    return tuple(told)


def _elsewhere(environment: Mapping[str, Any]) -> str:
    """Describe what is known of a machine that is not pinned, compared with one that is (docs/numbers.md)."""
    if not any(entry["library"] == "openblas" for entry in environment["blas"]):
        return "How numbers differ with another BLAS than OpenBLAS was not measured."
    weights = "Weights may differ from a pinned machine's in their last digits"
    if environment["machine"] in ("aarch64", "arm64"):
        weights = (
            "On arm64 the products of hidden layers and tanh, exp, log and sqrt round as with the pins, the"
            " product of the output layer and its gradient do not: weights differ in their last digits"
        )
    return f"{weights}; the counts of settings that are not chaotic agreed wherever they were compared."


def exports() -> str:
    """Return lines for a shell that pin what it starts, such as the workers of a cluster (eval them)."""
    pins = pin(dict(os.environ))
    held_back = [f"# not pinned: {obstacle}" for obstacle in pins.obstacles]
    return "\n".join([*held_back, *(f"export {name}='{value}'" for name, value in pins.applied.items())])


if __name__ == "__main__":
    print(exports())  # noqa: T201 - for eval "$(python -m experiments.numerics)"
