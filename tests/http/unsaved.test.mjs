// When a new token cannot be saved, and when Segment is slow: what others notice of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "./harness.mjs";
import { install, serve, until, withSegment } from "./segment.mjs";

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

app:get("/hello", function() return reply.text "hello" end)

app:get("/slow", function()
	local response, err, code = http.get(config.segment_api_url .. "/slow", { timeout = 60 })
	return response and reply.text "done" or reply.failed(code == "busy" and 503 or 502, err)
end)

-- Holds the database as another program might, until Segment answers.
app:get("/hold", function()
	return db.transaction(function()
		http.get(config.segment_api_url .. "/slow", { timeout = 60 })
		return reply.text "held"
	end)
end)

return app
`;

test("RT-06 a token that cannot be saved is used from memory, said to be in danger, and saved later", async () => {
	await withSegment(async (segment, env) => {
		await serve(APP, 1, async ({ urls, servers, restart }) => {
			segment.lives = 100;
			const id = await install(urls[0]);
			segment.lives = 3600;
			segment.hold = true;
			const renewing = request(`${urls[0]}/token/${id}`);
			await until(() => segment.renewals, (count) => count === 1);
			const holding = request(`${urls[0]}/hold`);
			await until(() => segment.slow.length, (count) => count === 1);
			segment.release();
			const answer = await renewing;
			assert.equal(answer.text, "token-2", "whoever renewed it has it");
			await servers[0].logged('"kept_in_memory":true');
			assert.match(servers[0].err, /"level":"error".*could not be saved/);
			for (let i = 0; i < 20; i++) assert.equal((await request(`${urls[0]}/token/${id}`)).text, "token-2");
			segment.answerSlow();
			assert.equal((await holding).text, "held");
			await until(() => request(`${urls[0]}/token/${id}`), () => servers[0].err.includes("saved at last"), 30000);
			await restart(0);
			assert.equal((await request(`${urls[0]}/token/${id}`)).text, "token-2", "it is in the database");
			assert.equal(segment.renewals, 1);
			assert.doesNotMatch(servers[0].err, /token-2/);
		}, env);
	});
});

test("RT-12 an upstream that does not answer takes three quarters of the workers, and no more", async () => {
	await withSegment(async (segment, env) => {
		await serve(APP, 1, async ({ urls }) => {
			let answered = 0;
			const slow = () => request(`${urls[0]}/slow`).finally(() => answered++);
			const waiting = Promise.all(Array.from({ length: 24 }, slow));
			waiting.catch(() => {}); // what fails before it is awaited is the reason to be told
			await until(() => segment.slow.length, (count) => count === 12);
			await until(() => answered, (count) => count === 12);
			const begun = Date.now();
			for (let i = 0; i < 20; i++) assert.equal((await request(`${urls[0]}/hello`)).text, "hello");
			assert.ok(Date.now() - begun < 2000, `${Date.now() - begun} ms for 20 requests`);
			segment.answerSlow();
			const statuses = (await waiting).map((answer) => answer.status);
			assert.equal(statuses.filter((status) => status === 200).length, 12);
			assert.equal(statuses.filter((status) => status === 503).length, 12);
		}, { ...env, WORKERS: "16" });
	});
});
