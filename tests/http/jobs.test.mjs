// What runs without a request: jobs, of which one process of several runs each, and the renewals they are for.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { request } from "./harness.mjs";
import { install, serve, until, withSegment } from "./segment.mjs";

const HEAD = `
local db = require "partnerapp.db"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }

assert(db.migrate("ran", { "CREATE TABLE ran (job TEXT, at REAL)" }))

local function note(job)
	assert(db.exec("INSERT INTO ran (job, at) VALUES (?, (julianday('now') - 2440587.5) * 86400)", job))
end

app:get("/ran", function() return reply.json(require "partnerapp.json".array(db.query "SELECT * FROM ran ORDER BY at")) end)

app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })

app:get("/call/:id", function(req)
	local install = app.installs:find(req.params.id)
	local destination, err = install:segment():get_destination(install.source, "webhooks")
	if not destination then return reply.failed(502, err) end
	return reply.json(destination)
end)
`;

const TICKS = `${HEAD}
app:every(1, "tick", function() note "tick" end)
return app
`;

const ran = async (url) => (await request(`${url}/ran`)).json();

test("of two processes, one runs a job each time it is due", async () => {
	await serve(TICKS, 2, async ({ urls }) => {
		const rows = await until(() => ran(urls[1]), (list) => list.length >= 5);
		for (let i = 1; i < rows.length; i++)
			assert.ok(rows[i].at - rows[i - 1].at > 0.9, `${rows[i].at - rows[i - 1].at} s apart`);
	});
});

test("a job that is saved runs at once; one that is taken out does not run any more", async () => {
	await serve(HEAD + "return app", 1, async ({ servers, urls, file }) => {
		writeFileSync(file, TICKS.replaceAll('"tick"', '"new"'));
		await until(() => ran(urls[0]), (list) => list.some((row) => row.job === "new"));
		const from = servers[0].err.length;
		writeFileSync(file, HEAD + 'app:every(1, "other", function() note "other" end)\nreturn app');
		await until(() => servers[0].err.slice(from), (log) => log.includes('"reloaded"'));
		const news = (list) => list.filter((row) => row.job === "new").length;
		const before = news(await ran(urls[0]));
		const after = await until(() => ran(urls[0]), (list) => list.filter((row) => row.job === "other").length >= 3);
		assert.ok(news(after) - before <= 1); // one may have been under way
	});
});

test("a job that raises, or that eats its budget, is logged with its name, and the server goes on", async () => {
	const script = `${HEAD}
app:every(1, "broken", function() error("the reason") end)
app:every(1, "endless", function() while true do end end)
app:every(1, "fine", function() note "fine" end)
return app`;
	await serve(script, 1, async ({ servers, urls }) => {
		await until(() => ran(urls[0]), (list) => list.length >= 2, 30000);
		await servers[0].logged('"job":"broken"');
		await servers[0].logged("the reason");
		assert.equal((await request(`${urls[0]}/healthz`)).status, 200);
	});
});

test("OP-01 a stop waits for the job that runs", async () => {
	const script = `${HEAD}
local log = require "partnerapp.log"
app:every(60, "slow", function()
	log.info("the job begins")
	local begun = os.clock()
	while os.clock() - begun < 0.5 do end
	log.info("the job has ended")
end)
return app`;
	await serve(script, 1, async ({ servers }) => {
		await servers[0].logged("the job begins");
		assert.equal(await servers[0].stop(), 0);
		assert.match(servers[0].err, /the job has ended/);
	});
});

test("RT-01 RT-03 tokens are renewed without a request, by one of two processes", async () => {
	await withSegment(async (segment, env) => {
		const script = HEAD + 'app:every(1, "refresh", function() return app.installs:refresh_due() end)\nreturn app';
		await serve(script, 2, async ({ urls, servers }) => {
			const begun = Date.now();
			await install(urls[0]);
			await until(() => segment.renewals, (count) => count >= 3);
			// Each token is renewed when half of its two seconds are over.
			assert.ok(segment.renewals <= (Date.now() - begun) / 1000 + 1, `${segment.renewals} in ${Date.now() - begun} ms`);
			const renewed = (server) => (server.err.match(/token renewed/g) ?? []).length;
			await until(() => renewed(servers[0]) + renewed(servers[1]), (count) => count >= 3);
		}, env);
	});
});

test("RT-04 kill -9 of the process that renews: another takes over", async () => {
	await withSegment(async (segment, env) => {
		await serve(HEAD + "return app", 2, async ({ urls, servers }) => {
			segment.lives = 1;
			const id = await install(urls[1]);
			segment.hold = true;
			const doomed = request(`${urls[1]}/call/${id}`).catch((error) => error);
			await until(() => segment.renewals, (count) => count >= 1);
			servers[1].child.kill("SIGKILL");
			assert.ok((await doomed) instanceof Error);
			segment.hold = false;
			segment.lives = 3600;
			const answer = await until(() => request(`${urls[0]}/call/${id}`), (got) => got.status === 200, 60000);
			assert.equal(answer.json().enabled, true);
			assert.equal(segment.renewals, 2);
		}, env);
	});
});
