// Answers that are not whole, or that nobody asked for, on connections of HTTP/1.1 that are kept.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
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
			if (broken[path]) socket.end(broken[path]);
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

	for (const path of Object.keys(broken)) {
		test(`RT-14 ${path} (${kind}) is an error, not an answer`, async () => {
			const answer = await post(kind, path);
			assert.deepEqual([answer.code, answer.sent], ["bad_response", "yes"], JSON.stringify(answer));
			assert.match(answer.error, /localhost:\d+ (closed|switched)|^Empty reply/);
			assert.equal((await post(kind, "/")).body, "hello");
		});
	}
}
