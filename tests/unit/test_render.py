"""Templates to LaTeX: what is escaped and how, what is refused, and where a line comes from."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from report.errors import InputError
from report.latex import scripts
from report.latex.escape import Latex, escape, formula, prose
from report.latex.render import environment, page

if TYPE_CHECKING:
    from pathlib import Path

    from report.latex.render import Page


def filled(folder: Path, source: str, **context: Any) -> Page:
    """Write a template of its own and fill it."""
    (folder / "a.tex").write_text(source, encoding="utf-8")
    return page(environment(folder), "a.tex", context)


# What a LaTeX user would type, by hand, for each character that LaTeX or the font takes otherwise.
@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("\\", r"\textbackslash{}"),
        ("{}", r"\{\}"),
        ("$5 & 3%", r"\$5 \& 3\%"),
        ("#1_a", r"\#1\_a"),
        ("^~", r"\textasciicircum{}\textasciitilde{}"),
        ("<|>", r"\textless{}\textbar{}\textgreater{}"),
        ("\"'`", r"\textquotedbl{}\textquotesingle{}\textasciigrave{}"),
        ("[a]", "{[}a{]}"),
        ("---", "-{}-{}-{}"),
        (",,", ",{},{}"),
        ("a\nb\tc", "a b c"),
        ("a\N{NO-BREAK SPACE}b", "a~b"),
        ("–‘’", "–{}‘{}’{}"),
        ("a\N{SOFT HYPHEN}b", r"a\-b"),
        *((name, name) for name in ("Zoë Ångström", "Çağrı", "Łukasz Dvořák", "Søren Æsir ß", "ążēć")),
    ],
)
def test_what_means_something_to_latex_is_written_as_commands(text: str, latex: str) -> None:
    """A special character is written so that it is printed; Latin letters stay, however they are encoded."""
    assert latex == escape(text) == escape(unicodedata.normalize("NFD", text))


def drawn(word: str, *, macro: str = "drawnword") -> str:
    """Return the LaTeX of a word that is drawn, but for the name of its figure."""
    bookmark = "".join(f"\\unichar{{{ord(letter)}}}" for letter in word)
    text = "".join(f"{ord(letter):04X}" for letter in word)
    return rf"\texorpdfstring{{\{macro}{{FIGURE}}{{{text}}}}}{{{bookmark}}}"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("Юлия Петрова", f"{drawn('Юлия')} {drawn('Петрова')}"),
        ("Νίκος & Co", rf"{drawn('Νίκος')} \& Co"),
        ("علي حسن, Ada", rf"{drawn('علي حسن', macro='drawnfigure')},{{}} Ada"),
        ("Nguyễn-Smith", rf"{drawn('Nguyễn')}-{{}}Smith"),
        ("Це\u0301нтр", drawn("Це\u0301нтр")),
        ("Țe", r"\texorpdfstring{\spelt{021A}{Ț}}{Ț}e"),
        ("λ = 0", r"\texorpdfstring{\ensuremath{\lambda}}{\unichar{955}} = 0"),
    ],
)
def test_words_that_the_font_lacks_are_drawn(text: str, latex: str) -> None:
    """A word in another script, or with a letter of no encoding, is one figure."""
    assert re.sub(r"word-[0-9a-f]{12}", "FIGURE", escape(text)) == latex


def test_drawn_words_have_a_figure_each() -> None:
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
def test_a_script_without_a_font_is_refused(text: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no font has the letters, the smallest package that brings them is named."""
    monkeypatch.setattr(scripts, "font_for", lambda _: "")
    with pytest.raises(InputError, match=r"^report\.toml, name: the report's font has no ") as caught:
        escape(text, "report.toml, name")

    assert f"U+{ord(text[0]):04X}" in str(caught.value)
    assert caught.value.hint == f"Install a font, such as {package}, or write it with Latin letters."


