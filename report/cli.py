"""The command line: its arguments, what each command runs, and nothing else."""

from __future__ import annotations

import argparse
import difflib
import gc
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from report.boundary import guarded
from report.console import Console
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PROGRAM = "generate_report.py"


@dataclass(frozen=True)
class Command:
    """One thing that the program does.

    Attributes
    ----------
    summary : str
        One line for the help.
    options : callable
        Adds the command's own arguments to a parser.
    run : callable
        Does the work and gives the exit code. It imports what it needs itself: so a command starts fast, and
        ``--help`` needs no package.
    """

    summary: str
    options: Callable[[argparse.ArgumentParser], None]
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
    gc.set_threshold(100_000)  # most of what a run makes, it keeps: to look for garbage seldom pays
    console = console or Console.for_stream()
    try:
        work, out = _parse(argv)
    except InputError as error:
        console.error(str(error), error.hint)
        return error.exit_code
    return guarded(lambda: work(console), console, log_folder=out / "failed")


def _parse(argv: Sequence[str]) -> tuple[Callable[[Console], int], Path]:
    """Tell what `argv` asks to do, and the folder that it is about."""
    named = bool(argv) and not argv[0].startswith("-")
    name, rest = (argv[0], argv[1:]) if named else (DEFAULT, argv)
    if name not in COMMANDS:
        raise InputError(f"There is no command {name}.", _suggestion(name, COMMANDS))
    parser = _parser(name)
    arguments, unknown = parser.parse_known_args(rest)
    if unknown:
        raise InputError(f"{name} knows no {unknown[0]}.", _suggestion(unknown[0], parser.option_strings()))
    if arguments.help:
        return partial(_print, parser.format_help()), BUILD
    return partial(COMMANDS[name].run, arguments), getattr(arguments, "out", BUILD)


def _print(text: str, console: Console) -> int:  # noqa: ARG001 - one signature for all that is run
    print(text, end="")  # noqa: T201 - the result that was asked for
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations, and whose errors and help go the way of all others."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message[:1].upper()}{message[1:]}.", f"{self.prog} --help tells more.")

    def option_strings(self) -> list[str]:
        """Every option as it is written."""
        return [string for action in self._actions for string in action.option_strings]


def _parser(name: str) -> _Parser:
    others = "".join(
        f"  {other:10}{command.summary}\n" for other, command in COMMANDS.items() if command.summary
    )
    parser = _Parser(
        prog=f"{PROGRAM} [{name}]" if name == DEFAULT else f"{PROGRAM} {name}",
        description=f"{COMMANDS[name].summary}.",
        epilog=f"commands:\n{others}" if name == DEFAULT else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    COMMANDS[name].options(parser)
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


# Arguments that several commands share.
def _data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR|data.tgz",
        help="the four CSV files (default: as the configuration says)",
    )


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=ROOT / "report.toml", metavar="FILE", help="default: report.toml"
    )


def _jobs_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=_count, metavar="N", help="processes at once (default: one per CPU)")


def _watch_options(parser: argparse.ArgumentParser) -> None:
    _config_option(parser)
    _data_option(parser)
    parser.add_argument("--out", type=Path, default=BUILD, metavar="DIR", help="default: build")
    _jobs_option(parser)
    parser.add_argument(
        "--quick", action="store_true", help="a small search, for trying things out; the PDF says so"
    )
    parser.add_argument("--no-pdf", action="store_true", help="stop before LaTeX")


def _build_options(parser: argparse.ArgumentParser) -> None:
    _watch_options(parser)
    parser.add_argument(
        "--force", action="store_true", help="make everything again, also what is still fresh"
    )


def _build(arguments: argparse.Namespace, console: Console) -> int:
    from report import pipeline  # noqa: PLC0415

    request = pipeline.Request(
        arguments.config,
        arguments.data,
        arguments.out,
        arguments.jobs,
        quick=arguments.quick,
        force=arguments.force,
        pdf=not arguments.no_pdf,
    )
    pipeline.build(request, console)
    return 0


def _watch(arguments: argparse.Namespace, console: Console) -> int:
    from report import watch  # noqa: PLC0415

    valued = {name: getattr(arguments, name) for name in ("config", "data", "out", "jobs")}
    options = [f"--{name}={value}" for name, value in valued.items() if value is not None]
    options += ["--quick"] * arguments.quick + ["--no-pdf"] * arguments.no_pdf
    watch.forever(options, arguments.config, arguments.data, console)


def _explore_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--space",
        type=Path,
        metavar="FILE",
        help="a TOML file with a table [search] (default: a wide one)",
    )
    parser.add_argument(
        "--seeds", type=_count, default=5, metavar="N", help="networks for each setting (default: 5)"
    )
    _config_option(parser)
    _data_option(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=BUILD / "explore",
        metavar="DIR",
        help="where table, figure and all trained networks' counts go (default: build/explore)",
    )
    _jobs_option(parser)
    parser.add_argument(
        "--scheduler", metavar="tcp://host:port", help="use the workers of a Dask cluster instead"
    )


def _explore(arguments: argparse.Namespace, console: Console) -> int:
    from report import exploration  # noqa: PLC0415

    proposal = exploration.run(
        config_path=arguments.config,
        space=arguments.space,
        data=arguments.data,
        out=arguments.out,
        seeds=arguments.seeds,
        jobs=arguments.jobs,
        scheduler=arguments.scheduler,
        console=console,
    )
    print(proposal, end="")  # noqa: T201 - the result that was asked for
    return 0


def _verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "submission",
        type=Path,
        nargs="?",
        default=BUILD / "submission.pdf",
        metavar="submission.pdf|submission.zip",
        help="default: build/submission.pdf",
    )
    _data_option(parser)
    parser.add_argument(
        "--fast",
        action="store_true",
        help="train the default and the best setting alone, not the whole search",
    )
    parser.add_argument(
        "--gradescope", type=Path, metavar="FILE", help="also write the result in Gradescope's form"
    )
    parser.add_argument(
        "--run-notebook",
        action="store_true",
        help="also run the submission's notebook: somebody's code, on this machine",
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
    )


def _no_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command takes no arguments of its own."""


def _doctor(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001 - one signature for all
    from report import doctor  # noqa: PLC0415

    return doctor.main()


DEFAULT = "build"
COMMANDS = {
    "build": Command("derive, measure, typeset: make the submission in build/", _build_options, _build),
    "verify": Command("check a submission: reported, attached and reproduced", _verify_options, _verify),
    "explore": Command(
        "search a wide space with several seeds, propose one for the report", _explore_options, _explore
    ),
    "watch": Command("build again whenever a file changes", _watch_options, _watch),
    "doctor": Command("say what this machine has and lacks, and what mends it", _no_options, _doctor),
}
