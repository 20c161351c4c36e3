"""Real builds, again: nothing is made anew without need, and nothing is kept that is no longer true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

pytestmark = pytest.mark.tex


def made(told: str) -> dict[str, str]:
    """Read from what a build tells which stages ran, each with its reason."""
    return dict(re.findall(r"^-> (\w+)(?:: (.*))? \([\d.]+ s\)$", told, re.MULTILINE))


def test_a_changed_template_makes_the_pages_again(project: Project) -> None:
    """New words in a template are in the PDF after seconds: nothing is derived or measured again."""
    project.append("templates/1e.tex", "\nA sentence that nobody wrote before.\n")

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert f"Building in {project.out}: templates/1e.tex changed." in done.stderr
    assert made(done.stderr).keys() == {"typeset", "compile", "bundle"}
    assert done.stderr.count("kept, reused") == 5
    assert "A sentence that nobody wrote before." in project.shown().replace("\n", " ")


@pytest.mark.slow
def test_a_notebook_that_counts_otherwise_is_caught(project: Project, tiny_build: Project) -> None:
    """Our own search is reused, and its counts are still compared with those of the notebook run anew."""
    project.edit("templates/homework03.py", '"epochs": model.n_iter_}', '"epochs": model.n_iter_ + 1}')

    done = project.run()

    assert done.returncode == 4, done.stderr
    assert made(done.stderr).keys() == {"measure"}
    assert "ERROR Two trainers disagree" in done.stderr
    assert project.products() == tiny_build.products()
