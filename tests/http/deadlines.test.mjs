// What ends or goes on only after a deadline of the program itself, up to 30 seconds: the cases wait at the same time.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, test } from "node:test";
import { request, until, withApp, withApps } from "./harness.mjs";
import { install, withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local db = require "partnerapp.db"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }

app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })

app:get("/token/:id", function(req)
	local token, err = app.installs:find(req.params.id):token()
	return token and reply.text(token) or reply.failed(502, err)
end)

app:get("/call/:id", function(req)
	local install = app.installs:find(req.params.id)
	local destination, err = install:segment():get_destination(install.source, "webhooks")
	if not destination then return reply.failed(502, err) end
	return reply.json(destination)
end)

-- Holds the database as another program might, until Segment answers.
app:get("/hold", function()
	return db.transaction(function()
		http.get(config.segment_api_url .. "/slow", { timeout = 60 })
		return reply.text "held"
	end)
end)

app:get("/silence", function()
	local _, err, code = http.get(config.segment_api_url .. "/slow")
	return reply.json { error = err, code = code }
end)

app:get("/crawl", function()
	local _, err, code = http.get(config.segment_api_url .. "/slow", { timeout = 60 })
	return reply.json { error = err, code = code }
end)

-- Calls that are never answered, one after the other, whatever becomes of each.
app:get("/patient", function()
	local codes = {}
	while true do
		pcall(function() codes[#codes + 1] = select(3, http.get(config.segment_api_url .. "/slow")) end)
	end
end)

app:post("/echo", function(req) return reply.text(req.body or "") end, { csrf = false })

return app
`;

describe("deadlines", { concurrency: true }, () => {
	test("SBX-04 SS-05 a request that only waits ends after REQUEST_TIMEOUT, and its worker is free again", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: { ...segment.env, REQUEST_TIMEOUT: "2", WORKERS: "8" } }, async (server) => {
				const { url } = server;
				const begun = performance.now();
				const answers = await Promise.all(Array.from({ length: 5 }, () => request(`${url}/patient`)));
				for (const { status, text } of answers) {
					assert.equal(status, 500);
					assert.match(text, /the request took longer than REQUEST_TIMEOUT/);
				}
				assert.ok(performance.now() - begun >= 2000);
				assert.match(server.err, /the request took longer than REQUEST_TIMEOUT/);
				assert.equal((await request(`${url}/echo`, { method: "POST", body: "x" })).text, "x");
			});
		});
	});

	test("SS-05 a call whose answer crawls ends before its own deadline of a minute", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: { ...segment.env, REQUEST_TIMEOUT: "120" } }, async ({ url }) => {
				const begun = Date.now();
				assert.equal((await request(`${url}/crawl`)).json().code, "timeout");
				assert.ok(Date.now() - begun < 58000, "after 30 seconds without bytes");
			});
		});
	});

	test("RT-04 kill -9 of the process that renews: another takes over", async () => {
		await withSegment({ lives: 1, livesAfter: 3600, hold: true }, async (segment) => {
			await withApps(APP, 2, segment.env, async ({ urls, servers }) => {
				const id = await install(urls[1]);
				const doomed = request(`${urls[1]}/call/${id}`).catch((error) => error);
				await until(() => segment.renewals, (count) => count >= 1);
				servers[1].child.kill("SIGKILL");
				assert.ok((await doomed) instanceof Error);
				segment.hold = false;
				const answer = await until(() => request(`${urls[0]}/call/${id}`), (got) => got.status === 200, 120000);
				assert.equal(answer.json().enabled, true);
				assert.equal(segment.renewals, 2);
			});
		});
	});

	test("RT-06 a token that cannot be saved is logged as an error, used from memory, and saved later", async () => {
		await withSegment({ lives: 100, livesAfter: 3600, hold: true }, async (segment) => {
			await withApps(APP, 1, segment.env, async ({ urls, servers, restart }) => {
				const id = await install(urls[0]);
				const token = async () => (await request(`${urls[0]}/token/${id}`)).text;
				const renewing = token();
				await until(() => segment.renewals, (count) => count === 1);
				const holding = request(`${urls[0]}/hold`);
				await until(() => segment.slow.length, (count) => count === 1);
				segment.release();
				const fresh = await renewing;
				assert.match(fresh, /^token-2-/, "the request that renewed it has it");
				await servers[0].logged('"kept_in_memory":true');
				assert.match(servers[0].err, /"level":"error".*could not be saved/);
				for (let i = 0; i < 20; i++) assert.equal(await token(), fresh);
				segment.answerSlow();
				assert.equal((await holding).text, "held");
				await until(token, () => servers[0].err.includes("saved at last"));
				await restart(0);
				assert.equal(await token(), fresh, "it is in the database");
				assert.equal(segment.renewals, 1);
				assert.doesNotMatch(servers[0].err, /token-2/);
			});
		});
	});

	/** An install with a renewed token that only memory has, while the server `holder` holds the database. */
	async function renewedWhileHeld(segment, { urls, servers }, holder) {
		const id = await install(urls[0]);
		const renewing = request(`${urls[0]}/token/${id}`);
		await until(() => segment.renewals, (count) => count === 1);
		const holding = request(`${urls[holder]}/hold`);
		await until(() => segment.slow.length, (count) => count === 1);
		segment.release();
		const fresh = (await renewing).text;
		assert.match(fresh, /^token-2-/);
		await servers[0].logged('"kept_in_memory":true');
		return { id, fresh, holding };
	}

	test("RT-06 a token that could not be saved is saved by a stop", async () => {
		await withSegment({ lives: 100, livesAfter: 3600, hold: true }, async (segment) => {
			await withApps(APP, 1, segment.env, async (apps) => {
				const { id, fresh, holding } = await renewedWhileHeld(segment, apps, 0);
				segment.answerSlow();
				assert.equal((await holding).text, "held");
				const stopped = apps.servers[0];
				await apps.restart(0);
				assert.match(stopped.err, /saved at last/);
				assert.equal((await request(`${apps.urls[0]}/token/${id}`)).text, fresh);
				assert.equal(segment.renewals, 1);
			});
		});
	});

	test("RT-06 a token that a stop cannot save either is named in the log, with what to do", async () => {
		await withSegment({ lives: 100, livesAfter: 3600, hold: true }, async (segment) => {
			await withApps(APP, 2, segment.env, async (apps) => {
				const { holding } = await renewedWhileHeld(segment, apps, 1);
				const stopped = apps.servers[0];
				await apps.restart(0);
				const lost = stopped.err.split("\n").find((line) => line.includes("Connect this install again"));
				assert.equal(JSON.parse(lost).level, "error");
				assert.equal(JSON.parse(lost).install, "installs/1");
				assert.doesNotMatch(stopped.err, /token-2/);
				segment.answerSlow();
				await holding;
			});
		});
	});

	test("HT-18 a body that arrives byte by byte is ended by one deadline for all of it", async () => {
		await withApp(APP, {}, async ({ port }) => {
			const socket = net.connect(port, "127.0.0.1");
			let got = "";
			socket.on("data", (data) => (got += data));
			socket.on("error", () => {});
			socket.write("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
			const begun = Date.now();
			const dribble = setInterval(() => socket.writable && socket.write("x"), 500);
			await once(socket, "close");
			clearInterval(dribble);
			assert.match(got, /^HTTP\/1\.1 408 /);
			assert.ok(Date.now() - begun < 60000, "the whole body would take 500 seconds");
		});
	});

	test("SS-05 a call that names no deadline ends after 15 seconds of silence", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: segment.env }, async ({ url }) => {
				const { error, code } = (await request(`${url}/silence`)).json();
				assert.equal(code, "timeout");
				const ms = Number(error.match(/after (\d+) milliseconds/)[1]);
				assert.ok(ms >= 15000 && ms < 30000, error);
			});
		});
	});
});
