# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["title"]
# # Homework 03, problem 2: choosing a neural network
#
# Two questions are answered here. **2(a)**: how accurate is scikit-learn's `MLPClassifier` with its default
# hyper-parameters? **2(b)**: how much is gained by tuning five of them on the development set?
#
# The notebook runs from top to bottom without changes. It needs numpy, pandas, scikit-learn and matplotlib,
# and the four files `trnX-3d.csv`, `trnY-3d.csv`, `devX-3d.csv`, `devY-3d.csv`, beside it or in `../data`.

# %% [markdown] tags=["setup"]
# ## Setup
#
# First of all, the last digits: OpenBLAS and numpy choose their loops by the CPU they meet, and other loops
# round otherwise. Where it is safe, this cell fixes the choice, before numpy is loaded; the same bits then
# come out of any x86-64 Linux machine.

# %% tags=["setup", "pins"]
# Setup: the same bits on every machine

# %% [markdown] tags=["setup"]
# The imports, and the one number that fixes every random choice. A network that uses up its 200 passes over
# the data before it settles makes scikit-learn warn, and so does one whose weights overflow: below, a column
# says who settled, and an overflow counts as no correct answer.

# %% tags=["setup", "parameters"]
# Setup: imports and parameters
import json
import os
import platform
import warnings
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
from IPython.display import display
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

SEED = 0
warnings.filterwarnings("ignore", category=ConvergenceWarning)
warnings.filterwarnings("ignore", category=FitFailedWarning)
overflow = "ignore:overflow encountered,ignore:invalid value encountered"
os.environ["PYTHONWARNINGS"] = f"ignore:Stochastic Optimizer,{overflow}"  # the same, in the search's workers

# %% [markdown] tags=["setup"]
# The four files are read as text first, so that nothing is taken for a number that is none.


# %% tags=["setup"]
# Setup: how a file is found and read
def find(name):
    return next(path for path in (Path(name), Path("..", "data", name)) if path.exists())


def read(name, **options):
    return pd.read_csv(find(name), dtype=str, keep_default_na=False, skipinitialspace=True, **options)


# %% [markdown] tags=["setup"]
# There is a header row if the first row of the training inputs holds a cell that is not a number; the labels
# are numbers if all of them are.

# %% tags=["setup"]
# Setup: the data
first_row = read("trnX-3d.csv", header=None, nrows=1).iloc[0]
header = 0 if pd.to_numeric(first_row, errors="coerce").isna().any() else None
X_train, X_dev = (
    read(name, header=header).to_numpy().astype(float) for name in ("trnX-3d.csv", "devX-3d.csv")
)
labels = pd.concat(
    read(name, header=header).iloc[:, 0].str.strip() for name in ("trnY-3d.csv", "devY-3d.csv")
)
numbers = pd.to_numeric(labels, errors="coerce")
y = (labels if numbers.isna().any() else numbers).to_numpy()
y_train, y_dev = y[: len(X_train)], y[len(X_train) :]
pd.DataFrame(
    {"samples": [len(X_train), len(X_dev)], "features": [X_train.shape[1], X_dev.shape[1]]},
    index=["training", "development"],
)

# %% [markdown] tags=["2a"]
# <!-- BEGIN QUESTION -->
#
# ## Question 2(a): the default network (3 points)
#
# Train `MLPClassifier` with its default hyper-parameters and report its accuracy on both sets. The seed is
# the only argument given: without it the initial weights would differ from run to run.


# %% tags=["2a", "default"]
# Question 2(a): the default network
def correct(model, X, y):
    return int(accuracy_score(y, model.predict(X), normalize=False))


default = MLPClassifier(random_state=SEED).fit(X_train, y_train)
default_train, default_dev = correct(default, X_train, y_train), correct(default, X_dev, y_dev)
pd.DataFrame(
    {
        "correct": [default_train, default_dev],
        "of": [len(y_train), len(y_dev)],
        "accuracy": [f"{default_train / len(y_train):.4f}", f"{default_dev / len(y_dev):.4f}"],
    },
    index=["training", "development"],
)

# %% [markdown] tags=["2a"]
# <!-- END QUESTION -->

# %% [markdown] tags=["2b"]
# <!-- BEGIN QUESTION -->
#
# ## Question 2(b): tuning five hyper-parameters (5 points)
#
# Every combination of the values below is trained on the training set and scored on the development set;
# nothing else departs from the defaults. Batches larger than the training set are the whole training set.

# %% tags=["2b", "grid"]
# Question 2(b): the values to try
GRID = {
    "activation": ["relu", "tanh", "logistic"],
    "batch_size": [32, 200],
    "learning_rate_init": [0.0001, 0.001, 0.005, 0.01, 0.05],
    "solver": ["adam", "sgd"],
}

# %% [markdown] tags=["2b"]
# `PredefinedSplit` makes `GridSearchCV` train on the training rows and score on the development rows, once
# each. Besides the number of correct answers the score notes how many epochs the network trained.

# %% tags=["2b"]
# Question 2(b): an exhaustive search with GridSearchCV
NAMES = ["hidden_layer_sizes", "activation", "solver", "learning_rate_init", "batch_size"]
X, y = np.concatenate([X_train, X_dev]), np.concatenate([y_train, y_dev])
split = PredefinedSplit(np.repeat([-1, 0], [len(y_train), len(y_dev)]))
results = []


def score(model, X, y):
    return {"correct": correct(model, X, y), "epochs": model.n_iter_}


