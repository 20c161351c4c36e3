"""The real assembly line with stages that take no time, to be interrupted, killed and starved.

Run as ``python assembly.py [--force] [--hang STAGE] [--text TEXT] [--edit]``: builds in build/ from
report.toml and data/. At STAGE it says ``in STAGE`` and waits for a minute; with --edit a file appears beside
the data while the pages are set.
"""

import argparse
import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from experiments.assessment import Assessment, Certificate, Choice, Optimism, Seeds
from experiments.record import Counts, Record, Search, Setting
from report import bundle, pipeline, results
from report.boundary import guarded
from report.console import Console

SEARCH = Search((1,), (1,), (1,), (True,))
RECORD = Record(Counts(1, 1), Counts(1, 1), Setting(), Counts(2, 2), 1, SEARCH, {})
ASSESSMENT = Assessment(
    curves={},
    epochs={},
    converged={},
    predicted=(),
    wrong=0,
    seeds=Seeds({}),
    selection=Optimism(1, 0.0, 0.0, 0.0, 0.0, 0.0, 1, 1.0),
    certificate=Certificate((), (), 0, 0, ""),
    environment={},
)
LEDGER = results.Ledger(seed=0, sympy="1", mpmath="1", checks=(), exemptions=())


def stages(hang, text, edit):
    """Return stages that make a few small files; the one called `hang` waits."""

    def at(stage):
        if stage == hang:
            print(f"in {stage}", flush=True)
            time.sleep(60)

    def made(stage, result):
        def make(*_, **__):
            at(stage)
            return result

        return make

    def typeset(*arguments):
        at("typeset")
        if edit:
            edit.write_text("1\n")
        for name in ("submission.tex", "parts/1a.tex", "results.json", "homework03.ipynb"):
            file = arguments[-1] / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"{name} {text} " * 4000)
        return {}

    def compile_pages(_, work, *__):
        at("compile")
        (work / "submission.pdf").write_text(f"pages {text} " * 20000)
        return ()

    def bundled(_, __, keys, work):
        at("bundle")
        files = {str(file.relative_to(work)): file.read_bytes() for file in work.rglob("*") if file.is_file()}
        files["submission.zip"] = bundle.zipped(files)
        (work / "submission.zip").write_bytes(files["submission.zip"])
        (work / "manifest.json").write_bytes(bundle.manifest(files, {}, {}))

    return SimpleNamespace(
        read=lambda _: SimpleNamespace(remarks=()),
        derive=made("derive", results.Derived({}, {}, {}, LEDGER)),
        measure=made("measure", results.Measured("", RECORD)),
        search=made("search", results.Searched(SEARCH, Choice(0, ()), ())),
        compare=lambda *_: None,
        study=made("study", ASSESSMENT),
        draw=made("draw", {}),
        typeset=typeset,
        compile_pages=compile_pages,
        bundle=bundled,
    )


def main():
    """Build."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--hang", default="")
    parser.add_argument("--text", default="")
    parser.add_argument("--edit", action="store_true")
    given = parser.parse_args()
    folder, console = Path.cwd(), Console.for_stream()
    request = pipeline.Request(folder / "report.toml", None, folder / "build", force=given.force)
    edit = folder / "data" / "more.csv" if given.edit else None
    made = stages(given.hang, given.text, edit)
    return guarded(lambda: pipeline.build(request, console, made) or 0, console, request.out / "failed")


if __name__ == "__main__":
    sys.exit(main())
