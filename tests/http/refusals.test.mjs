// Every way in which civetweb ends a request before the gate or a handler sees it: each gets an answer, with the reason
// that is true, and a log line when it is a refusal. The comments say what civetweb alone answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { raw, startApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function(req) return reply.text("Hello, " .. (req.query.name or "world") .. "\\n") end)
app:post("/echo", function(req) return reply.text(req.body or "") end, { csrf = false })
return app
`;

const head = (line, ...headers) => [line, "Host: localhost", ...headers, "", ""].join("\r\n");

describe("refusals", () => {
	let server;
	before(async () => {
		server = await startApp(APP);
	});
	after(() => server.end());

	for (const [name, bytes, status, text] of [
		// Targets with a host. civetweb: no answer for another port than its own, a generic 400 without a path.
		["HT-05 a URL without a port", () => head("GET http://localhost/hello?name=you HTTP/1.1"), 200, "Hello, you"],
		["HT-05 a URL with the port", ({ port }) => head(`GET http://localhost:${port}/hello HTTP/1.1`), 200, "Hello, world"],
		["HT-05 a URL with another port", () => head("GET http://localhost:1/hello?name=you HTTP/1.1"), 200, "Hello, you"],
		["HT-05 a URL with a body", () => head("POST http://localhost/echo HTTP/1.1", "Content-Length: 3") + "abc", 200, "abc"],
		["HT-05 a URL without a path", () => head("GET http://localhost HTTP/1.1"), 404, ""],
		["HT-05 a URL of HTTP/1.0", () => head("GET http://localhost/hello HTTP/1.0"), 200, "Hello, world"],
		["HT-05 the host of the URL counts, not the Host header", () => head("GET http://evil.example/hello HTTP/1.1"), 421, "not as evil.example"],
		["HT-05 the Host header does not count", () => "GET http://localhost/hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200, "Hello"],
		["HT-15 a URL without a Host header", () => "GET http://localhost/hello HTTP/1.1\r\n\r\n", 400, "the Host header is missing"],
		["HT-05 a URL of websockets", () => head("GET ws://localhost/hello HTTP/1.1"), 400, "must be a path, or a URL"],
		["HT-05 a URL with a user", () => head("GET http://a@localhost/hello HTTP/1.1"), 400, "the host in the request target is malformed"],
		// civetweb: no answer.
		["HT-20 OPTIONS *", () => head("OPTIONS * HTTP/1.1"), 204, /\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/],
		["HT-20 OPTIONS of the whole server", () => head("OPTIONS http://localhost HTTP/1.1"), 204, /\r\nAllow: GET, HEAD/],
		["HT-20 GET *", () => head("GET * HTTP/1.1"), 400, "must be a path, or a URL"],
		// civetweb: a generic 400.
		["HT-20 CONNECT", () => head("CONNECT localhost:443 HTTP/1.1"), 501, "does not know that method"],
		["HT-20 TRACE", () => head("TRACE /hello HTTP/1.1"), 501, "does not know that method"],
		["HT-20 an unknown method", () => head("FOO /hello HTTP/1.1"), 501, "does not know that method"],
		["HT-15 no header at all", () => "GET /hello HTTP/1.1\r\n\r\n", 400, "the Host header is missing"],
		["HT-15 no version", () => "GET /hello\r\n\r\n", 400, "the request line is malformed"],
		["HT-15 a second space", () => head("GET /hello you HTTP/1.1"), 400, "the request line is malformed"],
		["HT-15 one word", () => "hello\r\n\r\n", 400, "the request line is malformed"],
		["HT-15 a line without a colon", () => head("GET /hello HTTP/1.1", "odd line"), 400, "a header line is malformed"],
		["HT-15 a control byte in the head", () => head("GET /hello HTTP/1.1", "X: a\x01b"), 400, "has a control byte"],
		["HT-15 a control byte first", () => "\x16\x03\x01\r\n\r\n", 400, "has a control byte"],
		["HT-15 an unknown Transfer-Encoding", () => head("POST /echo HTTP/1.1", "Transfer-Encoding: gzip"), 400, "chunked"],
		["HT-15 a Content-Length that is a word", () => head("POST /echo HTTP/1.1", "Content-Length: five"), 400, "not a number"],
		["HTTP/2", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501, ""],
		["HTTP/3", () => head("GET /hello HTTP/3.0"), 505, "HTTP/1.0 and HTTP/1.1"],
		["HT-14 a head of more than 16 KiB", () => head("GET /hello HTTP/1.1", `X: ${"x".repeat(17000)}`), 431, "may have 16 KiB. The largest: X ("],
	]) {
		test(name, async () => {
			const from = server.err.length;
			const answer = await raw(server.port, bytes(server));
			assert.equal(Number(answer.match(/^HTTP\/1\.1 (\d+)/)?.[1]), status, answer.slice(0, 300) || "no answer");
			if (text instanceof RegExp) assert.match(answer, text);
			else assert.ok(answer.slice(answer.indexOf("\r\n\r\n")).includes(text), answer);
			assert.match(answer, /\r\nX-Request-Id: \S+\r\n/);
			if (status < 400 || status === 404) return;
			const id = answer.match(/\r\nX-Request-Id: (\S+)\r\n/)[1];
			await server.logged(`"request_id":"${id}"`, from); // LG-03: 100 at once are logged
			const line = server.err.slice(from).split("\n").map((one) => (one ? JSON.parse(one) : {})).find((one) => one.request_id === id);
			assert.equal(line.message, "request refused");
			assert.deepEqual([line.status, line.peer], [status, "127.0.0.1"]);
			assert.ok(answer.includes(line.detail), `${line.detail} is what the client is told`);
			assert.match(answer, /\r\nConnection: close\r\n/);
		});
	}

	test("HT-30 a request for * or a URL is answered after others on its connection, and ends it", async () => {
		for (const line of ["OPTIONS * HTTP/1.1", "GET http://localhost:1/hello?name=you HTTP/1.1"]) {
			const answer = await raw(server.port, head("GET /hello?name=one HTTP/1.1") + head(line) + head("GET /hello?name=two HTTP/1.1"));
			assert.match(answer, /^HTTP\/1\.1 200[^]*Hello, one\nHTTP\/1\.1 20[04][^]*\r\nConnection: close\r\n/);
			assert.doesNotMatch(answer, /two/);
		}
	});

	test("HT-15 half a head, after which the client ends, is answered", async () => {
		const socket = net.connect(server.port, "127.0.0.1");
		socket.end("GET /hello HTTP/1.1\r\nHost: loc");
		const [answer] = await once(socket, "data");
		assert.match(answer.toString(), /^HTTP\/1\.1 400 [^]*the head of the request is incomplete/);
	});

	for (const [option, kept] of [
		["keep-alive", true], ["Keep-Alive, TE", true], ["close", false], ["close, keep-alive", false], ["TE", false],
		["keep-alive, Upgrade", false], ["not-keep-alive", false],
	]) {
		test(`HT-30 after Connection: ${option} the response says what the connection does`, async () => {
			const request = head("GET /hello HTTP/1.1", `Connection: ${option}`);
			const answer = await raw(server.port, request + request);
			const said = /\r\nConnection: keep-alive\r\n/.test(answer.slice(0, answer.indexOf("\r\n\r\n") + 4));
			assert.equal(said, kept);
			assert.equal(answer.match(/HTTP\/1\.1 200/g).length, kept ? 2 : 1);
		});
	}
});
