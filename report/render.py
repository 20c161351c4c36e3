"""Templates to LaTeX: typed values, one escape, nothing undefined."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Latex(str):
    """Text that is LaTeX already, and passes into a page as it is."""

    __slots__ = ()


MARK = "\N{INVISIBLE SEPARATOR}"  # no text from outside may hold it
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # a bracket after \\ would be taken for its argument
    "]": "{]}",
    "-": "-{}",  # no ligatures: -- stays two hyphens
    ",": ",{}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{SOFT HYPHEN}": r"\-",
    "\N{EN DASH}": r"\textendash{}",
    "\N{EM DASH}": r"\textemdash{}",
    "\N{LEFT SINGLE QUOTATION MARK}": r"\textquoteleft{}",
    "\N{RIGHT SINGLE QUOTATION MARK}": r"\textquoteright{}",
    "\N{LEFT DOUBLE QUOTATION MARK}": r"\textquotedblleft{}",
    "\N{RIGHT DOUBLE QUOTATION MARK}": r"\textquotedblright{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\textellipsis{}",
    "\N{EURO SIGN}": r"\texteuro{}",
    "\n": " ",
    "\t": " ",
}
# Letters of the T1 font encoding that no accent makes.
LETTERS = {
    "Æ": r"\AE{}",
    "æ": r"\ae{}",
    "Ø": r"\O{}",
    "ø": r"\o{}",
    "Å": r"\r{A}",
    "å": r"\r{a}",
    "Œ": r"\OE{}",
    "œ": r"\oe{}",
    "ß": r"\ss{}",
    "Ł": r"\L{}",
    "ł": r"\l{}",
    "Đ": r"\DJ{}",
    "đ": r"\dj{}",
    "Ð": r"\DH{}",
    "ð": r"\dh{}",
    "Þ": r"\TH{}",
    "þ": r"\th{}",
    "Ŋ": r"\NG{}",
    "ŋ": r"\ng{}",
    "ı": r"\i{}",
    "¡": r"\textexclamdown{}",
    "¿": r"\textquestiondown{}",
    "«": r"\guillemotleft{}",
    "»": r"\guillemotright{}",
    "§": r"\S{}",
    "£": r"\pounds{}",
    "©": r"\textcopyright{}",
    "®": r"\textregistered{}",
    "°": r"\textdegree{}",
    "·": r"\textperiodcentered{}",
}
DOTLESS = {"i": r"\i{}", "j": r"\j{}"}  # an accent above takes the place of the dot
BELOW = "\N{COMBINING CEDILLA}\N{COMBINING OGONEK}\N{COMBINING DOT BELOW}\N{COMBINING COMMA BELOW}"
# Combining marks, as the accent command that sets them over or under the letter before.
ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CEDILLA}": "c",
    "\N{COMBINING OGONEK}": "k",
    "\N{COMBINING DOT BELOW}": "d",
    "\N{COMBINING COMMA BELOW}": "textcommabelow",
}
LEADING_TAGS = re.compile(r"^(?:\s*(?:<%(?!=).*?%>|<#.*?#>))+")


def escape(text: str, source: str = "a text") -> Latex:
    """Escape plain text for LaTeX, in one pass.

    Letters with accents are composed; long runs without a blank may be broken anywhere.

    Parameters
    ----------
    text : str
        Plain text.
    source : str
        Where the text comes from, for the message.

    Raises
    ------
    InputError
        The report's font lacks a character.
    """
    out = []
    run = 0
    for cluster in _clusters(text):
        base, marks = cluster[0], cluster[1:]
        run = 0 if base.isspace() else run + 1
        written = SPECIAL.get(base) or LETTERS.get(base) or (base if " " <= base <= "~" else None)
        if written is None or any(mark not in ACCENTS for mark in marks):
            name = unicodedata.name(base, "unnamed")
            raise InputError(
                f"{source}: the report's font has no “{cluster}” (U+{ord(base):04X} {name}).",
                "Write it with Latin letters.",
            )
        if base in DOTLESS and any(mark not in BELOW for mark in marks):
            written = DOTLESS[base]
        for mark in marks:
            written = f"\\{ACCENTS[mark]}{{{written}}}"
        if run >= 24 and run % 8 == 0:
            written += r"\allowbreak{}"
        out.append(written)
    return Latex("".join(out))


def environment(templates: Path) -> Environment:
    """Make the Jinja2 environment: Sphinx's LaTeX delimiters, strict in every respect."""
    return Environment(
        loader=_MarkingLoader(templates),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        finalize=_typed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  escaping is for LaTeX, by type, in finalize
    )


