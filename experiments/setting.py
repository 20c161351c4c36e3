"""A setting of 2(b): the hyper-parameters that are tuned, and scikit-learn's default for each."""

from __future__ import annotations

from typing import Any

# In the order in which the sheet names them and the report prints them.
DEFAULTS: dict[str, Any] = {
    "hidden_layer_sizes": (100,),
    "activation": "relu",
    "solver": "adam",
    "learning_rate_init": 0.001,
    "batch_size": 200,  # "auto": clipped to the number of samples
}
HYPER_PARAMETERS = tuple(DEFAULTS)


def default(samples: int) -> dict[str, Any]:
    """Give the default setting for so many training samples."""
    return {**DEFAULTS, "batch_size": min(DEFAULTS["batch_size"], samples)}
