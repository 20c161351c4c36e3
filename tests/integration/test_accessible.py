"""The PDF for whoever cannot see it, or copies from it: structure, descriptions, formulas as LaTeX."""

import json
import re
from collections import Counter

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from report.config import QUESTIONS

pytestmark = pytest.mark.tex
PAINTING = {b"Tj", b"TJ", b"Do"}


@pytest.fixture(scope="module")
def reader(tiny_build):
    """Open the tiny submission."""
    return PdfReader(tiny_build.out / "submission.pdf")


@pytest.fixture(scope="module")
def copied(tiny_build):
    """Read what is copied from the pages, without blanks."""
    return re.sub(r"\s", "", tiny_build.shown())


def elements(reader):
    """Give the structure elements below the document, in order."""
    return [kid.get_object() for kid in reader.root_object["/StructTreeRoot"]["/K"]["/K"]]


def painted(reader, page):
    """Give, for each text and figure that a page paints, the tags and the numbers of the marks around it."""
    around = []
    for operands, operator in ContentStream(page["/Contents"], reader).operations:
        if operator in (b"BMC", b"BDC"):
            inside = operands[1] if operator == b"BDC" and isinstance(operands[1], dict) else {}
            around.append((str(operands[0]), inside.get("/MCID")))
        elif operator == b"EMC":
            around.pop()  # of nothing: an error of the page
        elif operator in PAINTING:
            yield [tag for tag, _ in around], [number for _, number in around if number is not None]
    assert not around


def test_the_document_names_language_and_title(reader):
    """A viewer knows the language, shows the title and not a file name, finds the structure, and blanks."""
    root = reader.root_object

    assert root["/Lang"] == "en-US"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/MarkInfo"]["/Marked"]
    words = " ".join(reader.pages[0].extract_text().split())  # of the content, not of the layout
    assert "Applying it three times, and inserting each state" in words


def test_whatever_a_page_shows_is_in_one_element_or_in_none_on_purpose(reader):
    """Each text and figure is part of one element, or an artifact like the head of the page."""
    for page in reader.pages:
        counts = Counter(
            "element" if len(numbers) == 1 and "/Artifact" not in tags else
            "artifact" if not numbers and "/Artifact" in tags else "neither"
            for tags, numbers in painted(reader, page)
        )  # fmt: skip
        assert set(counts) <= {"element", "artifact"}
        assert counts["element"] > 10
        assert counts["artifact"] <= 15  # the words of the head, and the page's number


def test_elements_and_pages_tell_the_same(reader):
    """The pieces that an element names are on the pages, and each page leads back from piece to element."""
    numbers = reader.root_object["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    parents = dict(zip(numbers[::2], numbers[1::2], strict=True))
    told = {
        (piece.raw_get("/Pg").idnum, piece["/MCID"]): element.indirect_reference.idnum
        for element in elements(reader)
        for piece in element["/K"]
    }

    found = {
        (page.indirect_reference.idnum, number): parent.idnum
        for page in reader.pages
        for number, parent in enumerate(parents[page["/StructParents"]])
    }
    assert found == told
    for page in reader.pages:
        shown = {number for _, numbers in painted(reader, page) for number in numbers}
        assert shown <= set(range(len(parents[page["/StructParents"]])))


def test_headings_and_figures_are_elements_of_their_own(reader, tiny_build):
    """Title, problems and appendix, and questions are headings of three levels; figures are described."""
    kinds = Counter(str(element["/S"]) for element in elements(reader))
    figures = [element for element in elements(reader) if element["/S"] == "/Figure"]

    assert (kinds["/H1"], kinds["/H2"], kinds["/H3"]) == (1, 2 + 2, len(QUESTIONS))  # checks, references
    assert len(figures) == len(list((tiny_build.out / "figures").glob("*.tex")))
    for figure in figures:
        assert len(str(figure["/Alt"]).split()) > 10


def test_formulas_copy_as_latex(tiny_build, copied):
    """What is copied from a page holds every formula of problem 1, as its LaTeX."""
    results = json.loads((tiny_build.out / "results.json").read_text())

    formulas = {key: entry["latex"] for key, entry in results["formulas"].items() if "table" not in key}
    rows = [
        re.sub(r"\\qquad |&|\s", "", row.partition(r" \rulename")[0])
        for latex in formulas.values()
        if "=" in latex or r"\l" in latex
        for row in latex.split("\\\\\n")
    ]
    assert len(set(rows)) > 80
    assert [row for row in rows if row not in copied] == []


def test_letters_in_figures_copy_as_themselves(tiny_build, copied):
    """Labels of figures are copied as they are; no ligature is one sign, and a minus sign is one."""
    labels = []
    for figure in sorted((tiny_build.out / "figures").glob("*.tex")):
        tex = figure.read_text(encoding="utf-8").replace("{}", "")
        labels += re.findall(r"\\copied\{(.*?)\}(?=[^}\s])", tex)  # mathematics, as its LaTeX
        labels += re.findall(r"\\selectfont(?:\\ttfamily)? ([^\\$}]*)\}", tex)
    assert len(labels) > 60
    assert [label for label in labels if re.sub(r"\s", "", label) not in copied] == []
    assert not re.search("[¡°\N{REPLACEMENT CHARACTER}\ufb00-\ufb06]", copied)
    assert re.search("\N{MINUS SIGN}\\d", copied)