@dataclass(frozen=True)
class Page:
    """A filled template: its text, and for each line the line of the template that it comes from."""

    text: str
    template: str
    lines: tuple[int, ...]


def page(env: Environment, template: str, context: Mapping[str, Any]) -> Page:
    """Fill one template.

    Raises
    ------
    InputError
        The template is wrong, or uses a name that is not there; the message gives its file and line.
    """
    try:
        return _unmark(env.get_template(template).render(context), template)
    except TemplateSyntaxError as error:
        raise InputError(f"templates/{error.name}, line {error.lineno}: {error.message}") from error
    except TemplateNotFound as error:
        raise InputError(f"templates/{error.name} is missing.") from error
    except (TemplateError, TypeError, InputError) as error:
        file, line = _where(error, template)
        raise InputError(f"templates/{file}, line {line}: {error}", getattr(error, "hint", "")) from error


class _MarkingLoader(FileSystemLoader):
    """Loads templates with the number of each line at its start, to be taken out when they are filled.

    A line that begins with a tag or a comment gets it behind that; one that begins within a tag, or holds
    nothing else, gets none: there it would change the page.
    """

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Load a template's source and mark its lines."""
        source, file, fresh = super().get_source(environment, template)
        marked = []
        inside = False
        for number, line in enumerate(source.split("\n"), start=1):
            rest = LEADING_TAGS.sub("", line, count=1)
            tags = line[: len(line) - len(rest)]
            open_tag = rest.lstrip().startswith(("<%", "<#")) and not rest.lstrip().startswith("<%=")
            bare = inside or open_tag or (tags and not rest.strip())
            marked.append(line if bare else f"{tags}{MARK}{number}{MARK}{rest}")
            inside = max(line.rfind("<%"), line.rfind("<#")) > max(line.rfind("%>"), line.rfind("#>")) or (
                inside and "%>" not in line and "#>" not in line
            )
        return "\n".join(marked), file, fresh


def _unmark(marked: str, template: str) -> Page:
    """Take the line marks out of a filled template, and keep what they say."""
    text, lines, number = [], [], 1
    for line in marked.split("\n"):
        for found in re.findall(f"{MARK}(\\d+){MARK}", line)[:1]:
            number = int(found)
        text.append(re.sub(f"{MARK}\\d+{MARK}", "", line))
        lines.append(number)
    return Page("\n".join(text), template, tuple(lines))


def _typed(value: Any) -> str:
    """Let Latex pass, escape plain text, refuse all else (numbers are formatted in Python)."""
    if isinstance(value, Latex) or type(value).__name__ == "StrictUndefined":
        return str(value)  # an undefined value raises here, with its name
    if isinstance(value, str):
        return escape(value)
    raise TypeError(f"a {type(value).__name__} cannot be printed: {value!r}")


def _where(error: BaseException, template: str) -> tuple[str, int]:
    """Find the innermost template line in a traceback."""
    found = (template, 0)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "__jinja_template__" in trace.tb_frame.f_globals or name.endswith(".tex"):
            found = (name.rsplit("/", 1)[-1], trace.tb_lineno)
        trace = trace.tb_next
    return found


def _clusters(text: str) -> list[str]:
    """Split text into letters, each with the marks that combine with it; T1's own letters stay whole."""
    clusters: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        for part in (
            letter if letter in LETTERS or letter in SPECIAL else unicodedata.normalize("NFD", letter)
        ):
            if unicodedata.combining(part) and clusters:
                clusters[-1] += part
            else:
                clusters.append(part)
    return clusters
