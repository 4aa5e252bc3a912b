// Calls out over TLS: HTTP/2 when the server speaks it, connections that all workers share, and what is not sent twice.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { authority } from "./authority.mjs";
import { CALLER, callFrom } from "./calls.mjs";
import { during, folder, json, request, startApp, withApp } from "./harness.mjs";

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = http2.constants;

let place, trusted, app;
const upstreams = {}; // by kind: { origin, server, connections, seen }

/** What the HTTP/2 server does, by path, when the stream is not simply answered. */
const special = {
	"/silent": () => {},
	"/large": (stream) => {
		stream.respond({ ":status": 200 });
		stream.end("x".repeat(4 << 20));
	},
	"/many-headers": (stream) => {
		stream.respond({ ":status": 200, ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, "1"])) });
		stream.end();
	},
	"/drip": (stream) => {
		stream.respond({ ":status": 200 });
		const timer = setInterval(() => stream.write("x"), 50);
		stream.on("close", () => clearInterval(timer));
	},
	"/refused": (stream) => stream.close(NGHTTP2_REFUSED_STREAM),
	"/failed": (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
	"/failed-late": (stream) => {
		stream.respond({ ":status": 200, "content-length": 100 });
		stream.write("some", () => stream.close(NGHTTP2_INTERNAL_ERROR));
	},
	// Node.js takes 0 for the newest stream.
	"/goaway": (stream) => (stream.id > 1 ? stream.session.goaway(NGHTTP2_NO_ERROR, stream.id - 2) : stream.session.cut()),
	"/goaway-after": (stream) => {
		stream.session.goaway(NGHTTP2_NO_ERROR, stream.id);
		stream.respond({ ":status": 200 });
		stream.end("the last one");
	},
	"/cut": (stream) => stream.session.cut(),
};

const settings = () => ({
	CA_FILE: trusted.file, WORKERS: "96", HTTP_ALLOW: Object.values(upstreams).map((one) => one.origin).join(" "),
});

async function listen(kind, scheme, server) {
	const upstream = { server, connections: 0, sockets: new Set(), seen: [], waiting: [] };
	server.on(scheme === "https" ? "secureConnection" : "connection", (socket) => {
		upstream.connections++;
		upstream.sockets.add(socket);
		socket.on("close", () => upstream.sockets.delete(socket)).on("error", () => {});
	});
	server.listen(0, "localhost");
	await once(server, "listening");
	upstream.origin = `${scheme}://localhost:${server.address().port}`;
	upstreams[kind] = upstream;
	return upstream;
}

/** Answers "/together/N" once N requests wait for it. */
function meet(upstream, path, answer) {
	const count = +/^\/together\/(\d+)/.exec(path)?.[1];
	if (!count) return answer();
	upstream.waiting.push(answer);
	if (upstream.waiting.length === count) for (const one of upstream.waiting.splice(0)) one();
}

before(async () => {
	place = folder();
	trusted = authority(place.name);
	const files = trusted.issue();
	const two = await listen("two", "https", http2.createSecureServer({ ...files, settings: { maxConcurrentStreams: 100 } }));
	let newest; // the session's own socket cannot be destroyed
	two.server.prependListener("secureConnection", (socket) => (newest = socket));
	two.server.on("session", (session) => {
		const socket = newest;
		session.on("error", () => {});
		session.cut = () => socket.destroy();
	});
	two.server.on("stream", (stream, headers) => {
		const path = headers[":path"];
		stream.on("error", () => {});
		two.seen.push({ method: headers[":method"], path, headers });
		const times = two.seen.filter((one) => one.path === path).length;
		if (path.endsWith("?once") && times > 1) return stream.respond({ ":status": 200 }), stream.end("the second time");
		const act = special[path.split("?")[0]];
		// After the whole request: an answer before that is an error of libcurl 7.88 at times.
		stream.resume().once("end", () => {
			if (stream.destroyed || !stream.session) return; // another stream has cut the connection meanwhile
			if (act) return act(stream);
			meet(two, path, () => {
				if (stream.destroyed) return;
				stream.respond({ ":status": 200, "x-protocol": "2" });
				stream.end("hello");
			});
		});
	});
	const answer = (kind) => (req, res) => {
		upstreams[kind].seen.push({ method: req.method, path: req.url, headers: req.headers });
		if (req.url === "/cut") return req.socket.destroy();
		meet(upstreams[kind], req.url, () => res.end(`hello ${req.httpVersion}`));
	};
	await listen("one", "https", https.createServer(files, answer("one")));
	await listen("plain", "http", http.createServer(answer("plain")));
	(await listen("mute", "http", net.createServer())).origin = `https://localhost:${upstreams.mute.server.address().port}`;
	app = await startApp(CALLER, { env: settings() });
});

beforeEach(() => {
	for (const one of Object.values(upstreams)) one.seen.length = 0;
});

