"""All figures, drawn from plain data in the type and the width of the page."""

from report.figures.gradient import contributions
from report.figures.models import errors, gain, learning
from report.figures.search import exploration, marginals

__all__ = ["contributions", "errors", "exploration", "gain", "learning", "marginals"]
