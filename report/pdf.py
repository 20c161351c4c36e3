"""Reading the PDF back: which question stands on which page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pypdf import PdfReader

from report.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Sequence


def question_pages(content: bytes, questions: Sequence[str]) -> dict[str, int]:
    """Give the page (from 1) on which each question starts, from the PDF's named destinations.

    Raises
    ------
    CheckError
        A question has no destination.
    """
    reader = PdfReader(io.BytesIO(content))
    found = reader.named_destinations
    if missing := [question for question in questions if f"question.{question}" not in found]:
        raise CheckError(f"The PDF has no place for question {', '.join(missing)}.")
    numbers = {
        question: reader.get_destination_page_number(found[f"question.{question}"]) for question in questions
    }
    return {question: (number or 0) + 1 for question, number in numbers.items()}