def search(layers, grid=GRID):
    space = {"hidden_layer_sizes": [layers], **grid}
    model = MLPClassifier(random_state=SEED)
    options = {"scoring": score, "cv": split, "refit": False, "return_train_score": True, "error_score": 0}
    cv = GridSearchCV(model, space, n_jobs=-1, **options).fit(X, y).cv_results_
    table = pd.DataFrame(cv["params"])
    for column, found in {"train": "train_correct", "dev": "test_correct", "epochs": "test_epochs"}.items():
        table[column] = cv[f"mean_{found}"].astype(int)
    table["converged"] = table["epochs"].between(1, model.max_iter - 1)
    results.append(table)
    return table.nlargest(3, "dev")[[*NAMES, "train", "dev", "epochs", "converged"]]


# %% [markdown] tags=["2b"]
# One cell for each architecture, or for each activation of a large one; each shows its three best settings.

# %% tags=["2b", "each-architecture"]
# Question 2(b): the search, hidden layers (100,)
search((100,))

# %% [markdown] tags=["2b"]
# ### The best setting
#
# Several settings often reach the same number of correct answers. The rule, written before the search was
# run: most development samples correct, then fewest weights, then first in the order of the search.


# %% tags=["2b", "choose"]
# Question 2(b): choose the best setting
def n_weights(layers):
    sizes = [X.shape[1], *layers, 1 if len(np.unique(y_train)) == 2 else len(np.unique(y_train))]
    return sum((a + 1) * b for a, b in pairwise(sizes))


table = pd.concat(results, ignore_index=True)
table["weights"] = table["hidden_layer_sizes"].map(n_weights)
ranked = table.sort_values(["dev", "weights"], ascending=[False, True], kind="stable")
best = ranked.iloc[0]
tied = ranked[ranked["dev"] == best["dev"]]
print(f"{len(table)} settings tried, {len(tied)} tied at the top, {table['converged'].sum()} converged")
tied[[*NAMES, "weights", "train", "dev", "epochs"]].head()

# %% [markdown] tags=["2b"]
# How the development accuracy depends on each hyper-parameter: each dot is one setting, the ring the best.

# %% tags=["2b", "figure"]
# Question 2(b): every setting, by each hyper-parameter
figure, axes = plt.subplots(1, len(NAMES), figsize=(12, 2.6), sharey=True, layout="constrained")
for axis, name in zip(axes, NAMES):
    labels = table[name].astype(str)
    axis.plot(labels, table["dev"] / len(y_dev), ".", color="#0072B2", alpha=0.3)
    axis.plot(str(best[name]), best["dev"] / len(y_dev), "o", ms=9, mfc="none", mec="black")
    axis.set_title(name, fontsize=9)
    axis.tick_params(axis="x", rotation=60, labelsize=8)
axes[0].set_ylabel("development accuracy")
plt.show()

# %% [markdown] tags=["2b"]
# The chosen network once more, trained alone: the same counts must come out.

# %% tags=["2b", "best"]
# Question 2(b): train the best network again, by itself
params = {name: best[name] for name in NAMES}
params |= {"learning_rate_init": float(best["learning_rate_init"]), "batch_size": int(best["batch_size"])}
tuned = MLPClassifier(random_state=SEED, **params).fit(X_train, y_train)
tuned_train, tuned_dev = correct(tuned, X_train, y_train), correct(tuned, X_dev, y_dev)
assert (tuned_train, tuned_dev) == (best["train"], best["dev"])

# %% [markdown] tags=["2b"]
# How the two networks learned: the loss on the training set, epoch by epoch.

# %% tags=["2b", "curves"]
# Question 2(b): the loss of both networks over the epochs
figure, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
for name, model, colour in (("default", default, "#0072B2"), ("best", tuned, "#E69F00")):
    axis.semilogy(range(1, model.n_iter_ + 1), model.loss_curve_, color=colour)
    axis.annotate(name, (model.n_iter_, model.loss_), (5, 0), textcoords="offset points", va="center")
axis.set(xlabel="epoch", ylabel="training loss", xlim=(0, 1.15 * max(default.n_iter_, tuned.n_iter_)))
plt.show()

# %% [markdown] tags=["2b"]
# <!-- END QUESTION -->

# %% [markdown] tags=["summary"]
# ## Summary: the numbers asked for
#
# All that 2(a) and 2(b) ask to be reported, each accuracy as a decimal and as a count.

# %% tags=["summary"]
# Summary of questions 2(a) and 2(b): the required numbers
gain = (tuned_dev - default_dev) / len(y_dev)
summary = {
    "2(a) training accuracy": f"{default_train / len(y_train):.4f}  ({default_train}/{len(y_train)})",
    "2(a) development accuracy": f"{default_dev / len(y_dev):.4f}  ({default_dev}/{len(y_dev)})",
    "2(b) best development accuracy": f"{tuned_dev / len(y_dev):.4f}  ({tuned_dev}/{len(y_dev)})",
    **{f"2(b) best {name}": str(value) for name, value in params.items()},
    "2(b) best minus default": f"{gain:+.4f}  ({tuned_dev - default_dev:+d} samples)",
}
with pd.option_context("display.max_colwidth", None):
    display(pd.DataFrame({"value": summary}))

# %% [markdown] tags=["summary"]
# The versions that made these numbers, and the record that the report reads: one line of JSON.

# %% tags=["summary", "record"]
# Summary: versions, and the record for the report
versions = {"python": platform.python_version(), "numpy": np.__version__, "pandas": pd.__version__}
versions |= {"scikit-learn": sklearn.__version__}
print(", ".join(f"{name} {version}" for name, version in versions.items()))
record = {
    "default": {"train": default_train, "dev": default_dev},
    "best": {"train": tuned_train, "dev": tuned_dev},
    "params": params,
    "total": {"train": len(y_train), "dev": len(y_dev)},
    "tied": len(tied),
    "search": {name: table[name].tolist() for name in ("train", "dev", "epochs", "converged")},
    "versions": versions,
}
print(json.dumps(record))
