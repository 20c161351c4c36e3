"""Build the submission, or check one: see `python generate_report.py --help`.

Works from any folder and with any Python: it goes on in `.venv` if there is one. This file alone must
parse on Pythons that are too old for the rest (3.6 and later), to be able to say so. What changes over loads
nothing more: `pathlib` takes as long as Python's own start.
"""

import os
import sys

ROOT = os.path.dirname(os.path.realpath(__file__))
VENV = os.path.join(ROOT, ".venv")
FOREIGN = ("PYTHONPATH", "PYTHONHOME")  # would put packages of another Python before those of .venv
CONTINUED = "REPORT_CONTINUED"  # set when switching to .venv, so that it happens once
OLDEST = (3, 11)
USAGE, MACHINE, INTERRUPTED = 2, 5, 130


def main() -> int:
    """Find the right Python and set the numeric pins, then hand over to the command line."""
    continue_in_venv()
    if sys.version_info < OLDEST:
        return refuse(f"This is Python {sys.version.split()[0]}, and 3.11 or newer is needed.")
    sys.path.insert(0, ROOT)  # PYTHONSAFEPATH leaves it out,
    os.environ.pop("PYTHONSAFEPATH", None)  # also in the processes that work for this one

    from experiments.numerics import pin  # noqa: PLC0415 - too new for an old Python
    from report.cli import main as run  # noqa: PLC0415

    pin()
    return run(sys.argv[1:])


def continue_in_venv() -> None:
    """Start again in `.venv`, the packages of the lock file, unless this is it or there is none."""
    python = os.path.join(VENV, "bin", "python")
    started_for_it = os.environ.pop(CONTINUED, None)
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    pure = not any(name in os.environ for name in FOREIGN)
    if started_for_it or (inside and pure) or not os.access(python, os.X_OK):
        return
    environ = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environ[CONTINUED] = "1"
    sys.stdout.flush()
    script = os.path.join(ROOT, "generate_report.py")
    os.execve(python, [python, script, *sys.argv[1:]], environ)  # noqa: S606


def refuse(reason: str) -> int:
    """Print why the program cannot run, and what to do; return the exit code."""
    from shlex import quote  # noqa: PLC0415

    sys.stderr.write(f"ERROR {reason}\nTIP cd {quote(ROOT)} && make setup\n")
    return USAGE


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:  # before the command line could catch it
        code = INTERRUPTED
    if code in (MACHINE, INTERRUPTED):
        # No thread or pool of workers keeps the prompt waiting, or complains of the memory that it lacks; all
        # messages are flushed.
        os._exit(code)
    sys.exit(code)
