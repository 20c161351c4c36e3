"""What was measured, for people: the table on the screen and the page in docs/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HEAD = """\
# Benchmarks: measured against what one would use instead

`make bench` repeats all of this on your machine. What is compared runs turn by turn, in processes of its own,
on the same cores, with the same numeric pins and versions. Each figure is the median of its runs, with their
range; a target is compared with the median.
"""
TRAINER = (
    ("the report's search", "GridSearchCV / ours, wall time"),
    ("shipped, 5 seeds", "GridSearchCV / ours, wall time"),
    ("digits, one seed", "GridSearchCV / ours, wall time"),
    ("breast_cancer, one seed", "GridSearchCV / ours, wall time"),
    ("400 width", "scikit-learn / ours, wall time"),
    ("the report's search", "former trainer / ours, CPU time"),
    ("the report's search", "physical limit / ours, CPU time"),
    ("the report's search", "ours / former trainer, peak memory"),
    ("cold", "cold build / the notebook's search, wall time"),
)  # what the page and the table begin with
LIMIT = ("the report's search", "physical limit / ours, CPU time")


def ordered(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return all rows with their programs: those of the trainer, those with a target, the rest."""
    rows = [(name, row) for name, result in results.items() for row in result.get("rows", ())]

    def rank(pair: tuple[str, Mapping[str, Any]]) -> int:
        what = pair[1]["name"], pair[1]["quantity"]
        return TRAINER.index(what) if what in TRAINER else len(TRAINER) + (pair[1]["target"] is None)

    return sorted(rows, key=rank)


def table(results: Mapping[str, Any]) -> str:
    """Give one table of everything, for a screen: program, what, median and range, target."""
    lines = [("", "quantity", "median", "min to max", "target")]
    for name, row in ordered(results):
        value = row["value"]
        span = "" if value["runs"] == 1 else f"{number(value['min'])} to {number(value['max'])}"
        lines.append((name, f"{row['name']}: {row['quantity']}", number(value["median"]), span, target(row)))
    for name, result in results.items():
        if "failed" in result:
            lines.append((name, f"FAILED: {result['failed']}", "", "", ""))
    widths = [
        max(len(line[column]) for line in lines if column != 1 or "FAILED" not in line[1])
        for column in range(5)
    ]
    return "\n".join(_aligned(line, widths) for line in lines)


def page(results: Mapping[str, Any]) -> str:
    """Give the page in docs/, in Markdown."""
    return "\n".join(_page(results)) + "\n"


def number(value: float) -> str:
    """Give a number with three significant digits, large ones with all before the point.

    Examples
    --------
    >>> number(3.14159), number(0.012345), number(71250.0), number(2.0)
    ('3.14', '0.0123', '71,250', '2')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def target(row: Mapping[str, Any]) -> str:
    """Tell what a row should be, and whether it is."""
    wanted = row["target"]
    if wanted is None:
        return ""
    sign = "≥" if wanted["at_least"] else "≤"
    return f"{sign} {number(wanted['limit'])}: {'met' if wanted['met'] else 'MISSED'}"


def spread(value: Mapping[str, Any]) -> str:
    """Give a value as ``median (min to max)``, or alone if it was measured once."""
    median = number(value["median"])
    return median if value["runs"] == 1 else f"{median} ({number(value['min'])} to {number(value['max'])})"


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if column == 2 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _page(results: Mapping[str, Any]) -> Iterator[str]:
    done = {name: result for name, result in results.items() if "failed" not in result}
    yield HEAD
    rows = [row for _, row in ordered(done) if row["target"]]
    first = sum((row["name"], row["quantity"]) in TRAINER for row in rows)
    missed = [row for row in rows if not row["target"]["met"]]
    yield from _table("the trainer", rows[:first])
    yield from _table("all else that has a target", rows[first:])
    yield f"{len(rows) - len(missed)} of {len(rows)} targets are met.\n"
    yield from (
        f"- Missed: {row['name']}, {row['quantity']}. {_needed(row, rows)}{row['note']}".rstrip() + "\n"
        for row in missed
    )
    yield from (f"`benchmarks.{name}` failed: {results[name]['failed']}\n" for name in results.keys() - done)
    yield "![How costs grow](benchmarks.svg)\n"
    facts = {name: fact for result in done.values() for name, fact in result["facts"].items()}
    yield from (f"- {name}: {fact}" for name, fact in facts.items())
    yield "\nEvery figure, also those without a target: [results.json](../benchmarks/results.json)."
    if done:
        yield _conditions(done)


def _needed(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Say which share of the physical limit a target of the report's search asks for."""
    limits = [each for each in rows if (each["name"], each["quantity"]) == LIMIT and row["name"] == LIMIT[0]]
    if not limits:
        return ""
    share = limits[0]["value"]["median"]
    needed = share * row["target"]["limit"] / row["value"]["median"]
    return f"The search runs at {share:.2f} of the physical limit; the target asks for {needed:.2f} of it. "


def _table(title: str, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    if rows:
        yield f"| {title} | quantity | median (range) | target |"
        yield "|---|---|---|---|"
        for row in rows:
            yield f"| {row['name']} | {row['quantity']} | {spread(row['value'])} | {target(row)} |"
        yield ""


def _conditions(done: Mapping[str, Any]) -> str:
    first = next(iter(done.values()))["conditions"]
    loads = [result["conditions"]["load before"] for result in done.values()]
    minutes = sum(result["seconds"] for result in done.values()) / 60
    versions = ", ".join(f"{name} {version}" for name, version in first["versions"].items())
    quick = "**A quick run, to try the programs out: its times mean nothing.** " if first["quick"] else ""
    pinned = "pinned" if first["pinned"] else "not pinned"
    return (
        f"{quick}{first['cores']} cores of {first['cpu']}, numerics {pinned}, load before a program"
        f" {min(loads):.1f} to {max(loads):.1f}, {minutes:.0f} minutes in all.\nVersions: {versions}."
    )
