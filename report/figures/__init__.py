"""The report's figures, as functions of plain data."""

from report.figures.gradient import contributions, unrolled
from report.figures.models import errors, networks
from report.figures.search import exploration, marginals

__all__ = ["contributions", "errors", "exploration", "marginals", "networks", "unrolled"]
