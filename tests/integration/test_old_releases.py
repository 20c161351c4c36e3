"""The notebook on a machine that was last updated two years ago."""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

from experiments.record import MIME

pytestmark = [
    pytest.mark.slow,
    pytest.mark.tex,
    pytest.mark.skipif(sys.version_info >= (3, 14), reason="releases that old know no newer Python"),
]
LOCK = Path(__file__).with_name("old-releases.txt")


@pytest.fixture(scope="module")
def old_kernel(tmp_path_factory, clean_environ):
    """Install the old releases into a virtual environment; give a folder where Jupyter finds its kernel."""
    folder = tmp_path_factory.mktemp("old")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "--require-hashes", "-r", LOCK],
        env=clean_environ,
        check=True,
    )
    subprocess.run([python, "-m", "ipykernel", "install", "--prefix", folder], env=clean_environ, check=True)
    return folder / "share" / "jupyter"


def test_old_releases_give_the_same_counts(old_kernel, tiny_build, tmp_path, clean_environ):
    """With releases two years old it runs without a word on stderr, to the same counts in every setting."""
    shutil.copy(tiny_build.out / "homework03.ipynb", tmp_path)
    shutil.copytree(tiny_build.data, tmp_path, dirs_exist_ok=True)

    private = {"IPYTHONDIR": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)}
    environ = {**clean_environ, **private, "JUPYTER_PATH": str(old_kernel)}
    execute = Path(sys.executable).with_name("jupyter-execute")
    subprocess.run([execute, "--inplace", "homework03.ipynb"], cwd=tmp_path, env=environ, check=True)

    old = nbformat.read(tmp_path / "homework03.ipynb", as_version=4)
    new = nbformat.read(tiny_build.out / "homework03.ipynb", as_version=4)
    records = []
    for notebook in (old, new):
        made = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        assert {output.get("name", "stdout") for output in made} == {"stdout"}
        records.append(made[-1].data[MIME])
    locked = dict(re.findall(r"^([\w-]+)==([\w.]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    versions = records[0].pop("versions")
    assert {name: versions[name] for name in ("numpy", "pandas", "scikit-learn")} == {
        name: locked[name] for name in ("numpy", "pandas", "scikit-learn")
    }
    assert versions != records[1].pop("versions")
    assert records[0] == records[1]


FEATURES = """
from numpy._core._multiarray_umath import __cpu_features__ as found
print(found["AVX2"], [name for name in ("AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_ICL") if found[name]])
"""


def test_an_old_numpy_switches_its_wide_loops_off(old_kernel, tiny_build, clean_environ):
    """Numpy had other names for them before 2.4: the notebook's first cell knows these, too."""
    notebook = nbformat.read(tiny_build.out / "homework03.ipynb", as_version=4)
    pins = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    done = subprocess.run(
        [old_kernel.parents[1] / "venv" / "bin" / "python", "-c", f"{pins}\n{FEATURES}"],
        env=clean_environ,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert done.stdout == "True []\n"
