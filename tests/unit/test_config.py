"""The configuration: every key, its default, and the sentence for every slip."""

import re

import pytest

from experiments.record import Space as Search
from report import ROOT
from report.config import POINTS, Author, Config, Course, Report, load
from report.errors import InputError

LEAST = """
author.name = "A"
course = {title = "T", homework = "H", due = "D"}
"""
WHOLE = """
[author]
name = "Zoë 🎓 #1 $%^&_~ \\\\input{x}"
id = "ab1"
collaborators = "B, C"
[course]
title = "CS"
homework = "HW"
due = "2023-11-14"
[report]
date = "2023-11-13"
page_per_question = true
remarks = {1a = "one", 2b = "two"}
zip_name = "ab1.zip"
[data]
path = "elsewhere/data.tgz"
index_column = true
[experiment]
seed = 7
[search]
hidden_layer_sizes = [[50], [5, 4, 3], [50]]
activation = ["identity", "relu"]
solver = ["sgd"]
learning_rate_init = [1, 0.5, 1.0]
batch_size = [32]
"""


def written(folder, text):
    """Write a configuration and return its path."""
    path = folder / "report.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path):
    """Return sentence and advice with which a configuration is refused, its folder taken out."""
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    return f"{caught.value} {caught.value.hint}".replace(f"{path.parent}/", "").strip()


@pytest.mark.parametrize("text", [WHOLE, WHOLE.encode("utf-8-sig"), WHOLE.replace("\n", "\r\n")])
def test_every_key_is_read(tmp_path, text):
    """What the file says, once each, is what the values are, from Windows too; data start at the file."""
    actual = load(written(tmp_path, text))

    assert actual == Config(
        author=Author("Zoë 🎓 #1 $%^&_~ \\input{x}", "ab1", "B, C"),
        course=Course("CS", "HW", "2023-11-14"),
        report=Report("2023-11-13", True, {"1a": "one", "2b": "two"}, "ab1.zip"),
        data_path=tmp_path / "elsewhere/data.tgz",
        index_column=True,
        seed=7,
        search=Search(((50,), (5, 4, 3)), ("identity", "relu"), ("sgd",), (1.0, 0.5), (32,)),
    )
    assert actual.search.size == 2 * 2 * 1 * 2 * 1


def test_what_is_left_out_has_a_default(tmp_path):
    """A name and the course are enough; a list that is left out holds scikit-learn's default."""
    actual = load(written(tmp_path, LEAST))

    assert actual == Config(
        author=Author("A", "", ""),
        course=Course("T", "H", "D"),
        report=Report("D"),
        data_path=tmp_path / "data",
        index_column=False,
        seed=0,
        search=Search(((100,),), ("relu",), ("adam",), (0.001,), (200,)),
    )


def test_the_shipped_configuration_holds_the_promised_space():
    """report.toml: 300 settings or more, the default among them, batch sizes from 32 to 200; every key."""
    path = ROOT / "report.toml"
    search, text = load(path).search, path.read_text(encoding="utf-8")

    assert search.size >= 300
    assert {(50,), (100,), (200,), (50, 50), (100, 100)} <= set(search.hidden_layer_sizes)
    assert ({"relu"} < set(search.activation), {*search.solver}) == (True, {"sgd", "adam"})
    assert (len(search.activation), len(search.learning_rate_init)) == (3, 5)
    assert 0.001 in search.learning_rate_init
    assert (min(search.batch_size), max(search.batch_size)) == (32, 200)
    names = [name for kind in (Author, Course, Report, Search) for name in kind.__struct_fields__]
    assert [name for name in (*names, "path =", "seed =") if name not in text] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/srv/data", "/srv/data"), ("~/data", "/home/ada/data"), (r"C:\temp", r"C:\temp"), ("a/b", "a/b")],
)
def test_a_data_path_may_be_absolute_or_at_home(tmp_path, monkeypatch, path, expected):
    """An absolute path and a backslash in single quotes stand for themselves, a tilde for the home folder."""
    monkeypatch.setenv("HOME", "/home/ada")

    assert load(written(tmp_path, f"data.path = '{path}'{LEAST}")).data_path == tmp_path / expected


