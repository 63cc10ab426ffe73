/**
 * JSON as text. JavaScript's values would lose some of it: digits of numbers,
 * repeated keys and the order of keys.
 */

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Another layout, with a line for each member and element.
 * @param {string} json valid JSON
 * @returns {string}
 */
export function indented(json) {
	const tokens = json.match(TOKENS) ?? [];
	let depth = 0;
	const line = (by) => `\n${'  '.repeat((depth += by))}`;
	const laidOut = (token, index) => {
		if (token === '{' || token === '[') return /^[}\]]$/.test(tokens[index + 1]) ? token : token + line(1);
		if (token === '}' || token === ']') return /^[{[]$/.test(tokens[index - 1]) ? token : line(-1) + token;
		if (token === ',') return token + line(0);
		return token === ':' ? ': ' : token;
	};
	return tokens.map(laidOut).join('');
}
