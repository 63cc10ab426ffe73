/**
 * SharedWorker that keeps one event stream for all tabs of a browser. A
 * browser limits the connections to a server, and each stream would occupy
 * one of them.
 */
import { Stream } from './stream.js';

const ports = new Set();
const stream = new Stream((message) => {
	for (const port of ports) port.postMessage(message);
});

/** Messages from the tabs, by `order`. */
const orders = {
	join(port, { url }) {
		ports.add(port);
		if (stream.isOpen) port.postMessage(stream.state);
		else stream.open(url);
	},
	restart(port, { url }) {
		ports.add(port);
		stream.open(url);
	},
	part(port) {
		ports.delete(port);
		if (ports.size === 0) stream.close();
	},
	stop: () => stream.stop(),
};

self.onconnect = ({ ports: [port] }) => {
	port.onmessage = ({ data }) => orders[data.order]?.(port, data);
};
