#!/usr/bin/env bash
# Shell: shellcheck, with the files that a script sources.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

mapfile -t scripts < <(
	files_named '*.sh'
	files_named run versions packages assert-build coverage valgrind installcheck web start stop check pooler worker | xargs grep -lE '^#!.*\b(ba)?sh$'
)
check shellcheck shellcheck --external-sources "${scripts[@]}"
