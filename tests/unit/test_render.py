"""Text, templates and remarks to LaTeX: what is escaped, what is refused, and where a line comes from."""

from __future__ import annotations

import math
import random
import re
import subprocess
import unicodedata

import numpy as np
import pytest

from report.errors import InputError
from report.latex import scripts
from report.latex.escape import Latex, escape, formula, prose, remark
from report.latex.render import environment, page


def filled(folder, source, **context):
    """Write a template of its own and fill it."""
    (folder / "a.tex").write_text(source, encoding="utf-8")
    return page(environment(folder), "a.tex", context)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a\nb\tc", "a b c"),
        ("---", "-{}-{}-{}"),
        *((name, name) for name in ("Zoë Ångström", "Çağrı", "Łukasz Dvořák", "Søren Æsir ß", "ążēć")),
    ],
)
def test_latin_letters_stay_however_they_are_encoded(text, latex):
    """What TeX makes of all other characters is read back from a PDF in tests/reliability/."""
    assert latex == escape(text) == escape(unicodedata.normalize("NFD", text))


def test_drawn_words_have_a_figure_each():
    """The figures of the pages are those of their words, once each, and the same bytes every time."""
    page = escape("Юлия Петрова Юлия")

    made = scripts.figures([page, page])

    assert len(made) == 2
    assert all(name in page and content.startswith(b"%PDF") for name, content in made.items())
    assert made == scripts.figures([page])
    # letters alone, in the colour of the text: nothing is filled, no colour chosen
    painting = rb"^(f|F|B|b|[\d. ]+ (g|rg|k)|/\w+ cs)\*?$"
    assert [name for name, content in made.items() if re.search(painting, content, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("text", "package"), [("数学", "fonts-wqy-microhei"), ("क", "fonts-lohit-deva"), ("ᚠ", "fonts-noto-core")]
)
def test_a_script_without_a_font_is_refused(text, package, monkeypatch):
    """Where no font has the letters, the smallest package that brings them is named."""
    monkeypatch.setattr(scripts, "font_for", lambda _: "")
    with pytest.raises(InputError, match=r"^report\.toml, name: the report's font has no ") as caught:
        escape(text, "report.toml, name")

    assert f"U+{ord(text[0]):04X}" in str(caught.value)
    assert caught.value.hint == f"Install a font, such as {package}, or write it with Latin letters."


def test_long_runs_may_be_broken():
    """A word of 20 letters or more may be broken behind each, a shorter one nowhere."""
    assert escape("x" * 19) == "x" * 19
    assert escape("x" * 20) == r"x\allowbreak{}" * 20
    assert escape(" ".join(["x" * 19] * 5)) == " ".join(["x" * 19] * 5)
    assert escape("Я" * 21).count("allowbreak") == 21
    assert escape(f"ab {'x' * 20} c") == "ab " + r"x\allowbreak{}" * 20 + " c"


def test_text_is_escaped_once_and_latex_passes(tmp_path):
    """Plain text, numpy's too, is escaped on its way into a page; LaTeX is not."""
    texts = {"plain": "a_b", "once": escape("c_d"), "latex": Latex("$x_1$"), "label": np.array(["a&b"])[0]}

    made = filled(tmp_path, "<%= plain %> <%= once %> <%= latex %> <%= label %>", **texts)

    assert made.text == r"a\_b c\_d $x_1$ a\&b"


NO_TEXT = (None, math.nan, 0.5, True, np.float64(0.5), ["a"], b"a")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<%= missing %>", "'missing' is undefined"),
        ('<%= eq["1z"] %>', "there is no '1z' here"),
        ('<%= eq["1a.h9"] %>', "there is no '1a.h9' here (did you mean '1a.h1'?)"),
        ("<%= eq.nothing %>", "there is no 'nothing' here"),
        ("<%= eq.a.b.c %>", "'str object' has no attribute 'b'"),
        ("<% if stand_inn %>\nx\n<% endif %>", "'stand_inn' is undefined"),
        ("<% if %><% endif %>", "Expected an expression, got '%>'."),
        *((f"<%= odd[{place}] %>", f"{odd!r} is not text (") for place, odd in enumerate(NO_TEXT)),
        ("<%= 3 %>", "3 is not text (int), so it cannot be printed. "),
        ("<%= 3 %>", "; a fixed one stands in the template without a tag."),
        ("<%= eq.a .\nmore", "a tag is not closed."),
        ("<%= eq.a\n<%= eq.a %>", "a tag is not closed."),
        ("<% if eq %>\nx", "<% if ... %> has no <% endif %>."),
        ("<% for x in eq %>\n<% if x %>a<% endif %>\n<% endif %>", "<% for ... %> has no <% endfor %>."),
        ("<# x", "Missing end of comment tag."),
        ('<%= "☃" %>', "“☃”"),
        ("<%= 1 / 0 %>", "division by zero"),
    ],
)
def test_a_slip_is_told_with_template_and_line(source, told, tmp_path):
    """A name that is not there, in a condition too, a tag that cannot be read, a value that is no text."""
    with pytest.raises(InputError) as caught:
        filled(tmp_path, f"x\n{source}\n", eq={"a": "1", "1a.h1": "2"}, odd=NO_TEXT)
    error = f"{caught.value} {caught.value.hint}"
    assert error.startswith("templates/a.tex, line 2: ")
    assert told in error


