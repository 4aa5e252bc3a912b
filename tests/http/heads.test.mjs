// Heads of requests that are too large: the status, and words that say which part of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { raw, startApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("hello\\n") end)
app:get("/:name", function(req) return reply.text(#req.path .. "\\n") end)
return app
`;

const head = (target, ...headers) => [`GET ${target} HTTP/1.1`, "Host: localhost:8888", ...headers, "", ""].join("\r\n");
const cookie = (name, length) => `${name}=${"v".repeat(length)}`;
const JAR = `Cookie: ${cookie("theme", 8000)}; ${cookie("session", 6000)}; ${cookie("grafana", 4500)}; ${cookie("small", 500)}`;
const target = (length) => `/${"a".repeat(length - 1)}`;
const many = (count) => Array.from({ length: count }, (_, i) => `X-${i}: a`);

// what, the request, status, words in the response
const CASES = [
	["19 KB of cookies", head("/hello", JAR), 431, "Delete those of localhost in the browser: programs on other ports of it share them. The largest: theme (7.8 KiB), session (5.9 KiB), grafana (4.4 KiB)\n"],
	["as much in two headers", head("/hello", `Cookie: ${cookie("one", 9000)}`, `Cookie: ${cookie("two", 9001)}`), 431, "The largest: two (8.8 KiB), one (8.8 KiB)\n"],
	["many small cookies", head("/hello", `Cookie: ${Array.from({ length: 170 }, (_, i) => cookie(`c${i}`, 100)).join("; ")}`), 431, "The largest: c100 (105 bytes), c101 (105 bytes), c102 (105 bytes)\n"],
	["a cookie without a name", head("/hello", `Cookie: ${"s3cret".repeat(3000)}`), 431, "The largest: (without a name) (17.6 KiB)\n"],
	["names with other bytes", head("/hello", `Cookie: ${cookie("<b>\"&'\\ü", 17000)}`), 431, "The largest: ?b??????? (16.6 KiB)\n"],
	["a long name", head("/hello", `Cookie: ${cookie("n".repeat(17000), 1)}`), 431, `The largest: ${"n".repeat(48)}... (16.6 KiB)\n`],
	["another header", head("/hello", `Authorization: Bearer ${"s3cret".repeat(3000)}`), 431, "the headers have 17.6 KiB, and may have 16 KiB. The largest: Authorization (17.6 KiB), Host (18 bytes)\n"],
	["16 KiB of headers and a byte", head("/hello", `X: ${"a".repeat(16384 - 22 - 5 + 1)}`), 431, "may have 16 KiB. The largest: X ("],
	["16 KiB of headers", head("/hello", `X: ${"a".repeat(16384 - 22 - 5)}`), 200, "hello\n"],
	["a head of 70 KB", head("/hello", `Cookie: ${cookie("big", 70000)}`), 431, "more than 64 KiB: delete the cookies of this host"],
	["63 headers", head("/hello", ...many(62)), 200, "hello\n"],
	["64 headers", head("/hello", ...many(63)), 431, "there are more than 63 headers\n"],
	["200 headers", head("/hello", ...many(199)), 431, "there are more than 63 headers\n"],
	["a target of 8 KiB", head(target(8192)), 200, "8192\n"],
	["a target of 8 KiB beside 16 KiB of headers", head(target(8192), `X: ${"a".repeat(16384 - 22 - 5)}`), 200, "8192\n"],
	["a target of 8 KiB and a byte", head(target(8193)), 414, "the request target is too long\n"],
	["a target of 20 KB", head(target(20000)), 414, "the request target is too long\n"],
	["a page for a browser", head("/hello", JAR, "Accept: text/html,*/*;q=0.8"), 431, "<h1>431 Request Header Fields Too Large</h1>\n<p>This request was refused: the headers have 18.6 KiB"],
	["the page of a long target", head(target(9000), "Accept: text/html"), 414, "<h1>414 URI Too Long</h1>\n<p>This request was refused: the request target is too long.</p>"],
	["JSON for a program", head("/hello", JAR, "Accept: application/json"), 431, '{"error":"the headers have 18.6 KiB, and may have 16 KiB; 18.6 KiB of it are cookies. Delete'],
];

describe("HT-14 heads", { concurrency: false }, () => {
	let server;
	before(async () => {
		server = await startApp(APP);
	});
	after(() => server.end());

	for (const [what, bytes, status, words] of CASES) {
		test(`${what}: ${status}`, async () => {
			const answer = await raw(server.port, bytes);
			assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
			assert.ok(answer.includes(words), answer);
			if (status === 200) return;
			assert.match(answer, /\r\nConnection: close\r\n/i);
			assert.match(answer, /\r\nCache-Control: no-store\r\n/i);
			assert.ok(!/vvvv|s3cret/.test(answer), "no value is shown");
			const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
			if (/content-type: application\/json/i.test(answer)) assert.equal(typeof JSON.parse(body).request_id, "string");
			if (/content-type: text\/html/i.test(answer)) assert.match(answer, /\r\nContent-Security-Policy: default-src 'none'/i);
		});
	}

	test("LG-01 the log has names and sizes, and no values", () => {
		assert.match(server.err, /"status":431,"reason":"head_too_large","detail":"the headers have 18\.6 KiB[^"]*theme \(7\.8 KiB\)/);
		assert.ok(!/vvvv|s3cret/.test(server.err));
	});
});
