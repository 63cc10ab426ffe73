#!/usr/bin/env bash
# JavaScript: ESLint, from test/browser's modules, the layers of the pages'
# modules, and their texts.
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/check.sh"

# From the root, as ESLint does not look at files outside of where it runs.
check eslint test/browser/node_modules/.bin/eslint --max-warnings 0 --config test/browser/eslint.config.mjs \
	contrib_web/static contrib_web/django doc/recipes test/browser test/clients test/lint
check modules node test/lint/modules.mjs
check texts node test/lint/texts.mjs
