"""Whatever stands in report.toml or the data, the PDF shows it, or it is refused before any computing."""

import csv
import io
import json
import random
import re
import subprocess
import unicodedata

import pytest
from pypdf import PdfReader

from report import cache, config, stages
from report.errors import InputError
from report.latex import escape as latex_text
from report.latex import scripts
from report.latex.compile import LATEXMKRC

pytestmark = pytest.mark.tex

# Pieces of text that mean something to TeX, jinja, a shell, matplotlib, a CSV or a TOML file.
ATTACKS = (
    *r"""
\input{/etc/passwd}  \write18{touch pwned}  \immediate\write18{touch pwned}  \end{document}  \catcode`\%=12
\def\x{\x}\x  \openin1=/etc/passwd  \csname par\endcsname  \\[2cm]  \par  ^^5cinput  ^^M  %  %%  $x_1$  \\
$\frac{1}{0}$  {  }  }}  #1  ##  &  ~  _  ^  <%= seed %>  <% for x in y %>  <# x #>  {{ x }}  {% x %}  |  /
$(touch pwned)  `touch pwned`  --  ---  ``  ''  ,,  <<  >>  ?`  !`  fi  ffl  [a]  *  "  '  =1+1  ..  C:\x
""".replace("\n", "  ")
    .strip()
    .split("  "),
    *("; rm -rf /", "  ", "a" * 120, "W" * 60, "\N{SOFT HYPHEN}", "\N{NO-BREAK SPACE}"),
)
LATIN = [letter for letter in map(chr, [*range(0xC0, 0x250), *range(0x1E00, 0x1EFA)]) if letter.isalpha()]
SCRIPTS = ["Юлия Петрова", "Νίκος Παπαδόπουλος", "Їжакевич", "Հայկ", "Nguyễn Thảo", "علي حسن", "דוד לוי"]
LETTERS = "".join(sorted({*latex_text.DIRECT, *latex_text.SIGNS, *latex_text.SPECIAL} - {" "}))
# What poppler calls otherwise than we write it, though it is the same sign: other code points, raised digits,
# and marks that TeX sets below a letter as a sign of their own.
SAME = str.maketrans(
    {
        **dict(zip("μϕϵ∆ΩÐϑ¹²³", "µφεΔΩĐθ123", strict=True)),
        "…": "...",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "\N{LATIN SMALL LETTER DOTLESS J}": "j",
        "\N{COMBINING DOT BELOW}": ".",
        "\N{COMBINING CEDILLA}": ",",
        "\N{COMBINING COMMA BELOW}": ",",
        "\N{COMBINING OGONEK}": "˛",
        "\N{SOFT HYPHEN}": None,
    }
)
# The same in another order: the stroke of ≠, marks above and below a letter, the ogonek of i; the comma of ģ,
# which stands above it.
ORDER = {
    "(\N{COMBINING LONG SOLIDUS OVERLAY})([.,˛\N{COMBINING GRAVE ACCENT}-\N{COMBINING CARON}]*)=": r"\2=\1",
    "([.,˛])([\N{COMBINING GRAVE ACCENT}-\N{COMBINING CARON}]+)": r"\2\1",
    "˛([iI])": r"\1˛",
    "g‘": "g,",
}


def bare(text):
    """Give a text as it can be compared: without blanks, places to break, and ways to write a letter."""
    text = re.sub(r"[\s\u202a-\u202c]", "", text)  # and without the signs of direction
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).translate(SAME))
    for old, new in ORDER.items():
        text = re.sub(old, new, text)
    return text


def texts(number):
    """Make up texts of attacks, letters and plain words, none longer than 200 characters."""
    chance = random.Random(number)
    plain = "".join(chr(code) for code in range(0x20, 0x7F))
    made = []
    for _ in range(number):
        pieces = chance.choices((ATTACKS, LETTERS, plain), weights=(4, 2, 3), k=chance.randint(1, 12))
        made.append("".join(chance.choice(pool) for pool in pieces)[:200])
    return made


