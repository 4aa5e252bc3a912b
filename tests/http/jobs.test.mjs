// Jobs, which run without a request: one of several processes runs each. And the renewal of tokens by a job.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { request, until, withApps } from "./harness.mjs";
import { install, withSegment } from "./segment.mjs";

const HEAD = `
local db = require "partnerapp.db"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }

assert(db.migrate("ran", { "CREATE TABLE ran (n INTEGER PRIMARY KEY, job TEXT)" }))

local function note(job)
	assert(db.exec("INSERT INTO ran (job) VALUES (?)", job))
end

app:get("/ran", function() return reply.json(require "partnerapp.json".array(db.query "SELECT * FROM ran ORDER BY n")) end)

app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
`;

const TICKS = `${HEAD}
app:every(1, "tick", function() note "tick" end)
return app
`;

const ran = async (url) => (await request(`${url}/ran`)).json();

describe("jobs", { concurrency: true }, () => {
	test("of two processes, one runs a job each time it is due", async () => {
		const begun = Date.now();
		await withApps(TICKS, 2, {}, async ({ urls }) => {
			await until(() => ran(urls[1]), (list) => {
				const seconds = (Date.now() - begun) / 1000;
				assert.ok(list.length <= seconds + 1, `${list.length} times in ${seconds} s`);
				return list.length >= 5;
			});
		});
	});

	test("a job that is saved runs at once; one that is taken out does not run any more", async () => {
		await withApps(HEAD + "return app", 1, {}, async ({ servers, urls, file }) => {
			writeFileSync(file, TICKS.replaceAll('"tick"', '"new"'));
			await until(() => ran(urls[0]), (list) => list.some((row) => row.job === "new"));
			await servers[0].logs('"reloaded"', () =>
				writeFileSync(file, HEAD + 'app:every(1, "other", function() note "other" end)\nreturn app'));
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
		await withApps(script, 1, {}, async ({ servers, urls }) => {
			await until(() => ran(urls[0]), (list) => list.length >= 2);
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
		await withApps(script, 1, {}, async ({ servers }) => {
			await servers[0].logged("the job begins");
			await servers[0].stop();
			assert.match(servers[0].err, /the job has ended/);
		});
	});

	test("RT-01 RT-03 tokens are renewed without a request, by one of two processes", async () => {
		await withSegment({ lives: 2 }, async (segment) => {
			const script = HEAD + 'app:every(1, "refresh", function() return app.installs:refresh_due() end)\nreturn app';
			await withApps(script, 2, segment.env, async ({ urls, servers }) => {
				const begun = Date.now();
				await install(urls[0]);
				await until(() => segment.renewals, (count) => count >= 3);
				// Each token is renewed when half of its two seconds are over.
				assert.ok(segment.renewals <= (Date.now() - begun) / 1000 + 1, `${segment.renewals} in ${Date.now() - begun} ms`);
				const renewed = (server) => (server.err.match(/token renewed/g) ?? []).length;
				await until(() => renewed(servers[0]) + renewed(servers[1]), (count) => count >= 3);
			});
		});
	});
});
