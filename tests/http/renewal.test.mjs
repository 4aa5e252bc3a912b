// The renewal of tokens, against a Segment where each new token makes the old one invalid: with many workers, with two
// processes on one database, with a Segment that is down or does not answer. deadlines.test.mjs has more.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request, until, withApp, withApps } from "./harness.mjs";
import { install, withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }

app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })

app:get("/call/:id", function(req)
	local install = app.installs:find(req.params.id)
	local destination, err = install:segment():get_destination(install.source, "webhooks")
	if not destination then return reply.failed(502, err) end
	return reply.json(destination)
end)

app:get("/hello", function() return reply.text "hello" end)

app:get("/slow", function()
	local response, err, code = http.get(config.segment_api_url .. "/slow", { timeout = 60 })
	return response and reply.text "done" or reply.failed(code == "busy" and 503 or 502, err)
end)

return app
`;

/**
 * Two processes with more workers than there are calls at once, and an install whose token is renewed at the first
 * call. LG-01: no token and no secret is in either log.
 */
async function withTwo(settings, body) {
	await withSegment({ lives: 100, livesAfter: 3600, ...settings }, async (segment) => {
		let servers;
		await withApps(APP, 2, { ...segment.env, WORKERS: "128" }, async ({ urls, ...apps }) => {
			servers = apps.servers;
			await body({ segment, id: await install(urls[0]), urls });
		});
		const log = servers[0].err + servers[1].err;
		assert.match(log, /token renewed/);
		assert.doesNotMatch(log, /of-the-fake-segment|secret-of-the-client/);
	});
}

const call = (url, id) => request(`${url}/call/${id}`);

const many = (urls, id, count) => Promise.all(Array.from({ length: count }, (_, i) => call(urls[i % urls.length], id)));

const statuses = (answers) => [...new Set(answers.map((one) => one.status))];

describe("renewal", { concurrency: true }, () => {
	test("RT-02 LG-01 fifty calls at once on a token that ends soon renew it once", async () => {
		await withTwo({ delay: 200 }, async ({ segment, id, urls }) => {
			assert.deepEqual(statuses(await many(urls.slice(0, 1), id, 50)), [200]);
			assert.equal(segment.renewals, 1);
			assert.equal(segment.calls, 50);
		});
	});

	test("RT-03 RT-15 LG-01 two processes on one database renew it once", async () => {
		await withTwo({ delay: 200 }, async ({ segment, id, urls }) => {
			assert.deepEqual(statuses(await many(urls, id, 40)), [200]);
			assert.equal(segment.renewals, 1);
		});
	});

	test("RT-07 LG-01 when another program took the token, each call still succeeds, after one renewal", async () => {
		await withTwo({ lives: 3600, delay: 100 }, async ({ segment, id, urls }) => {
			assert.equal((await call(urls[0], id)).status, 200);
			segment.issue("installs/1");
			assert.deepEqual(statuses(await many(urls, id, 20)), [200]);
			assert.equal(segment.renewals, 1);
			assert.ok(segment.refused >= 1 && segment.refused <= 20);
		});
	});

	test("RT-09 LG-01 while Segment is down the old token is used, and not every call tries to renew it", async () => {
		await withTwo({ failures: Infinity }, async ({ segment, id, urls }) => {
			for (let i = 0; i < 20; i++) assert.equal((await call(urls[0], id)).status, 200);
			assert.ok(segment.renewals >= 1 && segment.renewals <= 5, `${segment.renewals} attempts`);
			segment.failures = 0;
			const before = segment.renewals;
			await until(() => call(urls[0], id), ({ status }) => {
				assert.equal(status, 200);
				return segment.renewals > before;
			});
		});
	});

	test("RT-12 an upstream that does not answer takes three quarters of the workers, and no more", async () => {
		await withSegment({}, async (segment) => {
			await withApp(APP, { env: { ...segment.env, WORKERS: "16" } }, async ({ url }) => {
				let answered = 0;
				const slow = () => request(`${url}/slow`).finally(() => answered++);
				const waiting = Promise.all(Array.from({ length: 24 }, slow));
				waiting.catch(() => {}); // it may fail before it is awaited
				await until(() => segment.slow.length, (count) => count === 12);
				await until(() => answered, (count) => count === 12);
				for (let i = 0; i < 20; i++) assert.equal((await request(`${url}/hello`)).text, "hello");
				assert.equal(answered, 12, "the others still wait");
				segment.answerSlow();
				const statuses = (await waiting).map((answer) => answer.status);
				assert.equal(statuses.filter((status) => status === 200).length, 12);
				assert.equal(statuses.filter((status) => status === 503).length, 12);
			});
		});
	});
});
