/*
 * Applies the chosen theme before the first paint. A classic script, because
 * modules run after it.
 */
(() => {
	try {
		const theme = localStorage.getItem('locking.theme');
		if (theme) document.documentElement.dataset.theme = theme;
	} catch {
		// Storage may be disabled; the system's theme applies.
	}
})();
