"""JSON from strangers: what is refused, with which sentence."""

from __future__ import annotations

import pytest

from report.verify import attached, shape
from report.verify.errors import UnjudgedError


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "results.json is not JSON: Expecting value"),
        (b"{", "results.json is not JSON"),
        (b"\xff\xfe", "results.json is not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "results.json nests lists or objects too deeply"),
        (b'{"a": ' * 100_000 + b"1" + b"}" * 100_000, "results.json nests lists or objects too deeply"),
        (b'{"a": 1, "a": 2}', "an object names something twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": [-1e400]}', "a number is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "results.json is not JSON: Exceeds the limit"),
        (b'{"' + b"a" * 300 + b'": 1}', "a name has more than 200 characters"),
    ],
)
def test_texts_that_are_no_sound_json(content: bytes, sentence: str) -> None:
    """Damaged, deeply nested or ambiguous JSON gets a sentence, not a traceback."""
    with pytest.raises(UnjudgedError, match=sentence):
        shape.parse(content, "results.json")


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("[1]", lambda node: node.at("values"), "results.json must be an object with 'values'"),
        (
            '{"a": true}',
            lambda node: node.at("a").whole(0, 9),
            "results.json, a must be a whole number from 0 to 9",
        ),
        ('{"a": 10}', lambda node: node.at("a").whole(0, 9), "a whole number from 0 to 9"),
        ('{"a": 1.0}', lambda node: node.at("a").whole(0, 9), "a whole number from 0 to 9"),
        ('{"a": 1}', lambda node: node.at("a").text(), "a text of 20,000 characters at most"),
        ('{"a": "3x"}', lambda node: node.at("a").text(within=("1a", "2b")), "one of 1a, 2b"),
        ('{"a": 0}', lambda node: node.at("a").flag(), "true or false"),
        ('{"a": "1"}', lambda node: node.at("a").number(), "a number"),
        ('{"a": {}}', lambda node: list(node.at("a").each()), "a list of 20,000 items at most"),
        ('{"a": []}', lambda node: list(node.at("a").items()), "an object of 20,000 entries at most"),
        ('{"\\u001b[2J": 1}', lambda node: node.at("\x1b[2J").text(), r"results.json, \\x1b\[2J must be"),
    ],
)
def test_values_of_another_kind(value: str, read: object, sentence: str) -> None:
    """A value of the wrong kind is named by its place, escape sequences shown and not sent."""
    with pytest.raises(UnjudgedError, match=sentence):
        read(shape.parse(value.encode(), "results.json"))


def test_large_texts_and_lists_are_refused() -> None:
    """Texts and lists beyond all that this program writes are refused, also deep inside."""
    for content in (b'{"a": ["' + b"x" * 30_000 + b'"]}', b'{"a": [' + b"1," * 30_000 + b"1]}"):
        with pytest.raises(UnjudgedError, match="20,000"):
            shape.parse(content, "results.json").plain()


def test_a_notebook_without_a_record_is_refused() -> None:
    """The last output of the last code cell must be the record."""
    content = b'{"cells": [{"cell_type": "code", "metadata": {}, "source": [], "outputs": []}]}'

    with pytest.raises(UnjudgedError, match="The last output of the notebook is not JSON"):
        attached.notebook(content, "the notebook")