def test_an_error_names_the_innermost_template(tmp_path):
    """In an included template the place is that one's, with its question; a missing one has no line."""
    (tmp_path / "1d.tex").write_text("1\n2\n<%= nothin %>\n", encoding="utf-8")

    place = r"^Question 1\(d\): templates/1d\.tex, line 3: "
    with pytest.raises(InputError, match=place + "'nothin' is undefined") as caught:
        filled(tmp_path, 'x\n<% include "1d.tex" %>\n', nothing="")
    assert caught.value.hint == "Did you mean nothing?"
    (tmp_path / "1d.tex").write_bytes("one\ntwo\nfür\n".encode("latin-1"))
    with pytest.raises(InputError, match=rf"{place}not UTF-8\.$"):
        page(environment(tmp_path), "1d.tex", {})
    with pytest.raises(InputError, match=r"^templates/b\.tex is missing\.$"):
        page(environment(tmp_path), "b.tex", {})


def test_each_line_knows_its_template_line(tmp_path):
    """Lines made by loops, conditions and inclusion of blank lines point to where they were written."""
    source = (
        "first\n"  # 1
        "<% for item in items %>\n"  # 2
        "<%= item %> begins\n"  # 3
        "\n"  # 4
        "<% endfor %>\n"  # 5
        "<# a comment\n"  # 6
        "over two lines #>\n"  # 7
        "<% if yes %>behind a tag<% endif %>\n"  # 8
        "\n"  # 9: taken by the tag before it
        "<%= items[0] %> begins with a value\n"  # 10
        "<%= items\n"  # 11
        "[1] %> over two lines\n"  # 12
        "last"  # 13
    )

    made = filled(tmp_path, source, items=["a", "b"], yes=True)

    lines = ["first", "a begins", "", "b begins", "", "behind a tag"]
    lines += ["a begins with a value", "b over two lines", "last"]
    assert made.text.split("\n") == lines
    assert made.lines == (1, 3, 4, 3, 4, 8, 10, 11, 13)


def test_a_formula_is_copied_as_its_latex():
    """Line by line, what is copied is the LaTeX without its layout; the name of a rule stays text."""
    derivation = "a &= b \\rulename{as $c = d$} \\\\\n&\\qquad + e"

    made = formula(derivation)

    assert made == (
        r"\copied{a = b}a &= b\shown \rulename{as $\copied{c = d}c = d\shown$}"
        " \\\\\n"
        r"\copied{+ e}&\qquad + e\shown"
    )
    assert prose("the sum of $x_k$") == r"the sum of $\copied{x_k}x_k\shown$"


# --- an author's remark: words are printed as typed, formulas are those of a safe list
def set_in(formula):
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
def test_formulas_stand_between_dollars(text, latex):
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
def test_what_is_not_on_the_list_is_refused(formula, reason):
    """What TeX might stumble over, or run, is told with the formula before TeX sees it."""
    with pytest.raises(InputError) as caught:
        remark(f"So ${formula}$.", "report.toml, [report.remarks] 1e")

    assert str(caught.value).startswith(f"report.toml, [report.remarks] 1e: the formula ${formula}$ {reason}")


@pytest.mark.tex
def test_tex_sets_whatever_is_taken(tmp_path):
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
