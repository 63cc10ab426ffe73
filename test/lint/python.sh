#!/usr/bin/env bash
# Python: pyflakes, and the width of lines.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

longest=130

mapfile -t scripts < <(files_named '*.py')
check pyflakes /usr/bin/python3 -m pyflakes "${scripts[@]}"
check width awk -v longest="$longest" 'length > longest { print FILENAME ":" FNR ": " length " characters" }' "${scripts[@]}"