def test_values_at_the_bounds_are_taken(tmp_path):
    """200 characters, the largest seed, the deepest network and a space of 5000 settings are fine."""
    text = f"""
    author.name = "{"x" * 200}"
    course = {{title = "T", homework = "H", due = "D"}}
    experiment.seed = 4294967295
    [search]
    hidden_layer_sizes = [[1, 2, 3, 4, 10000]]
    learning_rate_init = {[*range(1, 5001)]}
    """

    actual = load(written(tmp_path, text))

    assert (len(actual.author.name), actual.seed, actual.search.size) == (200, 4294967295, 5000)


TOP = "Known here: author, course, report, data, experiment, search."
ZIP = "report.zip_name must be a plain file name that ends in .zip, not"
SEED = "experiment.seed must be a whole number from 0 to 4294967295, not"
LAYERS = "search.hidden_layer_sizes, item 1, must be a list of 1 to 5 layer sizes from 1 to 10000, not"
LAYER = "search.hidden_layer_sizes, item 2, layer 2, must be a whole number from 1 to 10000, not"
ONE_LAYER = "One hidden layer of 100 units is written [100]."
RATE = "search.learning_rate_init, item 1, must be a positive finite number, not"
BATCH = "search.batch_size, item 1, must be a whole number from 1 to 1000000000, not"
AUTO = 'scikit-learn\'s "auto" is 200, clipped to the number of samples.'
LIST = "must be a list with one item or more"
SINGLE = 'A single value is a list, too: ["relu"], [0.01], [[100]].'
CHARACTERS = "Shorten it, or take it out."
REFUSALS = {
    # keys
    "authr.name = 'x'": "unknown table authr. Did you mean author?",
    "sede = 1": f"unknown key sede. {TOP}",
    "data.folder = 'x'": "unknown key data.folder. Known here: path, index_column.",
    "search.Batch_Sizes = [1]": "unknown key search.Batch_Sizes. Did you mean batch_size?",
    "report.remarks.1g = 'x'": "unknown key report.remarks.1g. Known here: 1a, 1b, 1c, 1d, 1e, 1f, 2a, 2b.",
    '"a\\u202eb" = 1': f"unknown key a\\u202eb. {TOP}",
    # kinds
    "report.date = 2023-11-14": "report.date must be text, not a date or a time. Put it in quotation marks.",
    "report.page_per_question = 1": "report.page_per_question must be true or false, not 1.",
    "report.remarks = ['x']": "report.remarks must be a table, not a list.",
    "report.remarks.1a = 1": "report.remarks.1a must be text, not 1. Put it in quotation marks.",
    "data = 'data'": "data must be a table, not the text 'data'.",
    "data.path = {a = 1}": "data.path must be text, not a table. Put it in quotation marks.",
    "data.path = ' '": "data.path is blank. Fill it in.",
    "data.path = '~nosuchuser/x'": "data.path '~nosuchuser/x' names no folder: there is no such home.",
    "experiment.seed = true": f"{SEED} true or false.",
    **{f"experiment.seed = {seed}": f"{SEED} {seed}." for seed in ("-1", "4294967296", "0.0")},
    f"experiment.seed = 0x{'f' * 9000}": f"{SEED} a number of more than 64 bits.",
    # text
    f"author.id = '{'x' * 201}'": f"author.id has 201 characters, more than 200. {CHARACTERS}",
    'author.id = "a\\u0000"': f"author.id holds U+0000 (a control character) as character 2. {CHARACTERS}",
    'author.id = "\\u202Eb"': f"author.id holds U+202E (right-to-left override) as character 1. {CHARACTERS}",
    'author.id = "\\uFFFF"': f"author.id holds U+FFFF (no character) as character 1. {CHARACTERS}",
    'author.id = """a\nb"""': "author.id has a line break. Write it on one line.",
    "report.remarks.1a = ''": "report.remarks.1a is blank. Fill it in.",
    # the zip file
    "report.zip_name = 5": f"{ZIP} 5.",
    **{
        f"report.zip_name = '{name}'": f"{ZIP} the text {name!r}."
        for name in ("a/b.zip", "..\\b.zip", "../x.zip", ".zip", "x.tar", "zip", "", "C:x.zip", "*.zip")
    },
    f"report.zip_name = '{'é' * 99}.zip'": "report.zip_name has more than 200 bytes in UTF-8.",
    # the search
    "search.solver = 'adam'": f"search.solver {LIST}, not the text 'adam'. {SINGLE}",
    "search.solver = []": f"search.solver {LIST}, not an empty list. {SINGLE}",
    "search.solver = ['adam', 'lbfgs']": "search.solver, item 2, must be adam or sgd, not the text 'lbfgs'. "
    "The assignment allows these two.",
    'search.activation = ["relu\\n"]': "search.activation, item 1, must be identity, logistic, relu or tanh, "
    "not the text 'relu\\n'.",
    "search.hidden_layer_sizes = [100]": f"{LAYERS} 100. {ONE_LAYER}",
    "search.hidden_layer_sizes = [[]]": f"{LAYERS} an empty list. {ONE_LAYER}",
    "search.hidden_layer_sizes = [[1, 1, 1, 1, 1, 1]]": f"{LAYERS} a list. {ONE_LAYER}",
    **{f"search.hidden_layer_sizes = [[5], [1, {n}]]": f"{LAYER} {n}." for n in ("0", "-5", "1.0", "10001")},
    "search.hidden_layer_sizes = [[5], [1, true]]": f"{LAYER} true or false.",
    "search.hidden_layer_sizes = [[5], [1, [1]]]": f"{LAYER} a list.",
    **{f"search.learning_rate_init = [{rate}]": f"{RATE} {rate}." for rate in ("0", "-0.1", "inf", "nan")},
    "search.learning_rate_init = [1e400]": f"{RATE} inf.",
    "search.learning_rate_init = ['x']": f"{RATE} the text 'x'.",
    f"search.learning_rate_init = [0x{'f' * 400}]": f"{RATE} a number of more than 64 bits.",
    **{f"search.batch_size = [{size}]": f"{BATCH} {size}. {AUTO}" for size in ("0", "1.0", "1000000001")},
    "search.batch_size = ['auto']": f"{BATCH} the text 'auto'. {AUTO}",
    f"search.batch_size = {[*range(1, 5002)]}": "search holds 5001 settings, more than 5000. "
    "Explore wider spaces with the explore command, and put the promising part here.",
}


