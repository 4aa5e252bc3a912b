// A server that speaks HTTP/2 over TLS frame by frame (RFC 9113), so that a test can have it do what no library would.
import net from "node:net";
import tls from "node:tls";
import { closable, listen, page, readRequests } from "./calls.mjs";

export const type = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PUSH_PROMISE: 5, PING: 6, GOAWAY: 7, CONTINUATION: 9 };
export const flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 };
export const error = {
	NO_ERROR: 0, INTERNAL_ERROR: 2, REFUSED_STREAM: 7, CANCEL: 8, ENHANCE_YOUR_CALM: 11, HTTP_1_1_REQUIRED: 13,
};

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const number = (value) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);

/** A frame; its length may be another than that of its bytes. */
export function frame(kind, flags, stream, bytes = "", length = Buffer.byteLength(bytes)) {
	const head = Buffer.from([length >>> 16, (length >>> 8) & 255, length & 255, kind, flags]);
	return Buffer.concat([head, number(stream), Buffer.from(bytes)]);
}

/** A header of HPACK, neither indexed nor packed; its name and value are shorter than 127 bytes. */
export const header = (name, value) =>
	Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
export const STATUS_200 = Buffer.from([0x88]);

/** One connection of a client; `tcp` is the socket below that of TLS. While it is `silent`, it sends nothing. */
class Session {
	constructor(socket, tcp, place) {
		Object.assign(this, { socket, tcp, place, got: Buffer.alloc(0), begun: false, silent: false });
		socket.on("data", (data) => this.read(data));
	}

	send(...frames) {
		if (!this.silent && !this.socket.destroyed) this.socket.write(Buffer.concat(frames));
	}

	/** The settings: a list of [id, value]. */
	settings(list = []) {
		const bytes = list.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), number(value)]));
		this.send(frame(type.SETTINGS, 0, 0, Buffer.concat(bytes)));
	}

	/** The head of an answer, 200 and the headers given: a list of header(…). */
	head(stream, headers = [], flags = flag.END_HEADERS) {
		this.send(frame(type.HEADERS, flags, stream, Buffer.concat([STATUS_200, ...headers])));
	}

	answer(stream, body = "hello") {
		this.head(stream);
		this.send(frame(type.DATA, flag.END_STREAM, stream, body));
	}

	reset(stream, code) {
		this.send(frame(type.RST_STREAM, 0, stream, number(code)));
	}

	/** Says which stream is the last one that was taken; what is told then may not be used for more. */
	goaway(last, code = error.NO_ERROR) {
		this.send(frame(type.GOAWAY, 0, 0, Buffer.concat([number(last), number(code)])));
	}

	read(data) {
		this.got = Buffer.concat([this.got, data]);
		if (!this.begun) {
			if (this.got.length < PREFACE.length) return;
			this.begun = true;
			this.got = this.got.subarray(PREFACE.length);
			this.place.begin(this);
		}
		while (this.got.length >= 9) {
			const length = this.got.readUIntBE(0, 3);
			if (this.got.length < 9 + length) return;
			const [kind, flags] = [this.got[3], this.got[4]], stream = this.got.readUInt32BE(5) & 0x7fffffff;
			this.got = this.got.subarray(9 + length);
			if (kind === type.SETTINGS && !(flags & flag.ACK)) this.send(frame(type.SETTINGS, flag.ACK, 0));
			if (kind === type.HEADERS) {
				this.place.seen.push({ session: this, stream });
				this.place.open(this, stream);
			}
			if ((kind === type.HEADERS || kind === type.DATA) && flags & flag.END_STREAM) {
				this.place.request(this, stream, this.place.seen.length);
			}
		}
	}
}

/**
 * Listens with a certificate { key, cert }. deed.begin(session) runs when a client has begun to speak, and sends the settings
 * when it is absent; deed.open(session, stream) runs when the head of a request is there, and deed.request(session, stream,
 * count) when the whole is, where the count is that of the requests of all connections. A client that wants HTTP/1.1 is
 * answered with "old hello". Gives its origin, `seen` (each request with its session and stream, which are absent for one of
 * HTTP/1.1), connections() and close().
 */
export async function startFrames({ key, cert }, deed) {
	const place = { seen: [], begin: (session) => session.settings(), open: () => {}, ...deed };
	let connections = 0;
	const server = net.createServer({ noDelay: true }, (tcp) => {
		connections++;
		const socket = new tls.TLSSocket(tcp, { isServer: true, key, cert, ALPNProtocols: ["h2", "http/1.1"] });
		socket.on("error", () => {}).once("secure", () => {
			if (socket.alpnProtocol === "h2") return new Session(socket, tcp, place);
			readRequests(socket, () => {
				place.seen.push({});
				socket.write(page("old hello"));
			});
		});
	});
	const { close } = closable(server);
	const port = await listen(server);
	return { origin: `https://localhost:${port}`, port, seen: place.seen, connections: () => connections, close };
}
