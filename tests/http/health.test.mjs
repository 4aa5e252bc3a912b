// HEALTH_LISTEN: a port for /healthz and /readyz alone, which answers while the port of the app does not.
import assert from "node:assert/strict";
import net from "node:net";
import { describe, test } from "node:test";
import { during, freePort, raw, request, startApp, startDemo, until, withApp } from "./harness.mjs";
import { withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:get("/wait", function() http.get(config.segment_api_url .. "/slow") return reply.text("late") end)
return app
`;

describe("health", { concurrency: true }, () => {
	test("HT-18 OP-03 it answers for any Host, with and without one, and has nothing else", async () => {
		const port = await freePort();
		await withApp(APP, { env: { HEALTH_LISTEN: `127.0.0.1:${port}` } }, async ({ url }) => {
			const health = `http://127.0.0.1:${port}`;
			for (const [path, status, text] of [["/healthz", 200, "ok\n"], ["/readyz", 200, "ready\n"], ["/hello", 404], ["/metrics", 404], ["/", 404]]) {
				const answer = await request(health + path, { headers: { host: "10.1.2.3" } });
				assert.equal(answer.status, status, path);
				if (text) assert.equal(answer.text, text);
			}
			assert.match(await raw(port, "GET /readyz HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /);
			assert.match(await raw(port, "GET /readyz HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
			assert.equal((await request(`${health}/readyz`, { method: "HEAD" })).status, 200);
			assert.equal((await request(`${health}/readyz`, { method: "POST", body: "{}" })).status, 413);
			assert.equal((await request(`${url}/hello`, { headers: { host: "10.1.2.3" } })).status, 421);
			assert.equal((await request(`${url}/readyz`)).status, 200);
		});
	});

	test("HT-18 OP-03 while the app's port stops, the process lives and is not ready", async () => {
		await withSegment({}, async (segment) => {
			const port = await freePort(), health = `http://127.0.0.1:${port}`;
			const server = await startApp(APP, { env: { ...segment.env, HEALTH_LISTEN: `127.0.0.1:${port}` } });
			await during(async () => {
				const last = request(`${server.url}/wait`);
				await until(() => segment.slow.length, (count) => count === 1);
				server.child.kill("SIGTERM");
				const busy = await until(() => request(`${health}/readyz`), ({ status }) => status === 503);
				assert.match(busy.text, /busy or stopping/);
				assert.ok(busy.headers["retry-after"]);
				assert.equal((await request(`${health}/healthz`)).status, 200);
				segment.answerSlow();
				assert.equal((await last).text, "late");
			}, () => server.ended().finally(server.remove));
		});
	});

	test("HT-18 silent connections to the app or to the port itself do not keep it from answering", async () => {
		const port = await freePort(), health = `http://127.0.0.1:${port}`;
		await withApp(APP, { env: { HEALTH_LISTEN: `127.0.0.1:${port}` } }, async (server) => {
			const crowd = [server.port, port].flatMap((to) => Array.from({ length: 50 }, () =>
				net.connect(to, "127.0.0.1").on("error", () => {})));
			await until(() => crowd.filter((socket) => socket.connecting).length, (count) => count === 0);
			for (const path of ["/healthz", "/readyz"]) assert.equal((await request(health + path)).status, 200);
			for (const socket of crowd) socket.destroy();
		});
	});

	test("HT-18 the demo has it for its app; a port that is taken is exit code 1", async () => {
		const port = await freePort();
		const demo = await startDemo({ env: { HEALTH_LISTEN: `127.0.0.1:${port}` } });
		await during(async () => {
			assert.equal((await request(`http://127.0.0.1:${port}/readyz`)).status, 200);
			await assert.rejects(startApp(APP, { env: { HEALTH_LISTEN: `127.0.0.1:${port}` } }), /exit 1: .*process \d+ \(partnerapp, in .* listens there/s);
		}, () => demo.end());
	});
});