after(async () => {
	await app.end();
	for (const { server, sockets } of Object.values(upstreams)) {
		server.close();
		for (const socket of sockets) socket.destroy();
	}
	place.remove();
});

const call = (kind, path, options, to = app) => callFrom(to, upstreams[kind].origin + path, options);

const times = (count, work) => Promise.all(Array.from({ length: count }, work));

/** Runs `body` with a new app, which has no connections yet. */
const fresh = (body, env = {}) => withApp(CALLER, { env: { ...settings(), ...env } }, body);

test("SS-10 HTTP/2: calls of many workers are streams of one connection", async () => {
	const { connections } = upstreams.two;
	const answers = await times(48, () => call("two", "/together/48"));
	for (const answer of answers) assert.equal(answer.headers?.["x-protocol"], "2", JSON.stringify(answer));
	assert.equal(upstreams.two.connections - connections, 1);
	const more = (await request(`${app.url}/all`, json(Array.from({ length: 16 }, () => ({ url: `${upstreams.two.origin}/together/16` }))))).json();
	for (const answer of more) assert.equal(answer.status, 200, JSON.stringify(answer));
	assert.equal(upstreams.two.connections - connections, 1);
});

for (const kind of ["one", "plain"]) {
	test(`HTTP/1.1 (${kind}): workers share kept connections, and none waits for another's answer`, async () => {
		const answers = await times(24, () => call(kind, "/together/24"));
		for (const answer of answers) assert.equal(answer.body, "hello 1.1", JSON.stringify(answer));
		const { connections } = upstreams[kind];
		for (let i = 0; i < 20; i++) assert.equal((await call(kind, "/")).body, "hello 1.1");
		assert.equal(upstreams[kind].connections, connections);
	});
}

test("SS-05 silence and drips end at the deadline over HTTP/2, and the connection goes on", async () => {
	assert.equal((await call("two", "/")).status, 200);
	const { connections } = upstreams.two;
	for (const path of ["/silent", "/drip"]) {
		const answer = await call("two", path, { timeout: 0.4 });
		assert.deepEqual([answer.code, answer.sent], ["timeout", path === "/drip" ? "yes" : "unknown"]);
	}
	assert.equal((await call("two", "/")).status, 200);
	assert.equal(upstreams.two.connections, connections);
});

test("SS-06 limits hold over HTTP/2, and other streams of the connection go on", async () => {
	const slow = call("two", "/together/2");
	for (const path of ["/large", "/many-headers"]) {
		const answer = await call("two", path);
		assert.deepEqual([answer.code, answer.sent], ["too_large", "yes"], path);
	}
	assert.equal((await call("two", "/together/2")).status, 200);
	assert.equal((await slow).status, 200);
	assert.equal((await call("two", "/large", { max_bytes: 5 << 20 })).size, 4 << 20);
});

test("SS-11 a POST whose stream is refused on a new connection is not sent again, and did not arrive", async () => {
	await fresh(async (other) => {
		const answer = await call("two", "/refused", { method: "POST", body: "x" }, other);
		assert.deepEqual([answer.code, answer.sent], ["bad_response", "no"], JSON.stringify(answer));
	});
	assert.equal(upstreams.two.seen.length, 1);
});

for (const path of ["/refused", "/goaway", "/cut", "/failed"]) {
	test(`SS-11 a POST on a kept connection that does ${path} is sent once, and may have arrived`, async () => {
		assert.equal((await call("two", "/")).status, 200);
		const answer = await call("two", path, { method: "POST", body: "x" });
		assert.deepEqual([answer.code, answer.sent], ["bad_response", "unknown"], JSON.stringify(answer));
		assert.equal(upstreams.two.seen.filter((one) => one.method === "POST").length, 1);
		assert.equal((await call("two", "/")).status, 200);
	});
}

test("SS-11 a POST whose answer has begun did arrive", async () => {
	const answer = await call("two", "/failed-late", { method: "POST", body: "x" });
	assert.deepEqual([answer.code, answer.sent], ["bad_response", "yes"], JSON.stringify(answer));
	assert.equal(upstreams.two.seen.length, 1);
});

for (const path of ["/refused?once", "/goaway?once", "/cut?once"]) {
	test(`SS-11 a GET on a kept connection that does ${path} is sent again`, async () => {
		assert.equal((await call("two", "/")).status, 200);
		const answer = await call("two", path);
		assert.equal(answer.body, "the second time", JSON.stringify(answer));
	});
}

test("SS-11 a POST on a kept connection of HTTP/1.1 over TLS that closes is sent once", async () => {
	assert.equal((await call("one", "/")).status, 200);
	const answer = await call("one", "/cut", { method: "POST", body: "x" });
	assert.deepEqual([answer.code, answer.sent], ["bad_response", "unknown"], JSON.stringify(answer));
	assert.equal(upstreams.one.seen.filter((one) => one.method === "POST").length, 1);
});

