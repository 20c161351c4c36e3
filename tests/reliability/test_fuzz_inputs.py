"""Whatever stands in the data or the configuration: a sentence, or what an independent reading finds too."""

import io
import json
import math
import tomllib
import unicodedata
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from experiments.data import form
from experiments.dataset import load as load_data
from experiments.errors import DataError, excerpt, objection, shown
from report import ROOT
from report.config import load as load_config
from report.errors import InputError

CASES = [pytest.param(60, id="quick"), pytest.param(4000, id="full", marks=pytest.mark.slow)]


def fuzz(strategy, cases, holds):
    """Try `holds` on many cases, the same in every run."""
    settled = settings(
        max_examples=cases,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    settled(given(strategy)(holds))()


def mutated(content, changes):
    """Return bytes with some spans replaced; a change is a place from 0 to 1, a length and new bytes."""
    for place, length, new in changes:
        start = int(place * len(content))
        content = content[:start] + new + content[start + length :]
    return content


def changes(most):
    """Return a strategy of up to `most` changes, with bytes that mean something to one of the formats."""
    meant = [*map(str.encode, ",\"\n\r\0 \t-=[]'#/a0;\\|\u202e\ufeff\u2212"), b"\n\n", b"\xff", b"", b"../"]
    meant += [b"nan", b"inf", b"1e999", b"true", b"1,5", b"sep=;\n", b"# "]
    new = st.sampled_from(meant) | st.binary(max_size=3)
    return st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), new), max_size=most)


def outcome(load, path, refusal):
    """Return what was read, or None and the sentence of the refusal."""
    try:
        return load(path), ""
    except refusal as error:
        return None, f"{error} {getattr(error, 'hint', '')}"


def is_sentence(text):
    """Tell whether an error fits on one line and can be shown in any terminal."""
    return text.isprintable() and len(text) < 600


# --- the four CSV files ---

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-9, 9).map("{:.4f}".format),
    st.integers(-(10**20), 10**20).map("{:+d}".format),
    st.sampled_from(["0", "-0", "1.", ".5", "+3E-2", "00012", "1e-400", "0.1" + "0" * 60 + "7"]),
)
NONE = st.sampled_from(["1e999", "-1e309", "inf", "-Infinity", "nan", "NaN", "0x10", "1_000", "١"])
DRESS = st.sampled_from(["{}", "{}", "{}", " {}", "{} ", '"{}"', ' "{}" ', "{}\t"])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=5)
LABELS = st.one_of(
    st.just(["-1", "1"]),
    st.just(["0", "1.0", "2"]),
    st.lists(WORDS.map(lambda word: word.replace('"', "''")).map('"{}"'.format), min_size=2, max_size=4),
    st.lists(st.sampled_from(["cat", "dog", "True", "NA", "1", "0.5", "", "1e999", "9" * 19]), min_size=2),
)
ANYTHING = st.binary(max_size=300) | st.text().map(str.encode)


