// Requests with bytes changed, cut out, doubled and swapped, the same ones every time. Any answer but a failure is
// right; the server goes on, and the sanitizers report nothing.
import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { request, startApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }
app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function() end })
app:get("/query", function(req) return reply.json { req.query, req.cookies.a ~= nil, req.headers.host } end)
app:post("/form", function(req) return reply.json(req.form) end)
app:post("/json", function(req) return reply.json { req.json } end)
return app
`;

const head = (line, ...headers) => [line, "Host: localhost", ...headers, "", ""].join("\r\n");
const seeds = [
	head("GET /query?a=b&c=%20%e2%82%ac&a=2 HTTP/1.1", "Cookie: a=b; session=x; partnerapp_8888_session=\"z\"", "Accept: text/html;q=0.9"),
	head("GET /auth/segment/callback?state=a&code=b&iss=http%3a%2f%2fx HTTP/1.1", "Cookie: partnerapp_8888_flow_a=b"),
	head("POST /form HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 13") + "a=1&b=%41+&c=",
	head("POST /json HTTP/1.1", "Content-Type: application/json", "Content-Length: 50") +
		'{"a":[1,2.5e3,-0,"\\u00e9\\ud83d\\ude00",{}],"b":[],"n":null}'.slice(0, 50),
	head("POST /json HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked") +
		"5\r\n[1,[]\r\n3\r\n,2]\r\n0\r\n\r\n",
	head("GET /static/partnerapp.css HTTP/1.1", "If-None-Match: \"x\"", "X-Forwarded-For: 1.2.3.4, [::1]:80"),
];

// xorshift: a failure can be repeated.
let state = 0x2545f491;
function random(below) {
	state ^= state << 13;
	state ^= state >>> 17;
	state ^= state << 5;
	return (state >>> 0) % below;
}

function mutated(seed) {
	let bytes = Buffer.from(seed, "latin1");
	for (let n = 1 + random(4); n > 0; n--) {
		const at = random(bytes.length), to = Math.min(bytes.length, at + 1 + random(16));
		const parts = [
			() => [bytes.subarray(0, at), Buffer.from([random(256)]), bytes.subarray(at + 1)],
			() => [bytes.subarray(0, at), bytes.subarray(to)],
			() => [bytes.subarray(0, to), bytes.subarray(at)],
			() => [bytes.subarray(0, at), Buffer.from(["\0", "\r\n", "\n", "\r\n\r\n", "%", "%00", ";", "=", "\x7f", "\xff"][random(10)], "latin1"), bytes.subarray(at)],
		];
		bytes = Buffer.concat(parts[random(parts.length)]());
	}
	return bytes;
}

/** Sends the bytes and ends its side of the connection. Gives what came until the server closed. */
function exchange(port, bytes) {
	return new Promise((resolve) => {
		const socket = net.connect(port, "127.0.0.1");
		let got = "";
		socket.on("data", (data) => (got += data.toString("latin1")));
		socket.on("error", () => {});
		socket.on("close", () => resolve(got));
		socket.end(bytes);
	});
}

test("OP-09 changed bytes anywhere in a request leave the server as it was", async () => {
	const server = await startApp(APP, { env: { LOG_LEVEL: "error" } });
	const { url, port } = server;
	for (const seed of seeds) assert.match(await exchange(port, seed), /^HTTP\/1\.1 [234]/);
	for (let round = 0; round < 150; round++) {
		const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(port, mutated(seeds[random(seeds.length)]))));
		for (const answer of answers) assert.doesNotMatch(answer, /^HTTP\/1\.1 5(?!0[15])/);
	}
	assert.equal((await request(`${url}/query?a=b`)).status, 200);
	await server.end();
	assert.equal(server.err, "");
});
