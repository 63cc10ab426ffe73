/**
 * SharedWorker that keeps one event stream for all tabs of a browser. A
 * browser limits the connections to a server, and each stream would occupy
 * one of them.
 */
const ports = new Set();
let source = null;
/** Whether news of the database arrive. */
let isLive = false;

function setLive(on, ended = false) {
	isLive = on;
	broadcast({ type: 'state', on, ended });
}

function broadcast(message) {
	for (const port of ports) port.postMessage(message);
}

function open(url) {
	source?.close();
	source = new EventSource(url, { withCredentials: true });
	source.onopen = () => setLive(true);
	source.onerror = () => setLive(false, source?.readyState === EventSource.CLOSED);
	source.addEventListener('live', ({ data }) => setLive(JSON.parse(data).live));
	for (const type of ['lock', 'presence']) source.addEventListener(type, ({ data }) => broadcast({ type, data }));
	source.addEventListener('reset', () => broadcast({ type: 'reset' }));
}

function close() {
	source?.close();
	source = null;
}

/** Messages from the tabs, by `order`. */
const orders = {
	join(port, { url }) {
		ports.add(port);
		if (!source || source.readyState === EventSource.CLOSED) open(url);
		else port.postMessage({ type: 'state', on: isLive });
	},
	restart(port, { url }) {
		ports.add(port);
		open(url);
	},
	part(port) {
		ports.delete(port);
		if (ports.size === 0) close();
	},
	stop() {
		close();
		setLive(false, true);
	},
};

self.onconnect = ({ ports: [port] }) => {
	port.onmessage = ({ data }) => orders[data.order]?.(port, data);
};