test("after a GOAWAY the next call has a new connection", async () => {
	for (let i = 0; i < 3; i++) {
		for (const [path, body] of [["/goaway-after", "the last one"], ["/", "hello"]]) {
			const answer = await call("two", path, { method: "POST", body: "x" });
			assert.equal(answer.body, body, JSON.stringify(answer));
		}
	}
});

test("connections that the server closed meanwhile are not used again", async () => {
	for (const kind of ["two", "one"]) {
		assert.equal((await call(kind, "/")).status, 200);
		await Promise.all([...upstreams[kind].sockets].map((socket) => (socket.destroy(), socket.closed || once(socket, "close"))));
		assert.equal((await call(kind, "/", { method: "POST", body: "x" })).status, 200);
	}
});

test("SS-11 what was not sent says so", async () => {
	const ask = async (url, options) => (await request(`${app.url}/call`, json({ url, ...options }))).json();
	for (const [url, code] of [["https://localhost:1/", "denied"], ["http://name.invalid/", "dns"], ["nonsense", "usage"]]) {
		const answer = await ask(url);
		assert.deepEqual([answer.code, answer.sent], [code, "no"]);
	}
	const answers = (await request(`${app.url}/all`, json([{ url: "https://localhost:1/" }, { url: "nonsense" }]))).json();
	assert.deepEqual(answers.map((one) => one.sent), ["no", "no"]);
});

test("SS-03 a kept connection of an allowed origin does not serve another origin of the same server", async () => {
	assert.equal((await call("two", "/")).status, 200);
	const { port } = new URL(upstreams.two.origin);
	for (const url of [`http://localhost:${port}/`, `https://127.0.0.1:${port}/`, `https://a.localhost:${port}/`]) {
		const answer = await (await request(`${app.url}/call`, json({ url }))).json();
		assert.equal(answer.code, "denied", `${url} ${JSON.stringify(answer)}`);
	}
});

test("SS-01 a certificate of an authority that CA_FILE does not have is refused, also over HTTP/2", async () => {
	await fresh(async (other) => {
		for (const kind of ["two", "one"]) {
			const answer = await call(kind, "/", {}, other);
			assert.deepEqual([answer.code, answer.sent], ["tls", "no"]);
		}
		assert.equal((await call("plain", "/", {}, other)).status, 200);
	}, { CA_FILE: "/etc/ssl/certs/ca-certificates.crt" });
});

test("many calls end, each with its own answer, while the server refuses, resets and closes", async () => {
	const paths = ["/", "/refused?x", "/failed", "/goaway-after", "/", "/cut", "/", "/goaway"];
	const ask = (_, i) => call("two", paths[i % paths.length], { timeout: 3, ...(i % 3 && { method: "POST", body: "x" }) });
	for (let round = 0; round < 8; round++) {
		for (const [i, answer] of (await times(64, ask)).entries()) {
			// libcurl 7.88 forgets a stream at times when its connection ends together with it: then the deadline ends it.
			const fine = answer.status === 200 || answer.code === "bad_response" || answer.code === "timeout";
			assert.ok(fine, `${paths[i % paths.length]}: ${JSON.stringify(answer)}`);
		}
	}
	assert.equal((await call("two", "/")).status, 200);
});

test("SS-05 a call that waits for a connection which another call makes ends at its own deadline", async () => {
	const first = call("mute", "/", { timeout: 50, connect_timeout: 50 });
	while (upstreams.mute.sockets.size === 0) await new Promise(setImmediate);
	const second = await call("mute", "/", { timeout: 0.3 });
	assert.deepEqual([second.code, second.sent], ["timeout", "no"]);
	assert.equal(upstreams.mute.sockets.size, 1, "the first one still waits");
	for (const socket of upstreams.mute.sockets) socket.destroy();
	assert.equal((await first).code, "tls");
});

test("OP-01 a second signal ends calls out that wait, over HTTP/2 and HTTP/1.1", async () => {
	let calls;
	const other = await startApp(CALLER, { env: settings() });
	await during(async () => {
		const silent = { url: `${upstreams.two.origin}/silent`, timeout: 60 };
		calls = [
			...["two", "one", "plain"].map((kind) => call(kind, kind === "two" ? "/silent" : "/together/99", { timeout: 60 }, other)),
			request(`${other.url}/all`, json([silent, silent, silent])).then((one) => one.json()[0]),
		// The server may have closed the connection before it was answered.
		].map((one) => one.catch((error) => (assert.equal(error.code, "ECONNRESET"), { code: "cancelled" })));
		const arrived = () => ["two", "one", "plain"].map((kind) => upstreams[kind].seen.length).join();
		while (arrived() !== "4,1,1") await new Promise(setImmediate);
		other.child.kill("SIGTERM");
		while ((await request(`${other.url}/healthz`)).status === 200);
	}, () => other.end());
	for (const answer of await Promise.all(calls)) assert.equal(answer.code, "cancelled", JSON.stringify(answer));
});
