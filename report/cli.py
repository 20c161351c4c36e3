"""The command line: its arguments, what each command runs, and nothing else."""

from __future__ import annotations

import argparse
import difflib
import gc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from report import ROOT
from report.boundary import guarded
from report.console import Console
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

BUILD = ROOT / "build"
PROGRAM = "generate_report.py"
DEFAULT = "build"


@dataclass(frozen=True)
class Command:
    """One thing that the program does: a line for the help, its arguments, and what does the work.

    `run` takes the console and the arguments by name, and returns the exit code. It imports what it needs
    itself, so that a command starts fast and ``--help`` needs no package.
    """

    summary: str
    options: dict[str, dict[str, Any]]
    run: Callable[..., int]


def main(argv: Sequence[str], console: Console | None = None) -> int:
    """Run the command that `argv` asks for, and return the exit code; no exception leaves.

    Without a command the arguments are those of ``build``; messages go to stderr unless a console is given.
    """
    gc.set_threshold(100_000)  # a run keeps most of what it allocates: collecting garbage seldom pays
    console = console or Console.for_stream()
    try:
        command, arguments = parse(argv)
    except InputError as error:
        console.error(str(error), error.hint)
        return error.exit_code
    log_folder = arguments.get("out", BUILD) / "failed"
    return guarded(lambda: command.run(console, **arguments), console, log_folder)


def parse(argv: Sequence[str]) -> tuple[Command, dict[str, Any]]:
    """Return the command that is asked for, and its arguments; a typing mistake names the nearest word."""
    named = bool(argv) and not argv[0].startswith("-")
    name, rest = (argv[0], argv[1:]) if named else (DEFAULT, argv)
    if name not in COMMANDS:
        raise InputError(f"There is no command {name}.", _suggestion(name, COMMANDS))
    parser = _parser(name)
    found, unknown = parser.parse_known_args(rest)
    if unknown:
        known = [option for option in (*COMMANDS[name].options, "--help") if option.startswith("-")]
        raise InputError(f"{name} does not take {unknown[0]}.", _suggestion(unknown[0], known))
    arguments = vars(found)
    if arguments.pop("help"):
        return Command("", {}, lambda *_, **__: _print(parser.format_help())), arguments
    return COMMANDS[name], arguments


def _print(text: str) -> int:
    print(text, end="")  # noqa: T201 - the result that was asked for
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations, and whose errors are reported like all others."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message[:1].upper()}{message[1:]}.", f"{self.prog} --help tells more.")


def _parser(name: str) -> _Parser:
    others = "".join(f"  {other:10}{command.summary}\n" for other, command in COMMANDS.items())
    parser = _Parser(
        prog=f"{PROGRAM} [{name}]" if name == DEFAULT else f"{PROGRAM} {name}",
        description=f"{COMMANDS[name].summary[:1].upper()}{COMMANDS[name].summary[1:]}.",
        epilog=f"commands:\n{others}" if name == DEFAULT else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    for option, kind in COMMANDS[name].options.items():
        parser.add_argument(option, **kind)
    parser.add_argument("-h", "--help", action="store_true", help="show this message")
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


def _build(console: Console, **arguments: Any) -> int:
    from report import pipeline  # noqa: PLC0415

    pipeline.build(pipeline.Request(**arguments), console)
    return 0


def _watch(console: Console, **arguments: Any) -> int:
    from report import watch  # noqa: PLC0415

    watch.forever(console, **arguments)


def _explore(console: Console, **arguments: Any) -> int:
    from report import exploration  # noqa: PLC0415

    return _print(exploration.run(console, **arguments))


def _verify(console: Console, submission: Path, data: Path | None, **arguments: Any) -> int:
    from report.verify import command  # noqa: PLC0415

    given = {"report.toml": arguments.pop("config"), "homework03.ipynb": arguments.pop("notebook")}
    return command.verify(submission, data, console, given=given, **arguments)


def _doctor(_: Console) -> int:
    from report import doctor  # noqa: PLC0415

    return doctor.main()


def _path(metavar: str, told: str, default: Path | None = None) -> dict[str, Any]:
    return {"type": Path, "metavar": metavar, "help": told, "default": default}


def _flag(told: str, **kind: Any) -> dict[str, Any]:
    return {"action": "store_true", "help": told} | kind


def _number(told: str, default: int | None = None) -> dict[str, Any]:
    return {"type": _count, "metavar": "N", "help": told, "default": default}


_SOURCES = {
    "--config": _path("FILE", "default: report.toml", ROOT / "report.toml"),
    "--data": _path("DIR|data.tgz", "the four CSV files (default: as the configuration says)"),
}
_JOBS = {"--jobs": _number("parallel jobs (default: one per CPU)")}
_WATCHED = {
    **_SOURCES,
    "--out": _path("DIR", "default: build", BUILD),
    **_JOBS,
    "--quick": _flag("a small search, for trying things out; the PDF says so"),
    "--no-pdf": _flag("stop before LaTeX", action="store_false", dest="pdf"),
}
_FORCE = {"--force": _flag("make everything again, even if it is up to date")}
_LOST = "the submission's {}, if another program dropped it from the PDF"
_VERIFIED = {
    "submission": _path(
        "submission.pdf|submission.zip|DIR", "default: build/submission.pdf", BUILD / "submission.pdf"
    )
    | {"nargs": "?"},
    "--data": _path("DIR|data.tgz", "the four CSV files (default: as this copy's report.toml says)"),
    "--fast": _flag("train only the default and the best setting, not the whole search"),
    "--gradescope": _path("FILE", "also write the result in Gradescope's form") | {"dest": "gradescope_file"},
    "--run-notebook": _flag("also run the submission's notebook: a stranger's code, on this machine"),
    "--config": _path("FILE", _LOST.format("report.toml")),
    "--notebook": _path("FILE", _LOST.format("notebook")),
}
_EXPLORED = {
    "--space": _path("FILE", "a TOML file with a table [search] (default: a wide space)"),
    "--seeds": _number("networks for each setting (default: 5)", 5),
    **_SOURCES,
    "--out": _path(
        "DIR", "for table, figure and the counts of all networks (default: build/explore)", BUILD / "explore"
    ),
    **_JOBS,
    "--scheduler": {
        "metavar": "tcp://host:port",
        "help": "use the workers of a Dask cluster instead of this machine",
    },
}
COMMANDS = {
    "build": Command("derive, measure, typeset: make the submission", _WATCHED | _FORCE, _build),
    "verify": Command(
        "check a submission against its attachments and a fresh computation", _VERIFIED, _verify
    ),
    "explore": Command("search a wide space over several seeds and propose a small one", _EXPLORED, _explore),
    "watch": Command("rebuild whenever a file changes", _WATCHED, _watch),
    "doctor": Command("list what this machine lacks, with the commands that install it", {}, _doctor),
}
