// The log of the real program when what reads it stalls, leaves, or was never there.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { binary, during, folder, raw, request, startApp, until, withApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"
local app = partnerapp.new()
app:get("/hello", function() return reply.text "hello" end)
app:post("/change", function() return reply.text "changed" end)
app:get("/report", function() return reply.failed(502, "The report cannot be made: the API is down.") end)
app:get("/chatter", function()
	for i = 1, 100 do log.info("chatter", { text = ("x"):rep(2000) }) end
	return reply.text "done"
end)
return app
`;

/** Serves the app with its standard error redirected by the shell, for the time of `body(server)`. */
async function withErrorsTo(redirection, body, env = {}) {
	const server = await startApp(APP, { env, program: ["bash", "-c", `exec "$0" "$@" ${redirection}`, binary] });
	return during(() => body(server), () => server.end());
}

async function dropped({ url }) {
	return Number((await request(`${url}/metrics`)).text.match(/^partnerapp_log_lines_dropped_total (\d+)$/m)[1]);
}

/** Requests until lines are dropped, and one more. */
async function fill(server) {
	const chatter = () => Promise.all(Array.from({ length: 8 }, () => request(`${server.url}/chatter`)));
	await until(() => chatter().then(() => dropped(server)), (count) => count > 0);
	assert.equal((await request(`${server.url}/hello`)).text, "hello");
}

/** A named pipe without a reader: { file, read(), close(), remove() }. It is open here, so that to open it does not wait. */
function namedPipe() {
	const place = folder();
	const file = path.join(place.name, "log");
	execFileSync("mkfifo", [file]);
	const held = openSync(file, constants.O_RDWR);
	return {
		file, remove: place.remove, close: () => closeSync(held),
		/** Begins to read: { text, child }, where the text grows. */
		read: () => {
			const child = spawn("cat", [file], { stdio: ["ignore", "pipe", "inherit"] });
			const reading = { text: "", child, ended: once(child, "close") };
			child.stdout.on("data", (data) => (reading.text += data));
			return reading;
		},
	};
}

async function withPipe(body) {
	const pipe = namedPipe();
	return during(() => body(pipe), async () => pipe.remove());
}

describe("the log", () => {
	test("LG-04 a pipe that is not read stops no request; later its reader gets whole lines and the count of the others", async () => {
		await withPipe(async (pipe) => {
			await withErrorsTo(`2>"${pipe.file}"`, async (server) => {
				await fill(server);
				const reading = pipe.read();
				const later = () => reading.text.split('"message":"log lines were dropped')[1] ?? "";
				await until(() => request(`${server.url}/chatter`).then(later), (text) => text.includes("chatter"));
				await server.stop();
				pipe.close();
				await reading.ended;
				const lines = reading.text.trimEnd().split("\n").map((line) => JSON.parse(line));
				const told = lines.filter((line) => line.message.startsWith("log lines were dropped"));
				assert.ok(told[0].count > 0, JSON.stringify(told));
				for (const line of lines) if (line.message === "chatter") assert.equal(line.text, "x".repeat(2000));
			});
		});
	});

	test("LG-03 what the gate and the library refuse is one line each, with request id, peer and reason", async () => {
		await withApp(APP, {}, async (server) => {
			const line = async (id) => {
				await server.logged(`"request_id":"${id}"`);
				const found = server.err.split("\n").filter((text) => text.includes(`"request_id":"${id}"`));
				assert.equal(found.length, 1, found.join("\n"));
				return JSON.parse(found[0]);
			};
			for (const [id, status, reason, options] of [
				["cross-site", 403, "cross_site", { method: "POST", headers: { "sec-fetch-site": "cross-site" } }],
				["no-route", 404, "not_found", { path: "/nothing" }],
				["other-host", 421, "other_host", { headers: { host: "evil.example" } }],
				["bad-query", 400, "bad_request", { path: "/hello?a=%zz" }],
			]) {
				const headers = { "x-request-id": id, ...options.headers };
				const answer = await request(`${server.url}${options.path ?? "/change"}`, { ...options, headers });
				assert.equal(answer.status, status);
				const { level, server: name, message, status: logged, reason: why, peer } = await line(id);
				assert.deepEqual({ level, name, message, logged, why, peer },
					{ level: "info", name: "app", message: "request refused", logged: status, why: reason, peer: "127.0.0.1" });
			}
			const from = server.err.length;
			await raw(server.port, "\0\x01\x02 this is not HTTP\r\n\r\n");
			const garbage = JSON.parse((await server.logged('has a control byte"', from)).split("\n")[0]);
			assert.equal(garbage.reason, "bad_request");
			assert.equal(garbage.peer, "127.0.0.1");
		});
	});

	test("LG-03 in production the id on the page of a failure leads to its reason in the log", async () => {
		const env = { PUBLIC_URL: "https://app.example", SECRET_KEY: "0".repeat(64) };
		await withApp(APP, { env }, async (server) => {
			const { status, text } = await request(`${server.url}/report`, { headers: { host: "app.example", accept: "text/html" } });
			assert.equal(status, 502);
			const [, id] = text.match(/Request <code>(\w+)<\/code>/);
			const { level, error, route } = JSON.parse((await server.logged(id)).split("\n").find((line) => line.includes(id)));
			assert.deepEqual({ level, error, route },
				{ level: "error", error: "The report cannot be made: the API is down.", route: "GET /report" });
		});
	});

	test("LG-03 a client that is refused all the time causes few lines, which tell how many were left out", async () => {
		await withApp(APP, {}, async (server) => {
			const begun = Date.now(), count = 400;
			for (let i = 0; i < count; i += 20)
				await Promise.all(Array.from({ length: 20 }, () => request(`${server.url}/nothing`)));
			const most = 100 + 10 * Math.ceil((Date.now() - begun) / 1000);
			await until(() => request(`${server.url}/nothing`).then(() => server.err), (text) => text.includes('"left_out":'));
			const { text } = await request(`${server.url}/metrics`);
			const unlogged = +text.match(/^partnerapp_refusals_unlogged_total (\d+)$/m)[1];
			assert.ok(unlogged >= count - most, `${unlogged} of ${count} were left out`);
			await server.stop();
			const lines = server.err.split("\n").filter(Boolean).map((line) => JSON.parse(line));
			assert.equal(lines.reduce((sum, line) => sum + (line.left_out ?? 0), 0), unlogged);
		});
	});

	test("LG-04 a pipe that is not read does not keep the process from ending", async () => {
		await withPipe(async (pipe) => {
			await withErrorsTo(`2>"${pipe.file}"`, fill);
			pipe.close();
		});
	});

	test("LG-04 a socket that is not read stops neither requests nor the end", async () => {
		const server = await startApp(APP); // whose standard error is a socket
		server.child.stderr.pause();
		await during(async () => fill(server), async () => {
			server.child.kill("SIGTERM");
			await once(server.child, "exit");
			server.child.stderr.resume();
			await server.ended().finally(server.remove);
		});
		for (const line of server.err.trimEnd().split("\n").slice(0, -1)) JSON.parse(line);
	});

	test("LG-04 a full disk, and no standard error at all, stop nothing", async () => {
		await withErrorsTo("2>/dev/full", fill);
		await withErrorsTo("2>&-", async (server) => {
			await request(`${server.url}/chatter`);
			assert.equal((await request(`${server.url}/hello`)).text, "hello");
			const database = readFileSync(path.join(server.cwd, ".partnerapp/partnerapp.db"), "latin1");
			assert.ok(!database.includes("chatter"), "no other file got the number of standard error");
		});
	});
});
