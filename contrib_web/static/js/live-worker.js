/**
 * One event stream for all tabs of a browser: a browser opens few connections per server,
 * and each stream would take one of them for good. Runs as a SharedWorker.
 */
const ports = new Set();
let source = null;

function tell(message) {
	for (const port of ports) port.postMessage(message);
}

function open(url) {
	source?.close();
	source = new EventSource(url);
	source.onopen = () => tell({ type: 'state', on: true });
	source.onerror = () => tell({ type: 'state', on: false, ended: source?.readyState === EventSource.CLOSED });
	source.addEventListener('lock', (event) => tell({ type: 'lock', data: event.data }));
	source.addEventListener('reset', () => tell({ type: 'reset' }));
}

function close() {
	source?.close();
	source = null;
}

const orders = {
	join(port, { url }) {
		ports.add(port);
		if (!source || source.readyState === EventSource.CLOSED) open(url);
		else port.postMessage({ type: 'state', on: source.readyState === EventSource.OPEN });
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
		tell({ type: 'state', on: false, ended: true });
	},
};

self.onconnect = ({ ports: [port] }) => {
	port.onmessage = ({ data }) => orders[data.order]?.(port, data);
};
