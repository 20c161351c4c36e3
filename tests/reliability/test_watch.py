"""watch builds when a file changes, goes on after an error, and ends with Ctrl-C."""

import signal

import pytest

pytestmark = pytest.mark.tex

BUILT = r"Built in [\d.]+ s; watching for changes, Ctrl-C ends\."
FAILED = r"Failed \(exit code 2\) in [\d.]+ s; watching for changes, Ctrl-C ends\."


def test_watching(project, alive):
    """A saved template is built from, a mistake is told and survived, and the time taken is shown."""
    part = project.out / "parts" / "1e.tex"
    with project.started("watch", "--jobs", "1", "--no-pdf") as watch:
        watch.until(BUILT)

        project.append("templates/1e.tex", "\n<%= nosuch %>\n")
        told = watch.until(FAILED)
        assert "templates/1e.tex changed." in told
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