@pytest.fixture
def lost(tiny_build, tmp_path, pdf_pages):
    """Return a function that prints each text on a page of its own, and lists those read otherwise."""
    source = (tiny_build.out / "submission.tex").read_text(encoding="utf-8")
    preamble = source.partition(r"\input{parts/evidence}")[0]

    def look(cases, title):
        body = "\n".join(rf"\thispagestyle{{empty}}Q {latex_text.escape(text)} Q\newpage" for text in cases)
        setup = rf"\hypersetup{{pdftitle={{{latex_text.escape(title)}}}}}\hyphenpenalty=10000"
        document = rf"{preamble}{setup}\begin{{document}}{body}\end{{document}}"
        (tmp_path / "submission.tex").write_text(document, encoding="utf-8")
        (tmp_path / "latexmkrc").write_text(LATEXMKRC)
        for name, content in scripts.figures([document]).items():
            (tmp_path / f"{name}.pdf").write_bytes(content)
        command = ["latexmk", "-norc", "-r", "latexmkrc", "submission.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        log = (tmp_path / "submission.log").read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, log[-2000:]
        assert not re.findall(r"^Overfull.*|^Missing character.*|^! .*", log, re.MULTILINE)
        # line by line: in reading order poppler drops a hyphen at the end of a line
        pairs = zip(cases, pdf_pages(tmp_path / "submission.pdf"), strict=True)
        return [(text, page) for text, page in pairs if bare(f"Q{text}Q") != bare(page)]

    return look


@pytest.mark.parametrize(
    ("number", "latin"),
    [pytest.param(60, [], id="quick"), pytest.param(6000, LATIN, id="full", marks=pytest.mark.slow)],
)
def test_text_comes_back_out_of_the_pdf(number, latin, lost, tmp_path):
    """Texts, all letters and signs of the tables or of Latin, and names in other scripts are read as written.

    TeX has nothing to complain of, and runs nothing.
    """
    letters = [*map(chr, range(0x21, 0x7F)), *sorted(latex_text.DIRECT), *latex_text.SIGNS, *latin]
    cases = [" ".join(letters[start : start + 20]) for start in range(0, len(letters), 20)]
    title = "".join(latex_text.DIRECT) + SCRIPTS[0]

    assert lost([*cases, *SCRIPTS, *texts(number)], title) == []
    assert not (tmp_path / "pwned").exists()
    assert PdfReader(tmp_path / "submission.pdf").metadata.title == title


REFUSED = {
    "Ada \N{GRINNING FACE}": r"the report's font has no “.*” \(U\+1F600 GRINNING FACE\)",
    "\ue000": r"U\+E000",
    "\u05d0" * 21: "cannot be broken",  # from right to left
    "a" + "\u0301" * 30: "the report's font has no",
    "\u0301Ada": "the report's font has no",
}
PLACES = (
    *("author.name", "author.id", "author.collaborators", "course.title", "course.homework", "course.due"),
    *("report.date", "report.remarks.2b"),
)


def toml(texts):
    """Write a report.toml with the given texts; JSON's strings are TOML's, too."""
    least = {"author.name": "Ada", "course.title": "T", "course.homework": "H", "course.due": "D"}
    search = "search = {hidden_layer_sizes = [[4]], learning_rate_init = [0.01]}\n"
    keys = (f"{key} = {json.dumps(text, ensure_ascii=False)}\n" for key, text in (least | texts).items())
    return "".join([*keys, search])


def read(folder):
    """Do what a build does before it computes."""
    settings = config.load(folder / "report.toml")
    stages.read(cache.Inputs(settings, settings.data_path, quick=False, pdf=True))


@pytest.mark.parametrize("place", PLACES)
def test_what_cannot_be_shown_is_refused(place, unbuilt, tmp_path):
    """Text that the font lacks, or that cannot be broken, is refused, naming the key."""
    (tmp_path / "data").symlink_to(unbuilt.root / "data")
    for text, reason in REFUSED.items():
        (tmp_path / "report.toml").write_text(toml({place: text}), encoding="utf-8")

        with pytest.raises(InputError, match=reason) as caught:
            read(tmp_path)

        told = str(caught.value).replace("[", "").replace("] ", ".")
        assert place in told
        assert "\n" not in told


def written(folder, like, names, labels):
    """Write the four files of another submission with other names of features and other labels."""
    folder.mkdir(exist_ok=True)
    for file in like.data.iterdir():
        rows = list(csv.reader(file.read_text().splitlines()))
        made = io.StringIO()
        if "X" in file.name:
            csv.writer(made, lineterminator="\n").writerows([names, *rows])
        else:
            csv.writer(made, lineterminator="\n").writerows([["label"], *([labels[row[0]]] for row in rows)])
        (folder / file.name).write_text(made.getvalue(), encoding="utf-8")


@pytest.mark.parametrize(
    ("third", "label", "reason"),
    [
        ("\ue000" * 3, "yes", r"trnX-3d\.csv, line 1: the report's font has no “\ue000"),
        ("c", "\N{GRINNING FACE}", r"trnY-3d\.csv, labels: .*GRINNING FACE"),
    ],
)
def test_names_in_the_data_that_cannot_be_shown_are_refused(third, label, reason, unbuilt, tmp_path):
    """A name of a feature or a class that no font has is refused with file and line."""
    written(tmp_path / "data", unbuilt, ["a", "b", third], {"-1": "no", "1": label})
    (tmp_path / "report.toml").write_text(toml({}), encoding="utf-8")

    with pytest.raises(InputError, match=reason):
        read(tmp_path)


def test_a_refusal_comes_before_any_computing(project):
    """The command ends with 2 and one sentence; nothing was derived, trained or touched."""
    project.edit("report.toml", "Ada Lovelace", "Ada \N{GRINNING FACE}")
    before = project.products()

    done = project.run()

    assert done.returncode == 2
    assert "ERROR report.toml, [author] name: the report's font has no “\N{GRINNING FACE}”" in done.stderr
    assert "->" not in done.stderr
    assert "What was made" not in done.stderr
    assert [path.name for path in (project.out / "failed").iterdir()] == ["reason.txt"]
    assert project.products() == before


HOSTILE = {
    "author.name": r"""\input{/etc/passwd} $x$ & # ~ ^ _ \ "q" <%= seed %> {{ x }} -- `` '' ?` ,, << %|""",
    "author.id": "W" * 200,
    "author.collaborators": "Zoë Ångström, Юлия, Νίκος, ếệ, “q” – — … € § © ° · ¿ ¡ « » α ≤ β → 2²",
    "course.title": r"CS $\frac{1}{0}$ %% \end{document} \par\par } } {{{ \write18{touch pwned}",
    "course.homework": "Homework_03:Neural#Networks&More" * 6,
    "course.due": r"14. November 2023 \today ^^M",
    "report.zip_name": "a b ü $(touch pwned) `x` 'q' #1 %.zip",
    "report.remarks.1a": r"First \\[2cm] [x] * \verb|x| ^^41 \catcode`\@=11 \def\x{\x}\x",
    "report.remarks.2b": "M" * 200,
}
NAMES = [r"<%= seed %>_a$b$", r"\input{/etc/passwd}", "x" * 200]
FILES = [r"\input{x} & 'q' $(touch pwned) <%= seed %>.csv", "\N{GRINNING FACE}\u202e.txt", "\udcff\x1b[2J.c"]
LABELS = {"-1": r"<=50K & \write18{touch pwned}", "1": "größe “ß” $100%"}


@pytest.mark.slow
def test_a_hostile_submission(unbuilt, tmp_path):
    """With hostile text wherever an author or the course can write, the PDF shows all of it."""
    project = unbuilt.copy(tmp_path / "project")
    (project.root / "report.toml").write_text(toml(HOSTILE), encoding="utf-8")
    written(project.data, unbuilt, NAMES, LABELS)
    for file in FILES:
        (project.data / file).write_text("not read")

    done = project.run()

    assert done.returncode == 0, done.stderr
    within = ("-x", "0", "-y", "50", "-W", "612", "-H", "700")  # without heads and page numbers
    shown = bare(project.shown() + project.shown(*within))
    name = HOSTILE["report.zip_name"]
    missing = [key for key, text in HOSTILE.items() if text != name and bare(text) not in shown]
    assert missing == []
    # What stands for a name that is too long for a figure is told in the caption.
    told = [*NAMES[:2], f"(feature 3) is {NAMES[2]}", f"(class 1) is {LABELS['-1']}", LABELS["1"]]
    assert [text for text in told if bare(text) not in shown] == []
    others = json.loads((project.out / "results.json").read_text(encoding="utf-8"))["data"]["others"]
    assert sorted(others) == sorted([FILES[0], *(ascii(file)[1:-1] for file in FILES[1:])])
    assert "root:" not in shown
    assert list(project.root.rglob("pwned")) == []
    assert (project.out / name).read_bytes().startswith(b"PK")
    about = PdfReader(project.out / "submission.pdf").metadata
    assert about is not None
    assert about.author == HOSTILE["author.name"]
    assert about.title == f"{HOSTILE['course.title']}: {HOSTILE['course.homework']}"
