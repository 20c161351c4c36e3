"""Real builds, again, by hand or by watch: nothing is made anew without need, nor kept if no longer true."""

import re
import signal

import pytest

pytestmark = pytest.mark.tex

BUILT = r"Built in [\d.]+ s; watching for changes, Ctrl-C ends\."
FAILED = r"Failed \(exit code 2\) in [\d.]+ s; watching for changes, Ctrl-C ends\."


def made(told):
    """Read from what a build tells which stages ran, each with its reason."""
    return dict(re.findall(r"^-> (\w+)(?:: (.*))? \([\d.]+ s\)$", told, re.MULTILINE))


def test_a_changed_template_makes_the_pages_again(project):
    """New words in a template are in the PDF after seconds: nothing is derived or measured again."""
    project.append("templates/1e.tex", "\nA sentence that nobody wrote before.\n")

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert f"Building in {project.out}: templates/1e.tex changed." in done.stderr
    assert made(done.stderr).keys() == {"typeset", "compile", "bundle"}
    assert done.stderr.count("kept, reused") == 5
    assert "A sentence that nobody wrote before." in project.shown().replace("\n", " ")


@pytest.mark.slow
def test_a_notebook_that_counts_otherwise_is_caught(project, tiny_build):
    """Our own search is reused, and its counts are still compared with those of the notebook run anew."""
    project.edit("templates/homework03.py", '"epochs": model.n_iter_}', '"epochs": model.n_iter_ + 1}')

    done = project.run()

    assert done.returncode == 4, done.stderr
    assert made(done.stderr).keys() == {"measure"}
    assert "ERROR Two trainers disagree" in done.stderr
    assert project.products() == tiny_build.products()


def test_watching(project, alive):
    """A saved template is built from, a mistake is told and survived, and the time taken is shown."""
    part = project.out / "parts" / "1e.tex"
    with project.started("watch", "--jobs", "1", "--no-pdf") as watch:
        watch.until(BUILT)

        project.append("templates/1e.tex", "\n<%= nosuch %>\n")
        told = watch.until(FAILED)
        assert told.startswith("templates/1e.tex changed.\n")
        assert "'nosuch' is undefined" in told

        project.edit("templates/1e.tex", "<%= nosuch %>", "Written while you watch.")
        watch.until(BUILT)
        assert "Written while you watch." in part.read_text(encoding="utf-8")

        watch.process.send_signal(signal.SIGINT)
        assert watch.ended()[0] == 130
    assert alive(project.root) == []


@pytest.mark.slow
def test_watching_what_goes_and_comes(project):
    """A file that is deleted, even for a part of a build only, a new one, and the configuration all count."""
    summary, elsewhere = project.root / "templates" / "summary.tex", project.root / "summary.tex"
    with project.started("watch", "--jobs", "1", "--no-pdf") as watch:
        watch.until("Building in")
        summary.rename(elsewhere)
        watch.until("ERROR .*templates/summary.tex")
        elsewhere.rename(summary)  # before the build's process has ended
        assert "templates/summary.tex changed." in watch.until(BUILT)
        summary.rename(elsewhere)
        assert "templates/summary.tex is missing" in watch.until(FAILED)
        elsewhere.rename(summary)
        watch.until(BUILT)
        project.edit("report.toml", "[author]", "[auhtor]")
        assert "Did you mean author?" in watch.until(FAILED)
        project.edit("report.toml", "[auhtor]", "[author]")
        watch.until(BUILT)
        watch.process.send_signal(signal.SIGTERM)

        assert watch.ended()[0] == 130
