"""LaTeX: plain text escaped, templates filled, the PDF compiled, its log read."""