def test_long_runs_may_be_broken() -> None:
    """A word of 20 letters or more may be broken behind each, a shorter one nowhere."""
    assert escape("x" * 19) == "x" * 19
    assert escape("x" * 20) == r"x\allowbreak{}" * 20
    assert escape(" ".join(["x" * 19] * 5)) == " ".join(["x" * 19] * 5)
    assert escape("Я" * 21).count("allowbreak") == 21
    assert escape(f"ab {'x' * 20} c") == "ab " + r"x\allowbreak{}" * 20 + " c"


def test_text_is_escaped_once_and_latex_passes(tmp_path: Path) -> None:
    """Plain text, numpy's too, is escaped on its way into a page; LaTeX is not."""
    texts = {"plain": "a_b", "once": escape("c_d"), "latex": Latex("$x_1$"), "label": np.array(["a&b"])[0]}

    made = filled(tmp_path, "<%= plain %> <%= once %> <%= latex %> <%= label %>", **texts)

    assert made.text == r"a\_b c\_d $x_1$ a\&b"


@pytest.mark.parametrize(
    "value",
    [None, math.nan, 0.5, 3, True, np.float64(0.5), ["a"], b"a"],
    ids=["None", "NaN", "float", "int", "bool", "numpy", "list", "bytes"],
)
def test_only_text_is_printed(value: object, tmp_path: Path) -> None:
    """A number, None or NaN in a template is an error with the template's file and line."""
    with pytest.raises(InputError, match=r"^templates/a\.tex, line 3: a \w+ cannot be printed: "):
        filled(tmp_path, "one\n\n<%= value %>\n", value=value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<%= missing %>", "'missing' is undefined"),
        ('<%= eq["1z"] %>', "there is no '1z' here"),
        ('<%= eq["1a.h9"] %>', "there is no '1a.h9' here (did you mean '1a.h1'?)"),
        ("<%= eq.nothing %>", "there is no 'nothing' here"),
        ("<%= eq.a.b.c %>", "'str object' has no attribute 'b'"),
        ("<% if stand_inn %>\nx\n<% endif %>", "'stand_inn' is undefined"),
        ("<% if %>", "Expected an expression"),
        ('<%= "☃" %>', "“☃”"),
        ("<%= 1 / 0 %>", "division by zero"),
    ],
)
def test_a_slip_is_told_with_template_and_line(source: str, told: str, tmp_path: Path) -> None:
    """A name that is not there, in a condition too, a tag that cannot be read, a text without a glyph."""
    with pytest.raises(InputError, match=rf"^templates/a\.tex, line 2: .*{re.escape(told)}"):
        filled(tmp_path, f"x\n{source}\n", eq={"a": "1", "1a.h1": "2"})


def test_an_error_names_the_innermost_template(tmp_path: Path) -> None:
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


def test_latex_own_signs_are_no_delimiters(tmp_path: Path) -> None:
    """Braces, percent and hash signs of LaTeX pass; tags and comments vanish with their line."""
    source = "{{x}} {% y %} {# z #} 100\\% % comment\n<# gone #>\n  <% if yes %>\nkept\n  <% endif %>\nend\n"

    assert filled(tmp_path, source, yes=True).text == "{{x}} {% y %} {# z #} 100\\% % comment\nkept\nend\n"


def test_each_line_knows_its_template_line(tmp_path: Path) -> None:
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


def test_a_formula_is_copied_as_its_latex() -> None:
    """Line by line, what is copied is the LaTeX without its layout; the name of a rule stays text."""
    derivation = "a &= b \\rulename{as $c = d$} \\\\\n&\\qquad + e"

    made = formula(derivation)

    assert made == (
        r"\copied{a = b}a &= b\shown \rulename{as $\copied{c = d}c = d\shown$}"
        " \\\\\n"
        r"\copied{+ e}&\qquad + e\shown"
    )
    assert prose("the sum of $x_k$") == r"the sum of $\copied{x_k}x_k\shown$"
