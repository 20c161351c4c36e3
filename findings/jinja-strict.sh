#!/usr/bin/env bash
# Jinja's StrictUndefined prints [Undefined] for a list that holds a missing name, and -2**2 is 4.
#
# One would expect: with StrictUndefined no missing name reaches the page, and arithmetic in a template is Python's.
# What happens: {{ missing }} raises, but {{ [missing] }}, {{ {"a": missing} }}, {{ missing|pprint }} and {{
#   items|map(attribute="typo")|list }} print "Undefined"; a function may be called with it, and "x if false"
#   without else prints nothing. {{ -2**2 }} is 4, {{ 2**3**2 }} is 64 (Python: -4 and 512).
# Seen with: Jinja2 3.1.6. Why: only str() of an undefined value raises, and a list asks for its repr(); the parser
#   reads a sign before a power, and powers from the left.
# For this program: templates print nothing but text and LaTeX by type, a list is an error; and they do not compute.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  jinja2==3.1.6 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

from jinja2 import Environment, StrictUndefined, UndefinedError

strict = Environment(undefined=StrictUndefined)
stated = {
    "{{ missing }}": "raises",
    "{{ [missing] }}": "[Undefined]",
    '{{ {"a": missing} }}': "{'a': Undefined}",
    "{{ missing|pprint }}": "Undefined",
    '{{ items|map(attribute="typo")|list }}': "[Undefined]",
    "{{ call(missing) }}": "called",
    "{{ 1 if false }}": "",
    "{{ -2**2 }}": "4",
    "{{ 2**3**2 }}": "64",
    "{{ -x**2 }}": "9",
}
seen = {}
for source in stated:
    try:
        seen[source] = strict.from_string(source).render(items=[{"a": 1}], x=3, call=lambda value: "called")
    except UndefinedError:
        seen[source] = "raises"
    print(f"{source:42} {seen[source]!r}")
sys.exit(seen != stated)
END
