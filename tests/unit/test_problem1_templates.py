"""The templates of problem 1: prose and layout around formulas, no mathematics of their own."""

import re
from pathlib import Path

import pytest

from derivations import problem1

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
QUESTIONS = ("1a", "1b", "1c", "1d", "1e", "1f")
NAMES = (*QUESTIONS, "checked")
MATHEMATICS = re.compile(
    r"\$(?P<inline>[^$]*)\$|\\\[(?P<display>.*?)\\\]|\\begin\{align\*\}(?P<align>.*?)\\end\{align\*\}"
    r"|\\result\{(?P<result>(?:[^{}]|\{[^{}]*\})*)\}",
    re.DOTALL,
)
LAYOUT = re.compile(
    r"@|\s|[,.:;&]|\\\\(?:\[\d+pt\])?|\\q?quad|\\text\{[ a-z]*\}|\\begin\{aligned\}|\\end\{aligned\}"
)
# what may hold = or > outside of mathematics: keys, sizes, columns
NOT_TEXT = re.compile(r"\\(?:label|ref|cite|input|includegraphics(?:\[[^\]]*\])?|hypertarget)\{[^}]*\}"
                      r"|\\begin\{tabular\*?\}\{.*\}")  # fmt: skip


def text_of(name):
    """Return a template without comments, every tag replaced by @."""
    source = (TEMPLATES / f"{name}.tex").read_text(encoding="utf-8")
    return re.sub(r"<%.*?%>", "@", re.sub(r"<#.*?#>", "", source), flags=re.DOTALL)


def keys_of(name):
    """Return the keys of the formulas that a template prints."""
    source = (TEMPLATES / f"{name}.tex").read_text(encoding="utf-8")
    return {one or other for one, other in re.findall(r'eq(?:\.(\w+)|\["([^"]+)"\])', source)}


@pytest.mark.parametrize("name", NAMES)
def test_no_mathematics_is_typed_into_a_template(name):
    """In mathematics stand tags and layout alone; outside no relation, script, Greek letter or operator."""
    found = [next(filter(None, match.groups()), "") for match in MATHEMATICS.finditer(text_of(name))]
    text = NOT_TEXT.sub("", MATHEMATICS.sub("", text_of(name)))

    assert [] == [typed for typed in found if LAYOUT.sub("", typed)]
    assert [] == re.findall(
        r"[_^=<>]|\\(?:frac|sum|prod|sigma|gamma|delta|le|ge|approx|times|cdot|ensuremath)\b", text
    )


def test_every_formula_that_a_template_names_exists_and_none_is_idle():
    """Templates print what is derived, and what is derived is printed, be it as the name of a rule."""
    derived = {key: formula.latex for key, formula in problem1.printed().items()}
    rules = " ".join(re.findall(r"\\rulename\{.*", "\n".join(derived.values())))
    named = set[str]().union(*(keys_of(name) for name in QUESTIONS))

    assert set() == named - derived.keys()
    idle = {key for key in derived.keys() - named if f"${derived[key]}$" not in rules}
    assert set() == idle


def test_mathematics_in_the_name_of_a_rule_is_a_formula_too():
    """What stands between dollar signs beside a step is one of the formulas that are read back."""
    derived = {formula.latex for formula in problem1.printed().values()}
    lines = re.findall(r"\\rulename\{.*", "\n".join(derived))

    inside = {part for line in lines for part in re.findall(r"\$([^$]*)\$", line)}
    assert len(inside) >= 6
    assert set() == inside - derived


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_restates_the_question_and_sets_its_result_off(question):
    """Each answer opens with its heading and its points, restates the question and has a result set off."""
    text = text_of(question)

    assert text.startswith(rf"\question{{{question}}}{{")
    assert "}{2}\n" in text
    assert r"\restated{" in text
    assert re.search(r"\\result\{|\\answer\{", text)


def test_prose_says_of_a_bound_no_more_than_holds():
    """1e calls 0 no minimum; in 1f the gradient vanishes under a condition on w_2 alone."""
    text, source = text_of("1f"), " ".join((TEMPLATES / "1f.tex").read_text(encoding="utf-8").split())

    assert "minim" not in text_of("1e")
    assert not re.search(r"the gradient (?:goes|tends) to zero", text, re.IGNORECASE)
    assert re.search(r"If .{,200}eq\.lt2.{,200}the whole gradient vanishes", source)


def test_the_literature_is_cited_and_listed():
    """Two works are cited in 1f and stand in the references."""
    cited = ["bengio1994", "pascanu2013"]

    assert cited == re.findall(r"\\cite\{(\w+)\}", text_of("1f"))
    assert cited == re.findall(r"\\bibitem\{(\w+)\}", text_of("references"))
