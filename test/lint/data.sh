#!/usr/bin/env bash
# JSON and SVG: well-formed.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

mapfile -t json < <(files_named '*.json')
mapfile -t svg < <(files_named '*.svg')
check jq jq empty "${json[@]}"
check xmllint xmllint --noout "${svg[@]}"
