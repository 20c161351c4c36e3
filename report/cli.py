"""The command line: its arguments, what each command runs, and nothing else."""

from __future__ import annotations

import argparse
import difflib
import gc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from report.boundary import guarded
from report.console import Console
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from report.pipeline import Request

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PROGRAM = "generate_report.py"
DEFAULT = "build"


@dataclass(frozen=True)
class Command:
    """One thing that the program does.

    Attributes
    ----------
    summary : str
        One line for the help.
    options : tuple of str
        Its arguments, of those in `OPTIONS`.
    run : callable
        Does the work and returns the exit code. It imports what it needs itself, so that a command starts
        fast and ``--help`` needs no package.
    """

    summary: str
    options: tuple[str, ...]
    run: Callable[[argparse.Namespace, Console], int]


def main(argv: Sequence[str], console: Console | None = None) -> int:
    """Run the command that `argv` asks for.

    Parameters
    ----------
    argv : sequence of str
        Arguments without the program's name; without a command they are those of ``build``.
    console : Console, optional
        Takes the messages; by default one on stderr.

    Returns
    -------
    int
        The exit code; no exception leaves.
    """
    gc.set_threshold(100_000)  # a run keeps most of what it allocates: collecting garbage seldom pays
    console = console or Console.for_stream()
    try:
        command, arguments = parse(argv)
    except InputError as error:
        console.error(str(error), error.hint)
        return error.exit_code
    out = getattr(arguments, "out", BUILD)
    return guarded(lambda: command.run(arguments, console), console, log_folder=out / "failed")


def parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Parse a command line; a mistyped word is refused with the nearest known one."""
    named = bool(argv) and not argv[0].startswith("-")
    name, rest = (argv[0], argv[1:]) if named else (DEFAULT, argv)
    if name not in COMMANDS:
        raise InputError(f"There is no command {name}.", _suggestion(name, COMMANDS))
    parser = _parser(name)
    arguments, unknown = parser.parse_known_args(rest)
    if unknown:
        raise InputError(f"{name} knows no {unknown[0]}.", _suggestion(unknown[0], parser.option_strings()))
    if arguments.help:
        return Command("", (), lambda *_: _print(parser.format_help())), arguments
    return COMMANDS[name], arguments


def _print(text: str) -> int:
    print(text, end="")  # noqa: T201 - the result that was asked for
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations, and whose errors are reported like all others."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message[:1].upper()}{message[1:]}.", f"{self.prog} --help tells more.")

    def option_strings(self) -> list[str]:
        """Return every option as it is written."""
        return [string for action in self._actions for string in action.option_strings]


def _parser(name: str) -> _Parser:
    others = "".join(f"  {other:10}{command.summary}\n" for other, command in COMMANDS.items())
    parser = _Parser(
        prog=f"{PROGRAM} [{name}]" if name == DEFAULT else f"{PROGRAM} {name}",
        description=f"{COMMANDS[name].summary}.",
        epilog=f"commands:\n{others}" if name == DEFAULT else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    for option in COMMANDS[name].options:
        parser.add_argument(option.partition(" ")[0], **OPTIONS[option])
    parser.add_argument("-h", "--help", action="store_true", help="show this and do nothing")
    return parser


def _suggestion(word: str, known: Iterable[str]) -> str:
    """Name the known word that is nearest to a mistyped one, else all of them."""
    near = difflib.get_close_matches(word.partition("=")[0], known, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."


def _count(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return int(text)


def _build(arguments: argparse.Namespace, console: Console) -> int:
    from report import pipeline  # noqa: PLC0415

    pipeline.build(request(arguments), console)
    return 0


def request(arguments: argparse.Namespace) -> Request:
    """Return what the arguments of ``build`` ask for."""
    from report import pipeline  # noqa: PLC0415

    return pipeline.Request(
        arguments.config,
        arguments.data,
        arguments.out,
        arguments.jobs,
        quick=arguments.quick,
        force=arguments.force,
        pdf=not arguments.no_pdf,
    )


def _watch(arguments: argparse.Namespace, console: Console) -> int:
    from report import watch  # noqa: PLC0415

    valued = {name: getattr(arguments, name) for name in ("config", "data", "out", "jobs")}
    options = [f"--{name}={value}" for name, value in valued.items() if value is not None]
    options += ["--quick"] * arguments.quick + ["--no-pdf"] * arguments.no_pdf
    watch.forever(options, arguments.config, arguments.data, console)


def _explore(arguments: argparse.Namespace, console: Console) -> int:
    from report import exploration  # noqa: PLC0415

    return _print(
        exploration.run(
            config_path=arguments.config,
            space=arguments.space,
            data=arguments.data,
            out=arguments.out,
            seeds=arguments.seeds,
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            console=console,
        )
    )


def _verify(arguments: argparse.Namespace, console: Console) -> int:
    from report.verify import command  # noqa: PLC0415

    return command.verify(
        arguments.submission,
        arguments.data,
        console,
        fast=arguments.fast,
        gradescope_file=arguments.gradescope,
        run_notebook=arguments.run_notebook,
        given={"report.toml": arguments.config, "homework03.ipynb": arguments.notebook},
    )


def _doctor(_: argparse.Namespace, __: Console) -> int:
    from report import doctor  # noqa: PLC0415

    return doctor.main()


# The arguments by the name under which commands list them; a word in brackets distinguishes two of one name.
OPTIONS: dict[str, dict[str, Any]] = {
    "submission": {
        "type": Path,
        "nargs": "?",
        "default": BUILD / "submission.pdf",
        "metavar": "submission.pdf|submission.zip|DIR",
        "help": "default: build/submission.pdf",
    },
    "--config": {
        "type": Path,
        "default": ROOT / "report.toml",
        "metavar": "FILE",
        "help": "default: report.toml",
    },
    "--data": {
        "type": Path,
        "metavar": "DIR|data.tgz",
        "help": "the four CSV files (default: as the configuration says)",
    },
    "--out": {"type": Path, "default": BUILD, "metavar": "DIR", "help": "default: build"},
    "--out (explore)": {
        "type": Path,
        "default": BUILD / "explore",
        "metavar": "DIR",
        "help": "for the table, the figure and the counts of all networks (default: build/explore)",
    },
    "--jobs": {"type": _count, "metavar": "N", "help": "how much runs at once (default: one per CPU)"},
    "--quick": {"action": "store_true", "help": "a small search, for trying things out; the PDF says so"},
    "--no-pdf": {"action": "store_true", "help": "stop before LaTeX"},
    "--force": {"action": "store_true", "help": "make everything again, even if it is up to date"},
    "--space": {
        "type": Path,
        "metavar": "FILE",
        "help": "a TOML file with a table [search] (default: a wide one)",
    },
    "--seeds": {
        "type": _count,
        "default": 5,
        "metavar": "N",
        "help": "networks for each setting (default: 5)",
    },
    "--scheduler": {
        "metavar": "tcp://host:port",
        "help": "use the workers of a Dask cluster instead of this machine",
    },
    "--fast": {
        "action": "store_true",
        "help": "train only the default and the best setting, not the whole search",
    },
    "--gradescope": {"type": Path, "metavar": "FILE", "help": "also write the result in Gradescope's form"},
    "--run-notebook": {
        "action": "store_true",
        "help": "also run the submission's notebook: somebody's code, on this machine",
    },
    "--config (verify)": {
        "type": Path,
        "metavar": "FILE",
        "help": "the submission's report.toml, where another program dropped it from the PDF",
    },
    "--notebook": {
        "type": Path,
        "metavar": "FILE",
        "help": "the submission's notebook, where another program dropped it from the PDF",
    },
}
_WATCHED = ("--config", "--data", "--out", "--jobs", "--quick", "--no-pdf")
COMMANDS = {
    "build": Command("derive, measure, typeset: make the submission", (*_WATCHED, "--force"), _build),
    "verify": Command(
        "check a submission: reported, attached and reproduced",
        (
            *("submission", "--data", "--fast", "--gradescope", "--run-notebook"),
            *("--config (verify)", "--notebook"),
        ),
        _verify,
    ),
    "explore": Command(
        "search a wide space over several seeds, propose a small one",
        ("--space", "--seeds", "--config", "--data", "--out (explore)", "--jobs", "--scheduler"),
        _explore,
    ),
    "watch": Command("build again whenever a file changes", _WATCHED, _watch),
    "doctor": Command("say what this machine has and lacks, and how to mend it", (), _doctor),
}
