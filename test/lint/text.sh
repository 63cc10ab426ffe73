#!/usr/bin/env bash
# Every text file: what .editorconfig declares, and the width of comments.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

check 'format and comment width' perl test/lint/text.pl
