"""Every character that a person may write, printed by the real LaTeX and read back from the page."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from report.latex import scripts
from report.latex.escape import DIRECT, SIGNS, SPECIAL, escape

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tex
TEMPLATE = Path(__file__).parents[2] / "templates" / "submission.tex"

SINGLE = [*map(chr, range(0x21, 0x7F)), *SPECIAL, *sorted(DIRECT), *SIGNS]
NAMES = ["Юлия Петрова", "Νίκος Παπαδόπουλος", "Їжакевич", "Հայկ", "Nguyễn Thảo", "علي حسن", "דוד לוי"]
TITLE = "".join(sorted(filter(str.isalpha, DIRECT))) + "α≤é " + " ".join(NAMES)
# What poppler reads for glyphs that stand for two characters, or that look the same.
LOOKS = {
    "…": "...",
    "Đ": "Ð",  # one glyph in T1
    "≠": "\N{COMBINING LONG SOLIDUS OVERLAY}=",
    "\N{SOFT HYPHEN}": "",
    "\N{NO-BREAK SPACE}": "",
}


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory, pdf_pages: Callable[[Path], list[str]]
) -> tuple[Path, dict[str, str]]:
    """Print each text on a line with its number, in the report's fonts; give the PDF and what is read."""
    folder = tmp_path_factory.mktemp("characters")
    texts = SINGLE + NAMES
    packages = [line for line in TEMPLATE.read_text(encoding="utf-8").splitlines() if _about_letters(line)]
    lines = [rf"{number}:{escape(text)}:x\par" for number, text in enumerate(texts)]
    title = rf"\hypersetup{{pdftitle={{{escape(TITLE)}}}}}"
    parts = [r"\documentclass{article}", *packages, title, r"\begin{document}", *lines, r"\end{document}"]
    (folder / "all.tex").write_text("\n".join(parts), encoding="utf-8")
    for name, content in scripts.figures(lines).items():
        (folder / f"{name}.pdf").write_bytes(content)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1000:]
    text = "\n".join(pdf_pages(folder / "all.pdf"))
    found = dict(re.findall(r"^\s*(\d+):(.*?):x", text, re.MULTILINE))
    return folder / "all.pdf", {text: found.get(str(i), "lost") for i, text in enumerate(texts)}


def _about_letters(line: str) -> bool:
    """Tell whether a line of the template decides on fonts, encodings or their names in the PDF."""
    return bool(
        re.search(
            r"fontenc|inputenc|textcomp|mathpazo|amssymb|graphicx|hyperref\}|glyphtounicode|drawn|spelt", line
        )
    )


def test_every_character_is_printed_as_itself(printed: tuple[Path, dict[str, str]]) -> None:
    """What poppler reads on the page is the character that was written, for all that have a glyph."""
    _, read = printed

    wrong = {}
    for text in SINGLE:
        seen = "".join(unicodedata.normalize("NFKC", read[text]).split())
        expected = LOOKS.get(text, "".join(unicodedata.normalize("NFKC", text).split()))
        if seen != expected:
            wrong[text] = (seen, escape(text))
    assert wrong == {}


def test_names_in_other_scripts_can_be_copied(
    printed: tuple[Path, dict[str, str]], pdf_pages: Callable[[Path], list[str]]
) -> None:
    """A name that is drawn is read on the page as it is written, from right to left too."""
    pdf, _ = printed

    directions = str.maketrans("", "", "\u202a\u202b\u202c")
    shown = " ".join("\n".join(pdf_pages(pdf)).translate(directions).split())
    assert [name for name in NAMES if name not in shown] == []


def test_no_glyph_is_missing(printed: tuple[Path, dict[str, str]]) -> None:
    """TeX finds a glyph for every character and every mark over or under every letter."""
    pdf, _ = printed

    assert "Missing character" not in pdf.with_suffix(".log").read_text(encoding="utf-8", errors="replace")


def test_the_title_of_the_pdf_is_plain_text(printed: tuple[Path, dict[str, str]]) -> None:
    """The same texts serve as the PDF's title, where no command may remain."""
    pdf, _ = printed

    assert PdfReader(pdf).metadata.title == TITLE