@st.composite
def csv_files(draw):
    """Draw four files that are sound, or nearly so, or of which one is anything."""
    columns, labels = draw(st.integers(1, 4)), draw(LABELS)
    head = draw(st.sampled_from(["", "", ",".join("abcd"[:columns])]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    cell = st.tuples(DRESS, NUMBERS).map(lambda pair: pair[0].format(pair[1]))
    files = {}
    for part in ("trn", "dev"):
        rows = draw(st.integers(2, 5))
        x = [",".join(draw(st.lists(cell, min_size=columns, max_size=columns))) for _ in range(rows)]
        y = [labels[i] if i < len(labels) else draw(st.sampled_from(labels)) for i in range(rows)]
        for axis, lines in (("X", [head, *x] if head else x), ("Y", ["label", *y] if head else y)):
            files[f"{part}{axis}-3d.csv"] = (end.join(lines) + end * draw(st.integers(0, 2))).encode()
    spoilt, slip = draw(st.sampled_from([*files])), draw(st.integers(0, 7))
    if slip > 3:
        files[spoilt] = mutated(files[spoilt], draw(changes(2)))
    elif slip == 1:
        files[spoilt] = draw(ANYTHING)
    elif slip == 0:  # a word that is no finite number, though Python or pandas may take it
        files[spoilt] = files[spoilt].rpartition(b",")[0] + f",{draw(NONE)}".encode()
    return files


NOTEBOOK = (ROOT / "templates" / "homework03.py").read_text(encoding="utf-8")
READING = NOTEBOOK.partition("# Setup: the data\n")[2].partition("\n# %%")[0]


@pytest.mark.parametrize("cases", CASES)
def test_no_csv_file_breaks_the_reader(tmp_path, monkeypatch, cases):
    """Files near the format are refused with a sentence, or read exactly as the notebook reads them."""
    monkeypatch.chdir(tmp_path)
    seen = Counter()

    def holds(files):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        data, sentence = outcome(load_data, tmp_path, DataError)
        seen["read" if data else "refused"] += 1
        if data is None:
            assert is_sentence(sentence)
            return
        assert set(data.y_dev.tolist()) <= set(data.y_train.tolist()) == set(data.classes)
        assert len(data.classes) > 1
        expected = {"pd": pd, "Path": Path}
        exec(READING, expected)
        for part in ("train", "dev"):
            X, y = getattr(data, f"X_{part}"), getattr(data, f"y_{part}")
            assert np.isfinite(X).all()
            assert X.tobytes() == expected[f"X_{part}"].tobytes()
            assert y.tolist() == expected[f"y_{part}"].tolist()

    fuzz(csv_files(), cases, holds)
    assert min(seen["read"], seen["refused"]) > cases / 10


def test_what_stands_around_quotation_marks_is_read_alike():
    """Every short line of marks, commas, blanks and ends is refused, or read as pandas reads it."""
    for signs, length in (('a", \t\r', 5), ('a",\xa0\x0b\x0c\x1c\u2028\u3000\ufeff', 3)):
        for line in map("".join, product(signs, repeat=length)):
            try:
                cells = form.rows(form.lines(f"{line}\n".encode()))
            except DataError:
                continue
            table = pd.read_csv(
                io.StringIO(line), header=None, dtype=str, skipinitialspace=True, keep_default_na=False
            )
            assert cells == [[cell.strip(" \t") for cell in row] for row in table.to_numpy().tolist()], line


# --- the configuration ---

SHIPPED = (ROOT / "report.toml").read_bytes()
TEXT = st.text(max_size=12) | st.sampled_from(["x" * 200, "x" * 201, "a\u200bb", "\u202e", "%", "a/b.zip"])
REALS = st.floats(allow_nan=False, allow_infinity=False)  # the others are among what `changes` types
LISTS = st.lists(st.integers() | REALS | TEXT | st.lists(st.integers(-1, 9)), max_size=6)
ANY = TEXT | st.booleans() | st.integers() | REALS | LISTS | st.just({}) | st.just([10**400])
# Some keys, and values that are sound there.
SLOTS = {
    ("author", "name"): TEXT,
    ("report", "date"): TEXT,
    ("report", "page_per_question"): st.booleans(),
    ("report", "zip_name"): st.just("ok.zip"),
    ("report", "remarks"): st.just({}),
    ("data", "slip"): TEXT,
    ("experiment", "seed"): st.integers(0, 2**32),
    ("search", "hidden_layer_sizes"): st.lists(st.lists(st.integers(1, 300), min_size=1, max_size=5)),
    ("search", "activation"): st.lists(st.sampled_from(["relu", "tanh", "logistic", "identity"])),
    ("search", "solver"): st.lists(st.sampled_from(["sgd", "adam", "lbfgs"]), min_size=1),
    ("search", "learning_rate_init"): st.lists(st.floats(1e-6, 9) | st.integers(1, 3), min_size=1),
    ("search", "batch_size"): st.lists(st.integers(1, 300), min_size=1),
}


@st.composite
def configurations(draw):
    """Draw the shipped configuration with other values under some keys, sound ones or any."""
    tables = tomllib.loads(SHIPPED.decode())
    slots = {(table, key): value for table in tables for key, value in tables[table].items()}
    for slot in draw(st.lists(st.sampled_from([*SLOTS]), max_size=3)):
        slots[slot] = draw(SLOTS[slot] if draw(st.integers(0, 3)) else ANY)
    # JSON's texts, numbers and lists are TOML's, but for one character that it leaves bare
    lines = (f"{'.'.join(slot)} = {json.dumps(value, ensure_ascii=False)}" for slot, value in slots.items())
    return "\n".join(lines).replace("\x7f", "\\u007f").encode()


def may_be_shown(text):
    """Tell by other means whether a text is short and holds nothing invisible."""
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B", "BN"}
    visible = all(unicodedata.bidirectional(c) not in directions and (c >= " ") for c in text)
    return len(text) <= 200 and visible


def check_config(path, config):
    """Compare an accepted configuration with a plain reading of the file."""
    raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    known = {"author", "course", "report", "data", "experiment", "search"}
    assert set(raw) <= known
    texts = [*structs.astuple(config.author), *structs.astuple(config.course), config.report.date]
    texts += [config.report.zip_name, *config.report.remarks.values()]
    assert all(may_be_shown(text) for text in texts)
    assert config.author.name == raw["author"]["name"]
    assert Path(config.report.zip_name).name == config.report.zip_name
    assert type(config.seed) is int
    assert config.seed == raw.get("experiment", {}).get("seed", 0)
    assert 0 <= config.seed < 2**32
    search = structs.asdict(config.search)
    for key, values in search.items():
        given_values = raw.get("search", {}).get(key)
        as_tuples = [tuple(v) if isinstance(v, list) else v for v in given_values or values]
        assert list(values) == [v for i, v in enumerate(as_tuples) if v not in as_tuples[:i]]
    assert 1 <= math.prod(map(len, search.values())) <= 5000
    assert all(type(n) is int and n > 0 for layers in search["hidden_layer_sizes"] for n in layers)
    assert set(search["solver"]) <= {"sgd", "adam"}
    assert all(type(rate) is float and 0 < rate < math.inf for rate in search["learning_rate_init"])
    assert all(type(size) is int and size > 0 for size in search["batch_size"])


EDITED = changes(3).map(lambda edits: mutated(SHIPPED, edits))


@pytest.mark.parametrize("contents", [configurations(), EDITED], ids=["any values", "slips of the keyboard"])
@pytest.mark.parametrize("cases", CASES)
def test_nothing_breaks_the_configuration(tmp_path, contents, cases):
    """Any value under any key, and any edit of the file, is refused with a sentence, or taken as it is."""
    seen = Counter()
    path = tmp_path / "report.toml"

    def holds(content):
        path.write_bytes(content)
        config, sentence = outcome(load_config, path, InputError)
        seen["read" if config else "refused"] += 1
        if config is None:
            assert is_sentence(sentence)
        else:
            check_config(path, config)

    fuzz(contents, cases, holds)
    assert min(seen["read"], seen["refused"]) > cases / 20


# --- the rule for text ---


@pytest.mark.parametrize("cases", CASES)
def test_what_may_be_shown_can_be_seen(cases):
    """A text without an objection is short and visible; a file name can always be shown."""

    def holds(text):
        if objection(text) is None:
            assert may_be_shown(text)
            assert shown(text) == text
        assert objection(shown(text)) is None
        assert excerpt(text).isprintable()

    fuzz(st.text(st.characters(), max_size=250), cases, holds)
