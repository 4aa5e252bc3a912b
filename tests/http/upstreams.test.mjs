// Upstreams of HTTP/1.1 that break off, stall or lie: each call has its code, a POST arrives once at most, and the server
// goes on.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import zlib from "node:zlib";
import { authority } from "./authority.mjs";
import { CALLER, allFrom, callFrom, closable, listen, page, saysWhatArrived, startUpstream } from "./calls.mjs";
import { folder, request, startApp, withApp } from "./harness.mjs";

const chunked = (chunks, head = "") => `HTTP/1.1 200 OK\r\n${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`;

/** Writes again and again what `next` gives, as fast as the peer reads, until the connection closes. */
function pour(socket, next) {
	const more = () => {
		while (!socket.destroyed && socket.write(next()));
	};
	socket.on("drain", more);
	more();
}

/** Bytes packed `times` times with gzip. */
function packed(bytes, times) {
	for (let i = 0; i < times; i++) bytes = zlib.gzipSync(bytes);
	return bytes;
}

function sendPacked(socket, body, encoding) {
	socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`);
	socket.write(body);
}

// Made once: it takes so long that the upstream would not answer others meanwhile.
const BOMB = packed(Buffer.alloc(64 << 20), 1), DEFLATED_BOMB = zlib.deflateSync(Buffer.alloc(64 << 20));

/** Of each path: the code of the call, and what the upstream does. */
const failing = {
	// It breaks off
	"/close-at-once": ["bad_response", (socket) => socket.end()],
	"/reset": ["bad_response", (socket) => socket.resetAndDestroy()],
	"/reset-in-head": ["bad_response", (socket) =>
		socket.write("HTTP/1.1 200 OK\r\nContent-Le", () => socket.resetAndDestroy())],
	"/close-in-status-line": ["bad_response", (socket) => socket.end("HTTP/1.1 200")],
	"/close-in-head": ["bad_response", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Le")],
	"/close-between-headers": ["bad_response", (socket) => socket.end("HTTP/1.1 200 OK\r\nX-Head: 1\r\n")],
	"/close-after-interim": ["bad_response", (socket) => socket.end("HTTP/1.1 100 Continue\r\n\r\n")],
	"/close-in-body": ["bad_response", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")],
	"/reset-in-body": ["bad_response", (socket) =>
		socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", () => socket.resetAndDestroy())],
	"/close-in-chunk": ["bad_response", (socket) => socket.end(chunked("a\r\n12345"))],
	"/close-before-last-chunk": ["bad_response", (socket) => socket.end(chunked("5\r\n12345\r\n"))],

	// It stalls
	"/stall": ["timeout", () => {}],
	"/stall-in-status-line": ["timeout", (socket) => socket.write("HTTP/1.1 20")],
	"/stall-in-head": ["timeout", (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Le")],
	"/stall-in-body": ["timeout", (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")],
	"/stall-after-interim": ["timeout", (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n")],
	"/stall-in-chunk": ["timeout", (socket) => socket.write(chunked("a\r\n12345"))],

	// It lies
	"/two-lengths": ["bad_response", (socket) =>
		socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nabcde")],
	"/two-equal-lengths": ["bad_response", (socket) =>
		socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab")],
	"/wrong-length": ["bad_response", (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde")],
	"/wrong-chunk": ["bad_response", (socket) => socket.write(chunked("xyz\r\nabc\r\n0\r\n\r\n"))],
	"/endless-chunk-size": ["bad_response", (socket) => socket.write(chunked(`${"f".repeat(64)}\r\nabc`))],
	"/not-packed": ["bad_response", (socket) =>
		sendPacked(socket, Buffer.from("this is not packed"), "gzip"), { compressed: true }],
	"/packed-too-often": ["bad_response", (socket) =>
		sendPacked(socket, packed(Buffer.from("x"), 9), Array(9).fill("gzip").join(", ")), { compressed: true }],
	"/packed-and-cut": ["bad_response", (socket) =>
		sendPacked(socket, packed(Buffer.from("a text that is cut"), 1).subarray(0, -9), "gzip"), { compressed: true }],
	"/deflated-and-cut": ["bad_response", (socket) =>
		sendPacked(socket, zlib.deflateSync(Buffer.from("a text that is cut")).subarray(0, -5), "deflate"),
	{ compressed: true }],
	"/switches-protocols": ["bad_response", (socket) =>
		socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: another\r\n\r\nhello")],
	"/another-protocol": ["bad_response", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
	"/http-0.9": ["bad_response", (socket) => socket.end("<html>a page without a head</html>")],

	// It has no end
	"/endless-body": ["too_large", (socket) => {
		socket.write("HTTP/1.1 200 OK\r\n\r\n");
		pour(socket, () => "x".repeat(65536));
	}],
	"/endless-chunks": ["too_large", (socket) => {
		socket.write(chunked(""));
		pour(socket, () => `10000\r\n${"x".repeat(65536)}\r\n`);
	}],
	"/endless-headers": ["too_large", (socket) => {
		let count = 0;
		socket.write("HTTP/1.1 200 OK\r\n");
		pour(socket, () => `X-${++count}: 1\r\n`.repeat(100));
	}],
	"/endless-header": ["too_large", (socket) => {
		socket.write("HTTP/1.1 200 OK\r\nX-Endless: ");
		pour(socket, () => "x".repeat(1024));
	}],
	"/endless-status-line": ["too_large", (socket) => {
		socket.write("HTTP/1.1 200 ");
		pour(socket, () => "x".repeat(1024));
	}],
	"/endless-interim": ["too_large", (socket) =>
		pour(socket, () => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(10))],
	"/endless-trailers": ["too_large", (socket) => {
		socket.write(chunked("1\r\nx\r\n0\r\n"));
		pour(socket, () => "X-Trailer: 1\r\n".repeat(100));
	}],
	"/bomb": ["too_large", (socket) => sendPacked(socket, BOMB, "gzip"), { compressed: true }],
	"/bomb-in-bomb": ["too_large", (socket) => sendPacked(socket, packed(BOMB, 1), "gzip, gzip"), { compressed: true }],
	"/deflated-bomb": ["too_large", (socket) => sendPacked(socket, DEFLATED_BOMB, "deflate"), { compressed: true }],
};

/** What is answered although it is not usual: the deed, and what the answer must have. */
const answering = {
	"/http-1.0": [(socket) => socket.end("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end"),
		{ body: "until the end" }],
	"/http-1.0-length": [(socket) => socket.end("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nshort"), { body: "short" }],
	"/http-1.1-until-end": [(socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"), { body: "until the end" }],
	"/interim": [(socket) => {
		socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n");
		socket.write(page("final", "X-Final: 1\r\n"));
	}, { body: "final", headers: { "x-final": "1", "content-length": "5" } }],
	"/no-content": [(socket) => socket.write("HTTP/1.1 204 No Content\r\n\r\n"), { status: 204, body: "" }],
	"/trailers": [(socket) => socket.write(chunked("5\r\n12345\r\n0\r\nX-Trailer: 1\r\n\r\n")), { body: "12345" }],
};

const deeds = {
	...Object.fromEntries(Object.entries(failing).map(([path, [, deed]]) => [path, deed])),
	...Object.fromEntries(Object.entries(answering).map(([path, [deed]]) => [path, deed])),
	// As a server does that gives up an idle connection just when the next request is on its way.
	"/close-when-kept": (socket, { number }) => (number > 1 ? socket.destroy() : socket.write(page("hello"))),
	"/reset-when-kept": (socket, { number }) => (number > 1 ? socket.resetAndDestroy() : socket.write(page("hello"))),
	"/then-close": (socket) => socket.end(page("hello")),
	"/length-and-chunks": (socket) => socket.write(chunked("5\r\nwhole\r\n0\r\n\r\n", "Content-Length: 3\r\n")),
};

/** Writes once the call has ended, which the event "forge" tells. */
const later = (head, end) => (socket, done) => {
	socket.write(page("first"));
	socket.once("forge", () => socket[end ? "end" : "write"](head, done));
};

/** What comes although nothing was asked: deed(socket, done). */
const unasked = {
	"after the answer": later(page("forged")),
	"after the answer, in part": later("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nforged"),
	"after the answer, an interim answer": later("HTTP/1.1 100 Continue\r\n\r\n"),
	"when it gives the connection up": later("HTTP/1.1 408 Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true),
	"with the answer": (socket, done) => socket.write(page("first") + page("forged"), done),
	"as more of the body": (socket, done) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst and more", done),
};

const PROTOCOLS = ["plain", "TLSv1.2", "TLSv1.3"];

let place, upstream, server;
const own = {}; // upstreams of one test each

/** What it has written, has arrived. */
async function startOwn(protocol, certificate) {
	if (protocol === "plain") return startUpstream({}, { server: net.createServer({ noDelay: true }) });
	const secure = tls.createServer({ ...certificate, noDelay: true, minVersion: protocol, maxVersion: protocol });
	return startUpstream({}, { server: secure, event: "secureConnection", scheme: "https" });
}

before(async () => {
	place = folder();
	const made = authority(place.name), certificate = made.issue();
	upstream = await startUpstream(deeds);
	for (const protocol of PROTOCOLS) {
		for (const when of Object.keys(unasked)) own[`${when}, ${protocol}`] = await startOwn(protocol, certificate);
	}
	const origins = [upstream, ...Object.values(own)].map((one) => one.origin);
	server = await startApp(CALLER, { env: { HTTP_ALLOW: origins.join(" "), CA_FILE: made.file } });
});

after(async () => {
	for (const one of [upstream, ...Object.values(own)]) one.close();
	await server.end();
	place.remove();
});

const call = (path, options) => callFrom(server, upstream.origin + path, options);
const post = (path, options) => call(path, { method: "POST", body: "x", ...options });

async function isFine() {
	assert.equal((await request(`${server.url}/healthz`)).status, 200);
	assert.equal((await call("/good")).body, "hello");
}

for (const [path, [code, , options = {}]] of Object.entries(failing)) {
	const ids = { timeout: "SS-05 ", too_large: "SS-06 " }[code] ?? "";
	test(`${ids}SS-11 RT-14 an upstream that does ${path} is ${code}, and a POST to it arrives once at most`, async () => {
		const answer = await post(path, { ...options, timeout: code === "timeout" ? 0.5 : 30 });
		assert.equal(answer.code, code, JSON.stringify(answer).slice(0, 300));
		assert.ok(upstream.arrived(path) <= 1, "it arrived once at most");
		if (code !== "timeout") assert.equal(upstream.arrived(path), 1);
		saysWhatArrived(answer, upstream.arrived(path));
		await isFine();
	});
}

for (const [path, [, wanted]] of Object.entries(answering)) {
	test(`RT-14 an upstream that does ${path} is understood, and a POST to it arrives once`, async () => {
		const answer = await post(path);
		assert.equal(answer.status, wanted.status ?? 200, JSON.stringify(answer));
		assert.equal(answer.body, wanted.body);
		if (wanted.headers) assert.deepEqual(answer.headers, wanted.headers);
		assert.equal(upstream.arrived(path), 1);
		await isFine();
	});
}

/** Has one kept connection, on which nothing else runs. Gives its number. */
async function keep() {
	assert.equal((await call("/good")).body, "hello");
	return upstream.seen.at(-1).connection;
}

for (const path of ["/close-when-kept", "/reset-when-kept"]) {
	test(`SS-11 when a kept connection ends at a request (${path}), a POST fails and a GET is sent again`, async () => {
		const kept = await keep();
		const answer = await post(path);
		assert.equal(answer.code, "bad_response", JSON.stringify(answer));
		assert.equal(upstream.arrived(path), 1);
		saysWhatArrived(answer, 1);
		assert.equal(upstream.seen.at(-1).connection, kept, "it came over the kept connection");
		const again = await keep();
		const got = await call(path);
		assert.equal(got.body, "hello", JSON.stringify(got));
		assert.equal(upstream.arrived(path), 3, "the GET came twice: over the kept connection and over a new one");
		assert.notEqual(upstream.seen.at(-1).connection, again);
		await isFine();
	});
}

test("SS-11 a kept connection that has ended before the next request is not used for it", async () => {
	assert.equal((await call("/then-close")).body, "hello");
	const { connection } = upstream.seen.at(-1);
	assert.equal((await post("/after-close")).body, "hello");
	assert.equal(upstream.arrived("/after-close"), 1);
	assert.notEqual(upstream.seen.at(-1).connection, connection);
});

for (const protocol of PROTOCOLS) {
	for (const [when, send] of Object.entries(unasked)) {
		test(`RT-14 what an upstream sends unasked ${when}, is not the answer of the next call (${protocol})`, async () => {
			const { origin, deeds, arrived } = own[`${when}, ${protocol}`];
			let socket;
			const sent = new Promise((resolve) => {
				deeds["/first"] = (made) => send((socket = made), resolve);
			});
			assert.equal((await callFrom(server, `${origin}/first`)).body, "first");
			socket.emit("forge");
			await sent;
			for (let i = 0; i < 3; i++) {
				const answer = await callFrom(server, `${origin}/next`, { method: "POST", body: "x" });
				assert.equal(answer.body, "hello", JSON.stringify(answer));
			}
			assert.equal(arrived("/next"), 3);
		});
	}
}

test("RT-14 an answer that comes before the whole body was read is the answer", async () => {
	const { server: early, close } = closable(net.createServer((socket) => {
		socket.once("data", () => {
			socket.pause();
			socket.write("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly");
		});
	}));
	const env = { HTTP_ALLOW: `http://127.0.0.1:${await listen(early)}` };
	try {
		await withApp(CALLER, { env }, async (app) => {
			const answer = await callFrom(app, env.HTTP_ALLOW, { method: "POST", body: "x".repeat(500_000) });
			assert.deepEqual([answer.status, answer.body], [413, "early"], JSON.stringify(answer));
		});
	} finally {
		close();
	}
});

