"""What the files inside the PDF say: parsed and checked for shape, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from experiments import numerics
from experiments.record import MIME, Record
from report import config
from report.config import QUESTIONS
from report.errors import InputError
from report.results import CONFIG, LEDGER, NOTEBOOK, RESULTS, STUDIED
from report.verify import shape
from report.verify.errors import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from report.config import Config
    from report.verify.shape import Node

MOST = 10**9  # a count of samples or epochs
ALL_PROBLEM_1 = "1"
# Parts of results.json that are compared by themselves, or that tell of the author's machine or folder.
COMPARED = frozenset({"values", "formulas", "data", "environment", "studied", "made_with"})
LONGEST_LINE = 2**20  # characters: a search of 5,000 settings fills a tenth of it


@dataclass(frozen=True)
class Cell:
    """A cell of the notebook: its first tag (a question), its kind and its source."""

    tag: str
    kind: str
    source: str


@dataclass(frozen=True)
class Attached:
    """The evidence.

    Attributes
    ----------
    config : Config
        report.toml, checked as a build checks it.
    values : mapping
        Key of a reported value -> its entry in results.json.
    formulas : mapping
        Key of a formula -> question, LaTeX.
    data : mapping
        Name of a data file -> sha256.
    environment : mapping
        The audit of the numeric pins.
    studied : mapping
        What is printed beside the numbers that were asked for, as results.json has it.
    seed : int
    quick : bool
    code, versions : mapping
        Digests of this program's parts and versions of packages that made the submission.
    checks : mapping
        Identity of a check -> its row in ledger.json.
    facts : mapping
        What else results.json and ledger.json say, by its place in them.
    record : Record
        The line of JSON that the notebook printed last.
    cells : tuple of Cell
        The notebook's.
    """

    config: Config
    values: Mapping[str, Mapping[str, Any]]
    formulas: Mapping[str, tuple[str, str]]
    data: Mapping[str, str]
    environment: Mapping[str, Any]
    studied: Mapping[str, Any]
    seed: int
    quick: bool
    code: Mapping[str, str]
    versions: Mapping[str, str]
    checks: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, Any]
    record: Record
    cells: tuple[Cell, ...]


def parse(files: Mapping[str, bytes]) -> Attached:
    """Read the four attached files.

    Raises
    ------
    UnjudgedError
        One of them is not of the shape that this program gives it.
    """
    results = shape.parse(files[RESULTS], f"{RESULTS} in the PDF")
    results.at("schema").whole(1, 1)
    ledger = shape.parse(files[LEDGER], f"{LEDGER} in the PDF")
    made_with = results.at("made_with")
    cells, record = notebook(files[NOTEBOOK], f"{NOTEBOOK} in the PDF")
    return Attached(
        config=_config(files[CONFIG]),
        values={key: _value(node) for key, node in results.at("values").items()},
        formulas={
            key: (node.at("question").text(within=(ALL_PROBLEM_1, *QUESTIONS)), node.at("latex").text())
            for key, node in results.at("formulas").items()
        },
        data={name: node.at("sha256").text() for name, node in results.at("data").at("files").items()},
        environment=_environment(results.at("environment")),
        studied={name: results.at("studied").at(name).plain() for name in STUDIED},
        seed=results.at("seed").whole(0, 2**32 - 1),
        quick=results.at("quick").flag(),
        code={name: node.text() for name, node in made_with.at("code").items()},
        versions={name: node.text() for name, node in made_with.at("versions").items()},
        checks=_checks(ledger),
        facts=_facts(results, ledger),
        record=record,
        cells=cells,
    )


def notebook(content: bytes, name: str) -> tuple[tuple[Cell, ...], Record]:
    """Read a notebook: its cells, and the record that its last code cell displayed."""
    cells: list[Cell] = []
    recorded: Any = None
    for node in shape.parse(content, name).at("cells").each():
        tags = node.at("metadata").value.get("tags") if isinstance(node.at("metadata").value, dict) else None
        tag = tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else ""
        kind = node.at("cell_type").text()
        cells.append(Cell(tag[: shape.NAME_LIMIT], kind, _lines(node.at("source"))))
        if kind == "code":
            shown = [output.value for output in node.at("outputs").each() if isinstance(output.value, dict)]
            data = [output["data"] for output in shown if isinstance(output.get("data"), dict)]
            recorded = next((each[MIME] for each in data if MIME in each), None)
    try:
        return tuple(cells), msgspec.convert(recorded, Record)
    except msgspec.ValidationError as error:
        raise UnjudgedError(
            f"The last output of {name} is not its record: the submission was changed ({error})."
        ) from None


def _config(content: bytes) -> Config:
    name = f"{CONFIG} in the PDF"
    if len(content) > 64 * 2**10:
        raise UnjudgedError(f"{name} has more than 64 KiB.")
    try:
        return config.parse(content, name, Path())
    except InputError as error:
        raise UnjudgedError(str(error)) from None


def _value(node: Node) -> Mapping[str, Any]:
    """Check an entry of results.json: its question, what is printed, and the count if there is one."""
    node.at("question").text(within=QUESTIONS)
    node.at("printed").text()
    if "correct" in node.value:
        node.at("correct").whole(-MOST, MOST)
        node.at("total").whole(1, MOST)
    entry: Mapping[str, Any] = node.plain()
    return entry


def _environment(node: Node) -> Mapping[str, Any]:
    """Check that the environment can be put into words, as the appendix does."""
    found: Mapping[str, Any] = node.plain()
    try:
        numerics.sentences(found)
    except (KeyError, IndexError, TypeError, AttributeError):
        node.refuse("the audit of the numeric pins")
    return found


def _checks(node: Node) -> Mapping[str, Mapping[str, Any]]:
    rows = []
    for row in node.at("checks").each():
        row.at("question").text(within=(ALL_PROBLEM_1, *QUESTIONS))
        row.at("statement").text()
        row.at("passed").flag()
        rows.append((row.at("id").text(), row.plain()))
    if len(dict(rows)) < len(rows):
        node.at("checks").refuse("a list without a check that occurs twice")
    return dict(rows)


def _facts(results: Node, ledger: Node) -> Mapping[str, Any]:
    """Give what both files say beside what is compared by itself, and what is the author's machine's."""
    found = {f"{RESULTS}, {key}": node.plain() for key, node in results.items() if key not in COMPARED}
    found |= {f"{LEDGER}, {key}": node.plain() for key, node in ledger.items() if key != "checks"}
    data = results.at("data")
    found[f"{RESULTS}, data, stand_in"] = data.at("stand_in").flag()
    for name, file in data.at("files").items():
        found |= {f"{RESULTS}, data, {name}, {key}": node.plain() for key, node in file.items()}
    return {place: value for place, value in found.items() if not place.endswith(", sha256")}


def _lines(node: Node) -> str:
    """Give a text that a notebook may write as one or as a list of lines."""
    if isinstance(node.value, list):
        return "".join(line.text(limit=LONGEST_LINE) for line in node.each())
    return node.text(limit=LONGEST_LINE)
