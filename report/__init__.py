"""The assembly line: from a configuration and data to a bundle, and back again (verify)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # the program's folder
