#!/usr/bin/env bash
# In CI Hypothesis tries the same hundred examples every night.
#
# One would expect: property tests draw new examples in each run, in CI above all, where there is time.
# What happens: with CI set in the environment two runs draw equal examples to the last bit, and nothing failing is
#   remembered; without it they differ. On top of that, more than 4 in 10 of st.floats() are whole numbers.
# Seen with: Hypothesis 6.170.17; 6.118 already, 6.113 still drew anew. Why: a profile named ci (derandomize, no
#   database) is loaded by itself where CI, or the variable of a known service, is set, so that no build fails by
#   chance.
# For this program: its fuzz tests in CI are a fixed list; finding new cases takes a run on a developer's machine,
#   or settings.load_profile("default").

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  hypothesis==6.170.17 || { echo "NEEDS a package index"; exit 2; }
cat > "$folder/draw.py" <<'END'
import hashlib

from hypothesis import given, settings, strategies

drawn = []


@settings(max_examples=100)
@given(strategies.floats(allow_nan=False, allow_infinity=False))
def draw(value):
    drawn.append(value)


draw()
print(hashlib.sha256(repr(drawn).encode()).hexdigest()[:12], sum(value.is_integer() for value in drawn))
END
cd "$folder"
draw() { env -u GITHUB_ACTIONS -u TF_BUILD -u GITLAB_CI "$@" "$folder/venv/bin/python" draw.py; }
first=$(draw CI=true) second=$(draw CI=true) third=$(draw -u CI) fourth=$(draw -u CI)
echo "hash of the examples, and how many of 100 floats are whole numbers"
echo "in CI:    $first, again: $second"
echo "at home:  $third, again: $fourth"
[ "$first" = "$second" ] && [ "$third" != "$fourth" ] && [ "${third#* }" -gt 40 ] && [ "${fourth#* }" -gt 40 ]
