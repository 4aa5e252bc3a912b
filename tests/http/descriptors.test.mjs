// A process with few descriptors: what it does when connections or calls out take all of them, and when it has too few
// to begin with.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { binary, request, until, withApp } from "./harness.mjs";
import { withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:get("/many", function()
	local calls = {}
	for i = 1, 16 do calls[i] = { url = config.segment_api_url .. "/slow", timeout = 60 } end
	return reply.json { #http.all(calls) }
end)
return app
`;

const limited = (count) => ["bash", "-c", `ulimit -n ${count}; exec "$0" "$@"`, binary];

/** Milliseconds of CPU that a process has used. */
function cpuMs(pid) {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The part of one processor that a process uses, over two seconds. */
async function load(pid) {
	const begun = Date.now(), before = cpuMs(pid);
	await sleep(2000);
	return (cpuMs(pid) - before) / (Date.now() - begun);
}

describe("descriptors", { concurrency: true }, () => {
	test("OP-02 more connections than it has descriptors for neither end it nor keep a processor busy", async () => {
		await withApp(APP, { program: limited(300) }, async (server) => {
			const { url, port, child } = server;
			const sockets = Array.from({ length: 400 }, () => net.connect(port, "127.0.0.1").on("error", () => {}));
			await Promise.all(sockets.map((socket) => once(socket, "connect")));
			assert.ok((await load(child.pid)) < 0.2);
			for (const socket of sockets) socket.destroy();
			assert.equal((await request(`${url}/hello`)).status, 200);
			assert.doesNotMatch(server.err, /no descriptor is left/, "the queue was made to fit");
		});
	});

	test("OP-02 while calls out hold all descriptors it waits for one, logs that, and serves afterwards", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { program: limited(200), env: segment.env }, async (server) => {
				const { url, port, child } = server;
				const many = Array.from({ length: 12 }, () => request(`${url}/many`));
				await until(() => segment.slow.length, (count) => count > 100);
				const sockets = Array.from({ length: 20 }, () => net.connect(port, "127.0.0.1").on("error", () => {}));
				await server.logged("no descriptor is left");
				assert.ok((await load(child.pid)) < 0.2);
				for (const socket of sockets) socket.destroy();
				const answering = setInterval(() => segment.answerSlow(), 20); // calls that waited for a descriptor come later
				assert.equal((await Promise.all(many)).filter(({ status }) => status === 200).length, many.length);
				clearInterval(answering);
				assert.equal((await request(`${url}/hello`)).status, 200);
			});
		});
	});

	test("OP-02 with too few descriptors it does not start, and says how many are needed", async () => {
		let needed;
		await assert.rejects(withApp(APP, { program: limited(100) }, () => {}), (error) => {
			needed = Number(error.message.match(/exit 2: .*the limit of open files is 100, and (\d+) are needed/s)?.[1]);
			return needed > 100;
		});
		await withApp(APP, { program: limited(needed) }, async ({ url }) => {
			assert.equal((await request(`${url}/hello`)).status, 200);
		});
	});
});
