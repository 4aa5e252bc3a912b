// Answers that are not whole, or that nobody asked for, on connections of HTTP/1.1 that are kept.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import zlib from "node:zlib";
import { authority } from "./authority.mjs";
import { folder, json, request, startApp } from "./harness.mjs";

const APP = `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}

app:post("/call", function(req)
	local options = req.json
	local url = options.url
	options.url = nil
	local response, err, code, sent = http.request(url, options)
	if not response then return reply.json { error = err, code = code, sent = sent } end
	return reply.json { status = response.status, body = response.body }
end, { csrf = false })

return app
`;

const page = (body, head = "") => `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;

// What is written without a delay (TCP_NODELAY) has arrived, on one machine, when the write is done.
const sent = (socket, bytes) => new Promise((resolve) => void socket.write(bytes, resolve));

/** What is no answer: the bytes, after which the upstream closes. */
const broken = {
	"/cut-after-the-status": "HTTP/1.1 200 OK\r\n",
	"/cut-in-a-header": "HTTP/1.1 200 OK\r\nContent-Le",
	"/cut-before-the-empty-line": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
	"/cut-after-an-interim-answer": "HTTP/1.1 100 Continue\r\n\r\n",
	"/upgraded": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello",
};

const TEXT = "a page that is packed ".repeat(2000);
const packed = zlib.gzipSync(TEXT), twice = zlib.gzipSync(packed), deflated = zlib.deflateSync(TEXT);
const short = packed.subarray(0, -1);

/** Of each path: its Content-Encoding, the body, and what comes of it. */
const packings = {
	"/gzip": [["gzip", packed], TEXT],
	"/x-gzip": [["x-gzip", packed], TEXT],
	"/deflate": [["deflate", deflated], TEXT],
	"/raw-deflate": [["deflate", zlib.deflateRawSync(TEXT)], TEXT],
	"/gzip-in-gzip": [["gzip, gzip", twice], TEXT],
	"/gzip-in-deflate": [["gzip, deflate", zlib.deflateSync(packed)], TEXT],
	"/not-packed-at-all": [["identity", Buffer.from(TEXT)], TEXT],
	"/packed-and-empty": [["gzip", Buffer.alloc(0)], ""],
	"/gzip-without-its-last-byte": [["gzip", short], "bad_response"],
	"/gzip-without-its-second-half": [["gzip", packed.subarray(0, packed.length / 2)], "bad_response"],
	"/gzip-without-its-end-in-gzip": [["gzip, gzip", zlib.gzipSync(short)], "bad_response"],
	"/deflate-without-its-end": [["deflate", deflated.subarray(0, -4)], "bad_response"],
	"/gzip-with-more-after-it": [["gzip", Buffer.concat([packed, Buffer.from("more")])], "bad_response"],
	"/gzip-with-a-wrong-sum": [["gzip", Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)])], "bad_response"],
	"/another-packing": [["br", zlib.brotliCompressSync(TEXT)], "bad_response"],
	"/a-bomb-between-the-layers": [["gzip, gzip", zlib.gzipSync(Buffer.concat([
		Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.alloc(8 << 20, "a"), // a name without an end
	]))], "too_large"],
};

let place, app;
const upstreams = {}; // by kind: { origin, seen, newest, sockets }

async function listen(kind, scheme, server, event) {
	const upstream = { server, seen: [], sockets: new Set(), connections: 0 };
	server.on(event, (socket) => {
		upstream.connections++;
		upstream.newest = socket;
		upstream.sockets.add(socket.on("error", () => {}).on("close", () => upstream.sockets.delete(socket)));
		socket.on("data", (data) => {
			const [, path] = /^\S+ (\S+)/.exec(data);
			upstream.seen.push(path);
			if (packings[path]) {
				const [[encoding, body]] = packings[path];
				socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`);
				socket.write(body);
			} else if (broken[path]) socket.end(broken[path]);
			else socket.write(page("hello"));
		});
	});
	server.listen(0, "localhost");
	await once(server, "listening");
	upstream.origin = `${scheme}://localhost:${server.address().port}`;
	upstreams[kind] = upstream;
}

before(async () => {
	place = folder();
	const trusted = authority(place.name);
	await listen("plain", "http", net.createServer({ noDelay: true }), "connection");
	await listen("tls", "https", tls.createServer({ ...trusted.issue(), noDelay: true }), "secureConnection");
	const allow = Object.values(upstreams).map((one) => one.origin).join(" ");
	app = await startApp(APP, { env: { CA_FILE: trusted.file, HTTP_ALLOW: allow } });
});

after(async () => {
	await app.end();
	for (const { server, sockets } of Object.values(upstreams)) {
		server.close();
		for (const socket of sockets) socket.destroy();
	}
	place.remove();
});

const call = async (kind, path, options = {}) =>
	(await request(`${app.url}/call`, json({ url: upstreams[kind].origin + path, ...options }))).json();
const post = (kind, path) => call(kind, path, { method: "POST", body: "x" });

for (const kind of ["plain", "tls"]) {
	const upstream = () => upstreams[kind];
	for (const [what, bytes] of [
		["an answer", page("forged")],
		["an answer that says that it waited too long", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"],
		["one byte", "H"],
	]) {
		test(`RT-14 SS-11 ${what} that comes unasked on a kept connection (${kind}) is not the next call's`, async () => {
			for (const ask of [post, call]) {
				assert.equal((await call(kind, "/")).body, "hello");
				const { newest, connections } = upstream();
				await sent(newest, bytes);
				assert.deepEqual(await ask(kind, "/next"), { status: 200, body: "hello" });
				assert.equal(upstream().connections, connections + 1, "over a new connection");
				assert.equal(upstream().seen.filter((path) => path === "/next").length, 1);
				upstream().seen.length = 0;
			}
		});
	}

	test(`SS-11 a POST after the upstream closed the kept connection (${kind}) goes over a new one`, async () => {
		assert.equal((await call(kind, "/")).body, "hello");
		const { newest } = upstream();
		await new Promise((resolve) => void newest.end(resolve));
		assert.deepEqual(await post(kind, "/next"), { status: 200, body: "hello" });
		upstream().seen.length = 0;
	});

	test(`a connection (${kind}) on which nothing came unasked is used again`, async () => {
		assert.equal((await call(kind, "/")).body, "hello");
		const { connections } = upstream();
		for (let i = 0; i < 5; i++) assert.equal((await post(kind, "/")).body, "hello");
		assert.equal(upstream().connections, connections);
	});

	for (const [path, [, wanted]] of Object.entries(packings)) {
		test(`RT-14 SS-07 an answer that is ${path} (${kind}) is ${wanted === TEXT ? "unpacked" : wanted}`, async () => {
			const answer = await call(kind, path, { compressed: true });
			assert.equal(answer.body ?? answer.code, wanted, JSON.stringify(answer));
			assert.equal((await post(kind, "/")).body, "hello");
		});
	}

	for (const path of Object.keys(broken)) {
		test(`RT-14 ${path} (${kind}) is an error, not an answer`, async () => {
			const answer = await post(kind, path);
			assert.deepEqual([answer.code, answer.sent], ["bad_response", "yes"], JSON.stringify(answer));
			assert.match(answer.error, /localhost:\d+ (closed|switched)|^Empty reply/);
			assert.equal((await post(kind, "/")).body, "hello");
		});
	}
}
