"""Kept results: whatever happens to their files, what is read is what was written, or nothing."""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report.store import Store

from experiments.store import Outcome
from experiments.store import Store as Shelf
from report import store
from report.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = [pytest.param(300, id="quick"), pytest.param(20000, id="full", marks=pytest.mark.slow)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def console() -> Console:
    """Give a console that nobody reads."""
    return Console(io.StringIO(), colour=False, live=False)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut, lengthen or change a file as a crash, a bad disk or an editor might."""
    place = chance.randrange(len(content) + 1)
    ways: list[Callable[[], bytes]] = [
        lambda: content[:place],
        lambda: content[place:],
        lambda: content[:place] + chance.randbytes(chance.randint(1, 9)) + content[place:],
        lambda: content[:place] + bytes(len(content) - place),  # what some file systems leave after a crash
        lambda: content.replace(b"0", b"1", 1),
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :],
        lambda: b"",
        lambda: content + content,
    ]
    return chance.choice(ways)()


@pytest.mark.parametrize("number", CASES)
def test_what_was_kept_comes_back(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any result of JSON's types, under any key, is given back as it was made, new or kept."""
    folder = tmp_path_factory.mktemp("kept")

    @settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        key=st.dictionaries(st.text(), st.text(), max_size=4),
        result=st.dictionaries(st.text(), JSON, max_size=4),
    )
    def holds(key: dict[str, str], result: dict[str, Any]) -> None:
        calls = []
        keep = Store(folder, {"stage": key}, lambda: {"stage": key}, console(), force=False)
        (folder / "stage.json").unlink(missing_ok=True)

        new = keep.made("stage", lambda: calls.append(1) or result)
        kept = keep.made("stage", lambda: calls.append(2) or {})

        assert new == kept == json.loads(json.dumps(result))
        assert calls == [1]

    holds()


@pytest.mark.parametrize("number", CASES)
def test_a_damaged_result_is_none(number: int, tmp_path: Path) -> None:
    """After any damage a kept result is read as it was, or not at all."""
    chance, file = random.Random(0), tmp_path / "stage.json"
    content = {"key": {"a": "1" * 64, "é": "x"}, "result": {"numbers": [0.1, 2, 10**20], "text": "ü\n"}}
    store.write(file, json.dumps(content))
    whole = file.read_bytes()
    assert store.read(file) == content

    survived = 0
    for _ in range(number):
        damage = damaged(whole, chance)
        file.write_bytes(damage)
        found = store.read(file)
        assert found is None or (found == content and damage.replace(b"\r", b"") == whole), damage
        survived += found is not None
    assert survived < number / 2


@pytest.mark.parametrize("number", CASES)
def test_a_damaged_network_is_none(number: int, tmp_path: Path) -> None:
    """The same holds for each network that a search has kept; one under another's name is none."""
    chance = random.Random(0)
    X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    shelf = Shelf(tmp_path, X, y, X, y)
    outcomes = [
        Outcome(
            {"hidden_layer_sizes": (size,)}, 0, 3, 2, size, True, np.array([0, 1, 1, size], np.uint16), "d"
        )
        for size in (1, 2)
    ]
    for outcome in outcomes:
        shelf.save(outcome)
    first, second = sorted(tmp_path.rglob("*.json"))
    contents = {path: path.read_bytes() for path in (first, second)}

    def found(outcome: Outcome) -> tuple[Any, ...] | None:
        loaded = shelf.load(outcome.setting, outcome.seed)
        return (
            None if loaded is None else (loaded.train, loaded.dev, loaded.epochs, loaded.predictions.tolist())
        )

    expected = {(3, 2, outcome.epochs, tuple(outcome.predictions.tolist())) for outcome in outcomes}
    assert {(*values[:3], tuple(values[3])) for values in map(found, outcomes) if values} == expected
    for _ in range(number):
        first.write_bytes(damaged(contents[first], chance))
        for outcome in outcomes:
            values = found(outcome)
            assert values is None or values == (3, 2, outcome.epochs, outcome.predictions.tolist())
    first.write_bytes(contents[second])
    assert sum(found(outcome) is None for outcome in outcomes) == 1


def test_a_result_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk fills while a result is written, the old one stays and no half of the new one."""
    file = tmp_path / "stage.json"
    store.write(file, '{"key": {}, "result": {"n": 1}}')

    def full(self: Path, content: bytes) -> None:
        with self.open("wb") as stream:
            stream.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(file), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(file, '{"key": {}, "result": {"n": 2}}')

    assert store.read(file) == {"key": {}, "result": {"n": 1}}
    assert list(tmp_path.iterdir()) == [file]


def test_what_changed_meanwhile_is_not_kept(tmp_path: Path) -> None:
    """A result is kept only if nothing that it depends on changed while it was made."""
    now = {"stage": {"seed": "0"}}
    keep = Store(tmp_path, {"stage": {"seed": "0"}}, lambda: now, console(), force=False)

    def make() -> dict[str, Any]:
        now["stage"] = {"seed": "1"}
        return {"n": 1}

    assert keep.made("stage", make) == {"n": 1}
    assert store.read(tmp_path / "stage.json") is None


def test_networks_of_other_code_are_not_found(tmp_path: Path) -> None:
    """What a search keeps, network by network, is gone when the code that trained it changes, or by force."""
    folders = []
    for code, force in (("1", False), ("1", False), ("2", False), ("2", True)):
        keys = {"fits": {"code": code}}
        shelf = Store(tmp_path, keys, lambda: keys, console(), force=force).shelf("fits")  # noqa: B023
        folders.append((shelf, (shelf / "network").exists()))
        shelf.mkdir(exist_ok=True)
        (shelf / "network").write_text("")

    assert [found for _, found in folders] == [False, True, False, False]
    assert len(list(tmp_path.iterdir())) == 1
