#!/usr/bin/env bash
# The same C line is rounded in three ways: GCC fuses a product and a sum across statements, Clang only within one, even
# without optimisation, and GCC not at all once -std=c11 is given.
#
# One would expect: a * b + c is rounded alike by both compilers; -O0 does no such thing; the language standard
#   decides what compiles, not what comes out.
# What happens, with -mfma: for 0.1 * 10 - 1 a fused result is 5.55e-17, a rounded one 0.
#   GCC -O2                fused, also where the product is first put into a variable
#   GCC -O2 -std=c11       rounded           GCC -O0    rounded
#   Clang -O0, -O2         fused in one expression, rounded across two statements, whatever the -std
#   So x * x - x * x, written as a * b - c * d, is not zero.
# Seen with: GCC 12.2, Clang 22.1 (of ziglang 0.17.1); GCC for decades, Clang since 14 (contraction is "on").
# For this program: the trainer's C is compiled with -ffp-contract=off, by either compiler, and says fma where it
#   means it.

set -euo pipefail
command -v gcc > /dev/null || { echo "NEEDS gcc"; exit 2; }
grep -qs ' fma' /proc/cpuinfo || { echo "NEEDS an x86-64 CPU with FMA"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check ziglang==0.17.1 || {
  echo "NEEDS a package index"
  exit 2
}
cat > "$folder/sum.c" <<'END'
#include <stdio.h>
__attribute__((noinline)) double one(double a, double b, double c) { return a * b + c; }
__attribute__((noinline)) double two(double a, double b, double c) {
  double product = a * b;
  return product + c;
}
__attribute__((noinline)) double nothing(double a, double b, double c, double d) { return a * b - c * d; }
int main(void) {
  const char *fused[] = {"rounded", "fused"};
  printf("%s %s %s\n", fused[one(0.1, 10, -1) != 0], fused[two(0.1, 10, -1) != 0], fused[nothing(.1, .3, .1, .3) != 0]);
}
END
export ZIG_GLOBAL_CACHE_DIR="$folder/zig" ZIG_LOCAL_CACHE_DIR="$folder/zig"
result=0
try() { # a name, what is stated, then the compiler and its options
  local name=$1 stated=$2 seen
  shift 2
  "$@" -c "$folder/sum.c" -o "$folder/sum.o"
  gcc "$folder/sum.o" -o "$folder/sum"
  seen=$("$folder/sum")
  echo "$name ${*: -3}: $seen"
  [ "$seen" = "$stated" ] || result=1
}
clang=("$folder/venv/bin/python" -m ziglang cc -fno-sanitize=all -target x86_64-linux-gnu -mcpu=haswell -mfma)
echo "one expression, two statements, a * b - a * b:"
try GCC "fused fused fused" gcc -mfma -O2
try GCC "fused fused fused" gcc -mfma -O2 -std=gnu11
try GCC "rounded rounded rounded" gcc -mfma -O2 -std=c11
try GCC "rounded rounded rounded" gcc -mfma -O0
try Clang "fused rounded fused" "${clang[@]}" -O2
try Clang "fused rounded fused" "${clang[@]}" -O2 -std=c11
try Clang "fused rounded fused" "${clang[@]}" -O0
try Clang "rounded rounded rounded" "${clang[@]}" -O2 -ffp-contract=off
exit "$result"
