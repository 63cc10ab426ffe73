/*
 * Pages of LockableAdmin without locking-web: renews the lock of a change
 * form while it is open, warns before it ends, and shows when a row that
 * another user had is free. Without this script a lock lasts for its time,
 * and saving is checked all the same.
 */
(function () {
	'use strict';

	/** Seconds between two looks at a row that another user has. */
	const LOOK = 10;
	/** Seconds without any use after which a page lets its lock go. */
	const IDLE = 3600;

	addEventListener('click', function (event) {
		const button = event.target.closest?.('[data-confirm]');
		if (!button) return;
		if (!confirm(button.dataset.confirm)) event.preventDefault();
		else if (button.dataset.action) {
			button.form.action = button.dataset.action;
			button.form.submit();
		}
	}, true);

	function keep(bar) {
		const form = bar.closest('form');
		const token = form.elements.locking_token.value;
		const text = bar.querySelector('[data-role="text"]');
		const held = text.textContent;
		const lifetime = Number(bar.dataset.secondsLeft);
		const warning = Number(bar.dataset.warning) || lifetime / 2;
		let end = performance.now() + lifetime * 1000;
		let used = performance.now();
		let isLost = false;
		let isSent = false;

		function show(words, isWarned) {
			if (text.textContent !== words) text.textContent = words;
			bar.classList.toggle('locking-warned', isWarned);
			for (const choice of bar.querySelectorAll('[data-role="ending"]')) choice.hidden = !isWarned;
		}

		function body(more) {
			const data = new FormData();
			data.set('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
			data.set('token', token);
			if (more) data.set(more, '1');
			return data;
		}

		async function renew() {
			if (isLost || performance.now() - used > IDLE * 1000) return;
			const sent = performance.now();
			const reply = await fetch(bar.dataset.renew, { method: 'POST', body: body() }).catch(() => null);
			if (reply?.status === 409) {
				isLost = true;
				bar.dataset.state = 'lost';
				const { detail } = await reply.json();
				show(`${bar.dataset.textLost} ${detail}`, true);
			} else if (reply?.ok) {
				const { seconds_left: seconds } = await reply.json();
				end = sent + seconds * 1000;
				tick();
			}
		}

		function tick() {
			if (isLost) return;
			const left = Math.ceil((end - performance.now()) / 1000);
			if (left <= 0) show(bar.dataset.textExpired, true);
			else if (left <= Math.min(warning, lifetime / 2)) show(bar.dataset.textWarned.replace('%s', left), true);
			else show(held, false);
		}

		function use() {
			const wasIdle = performance.now() - used > IDLE * 1000;
			used = performance.now();
			if (wasIdle) renew();
		}

		for (const type of ['input', 'keydown', 'pointerdown', 'pointermove', 'scroll']) addEventListener(type, use, { passive: true, capture: true });
		form.addEventListener('submit', (event) => { isSent = !event.defaultPrevented; });
		addEventListener('visibilitychange', () => { if (!document.hidden) renew(); });
		addEventListener('pageshow', ({ persisted }) => {
			isSent = false;
			if (persisted) renew();
		});
		addEventListener('pagehide', () => { if (!isSent && !isLost) navigator.sendBeacon(bar.dataset.renew, body('leaving')); });
		setInterval(renew, lifetime * 250);
		setInterval(tick, 1000);
		renew();
	}

	function wait(bar) {
		setInterval(async function () {
			if (bar.dataset.state !== 'blocked') return;
			const reply = await fetch(bar.dataset.isLocked, { headers: { 'X-Requested-With': 'XMLHttpRequest' } }).catch(() => null);
			if (!reply?.ok || (await reply.json()).applies) return;
			bar.dataset.state = 'free';
			bar.classList.remove('locking-theirs');
			bar.querySelector('[data-role="text"]').textContent = bar.dataset.textFree;
			bar.querySelector('[data-role="reload"]').hidden = false;
		}, LOOK * 1000);
	}

	addEventListener('DOMContentLoaded', function () {
		const bar = document.getElementById('locking-bar');
		if (bar?.dataset.state === 'held' && bar.dataset.renew) keep(bar);
		if (bar?.dataset.state === 'blocked' && bar.dataset.isLocked) wait(bar);
	});
}());
