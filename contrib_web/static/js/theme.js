/* Sets the chosen theme before the first paint; a classic script, so that it runs in time. */
(() => {
	try {
		const theme = localStorage.getItem('locking.theme');
		if (theme) document.documentElement.dataset.theme = theme;
	} catch {
		// Storage may be forbidden; then the system's theme it is.
	}
})();
