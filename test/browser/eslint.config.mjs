// ESLint settings for contrib_web's scripts and these tests:
// npx eslint . ../../contrib_web/static
import js from '@eslint/js';
import globals from 'globals';

const strict = {
	'array-callback-return': 'error',
	eqeqeq: 'error',
	'no-constant-binary-expression': 'error',
	'no-else-return': 'error',
	'no-implied-eval': 'error',
	'no-self-compare': 'error',
	'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'all' }],
	'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
	'no-var': 'error',
	'object-shorthand': 'error',
	'prefer-const': 'error',
};

// Columns and controls can be named like what every object inherits. The
// properties of elements are inherited.
const INHERITED = {
	selector: 'BinaryExpression[operator="in"]:not([right.name=/^(element|input)$/])',
	message: 'also finds what every object inherits: use Object.hasOwn()',
};

export default [
	{ ignores: ['**/node_modules/'] },
	js.configs.recommended,
	{ linterOptions: { reportUnusedDisableDirectives: 'error' }, rules: strict },
	{ files: ['**/contrib_web/static/**/*.js'], languageOptions: { globals: globals.browser, sourceType: 'module' }, rules: { 'no-restricted-syntax': ['error', INHERITED] } },
	{ files: ['**/contrib_web/django/**/*.js'], languageOptions: { globals: globals.browser, sourceType: 'script' } },
	// Runs before the first paint, so it is not a module.
	{ files: ['**/contrib_web/static/js/theme.js'], languageOptions: { sourceType: 'script' } },
	{ files: ['**/doc/recipes/**/*.js'], languageOptions: { globals: globals.node } },
	// Some of their functions run in the page.
	{ files: ['**/test/**/*.mjs'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
