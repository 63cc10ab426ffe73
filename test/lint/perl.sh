#!/usr/bin/env bash
# Perl: perlcritic, with the policies of .perlcriticrc.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

mapfile -t scripts < <(files_named '*.pl' '*.pm' harness)
check perlcritic perlcritic --quiet --profile .perlcriticrc \
	--verbose '%f:%l: %m (%p)\n' "${scripts[@]}"
