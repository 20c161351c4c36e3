"""watch builds when a file changes, goes on after an error, and ends with Ctrl-C."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex


def test_watching(project: Project, alive: Callable[[Path], list[str]]) -> None:
    """A saved template is in the PDF, a mistake is told and survived, and the time taken is shown."""
    process = project.start("watch", "--jobs", "1")
    assert process.stdout is not None

    def until(words: str) -> str:
        told = ""
        assert process.stdout is not None
        while not re.search(words, told):
            line = process.stdout.readline()
            assert line, told
            told += line
        return told

    assert "Nothing changed" in until(r"Built in [\d.]+ s; watching \d+ files, Ctrl-C ends\.")

    project.append("templates/1e.tex", "\n<%= nosuch %>\n")
    told = until(r"Failed \(exit code 2\) in [\d.]+ s; watching")
    assert "templates/1e.tex changed." in told
    assert "'nosuch' is undefined" in told

    project.edit("templates/1e.tex", "<%= nosuch %>", "Written while you watch.")
    until(r"Built in [\d.]+ s; watching")
    assert "Written while you watch." in project.shown().replace("\n", " ")

    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert time.monotonic() - began < 1
    assert alive(project.root) == []


@pytest.mark.slow
def test_watching_what_goes_and_comes(project: Project) -> None:
    """A file that is deleted, a new one, one that is older than before, and the configuration all count."""
    process = project.start("watch", "--jobs", "1", "--no-pdf")
    assert process.stdout is not None

    def until(words: str) -> str:
        told = ""
        assert process.stdout is not None
        while not re.search(words, told):
            line = process.stdout.readline()
            assert line, told
            told += line
        return told

    until("watching")
    (project.root / "templates" / "summary.tex").rename(project.root / "summary.tex")
    assert "templates/summary.tex is missing" in until("Failed .* watching")
    (project.root / "summary.tex").rename(project.root / "templates" / "summary.tex")
    until("Built .* watching")
    project.edit("report.toml", "[author]", "[auhtor]")
    assert "Did you mean author?" in until("Failed .* watching")
    project.edit("report.toml", "[auhtor]", "[author]")
    until("Built .* watching")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 130
