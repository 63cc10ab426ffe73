# shellcheck shell=bash
# Shared by the lint scripts: which files there are, and TAP for programs that
# print findings.
#
# Sourced from the root of a checkout. The plan is printed on exit.

set -uo pipefail

CHECKS=0
trap 'echo "1..$CHECKS"' EXIT

# Paths of the files that match one of the find(1) name patterns, except for
# what a build, npm or a fuzzer made.
files_named() { # PATTERN...
	local pattern
	local -a names=()
	for pattern in "$@"; do names+=(-o -name "$pattern"); done
	find . \( -name .git -o -name node_modules -o -name build -o -name corpus -o -name .demo \) -prune -o \
		-type f \( "${names[@]:1}" \) -print | sed 's|^\./||' | sort
}

# A test that passes if the command succeeds without printing anything.
check() { # NAME COMMAND...
	local findings
	CHECKS=$((CHECKS + 1))
	if findings=$("${@:2}" 2>&1) && [ -z "$findings" ]; then
		echo "ok $CHECKS - $1"
	else
		echo "not ok $CHECKS - $1"
		printf '# %s\n' "${findings//$'\n'/$'\n# '}"
	fi
}
