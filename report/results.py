"""What the PDF carries: which files are attached inside it, and results.json and ledger.json as types."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from experiments.assessment import Assessment, Certificate, Choice, Optimism, Seeds
from experiments.record import PassedOver, Record, Search, Value, values
from report.cache import Snapshot
from report.config import QUESTIONS

if TYPE_CHECKING:
    from experiments.dataset import Dataset
    from report.cache import Inputs

NOTEBOOK, LEDGER, CONFIG, RESULTS = "homework03.ipynb", "ledger.json", "report.toml", "results.json"
ATTACHED = (NOTEBOOK, LEDGER, CONFIG, RESULTS)
# Packages whose versions can change what the pages show.
PACKAGES = ("numpy", "scipy", "scikit-learn", "sympy", "mpmath", "matplotlib")


class Formula(Struct, frozen=True):
    """A formula or number of problem 1 as it is printed; question ``1`` for a symbol that all of it uses."""

    question: str
    latex: str


class DataFile(Struct, frozen=True):
    """One of the four files, without its header row."""

    sha256: str
    rows: int
    columns: int


class Data(Struct, frozen=True):
    """The data that the numbers were made with."""

    stand_in: bool
    files: dict[str, DataFile]
    others: tuple[str, ...]  # further files in the same place, left alone


class MadeWith(Struct, frozen=True):
    """What made the submission: a digest of each stage's code, and versions."""

    code: dict[str, str]
    versions: dict[str, str]


class Studied(Struct, frozen=True):
    """What is printed beside the values that were asked for."""

    seeds: Seeds
    selection: Optimism
    certificate: Certificate
    passed_over: tuple[PassedOver, ...] = ()  # by the rule, since other machines may find other counts


class Results(Struct, frozen=True, kw_only=True):
    """results.json: every reported value, and what it was made from."""

    schema: int = 1
    values: dict[str, Value]
    formulas: dict[str, Formula]
    data: Data
    environment: dict[str, Any]  # the audit of the numeric pins
    studied: Studied
    seed: int
    quick: bool
    made_with: MadeWith


class Check(Struct, frozen=True):
    """A check of a derivation; `statement` is LaTeX text."""

    id: str
    question: str
    statement: str
    method: str
    points: int
    worst_residual: str
    passed: bool


class Exemption(Struct, frozen=True):
    """Formulas that claim nothing, in LaTeX, and why they were not tested."""

    reason: str
    formulas: tuple[str, ...]


class Ledger(Struct, frozen=True, kw_only=True):
    """ledger.json: every check; it depends on the seed and the versions alone."""

    schema: int = 1
    seed: int
    sympy: str
    mpmath: str
    checks: tuple[Check, ...]
    exemptions: tuple[Exemption, ...]


class Derived(Struct, frozen=True):
    """Problem 1, checked: what its pages print, in LaTeX by key, and the ledger of all checks."""

    formulas: dict[str, str]
    facts: dict[str, str]
    figure_1f: dict[str, Any]
    ledger: Ledger


class Measured(Struct, frozen=True):
    """The executed notebook, as the text of its file, and what it recorded."""

    notebook: str
    record: Record


class Searched(Struct, frozen=True):
    """The search by the program's own trainer: what each setting reached and predicts, and its choice."""

    search: Search
    choice: Choice
    predicted: tuple[tuple[int, ...], ...]  # for each setting and dev sample, a place among the classes


def collect(record: Record, derived: Derived, data: Dataset, studied: Assessment, inputs: Inputs) -> Results:
    """Collect the content of results.json."""
    files = {file.name: DataFile(file.sha256, file.rows, file.columns) for file in data.files}
    return Results(
        values=values(record),
        formulas=formulas(derived),
        data=Data(data.stand_in, files, data.others),
        environment=studied.environment,
        studied=Studied(studied.seeds, studied.selection, studied.certificate, record.passed_over),
        seed=inputs.config.seed,
        quick=inputs.quick,
        made_with=made_with(Snapshot(inputs)),
    )


def formulas(derived: Derived) -> dict[str, Formula]:
    """Return what problem 1 prints, by key: its formulas and its numbers."""
    printed = {**derived.formulas, **derived.facts}
    return {key: Formula(_question(key), latex) for key, latex in printed.items()}


def made_with(snapshot: Snapshot) -> MadeWith:
    """Return the digests of this program's code and the versions that it runs with."""
    versions = {name: snapshot.installed[name] for name in PACKAGES}
    return MadeWith(snapshot.code_digests(), {"python": platform.python_version(), **versions})


def _question(key: str) -> str:
    head = key.partition(".")[0]
    return head if head in QUESTIONS else "1"
