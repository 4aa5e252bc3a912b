// Many connections that send nothing, or their requests slowly: more than there are workers. Others are served long
// before any of those connections meets its deadline.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { describe, test } from "node:test";
import { until, withApp } from "./harness.mjs";
import { withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:post("/echo", function(req) return reply.text(req.body or "") end, { csrf = false })
app:get("/wait", function() http.get(config.segment_api_url .. "/slow") return reply.text("late") end)
return app
`;

const WORKERS = 16, CROWD = 60;
const HEAD_MS = 10000; // the deadline of a head: no connection of a crowd ends by itself before that

const HABITS = {
	silent: "",
	"slow in their head": "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
	"slow in their body": "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
	idle: "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
};

/** Connections to a port, all with the same habit. With `again` each is opened anew when the server has closed it. */
class Crowd {
	sockets = new Set();
	closed = 0;
	begun = Date.now();

	constructor(port, { begin, from = "127.0.0.1", count = CROWD, again = false }) {
		Object.assign(this, { port, begin, from, again });
		for (let i = 0; i < count; i++) this.join();
		this.drip = setInterval(() => {
			if (begin) for (const socket of this.sockets) socket.write("x");
		}, 500);
	}

	join() {
		const socket = net.connect({ port: this.port, host: "127.0.0.1", localAddress: this.from });
		this.sockets.add(socket);
		socket.on("error", () => {}).on("data", () => {});
		socket.on("close", () => {
			this.closed++;
			this.sockets.delete(socket);
			if (this.again) this.join();
		});
		socket.write(this.begin);
	}

	async connected() {
		await Promise.all([...this.sockets].filter((socket) => socket.connecting).map((socket) => once(socket, "connect")));
	}

	leave() {
		this.again = false;
		clearInterval(this.drip);
		for (const socket of this.sockets) socket.destroy();
	}
}

/** A request from an address of this machine: { status, text }. */
function ask(port, path, from = "127.0.0.1", options = {}) {
	return new Promise((resolve, reject) => {
		const call = http.request({ port, path, host: "127.0.0.1", localAddress: from, agent: false, ...options }, (answer) => {
			let text = "";
			answer.on("data", (data) => (text += data));
			answer.on("end", () => resolve({ status: answer.statusCode, text }));
			answer.on("error", reject);
		});
		call.on("error", reject).end(options.body);
	});
}

const withCrowd = (options, body) => withApp(APP, { env: { WORKERS: String(WORKERS) } }, async (server) => {
	const crowd = new Crowd(server.port, options);
	try {
		await crowd.connected();
		await body(server, crowd);
	} finally {
		crowd.leave();
	}
});

describe("crowd", { concurrency: true }, () => {
	for (const [name, begin] of Object.entries(HABITS)) {
		test(`HT-18 HT-19 connections that are ${name} do not keep others out, from the same address or another`, async () => {
			await withCrowd({ begin }, async ({ port }, crowd) => {
				for (const from of ["127.0.0.1", "127.0.0.2"]) {
					assert.equal((await ask(port, "/healthz", from)).status, 200);
					assert.equal((await ask(port, "/hello", from)).text, "Hello, world\n");
					const posted = await ask(port, "/echo", from, { method: "POST", body: "abc" });
					assert.equal(posted.text, "abc");
				}
				assert.ok(Date.now() - crowd.begun < HEAD_MS, `all were served after ${Date.now() - crowd.begun} ms`);
			});
		});
	}

	test("HT-19 a crowd that comes back as soon as it is closed does not keep another address out", async () => {
		await withCrowd({ begin: HABITS["slow in their head"], again: true }, async (server, crowd) => {
			for (let i = 0; i < 3; i++) {
				const begun = Date.now();
				assert.equal((await ask(server.port, "/hello", "127.0.0.2")).status, 200);
				assert.ok(Date.now() - begun < HEAD_MS, `served after ${Date.now() - begun} ms`);
			}
			assert.ok(crowd.closed >= CROWD, `${crowd.closed} were closed`);
			assert.doesNotMatch(server.err, /"level":"error"/);
		});
	});

	test("HT-19 of two addresses the one with more waiting connections makes room; a log line names it", async () => {
		await withApp(APP, { env: { WORKERS: String(WORKERS) } }, async (server) => {
			const few = new Crowd(server.port, { begin: "", from: "127.0.0.2", count: 4 });
			await few.connected();
			await until(() => ask(server.port, "/hello", "127.0.0.3"), ({ status }) => status === 200); // the workers have them
			const many = new Crowd(server.port, { begin: "", from: "127.0.0.4" });
			try {
				await many.connected();
				await until(() => many.closed, (closed) => closed >= CROWD - WORKERS);
				assert.equal(few.closed, 0, "none of the four made room");
				await server.logged("WORKERS are short");
				assert.match(server.err, /"level":"warn".*WORKERS are short.*"peer":"127\.0\.0\.4"/);
			} finally {
				few.leave();
				many.leave();
			}
		});
	});

	test("HT-19 requests in progress are not what makes room", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: { ...segment.env, WORKERS: String(WORKERS) } }, async ({ port }) => {
				const waiting = Array.from({ length: WORKERS / 2 }, () => ask(port, "/wait", "127.0.0.2"));
				await until(() => segment.slow.length, (count) => count === waiting.length);
				const crowd = new Crowd(port, { begin: "", again: true });
				try {
					await crowd.connected();
					assert.equal((await ask(port, "/hello", "127.0.0.3")).status, 200);
					segment.answerSlow();
					for (const answer of await Promise.all(waiting)) assert.equal(answer.text, "late");
				} finally {
					crowd.leave();
				}
			});
		});
	});

	test("HT-19 when all other workers answer requests, a silent connection does not keep the last one", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: { ...segment.env, WORKERS: String(WORKERS) } }, async ({ port }) => {
				const waiting = Array.from({ length: WORKERS - 4 }, () => ask(port, "/wait", "127.0.0.2"));
				await until(() => segment.slow.length, (count) => count === waiting.length);
				const crowd = new Crowd(port, { begin: "", count: 4, from: "127.0.0.3" });
				try {
					await crowd.connected();
					assert.equal((await ask(port, "/healthz", "127.0.0.4")).status, 200);
					assert.ok(Date.now() - crowd.begun < HEAD_MS, `served after ${Date.now() - crowd.begun} ms`);
				} finally {
					crowd.leave();
					segment.answerSlow();
					await Promise.all(waiting);
				}
			});
		});
	});
});
