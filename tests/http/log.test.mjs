// The log of the real program when what reads it stalls, leaves, or was never there.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { binary, during, folder, request, startApp, until } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local log = require "partnerapp.log"
local reply = require "partnerapp.reply"
local app = partnerapp.new()
app:get("/hello", function() return reply.text "hello" end)
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
