#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python 3.11 or newer, and the
# packages of grader/constraints.txt in an environment of their own.
# AUTOGRADER_ROOT stands in for Gradescope's own folder, for trying it elsewhere.
set -euo pipefail

root=${AUTOGRADER_ROOT:-/autograder}
grader=$root/source/grader
finished=$root/source/.setup-finished
rm -f "$finished"

is_new_enough() {
  command -v "$1" >/dev/null &&
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local name
  for name in ${AUTOGRADER_PYTHON:-} python3.12 python3.13 python3.11 python3; do
    if is_new_enough "$name"; then
      echo "$name"
      return
    fi
  done
  return 1
}

# The distribution's own packages: python3.11 in Ubuntu 22.04, python3.12 in 24.04.
install_python() {
  local version
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends ca-certificates
  for version in 3.12 3.13 3.11; do
    if apt-get install -y -qq --no-install-recommends \
      "python$version" "python$version-venv" 2>/dev/null; then
      return
    fi
  done
  apt-get install -y -qq --no-install-recommends python3 python3-venv
}

# A layer of the sandbox needs the library; without it grading goes on with one layer less.
libraries=$(ldconfig -p)
if [ "$(id -u)" = 0 ] && [[ $libraries != *libseccomp.so.2* ]]; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends libseccomp2 ||
    echo "libseccomp2 could not be installed: one layer of the sandbox is missing." >&2
fi

if ! python=$(find_python); then
  install_python
  python=$(find_python) || {
    echo "No Python of 3.11 or newer could be installed." >&2
    exit 1
  }
fi

"$python" -m venv --clear "$root/venv"
"$root/venv/bin/pip" install --quiet --no-cache-dir --requirement "$grader/constraints.txt"

# Programs run as users of their own, who must read Python and no solution.
chmod -R a+rX "$root/venv"
chmod 700 "$grader/reference"

# It says what this machine can grade, and ends with 3 where that is nothing.
code=0
"$root/venv/bin/python" "$grader/grade.py" doctor || code=$?
if [ "$code" = 3 ]; then
  echo "Nothing can be graded here: see above." >&2
  exit 1
fi
touch "$finished"