@pytest.mark.parametrize(("slip", "sentence"), REFUSALS.items(), ids=lambda text: text[:40])
def test_a_slip_is_told_with_its_key(tmp_path, slip, sentence):
    """Each slip is refused with a sentence that names file and key, and says what is expected."""
    assert refusal(written(tmp_path, slip + "\n" + LEAST)) == (
        f"report.toml{'' if 'u202e' in slip else ', line 1'}: {sentence}"
    )


@pytest.mark.parametrize("key", ["author.name", "course.title", "course.due"])
def test_what_must_be_there_is_asked_for(tmp_path, key):
    """A name and the course's three lines have no default, and may not be blank."""
    needed = ("author.name", "course.title", "course.homework", "course.due")
    without = "".join(f"{name} = 'x'\n" for name in needed if name != key)

    missing = f"report.toml: {key} is missing. Every key is in report.toml."
    assert refusal(written(tmp_path, without)) == missing
    blank = f"report.toml, line 4: {key} is blank. Fill it in."
    assert refusal(written(tmp_path, without + f"{key} = ' '")) == blank


BACKSLASH = "In double quotes a backslash means something else: write / instead, or use single quotes."
CONTROL = "holds U+0008 (a control character) as character 8."
INVALID, STATEMENT = (
    ", line 1, column 5: not TOML: Invalid value.",
    "Expected newline or end of document after a statement.",
)
QUOTES, POINT = (
    "Write straight quotation marks.",
    "A decimal point needs a digit on both sides: 0.01, 1.0.",
)
INSIDE = "A quotation mark in a text ends it: put the other kind around it."
NOT_TOML = {
    "[author]\nname = Ada\n": ", line 2, column 8: not TOML: Invalid value. Text needs quotation marks.",
    "a = False # no": ", line 1, column 5: not TOML: Invalid value. Write true or false, in small letters.",
    **{f"a = {text}\n": f"{INVALID} {QUOTES}" for text in ("\u201cb\u201d", "\u2018b\u2019", "`b`")},
    'a = "b\u201d\n': f", line 1, column 8: not TOML: Illegal character '\\n'. {QUOTES}",
    "a = (50, 50)": f"{INVALID} A list has square brackets: [[50, 50]].",
    **{f"a = {number}": f"{INVALID} {POINT}" for number in (".01", "-.5")},
    "a = 1.\n": f", line 1, column 6: not TOML: {STATEMENT} {POINT}",
    "a = 14.11.2023": f", line 1, column 10: not TOML: {STATEMENT}",
    "a = 007": f", line 1, column 6: not TOML: {STATEMENT} A number does not begin with 0.",
    "a = None": f"{INVALID} There is no such value: leave the line out.",
    "a = # b": f"{INVALID} A value is missing.",
    "a = ~/data": f"{INVALID} Text needs quotation marks.",
    "a = 'Ada O'Neil'": f", line 1, column 12: not TOML: {STATEMENT} {INSIDE}",
    'a = "the "b" c"': f", line 1, column 11: not TOML: {STATEMENT} {INSIDE}",
    'a = "b" "c"': f", line 1, column 9: not TOML: {STATEMENT}",
    "[author\n": ", line 1, column 8: not TOML: Expected ']' at the end of a table declaration.",
    "a = 1\na = 2\n": ", line 2, column 6: not TOML: Cannot overwrite a value. The key stands there twice.",
    "[a]\n[b]\n[a]\n": (
        ", line 3, column 3: not TOML: Cannot declare ('a',) twice. The table stands there twice."
    ),
    'a = "x\nb = 1\n': (
        ", line 1, column 7: not TOML: Illegal character '\\n'. A closing quotation mark is missing."
    ),
    "a = [0,5 1,5]\n": (
        ", line 1, column 10: not TOML: Unclosed array."
        " A comma or a ] is missing, or a decimal is written without a point."
    ),
    'a = 1\nb = "x': ", line 2: not TOML: Unterminated string.",
    "\na = 'x\0'\n": r", line 2, column 7: not TOML: Found invalid character '\x00'.",
    b"a = 1\nb = '\xe9'\n": ", line 2: not UTF-8. Save the file as UTF-8.",
    "a = " + "[" * 5000: " nests lists or tables too deeply.",
    "#" * 65537: " has more than 64 KiB. Is it the right file?",
    # paths as Windows writes them, in double quotes
    r'data.path = "C:\Users\ada"': f", line 1, column 18: not TOML: Invalid hex value. {BACKSLASH}",
    r'data.path = "..\data"': f", line 1, column 18: not TOML: Unescaped '\\' in a string. {BACKSLASH}",
    'data.path = "data\\"\n': f", line 1, column 20: not TOML: Illegal character '\\n'. {BACKSLASH}",
    r'data.path = "C:\temp\new"': f", line 1: data.path has a line break. {BACKSLASH}",
    r'data.path = "\\server\bin"': f", line 1: data.path {CONTROL} {BACKSLASH}",
}


@pytest.mark.parametrize(("content", "sentence"), NOT_TOML.items(), ids=lambda value: str(value)[:20])
def test_what_toml_reads_otherwise_is_told_with_its_line(tmp_path, content, sentence):
    """A fault of the format is told with line and column, as an editor counts them, and so is a backslash."""
    assert refusal(written(tmp_path, content)) == f"report.toml{sentence}"


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """No file, and a folder in its place, give a sentence."""
    (tmp_path / "folder").mkdir()

    assert refusal(tmp_path / "none.toml") == "none.toml does not exist. Name a file with --config FILE."
    assert refusal(tmp_path / "folder") == "folder cannot be read: Is a directory."


def test_points_are_those_that_the_notebook_shows():
    """What Gradescope is told that a question is worth, and the PDF shows, is what the notebook says."""
    notebook = (ROOT / "templates" / "homework03.py").read_text(encoding="utf-8")
    headings = re.findall(r"^# ## Question 2\((\w)\).*\((\d+) points\)", notebook, re.MULTILINE)

    assert [("a", f"{POINTS['2a']}"), ("b", f"{POINTS['2b']}")] == headings
