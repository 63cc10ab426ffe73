#!/usr/bin/env bash
# Spelling: codespell. Its list of common mistakes contains few words that are
# right here.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

# isnt() is a function of pgTAP and Test::More; "langauge" is the API's
# example of a table that does not exist; "inh" is a field of a RangeVar.
accepted=isnt,langauge,inh

mapfile -t files < <(files_named '*' | grep -v -e '\.o$' -e '\.so$' -e '\.bc$' -e package-lock.json -e 'js/lang/\(de\|fr\|nl\)\.js$' -e '\.[mp]o$' -e 'language\.test\.mjs$' -e 'django-language\.py$' -e 'static/index\.html$')
check codespell codespell --ignore-words-list "$accepted" "${files[@]}"
