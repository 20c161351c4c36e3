"""Run a notebook's cells without Jupyter, with a small search: python notebook_cells.py NOTEBOOK PARAMS.

`benchmarks.arm64` starts it on another machine, where nothing of this program is. PARAMS, in JSON, are
trained once more after the cells. The last line of the output is what was found, in JSON.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

SMALL = """search((50,), {
    "activation": ["tanh"], "batch_size": [32], "learning_rate_init": [0.03, 0.1], "solver": ["adam"]
})"""


def main(notebook: str, params: str) -> None:
    """Run the cells, train the network; print the record, the network's counts and the kernels in use."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    scope: dict[str, Any] = {"__name__": "__main__"}
    small = SMALL
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        if re.search(r"^search\(\(", source, re.MULTILINE):
            source, small = small, ""  # in place of the first search, and of the others nothing
        print(source.partition("\n")[0], file=sys.stderr, flush=True)
        exec(source, scope)
    from threadpoolctl import threadpool_info  # noqa: PLC0415 - only after the notebook's first cell

    network = scope["MLPClassifier"](random_state=scope["SEED"], **json.loads(params))
    network.fit(scope["X_train"], scope["y_train"])
    trained = {
        part: scope["correct"](network, scope[f"X_{part}"], scope[f"y_{part}"]) for part in ("train", "dev")
    }
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kernels = sorted({f"OpenBLAS {pool['version']} {pool['architecture']}" for pool in pools})
    print(json.dumps({**scope["record"], "trained": trained, "kernels": kernels}, default=int))


if __name__ == "__main__":
    main(*sys.argv[1:])
