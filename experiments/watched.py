"""Networks trained by lockstep or, where that may not be used, by scikit-learn; watched epoch by epoch."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from sklearn.neural_network import MLPClassifier

from experiments import lockstep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray


def fit_watched(
    settings: Sequence[Mapping[str, Any]],
    X: NDArray[Any],
    y: NDArray[Any],
    look: Callable[[int, MLPClassifier], None],
) -> list[MLPClassifier]:
    """Fit one classifier for each setting and look at each of them after every epoch.

    Parameters
    ----------
    settings, X, y
        As for `lockstep.fit_many`.
    look
        Called with the setting's place and the network as it is then, fit for ``predict``.
    """
    if not why_not_lockstep():
        return lockstep.fit_many(settings, X, y, callback=look)
    return [_Watched(look, place, setting).fit(X, y) for place, setting in enumerate(settings)]


@cache
def why_not_lockstep() -> str:
    """Say why lockstep may not be used in this process; empty if it may."""
    return lockstep.probe()


class _Watched(MLPClassifier):  # type: ignore[misc]
    """A classifier that is looked at after each epoch.

    scikit-learn calls ``_update_no_improvement_count`` once in an epoch, after its last step.
    """

    def __init__(
        self, look: Callable[[int, MLPClassifier], None], place: int, setting: Mapping[str, Any]
    ) -> None:
        super().__init__(**setting)
        self._look, self._place = look, place

    @classmethod
    def _get_param_names(cls) -> list[str]:
        names: list[str] = MLPClassifier._get_param_names()  # noqa: SLF001 - the two above are none
        return names

    def _update_no_improvement_count(self, *arguments: Any) -> None:
        super()._update_no_improvement_count(*arguments)
        self._look(self._place, self)

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> MLPClassifier:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Training interrupted")  # fit swallows a Ctrl-C
            try:
                return super().fit(X, y)
            except UserWarning as interrupted:
                raise KeyboardInterrupt from interrupted
