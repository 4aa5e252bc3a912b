// The HTTP surface of the real program: what a strict server refuses, limits, signals.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { binary, raw, request, start, startApp, unprivileged, until, withApp } from "./harness.mjs";
import { withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local log = require "partnerapp.log"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:post("/echo", function(req) return reply.text(req.body or "") end, { csrf = false })
app:get("/large", function() return reply.text(("x"):rep(2000000)) end)
app:get("/loop", function() while true do pcall(function() while true do end end) end end)
app:get("/closing", function()
	local last
	for i = 1, 5000 do
		local before = last
		last = coroutine.create(function()
			local x <close> = setmetatable({}, { __close = function() if before then coroutine.close(before) end end })
			coroutine.yield()
		end)
		coroutine.resume(last)
	end
	coroutine.close(last)
	return reply.text("closed\\n")
end)
app:get("/raise", function() error("raised on purpose") end)
app:get("/bad-header", function() return { status = 200, headers = { a = "x\\r\\ny: z" } } end)
app:get("/faulty", function(req) return { status = 200, body = "whole\\n", fault = req.query.how } end)
app:get("/memory", function() local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end)
app:get("/wait", function() http.get(config.segment_api_url .. "/slow") return reply.text("late") end)
app:get("/chatter", function()
	for _ = 1, 500 do print("chatter", "\\27[31m", ("x"):rep(5000)) end
	for _ = 1, 500 do log.info("chatter \\27[31m" .. ("x"):rep(5000)) end
	return reply.text("done")
end)
return app
`;

const head = (line, headers = []) => [line, "Host: localhost", ...headers, "", ""].join("\r\n");
const status = (answer) => Number(answer.match(/^HTTP\/1\.1 (\d+)/)?.[1]);

describe("server", { concurrency: true }, () => {
	describe("requests", { concurrency: 1 }, () => {
		let server, port, origin;
		before(async () => {
			server = await startApp(APP);
			port = server.port;
			origin = server.url;
		});
		after(() => server.end());

		test("an app cannot put faults into its responses: only the sandbox can", async () => {
			for (const how of ["drip", "reset", "truncate", "wrong_length"])
				assert.equal((await request(`${origin}/faulty?how=${how}`)).text, "whole\n");
			assert.equal((await request(`${origin}/faulty?how=other`)).status, 500);
		});

		for (const [name, bytes, wanted] of [
			["HT-15 Content-Length with Transfer-Encoding", head("POST /echo HTTP/1.1", ["Content-Length: 3", "Transfer-Encoding: chunked"]) + "0\r\n\r\n", 400],
			["HT-15 two Content-Lengths", head("POST /echo HTTP/1.1", ["Content-Length: 3", "Content-Length: 4"]) + "abcd", 400],
			["HT-15 a Content-Length of +5", head("POST /echo HTTP/1.1", ["Content-Length: +5"]) + "abcde", 400],
			["HT-15 a Content-Length of 5,5", head("POST /echo HTTP/1.1", ["Content-Length: 5,5"]) + "abcde", 400],
			["HT-15 a Content-Length of 5junk", head("POST /echo HTTP/1.1", ["Content-Length: 5junk"]) + "abcde", 400],
			["HT-15 a negative Content-Length", head("POST /echo HTTP/1.1", ["Content-Length: -1"]), 400],
			["HT-15 a huge Content-Length", head("POST /echo HTTP/1.1", ["Content-Length: 99999999999999999999"]), 400],
			["HT-15 Transfer-Encoding: x", head("POST /echo HTTP/1.1", ["Transfer-Encoding: x"]), 400],
			["HT-15 Transfer-Encoding: gzip, chunked", head("POST /echo HTTP/1.1", ["Transfer-Encoding: gzip, chunked"]), 400],
			["HT-15 a space before the colon", head("GET /hello HTTP/1.1", ["X-A : b"]), 400],
			["HT-15 a bare LF after a header", "GET /hello HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n", 400],
			["HT-15 a bare LF after the request line", "GET /hello HTTP/1.1\nHost: localhost\r\n\r\n", 400],
			["HT-15 bare LFs only", "GET /hello HTTP/1.1\nHost: localhost\n\n", 400],
			["HT-15 a folded header", head("GET /hello HTTP/1.1", ["X-A: b", " folded: c"]), 400],
			["HT-15 a folded first header", "GET /hello HTTP/1.1\r\n Host: localhost\r\n\r\n", 400],
			["HT-15 a blank line before the request", `\r\n\r\n${head("POST /echo HTTP/1.1", ["Content-Length: 5"])}hello`, 400],
			["HT-15 spaces before the request", `  ${head("GET /hello HTTP/1.1")}`, 400],
			["HT-15 no Host", "GET /hello HTTP/1.1\r\nX-A: b\r\n\r\n", 400],
			["HT-15 two Hosts", head("GET /hello HTTP/1.1", ["Host: localhost"]), 400],
			["HT-05 another Host", "GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421],
			["HT-05 a Host with a port is fine", "GET /hello HTTP/1.1\r\nHost: LOCALHOST:1234\r\n\r\n", 200],
			["white space after a Content-Length is not part of it", head("POST /echo HTTP/1.1", ["Content-Length: 3 "]) + "abc", 200],
			["HT-05 a malformed Host", "GET /hello HTTP/1.1\r\nHost: local host\r\n\r\n", 400],
			["HT-11 %00 in the path", head("GET /hello%00 HTTP/1.1"), 400],
			["HT-11 a bad escape in the path", head("GET /hello%zz HTTP/1.1"), 400],
			["HT-11 a cut escape in the path", head("GET /hello%4 HTTP/1.1"), 400],
			["HT-09 %0d%0a in the path", head("GET /hello%0d%0aX-A:%20b HTTP/1.1"), 400],
			["HT-12 invalid UTF-8 in the path", head("GET /%c0%af HTTP/1.1"), 400],
			["HT-12 a bad escape in the query", head("GET /hello?a=%zz HTTP/1.1"), 400],
			["HT-12 invalid UTF-8 in the query", head("GET /hello?a=%ff HTTP/1.1"), 400],
			["HT-10 dot segments", head("GET /static/../app/init.lua HTTP/1.1"), 400],
			["HT-10 encoded dot segments", head("GET /static/%2e%2e/init.lua HTTP/1.1"), 400],
			["HT-10 an encoded backslash", head("GET /static/..%5cinit.lua HTTP/1.1"), 400],
			["HT-10 two slashes", head("GET //etc/passwd HTTP/1.1"), 400],
			["HT-10 an encoded slash", head("GET /static/..%2finit.lua HTTP/1.1"), 400],
			["HT-10 a script is not a static file", head("GET /static/init.lua HTTP/1.1"), 404],
			["HT-14 a long target", head(`GET /${"a".repeat(9000)} HTTP/1.1`), 414],
			["HT-14 64 headers", head("GET /hello HTTP/1.1", Array.from({ length: 64 }, (_, i) => `X-${i}: a`)), 431],
			["HT-14 63 headers are fine", head("GET /hello HTTP/1.1", Array.from({ length: 62 }, (_, i) => `X-${i}: a`)), 200],
			["HT-17 a body over the limit is refused unread", head("POST /echo HTTP/1.1", ["Content-Length: 1048577"]), 413],
			["HT-17 another expectation", head("POST /echo HTTP/1.1", ["Content-Length: 3", "Expect: x"]) + "abc", 417],
			["HT-16 a bad chunk size", head("POST /echo HTTP/1.1", ["Transfer-Encoding: chunked"]) + "zz\r\nabc\r\n0\r\n\r\n", 400],
			["HT-16 a chunk extension", head("POST /echo HTTP/1.1", ["Transfer-Encoding: chunked"]) + "3;a=b\r\nabc\r\n0\r\n\r\n", 400],
			["HT-20 TRACE", head("TRACE /hello HTTP/1.1"), 501],
			["HT-20 PROPFIND", head("PROPFIND /hello HTTP/1.1"), 501],
			["HT-20 MKCOL", head("MKCOL /hello HTTP/1.1"), 501],
			["HT-20 a method that is not routed", head("DELETE /hello HTTP/1.1"), 405],
			["HT-20 an unknown method", head("FOO /hello HTTP/1.1"), 501],
			["HT-21 no directory listing", head("GET /static/ HTTP/1.1"), 404],
			["HT-21 no websocket", head("GET /hello HTTP/1.1", ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]), 200],
			["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501],
			["garbage", "\x00\x01\x02\x03\r\n\r\n", 400],
		]) {
			test(name, async () => {
				const answer = await raw(port, bytes);
				assert.equal(status(answer), wanted, answer.slice(0, 200));
				if (wanted >= 400 && wanted !== 404 && wanted !== 405) assert.match(answer, /\r\nConnection: close\r\n/i);
			});
		}

		test("HT-30 what follows a refused request is not read as the next one", async () => {
			const smuggled = head("GET /hello HTTP/1.1");
			const answer = await raw(port, head("POST /echo HTTP/1.1", ["Content-Length: 3", "Transfer-Encoding: chunked"]) + smuggled);
			assert.equal(answer.match(/HTTP\/1\.1 /g).length, 1);
		});

		test("HT-30 pipelined requests are answered in order", async () => {
			const answer = await raw(port, head("GET /hello HTTP/1.1").repeat(3));
			assert.equal(answer.match(/HTTP\/1\.1 200/g).length, 3);
		});

		test("HT-16 a chunked body arrives whole", async () => {
			const answer = await raw(port, head("POST /echo HTTP/1.1", ["Transfer-Encoding: chunked"]) + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
			assert.match(answer, /hello world$/);
		});

		test("HT-17 Expect: 100-continue is answered before the body", async () => {
			const socket = net.connect(port, "127.0.0.1");
			socket.write(head("POST /echo HTTP/1.1", ["Content-Length: 5", "Expect: 100-continue", "Connection: close"]));
			const [first] = await once(socket, "data");
			assert.match(first.toString(), /^HTTP\/1\.1 100 /);
			let rest = "";
			socket.on("data", (data) => (rest += data));
			socket.write("hello");
			await once(socket, "close");
			assert.match(rest, /hello$/);
		});

		test("HT-20 HEAD has no body, OPTIONS says what is allowed", async () => {
			const answer = await raw(port, head("HEAD /hello HTTP/1.1", ["Connection: close"]));
			assert.match(answer, /Content-Length: 13\r\n/);
			assert.ok(answer.endsWith("\r\n\r\n"));
			assert.match((await request(`${origin}/hello`, { method: "OPTIONS" })).headers.allow, /GET/);
		});

		test("HT-06 every response has its headers, pages their policy", async () => {
			const text = await request(`${origin}/hello`);
			assert.equal(text.headers["x-content-type-options"], "nosniff");
			assert.equal(text.headers["referrer-policy"], "no-referrer");
			const page = await request(`${origin}/nothing`);
			assert.equal(page.status, 404);
			assert.match(page.headers["content-security-policy"], /default-src 'none'.*frame-ancestors 'none'/);
			assert.ok(page.headers["cross-origin-opener-policy"]);
			assert.ok(page.headers["permissions-policy"]);
		});

		test("HT-25 a request id is taken over only when it is one", async () => {
			const id = async (value) => (await request(`${origin}/hello`, { headers: { "x-request-id": value } })).headers["x-request-id"];
			assert.equal(await id("abc-123"), "abc-123");
			assert.notEqual(await id("a b"), "a b");
			assert.notEqual(await id("x".repeat(65)), "x".repeat(65));
		});

		test("HT-09 a line break in a script's header is an error, never sent", async () => {
			const answer = await request(`${origin}/bad-header`);
			assert.equal(answer.status, 500);
			assert.equal(answer.headers.y, undefined);
		});

		test("a large answer arrives whole", async () => {
			assert.equal((await request(`${origin}/large`)).text.length, 2000000);
		});

		test("SBX-10 a raise is a 500 with a request id, and the traceback in development", async () => {
			const answer = await request(`${origin}/raise`);
			assert.equal(answer.status, 500);
			assert.match(answer.text, /raised on purpose/);
			assert.match(answer.text, /init\.lua/);
			assert.match(answer.text, new RegExp(answer.headers["x-request-id"]));
		});

		test("SBX-10 thousands of coroutines that close each other do not end the process", async () => {
			assert.equal((await request(`${origin}/closing`)).status, 200);
		});

		test("OP-03 readyz says whether the database answers", async () => {
			assert.equal((await request(`${origin}/readyz`)).status, 200);
			assert.match((await request(`${origin}/metrics`)).text, /partnerapp_requests_total \d+/);
		});

		test("HT-29 a port that is taken is exit code 1 with a clear message", async () => {
			await assert.rejects(startApp(APP, { env: { LISTEN: `127.0.0.1:${port}` } }), new RegExp(`exit 1: .*process ${server.child.pid} \\(partnerapp, in .* listens there`, "s"));
		});
	});

	test("SBX-04 SBX-09 an endless loop and endless memory end; other requests are served meanwhile", async () => {
		await withApp(APP, {}, async ({ url }) => {
			const loop = request(`${url}/loop`);
			const memory = request(`${url}/memory`);
			assert.equal((await request(`${url}/hello`)).status, 200);
			assert.equal((await loop).status, 500);
			assert.equal((await memory).status, 500);
			assert.equal((await request(`${url}/hello`)).status, 200);
		});
	});

	test("SBX-14 what a script prints and logs is cut, escaped and limited in number", async () => {
		await withApp(APP, {}, async (one) => {
			const begun = Date.now();
			assert.equal((await request(`${one.url}/chatter`)).text, "done");
			const seconds = Math.ceil((Date.now() - begun) / 1000) + 1;
			one.child.kill("SIGHUP"); // the end of it; where the queue of the log was full, the note about that is
			await Promise.race([one.logged('"reloaded"'), one.logged("log lines were dropped")]);
			const lines = one.err.split("\n").filter((line) => line.includes("chatter"));
			assert.ok(lines.length >= 200 && lines.length <= 200 * seconds, `${lines.length} lines`);
			for (const line of lines) {
				assert.match(JSON.parse(line).message, /^chatter[\t ]\x1b\[31m\t?x+$/);
				assert.ok(JSON.parse(line).message.length <= 4096 && !line.includes("\x1b"));
			}
		});
	});

	test("HT-18 HT-19 other requests are served beside 400 stuck connections", async () => {
		await withApp(APP, { env: { WORKERS: "512" } }, async ({ url, port }) => { // more than the 400
			let closed = 0;
			const sockets = Array.from({ length: 400 }, () => net.connect(port, "127.0.0.1").on("close", () => closed++));
			await Promise.all(sockets.map((socket) => once(socket, "connect")));
			for (const socket of sockets) socket.write("GET /hello HTTP/1.1\r\nHost: loc");
			assert.equal((await request(`${url}/hello`)).status, 200);
			assert.equal((await request(`${url}/healthz`)).status, 200);
			assert.equal(closed, 0, "served before the deadline of any of the 400");
			for (const socket of sockets) socket.destroy();
		});
	});

	test("HT-24 in production a raise is one sentence and an id", async () => {
		const key = "k1:" + "0".repeat(64);
		await withApp(APP, { env: { PUBLIC_URL: "https://app.example.com", SECRET_KEY: key } }, async ({ url }) => {
			const answer = await request(`${url}/raise`);
			assert.equal(answer.status, 500);
			assert.doesNotMatch(answer.text, /on purpose|init\.lua|traceback/);
			assert.match(answer.text, new RegExp(answer.headers["x-request-id"]));
			assert.match(answer.headers["strict-transport-security"], /max-age/);
		});
	});

	test("OP-02 clients that leave before their answers do not end the process", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: segment.env }, async ({ url, port }) => {
				const ask = (path) => Array.from({ length: 10 }, () =>
					net.connect(port, "127.0.0.1").on("error", () => {}).end(head(`GET ${path} HTTP/1.1`)));
				const early = ask("/wait");
				await until(() => segment.slow.length, (count) => count === early.length);
				for (const socket of early) socket.resetAndDestroy();
				segment.answerSlow();
				const late = ask("/large");
				await Promise.all(late.map((socket) => once(socket, "data")));
				for (const socket of late) socket.resetAndDestroy();
				assert.equal((await request(`${url}/hello`)).status, 200);
			});
		});
	});

	test("LG-01 the process leaves no core dump, and programs of the same user cannot read its secrets", async () => {
		const environment = ({ child }) => {
			const [command, ...args] = [...unprivileged, "cat", `/proc/${child.pid}/environ`];
			return execFileSync(command, args, { encoding: "utf8", stdio: "pipe" });
		};
		const other = await start([], { cwd: "/", env: { A: "b" }, program: [...unprivileged, "sh", "-c", "echo ready; exec sleep 60"] });
		assert.match(environment(other), /\bA=b\0/, "that of an ordinary program can be read");
		await other.stop("SIGTERM", "SIGTERM");
		await withApp(APP, { program: [...unprivileged, binary] }, async (server) => {
			assert.match(readFileSync(`/proc/${server.child.pid}/limits`, "utf8"), /^Max core file size +0 +0 /m);
			assert.throws(() => environment(server), /Permission denied/);
		});
	});

	test("OP-01 SIGTERM lets requests in flight finish: 10 of 10; new ones are turned away", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: segment.env }, async (one) => {
				const idle = net.connect(one.port, "127.0.0.1");
				await once(idle, "connect");
				const answers = Promise.all(Array.from({ length: 10 }, () => request(`${one.url}/wait`)));
				answers.catch(() => {}); // they may fail before they are awaited
				await until(() => segment.slow.length, (count) => count === 10);
				one.child.kill("SIGTERM");
				await until(() => request(`${one.url}/hello`), ({ status }) => status === 503);
				await one.logged('"level":"warn"'); // LG-03
				assert.match(one.err, /"status":503,"reason":"unavailable","detail":"the server is stopping"/);
				segment.answerSlow();
				for (const answer of await answers) {
					assert.equal(answer.status, 200);
					assert.equal(answer.text, "late");
				}
				idle.destroy();
				await one.ended();
			});
		});
	});
});