test("RT-14 with Content-Length and chunks, the chunks count", async () => {
	assert.equal((await call("/length-and-chunks")).body, "whole");
	await isFine();
});

test("SS-06 a connection is closed whose answer was too large", async () => {
	const closed = new Promise((resolve) => {
		deeds["/endless-and-closed"] = (socket) => {
			failing["/endless-body"][1](socket);
			socket.once("close", resolve);
		};
	});
	assert.equal((await call("/endless-and-closed")).code, "too_large");
	await closed;
});

test("SS-05 a connection is closed whose call reached its deadline", async () => {
	const closed = new Promise((resolve) => {
		deeds["/stall-and-closed"] = (socket) => socket.once("close", resolve);
	});
	assert.equal((await call("/stall-and-closed", { timeout: 0.5 })).code, "timeout");
	await closed;
});

test("RT-14 of many calls at once, those of broken upstreams harm no other", async () => {
	const paths = ["/good", "/reset", "/stall", "/endless-headers", "/bomb", "/close-in-body", "/two-lengths", "/good"];
	const calls = paths.map((path) => ({ url: upstream.origin + path, timeout: 1, compressed: true }));
	for (let round = 0; round < 2; round++) {
		const answers = await allFrom(server, calls);
		assert.deepEqual(answers.map((one) => one.code ?? one.body),
			["hello", "bad_response", "timeout", "too_large", "too_large", "bad_response", "bad_response", "hello"]);
	}
	await isFine();
});
