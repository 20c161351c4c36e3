#!/usr/bin/env bash
# Run the findings, all or those named, two at a time; print a table, and end with 1 if one is not as its header states.
set -euo pipefail
cd "$(dirname "$0")"

one() {
  local started=$SECONDS code=0 output result
  output=$(bash "$1.sh" 2>&1) || code=$?
  case $code in
    0) result="as stated" ;;
    2) result=$(grep -o 'NEEDS.*' <<< "$output" | tail -n 1) ;;
    *) result="NOT AS STATED" ;;
  esac
  printf '%-24s %-30s %4d s\n' "$1" "$result" $((SECONDS - started))
  [ "$code" = 0 ] || printf '%s\n' "$output" | sed 's/^/    /'
  [ "$code" = 0 ] || [ "$code" = 2 ]
}
export -f one

if [ $# = 0 ]; then
  for script in *.sh; do
    [ "$script" = run.sh ] || set -- "$@" "${script%.sh}"
  done
fi
printf '%s\n' "$@" | xargs -P 2 -I NAME bash -c 'one NAME' || exit 1
