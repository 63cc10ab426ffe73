#!/usr/bin/env bash
# C: static analysis, typedefs.list and the format.
#
# PG_CONFIG is that of the installation with the headers; the extension has
# been built.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

# test/model has C that Promela includes.
mapfile -t sources < <(files_named '*.c' '*.h' | grep -v '^test/model/')

# gcc's analyzer finds faults on a path of execution: a null pointer, a
# descriptor that stays open, memory freed twice.
analyze_extension() {
	local headers
	headers=$("$PG_CONFIG" --includedir-server)
	find src -name '*.c' -print0 |
		xargs -0 -P "$(nproc)" -I {} gcc -O2 -fPIC -fanalyzer -isystem "$headers" -Isrc -c -o /dev/null {}
}

# Off: malloc-leak, as uthash keeps the only pointer to an entry in the entry
# before it; use-after-free, as the analyzer cannot follow reference counts.
# The tests of the web server run with AddressSanitizer, which finds both.
analyze_web() {
	make -s -k -j"$(nproc)" -C contrib_web OUT=build/lint \
		CFLAGS='-O2 -g -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-after-free'
}

# cppcheck reads no header of a library, so it cannot tell which functions set
# a variable or do not return. Off for that reason: uninitvar,
# ctuuninitvar, nullPointerRedundantCheck and identicalInnerCondition, which
# gcc finds with the headers; and pointerSize, as secret.c keeps pointers in
# free blocks.
run_cppcheck() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=uninitvar --suppress=ctuuninitvar --suppress=nullPointerRedundantCheck \
		--suppress=identicalInnerCondition --suppress=pointerSize \
		-DPG_VERSION_NUM=150000 --include=test/lint/lib/macros.h \
		--template='{file}:{line}: {id}: {message}' -j "$(nproc)" src contrib_web/src bench test/stress/client
}

# Each variable that other files may see is declared in a header: a compiler
# that warns of others (-Wmissing-variable-declarations) is not needed here.
undeclared_variables() {
	local name
	local -a headers
	mapfile -t headers < <(printf '%s\n' "${sources[@]}" | grep '\.h$'; find contrib_web/build/lint -name '*.[ch]')
	find src contrib_web/build/lint -name '*.o' -exec nm --defined-only -g {} + |
		sed -n 's/^[0-9a-f]* [BCDGRS] //p' | sort -u | while read -r name; do
		grep -qE "^extern .*\b$name\b" "${headers[@]}" || echo "$name: not in a header, and not static"
	done
}

list_typedefs() {
	perl test/lint/typedefs.pl "${sources[@]}" | diff -u --label typedefs.list --label sources typedefs.list -
}

format() {
	perl test/lint/format.pl "${sources[@]}"
}

check 'gcc -fanalyzer: src' analyze_extension
check 'gcc -fanalyzer: contrib_web' analyze_web
check cppcheck run_cppcheck
check 'global variables' undeclared_variables
check typedefs.list list_typedefs
check pg_bsd_indent format
