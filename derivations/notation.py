"""The symbols of the sheet as SymPy objects; a symbol's name is what is printed for it.

Quantities that carry an index (x_t, h_t, z_t, G_k) are functions of that index, so that sums bind it.
"""

from __future__ import annotations

import sympy as sp

w1, w2, wo, b, y = sp.symbols("w_1 w_2 w_o b y", real=True)
t, k, j, T = sp.symbols("t k j T", integer=True)

x, h, z, G = (sp.Function(name, real=True) for name in ("x", "h", "z", "G"))

a = sp.Symbol("a", real=True)  # the argument of the loss, y (w_o h_T + b)
L = sp.Symbol("L", real=True)
r = sp.Symbol("r", real=True)
u = sp.Symbol("u", positive=True)  # exp(-r)

eta = sp.Symbol(r"\eta", positive=True)  # the learning rate
delta = sp.Symbol(r"\delta", positive=True)  # sigma(-a)
