"""What was measured, for people: the table on the screen and the page in docs/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEAD = """\
# Benchmarks: measured against what one would use instead

Made by `make bench`, which repeats all of it on your machine; every figure is in
[benchmarks/results.json](../benchmarks/results.json). What is compared runs turn by turn, in processes of its
own, on the same cores, with the same numeric pins and versions of numpy, scipy and scikit-learn. Each
quantity is given as minimum, median and maximum of its runs; a target is compared with the median. Times are
of all processes that a command started: what passed (wall) and what all cores computed (CPU). The report's
own search is timed where it happens: scikit-learn's in the cells of the notebook, ours in its stage of the
build.
"""


def table(results: Mapping[str, Any]) -> str:
    """Give one table of everything, for a screen: program, what, median and range, target."""
    lines = [("", "quantity", "median", "min to max", "target")]
    for name, result in results.items():
        if "failed" in result:
            lines.append((name, f"FAILED: {result['failed']}", "", "", ""))
        for row in result.get("rows", ()):
            value = row["value"]
            span = "" if value["runs"] == 1 else f"{number(value['min'])} to {number(value['max'])}"
            quantity = f"{row['name']}: {row['quantity']}"
            lines.append((name, quantity, number(value["median"]), span, target(row)))
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
    """Give a value as ``min – median – max``, or alone if it was measured once."""
    if value["runs"] == 1:
        return number(value["median"])
    return " – ".join(number(value[part]) for part in ("min", "median", "max"))


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if column == 2 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _page(results: Mapping[str, Any]) -> Iterator[str]:
    done = {name: result for name, result in results.items() if "failed" not in result}
    yield HEAD
    if done:
        yield f"{_conditions(done)}\n"
    rows = [row for result in done.values() for row in result["rows"]]
    yield from _targets([row for row in rows if row["target"]])
    yield "\n![How costs grow](benchmarks.svg)\n"
    yield from (f"`benchmarks.{name}` failed: {results[name]['failed']}\n" for name in results.keys() - done)
    yield "## What else was measured\n"
    yield "| what | quantity | min – median – max |"
    yield "|---|---|---|"
    for row in rows:
        if not row["target"]:
            yield f"| {row['name']} | {row['quantity']} | {spread(row['value'])} |"
    facts = {name: fact for result in done.values() for name, fact in result["facts"].items()}
    yield ""
    yield from (f"- {name}: {fact}" for name, fact in facts.items())


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


def _targets(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Give the table of the targets, then why some are missed."""
    missed = [row for row in rows if not row["target"]["met"]]
    yield f"{len(rows) - len(missed)} of {len(rows)} targets are met.\n"
    yield "| what | quantity | min – median – max | target |"
    yield "|---|---|---|---|"
    for row in rows:
        yield f"| {row['name']} | {row['quantity']} | {spread(row['value'])} | {target(row)} |"
    yield ""
    for row in missed:
        yield f"- Missed: {row['name']}, {row['quantity']}. {row['note']}".rstrip()
