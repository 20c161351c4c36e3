"""Templates to LaTeX: typed values, one escape, nothing undefined."""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
)
from jinja2.ext import Extension
from jinja2.lexer import TOKEN_DATA, TOKEN_VARIABLE_BEGIN, Token

from report.errors import InputError
from report.latex.escape import Latex, escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.lexer import TokenStream

MARK = "\N{INVISIBLE SEPARATOR}"  # not allowed in external text


def environment(templates: Path) -> Environment:
    """Make the Jinja2 environment: Sphinx's LaTeX delimiters, strict in every respect."""
    return Environment(
        loader=FileSystemLoader(templates),
        extensions=[_Marks],
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=_Undefined,
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
    hint = "Correct the template."
    try:
        return _unmark(env.get_template(template).render(context), template)
    except TemplateSyntaxError as error:
        line, told, hint = _unclosed(error.source or "") or (error.lineno, str(error.message), hint)
        found = place(Path(error.name or template).name, line)
        told = re.sub("end of (print statement|statement block)", "%>", told)
    except TemplateNotFound as error:
        raise InputError(f"{place(str(error.name))} is missing.", "Restore it.") from error
    except UnicodeDecodeError as error:
        found, told = place(template, error.object.count(b"\n", 0, error.start) + 1), "not UTF-8"
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, InputError) as error:
        found, told = place(*_where(error, template)), str(error)
        raise InputError(f"{found}: {told.rstrip('.')}.", _hint(error, context)) from error
    raise InputError(f"{found}: {told.rstrip('.')}.", hint)


def place(template: str, line: int = 0) -> str:
    """Describe a place: the question that a template answers, its file, and the line if known."""
    question = re.fullmatch(r"(\d)([a-z])\.tex", template)
    head = f"Question {question[1]}({question[2]}): " if question else ""
    return f"{head}templates/{template}{f', line {line}' if line else ''}"


def _unclosed(source: str) -> tuple[int, str, str] | None:
    """Find a tag or block without its end, which Jinja2 notices far behind: its line, words and advice."""
    begun: list[tuple[str, int]] = []
    for tag in re.finditer(r"<#.*?#>|<%\s*(?:(end)?(if|for)\b)?(?:(?!%>|<%).)*(%>)?", source, re.DOTALL):
        end, kind, closed = tag.groups()
        line = source.count("\n", 0, tag.start()) + 1
        if tag[0].startswith("<%") and not closed:
            return line, "a tag is not closed", "It ends with %>."
        if end:
            if not begun or begun[-1][0] != kind:
                break
            begun.pop()
        elif kind:
            begun.append((kind, line))
    if begun:
        kind, line = begun[-1]
        return line, f"<% {kind} ... %> has no <% end{kind} %>", "Put it where the block ends."
    return None


class _Marks(Extension):
    """Puts the number of its line before each piece of text, to be taken out when the template is filled."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Mark the text between tags line by line, and where a value is printed."""
        for token in stream:
            text = token.value if token.type == TOKEN_DATA else ""
            if text or token.type == TOKEN_VARIABLE_BEGIN:
                lines = enumerate(text.split("\n"), start=token.lineno)
                marked = "\n".join(f"{MARK}{number}{MARK}{line}" for number, line in lines)
                yield Token(token.lineno, TOKEN_DATA, marked)
            if not text:
                yield token


def _unmark(marked: str, template: str) -> Page:
    """Take the marks out of a filled template; of those that begin a line the last is nearest to its text."""
    text, lines, number = [], [], 1
    for line in marked.split("\n"):
        begins = re.match(f"(?:{MARK}(\\d+){MARK})+", line)
        number = int(begins[1]) if begins else number
        text.append(re.sub(f"{MARK}\\d+{MARK}", "", line))
        lines.append(number)
    return Page("\n".join(text), template, tuple(lines))


class _Undefined(StrictUndefined):
    """An undefined name: any use of it is an error, which suggests the nearest defined one."""

    @property
    def _undefined_message(self) -> str:
        if not isinstance(self._undefined_obj, Mapping):
            return super()._undefined_message
        name = str(self._undefined_name)
        near = difflib.get_close_matches(name, map(str, self._undefined_obj), n=1)
        return f"there is no {name!r} here{f' (did you mean {near[0]!r}?)' if near else ''}"


def _hint(error: Exception, context: Mapping[str, Any]) -> str:
    """Name the value that is nearest to a misspelt one, or repeat the error's own text."""
    name = re.fullmatch(r"'(\w+)' is undefined", str(error))
    near = difflib.get_close_matches(name[1], context, n=1) if name else []
    return f"Did you mean {near[0]}?" if near else getattr(error, "hint", "")


def _typed(value: Any) -> str:
    """Pass Latex on, escape plain text, refuse all else (numbers are formatted in Python)."""
    if isinstance(value, Latex | Undefined):
        return str(value)  # an undefined value raises here, with its name
    if isinstance(value, str):
        return escape(value)
    raise InputError(
        f"{value!r} is not text ({type(value).__name__}), so it cannot be printed",
        "report/pages.py makes texts of numbers; a fixed one stands in the template without a tag.",
    )


def _where(error: BaseException, template: str) -> tuple[str, int]:
    """Find the innermost template line in a traceback."""
    steps = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    places = [(Path(file).name, line) for file, line in steps if file.endswith(".tex")]
    return places[-1] if places else (template, 0)
