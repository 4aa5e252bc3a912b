// Calls out, over real sockets: what broken upstreams send, and what scripts may not do.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import zlib from "node:zlib";
import { CALLER, listen, page } from "./calls.mjs";
import { during, folder, freePort, json, request, startApp, until, withApp } from "./harness.mjs";

const seen = [];

/** What a broken upstream sends, by path; a function gets the socket. */
const broken = {
	"/truncated": (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
	"/reset": (socket) => socket.resetAndDestroy(),
	"/reset-later": (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", () => socket.resetAndDestroy()),
	"/empty": (socket) => socket.end(),
	"/noise": (socket) => socket.end("\0\x01\x02 this is not HTTP\r\n\r\n"),
	"/two-lengths": (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nabcde"),
	"/silent": () => {},
	"/drip": (socket) => {
		socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
		const timer = setInterval(() => socket.write("x"), 50);
		socket.on("close", () => clearInterval(timer));
	},
	"/many-headers": (socket) => socket.end(page("x", Array.from({ length: 400 }, (_, i) => `X-${i}: 1\r\n`).join(""))),
	"/long-header": (socket) => socket.end(page("x", `X-Long: ${"y".repeat(200000)}\r\n`)),
	"/html": (socket) => socket.end(page("<!doctype html><title>502</title>", "Content-Type: text/html\r\n")),
	"/bom": (socket) => socket.end(page('\ufeff{"a":1}', "Content-Type: application/json\r\n")),
	"/latin": (socket) => socket.end(Buffer.concat([
		Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"),
		Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xe9, 0x22, 0x7d]),
	])),
	"/deep": (socket) => socket.end(page("[".repeat(100000) + "]".repeat(100000), "Content-Type: application/json\r\n")),
	"/large": (socket) => socket.end(page("x".repeat(10 << 20))),
	"/bomb": (socket) => {
		const body = zlib.gzipSync(Buffer.alloc(50 << 20));
		socket.end(Buffer.concat([
			Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`), body,
		]));
	},
	"/good": (socket) => socket.end(page('{"fine":true}', "Content-Type: application/json\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n")),
};

let place, server, app, upstream, other, origin, elsewhere;

before(async () => {
	place = folder();
	upstream = net.createServer((socket) => {
		socket.on("error", () => {});
		let got = "";
		socket.on("data", (data) => {
			got += data;
			const head = /^(\S+) (\S+) HTTP\/1\.1\r\n([\s\S]*?)\r\n\r\n/.exec(got);
			if (!head) return;
			got = "";
			seen.push({ method: head[1], path: head[2], head: head[3] });
			const redirect = /^\/to\/(\d+)\/(.*)$/.exec(head[2]);
			if (redirect) socket.write(`HTTP/1.1 ${redirect[1]} Found\r\nLocation: ${decodeURIComponent(redirect[2])}\r\nContent-Length: 0\r\n\r\n`);
			else if (broken[head[2]]) broken[head[2]](socket);
			else socket.write(page("hello"));
		});
	});
	other = http.createServer((req, res) => {
		seen.push({ method: req.method, path: req.url, head: JSON.stringify(req.headers), elsewhere: true });
		res.end("elsewhere");
	});
	origin = `http://127.0.0.1:${await listen(upstream)}`;
	elsewhere = `http://127.0.0.1:${await listen(other)}`;
	writeFileSync(path.join(place.name, ".netrc"), "default login name password secret\n", { mode: 0o600 });
	server = await startApp(CALLER, {
		env: {
			HTTP_ALLOW: `${origin} ${elsewhere}`, HOME: place.name, http_proxy: elsewhere, https_proxy: elsewhere, ALL_PROXY: elsewhere, no_proxy: ".invalid",
			WORKERS: "64", // three quarters of them may call out at once, and SS-10 has sixteen calls at once
		},
	});
	app = server.url;
});

after(async () => {
	await server.end();
	for (const one of [upstream, other]) one.close();
	other.closeAllConnections();
	place.remove();
});

const call = async (url, options = {}) =>
	(await request(`${app}/call`, json({ url: url.startsWith("/") ? origin + url : url, ...options }))).json();

for (const [name, code] of [
	["/truncated", "bad_response"], ["/reset", "bad_response"], ["/reset-later", "bad_response"], ["/empty", "bad_response"],
	["/noise", "bad_response"], ["/two-lengths", "bad_response"], ["/large", "too_large"], ["/many-headers", "too_large"],
	["/long-header", "too_large"],
]) {
	test(`${code === "too_large" ? "SS-06 " : ""}RT-14 an upstream that does ${name} is ${code}, and the next call is fine`, async () => {
		const answer = await call(name);
		assert.equal(answer.code, code, JSON.stringify(answer).slice(0, 200));
		assert.equal((await call("/good")).json.fine, true);
	});
}

test("TO-01 a byte order mark before an answer's JSON is passed over", async () => {
	assert.deepEqual((await call("/bom")).json, { a: 1 });
});

for (const name of ["/html", "/latin", "/deep"]) {
	test(`RT-14 a body that is ${name} is not JSON, and the answer is there all the same`, async () => {
		const answer = await call(name);
		assert.equal(answer.status, 200);
		assert.equal(answer.json, undefined);
	});
}

test("SS-05 silence and drips end at the deadline", async () => {
	for (const name of ["/silent", "/drip"]) {
		const begun = Date.now();
		assert.equal((await call(name, { timeout: 0.4 })).code, "timeout");
		assert.ok(Date.now() - begun < 10000, "sooner than with the deadline of a call that names none");
	}
});

// A process that is stopped takes no connections: when its queue is full, the kernel answers no more.
test("SS-05 a server that takes no connection ends the call at the deadline for connecting", async () => {
	const listener = 'const server = require("net").createServer().listen(0, "127.0.0.1", 1, () => console.log(server.address().port))';
	const stopped = spawn(process.execPath, ["-e", listener], { stdio: ["ignore", "pipe", "inherit"] });
	const [line] = await once(stopped.stdout, "data");
	const port = Number(line);
	stopped.kill("SIGSTOP");
	const queued = Array.from({ length: 8 }, () => net.connect(port, "127.0.0.1").on("error", () => {}));
	await during(async () => {
		await once(queued[0], "connect");
		await withApp(CALLER, { env: { HTTP_ALLOW: `http://127.0.0.1:${port}` } }, async ({ url }) => {
			const ask = { url: `http://127.0.0.1:${port}/`, connect_timeout: 0.3, timeout: 60 };
			const begun = Date.now();
			assert.equal((await request(`${url}/call`, json(ask))).json().code, "timeout");
			assert.ok(Date.now() - begun < 30000, "sooner than the deadline for all of the call");
		});
	}, async () => {
		for (const socket of queued) socket.destroy();
		stopped.kill("SIGKILL");
	});
});

test("SS-06 the limit on a body is the caller's to lower", async () => {
	assert.equal((await call("/good", { max_bytes: 5 })).code, "too_large");
	assert.equal((await call("/large", { max_bytes: 11 << 20 })).size, 10 << 20);
});

test("SS-07 nothing is unpacked unless asked, and what is unpacked is counted", async () => {
	assert.ok((await call("/bomb")).size < 100000);
	assert.doesNotMatch(seen.at(-1).head, /accept-encoding/i);
	assert.equal((await call("/bomb", { compressed: true })).code, "too_large");
});

for (const url of ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:1/x", "//127.0.0.1/", "127.0.0.1", "",
	"http://user:secret@127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/a b",
	"http://127.0.0.1/\u00e9", "http:///path", "http://a%c6.example/", "http://1%30.0.0.1/",
	"http://a'b.example/", `http://127.0.0.1/${"x".repeat(9000)}`]) {
	test(`SS-02 SS-08 the URL ${JSON.stringify(url).slice(0, 50)} is refused`, async () => {
		const answer = await (await request(`${app}/call`, json({ url }))).json();
		assert.equal(answer.code, "usage", JSON.stringify(answer));
	});
}

for (const [what, headers] of [["a line break in a value", { "x-a": "b\r\nX-Injected: 1" }], ["a NUL", { "x-a": "b\0c" }],
	["a space in a name", { "x a": "b" }], ["a colon in a name", { "x:a": "b" }], ["an empty name", { "": "b" }],
	["Content-Length", { "content-length": "3" }], ["Transfer-Encoding", { "Transfer-Encoding": "chunked" }],
	["Host", { host: "elsewhere" }]]) {
	test(`SS-08 a header with ${what} is refused`, async () => {
		assert.equal((await call("/good", { headers })).code, "usage");
	});
}

for (const url of ["http://127.0.0.1:1/", "http://localhost:1/", "http://10.0.0.1/", "http://192.168.0.1/", "http://169.254.169.254/",
	"http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/", "http://0.0.0.0:1/", "http://100.64.0.1/", "http://2130706433:1/",
	"http://0x7f.1:1/", "http://[64:ff9b::7f00:1]:1/", "http://[2001:db8::1]/", "http://[3fff::1]/"]) {
	test(`SS-03 ${url} is private: refused`, async () => {
		assert.equal((await call(url, { connect_timeout: 1 })).code, "denied");
	});
}

test("SS-03 a redirect does not lead to a private address either", async () => {
	const port = await freePort();
	assert.equal((await call(`/to/302/${encodeURIComponent(`http://127.0.0.1:${port}/`)}`, { redirects: 3 })).code, "denied");
});

test("SS-04 redirects are followed only when asked, at most five, and only of GET and HEAD", async () => {
	assert.equal((await call("/to/302/%2Fgood")).status, 302);
	const followed = await call("/to/302/%2Fgood", { redirects: 1 });
	assert.equal(followed.json.fine, true);
	assert.equal(followed.url, `${origin}/good`);
	assert.equal((await call("/to/307/%2Fgood", { redirects: 1, method: "POST", body: "x" })).status, 307);
	assert.equal((await call("/to/307/%2Fgood", { redirects: 1, method: "GET", body: "x" })).status, 307); // nor of one with a body
	assert.equal((await call("/to/302/%2Fgood", { redirects: 6 })).code, "usage");
});

test("SS-04 credentials stay with the origin they were meant for", async () => {
	const answer = await call(`/to/302/${encodeURIComponent(`${elsewhere}/there`)}`, {
		redirects: 1, bearer: "the-token-of-somebody", headers: { "x-mine": "1" },
	});
	assert.equal(answer.body, "elsewhere");
	assert.match(seen.at(-2).head, /the-token-of-somebody/);
	assert.doesNotMatch(seen.at(-1).head, /the-token-of-somebody|x-mine/i);
});

test("a call has one User-Agent, also after a redirect to another origin: its own, or the program's", async () => {
	const said = () => Array.from(seen.at(-1).head.matchAll(/user-agent"?: ?"?([^"\r\n]*)/gi), ([, value]) => value);
	for (const path of ["/good", `/to/302/${encodeURIComponent(`${elsewhere}/there`)}`]) {
		await call(path, { redirects: 1 });
		assert.match(said().join(), /^partnerapp\/[\d.]+$/);
	}
	await call("/good", { headers: { "User-Agent": "own" } });
	assert.deepEqual(said(), ["own"]);
});

test("SS-09 proxies of the environment are not asked for loopback, passwords of .netrc not sent, cookies not kept", async () => {
	assert.equal((await call("/good")).json.fine, true);
	assert.equal((await call("/good")).json.fine, true); // after the first answer has set cookies
	assert.equal(seen.at(-1).elsewhere, undefined);
	assert.doesNotMatch(seen.at(-1).head, /authorization|cookie/i);
});

test("SS-10 many calls at once: sixteen, each with its own answer", async () => {
	const calls = Array.from({ length: 16 }, (_, i) => ({ url: `${origin}${i % 2 ? "/good" : "/reset"}` }));
	const answers = (await request(`${app}/all`, json(calls))).json();
	assert.deepEqual(answers.map((one) => one.status ?? one.code), calls.map((_, i) => (i % 2 ? 200 : "bad_response")));
	const refused = await request(`${app}/all`, json([...calls, calls[0]]));
	assert.equal(refused.status, 500);
});

test("SS-10 calls beyond CALLS_PER_SECOND fail at once with a message that names it, and are counted", async () => {
	await withApp(CALLER, { env: { HTTP_ALLOW: origin, CALLS_PER_SECOND: "4" } }, async ({ url }) => {
		const arrived = () => seen.filter((one) => one.path === "/limited").length;
		const begun = Date.now();
		const all = await request(`${url}/all`, json(Array.from({ length: 16 }, () => ({ url: `${origin}/limited` }))));
		const one = await until(
			() => request(`${url}/call`, json({ url: `${origin}/limited` })).then((answer) => answer.json()),
			(answer) => answer.status === 200); // the next second has tokens again
		const most = 4 + 4 * Math.ceil((Date.now() - begun) / 1000);
		const refused = all.json().filter((answer) => answer.code === "busy");
		assert.ok(refused.length > 0 && refused.length <= 12, `${refused.length} of 16`);
		for (const answer of refused) assert.match(answer.error, /CALLS_PER_SECOND/);
		assert.equal(one.body, "hello");
		assert.ok(arrived() <= most, `${arrived()} calls arrived, and ${most} were allowed`);
		const counted = (await request(`${url}/metrics`)).text.match(/^partnerapp_upstream_over_rate_total (\d+)$/m);
		assert.ok(+counted[1] >= refused.length, counted[0]);
	});
});

test("SS-11 what may not arrive twice is sent once", async () => {
	await call("/keep"); // leaves a kept connection, which the upstream closes at the next request
	const posts = () => seen.filter((one) => one.method === "POST" && one.path === "/empty").length;
	const before = posts();
	assert.equal((await call("/empty", { method: "POST", body: "x" })).code, "bad_response");
	assert.equal(posts() - before, 1);
});

test("headers of a name are joined, cookies kept apart", async () => {
	assert.equal((await call("/good")).headers["set-cookie"], "a=1\nb=2");
});

test("an address without a listener is connect, a name without an address dns", async () => {
	const port = +new URL(elsewhere).port;
	const closed = new Promise((resolve) => other.close(resolve));
	other.closeAllConnections();
	await closed;
	assert.equal((await call(`${elsewhere}/`)).code, "connect");
	await new Promise((resolve) => other.listen(port, "127.0.0.1", resolve));
	assert.equal((await call("http://no-such-name.invalid/", { timeout: 10 })).code, "dns");
});
