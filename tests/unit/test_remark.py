"""An author's remark: words are printed as typed, formulas are those of a safe list."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from report.errors import InputError
from report.latex.escape import remark

if TYPE_CHECKING:
    from pathlib import Path


def set_in(formula: str) -> str:
    """Return what a formula becomes on the page: itself, and what is copied from there."""
    return rf"$\copied{{{formula}}}{formula}\shown$"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("At r = 0.", "At r = 0."),
        (r"At $r = \frac{1}{4}$, so", "At " + set_in(r"r = \frac{1}{4}") + ",{} so"),
        ("It costs $5 or $10.", r"It costs \$5 or \$10."),
        ("From $5-$10.", r"From \$5-{}\$10."),
        ("100 $ & more", r"100 \$ \& more"),
        ("$h_t^2$ & $x_{t-1}$", set_in("h_t^2") + r" \& " + set_in("x_{t-1}")),
        ("a_b $$ c", r"a\_b \$\$ c"),
    ],
)
def test_formulas_stand_between_dollars(text: str, latex: str) -> None:
    """A formula is set as mathematics; a dollar with a blank behind it, or before a price, is a dollar."""
    assert remark(text, "report.toml, 1e") == latex


UNFIT = r"x^2^3  x^2'  x'_1^2  x'_1'  x_{1}_2  \frac{1}  \frac12  {x  x}  x^  x^12  x^\frac{1}{2}"
REFUSED = {
    **dict.fromkeys(UNFIT.split("  "), "has braces or scripts that do not fit together"),
    r"\input{/etc/passwd}": r"holds \input",
    r"\def\x{\x}\x": r"holds \def",
    r"a & b": "holds &",
    r"50%": "holds %",
    r"a\\b": r"holds \\",
    r"α": "holds α",
    r"\left( x": r"holds \left",
    r"\text{x}": r"holds \text",
    "x" * 61: "is longer than 60 characters",
}


@pytest.mark.parametrize(("formula", "reason"), REFUSED.items())
def test_what_is_not_on_the_list_is_refused(formula: str, reason: str) -> None:
    """What TeX might stumble over, or run, is told with the formula before TeX sees it."""
    with pytest.raises(InputError) as caught:
        remark(f"So ${formula}$.", "report.toml, [report.remarks] 1e")

    assert str(caught.value).startswith(f"report.toml, [report.remarks] 1e: the formula ${formula}$ {reason}")


@pytest.mark.tex
def test_tex_sets_whatever_is_taken(tmp_path: Path) -> None:
    """Formulas made of random pieces of the notation: TeX has nothing to say about those that are taken."""
    chance = random.Random(21)
    pieces = [*"abhx012+-=<>()|,.'^_{}[]*/", "{a}", "_{t}", "^{2}", r"\frac{a}{b}", r"\sqrt{x}"]
    pieces += [r"\sigma", r"\cdot", r"\ne", r"\sum", r"\log", r"\,", r"\lvert", r"\{", r"\infty", r"\quad"]
    taken = []
    while len(taken) < 300:
        formula = "".join(chance.choices(pieces, k=chance.randint(1, 9)))
        try:
            made = remark(f"${formula}$", "here")
        except InputError:
            continue
        taken += [made] if made.startswith(r"$\copied") else []
    lines = "\n".join(f"{number}: {made}\\par" for number, made in enumerate(taken))
    (tmp_path / "all.tex").write_text(
        rf"\documentclass{{article}}\usepackage{{amsmath}}\def\copied#1{{}}\def\shown{{}}\begin{{document}}{lines}"
        r"\end{document}"
    )

    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-800:].decode(errors="replace")
