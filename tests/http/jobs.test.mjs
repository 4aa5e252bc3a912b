// What runs without a request: jobs, of which one process of several runs each, and the renewals they are for.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { Jar, folder, freePort, request, start } from "./harness.mjs";

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

/** Serves the app with as many processes as asked, all on one database. */
async function serve(script, count, body, env = {}) {
	const place = folder();
	const file = path.join(place.name, "app", "init.lua");
	mkdirSync(path.dirname(file));
	writeFileSync(file, script);
	const ports = [];
	for (let i = 0; i < count; i++) ports.push(await freePort());
	const servers = [];
	try {
		for (const port of ports)
			servers.push(await start(["serve", "app"], {
				cwd: place.name,
				env: {
					CLIENT_ID: "client", CLIENT_SECRET: "secret", LISTEN: `127.0.0.1:${port}`,
					PUBLIC_URL: `http://localhost:${ports[0]}`, ...env,
				},
			}));
		await body({ servers, urls: ports.map((port) => `http://localhost:${port}`), file, cwd: place.name });
	} finally {
		await Promise.all(servers.map((server) => server.stop()));
		place.remove();
	}
}

/** Asks again until the answer is good. */
async function until(ask, good, ms = 15000) {
	for (const deadline = Date.now() + ms; ;) {
		const answer = await ask();
		if (good(answer)) return answer;
		assert.ok(Date.now() < deadline, `in vain: ${JSON.stringify(answer)}`);
		await new Promise(setImmediate);
	}
}

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
		assert.match(servers[0].err, /"a job failed".*broken/);
		assert.match(servers[0].err, /the reason/);
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

/** A Segment whose tokens live for `lives` seconds; `hold` keeps renewals waiting. */
async function withSegment(body) {
	const segment = { lives: 2, issued: 0, renewals: 0, hold: false };
	const held = [];
	const upstream = http.createServer((req, res) => {
		req.resume().on("end", () => {
			const send = (value) => res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
			if (!req.url.endsWith("/token")) return send({ enabled: true });
			const answer = () => send({
				access_token: `token-${++segment.issued}`, token_type: "bearer", expires_in: segment.lives,
				scope: "destination/webhooks", app_name: "apps/1", install_name: "installs/1",
				workspace_names: ["workspaces/business"], source_names: ["workspaces/business/sources/js"],
			});
			if (req.url !== "/oauth2/token") segment.renewals++;
			if (req.url !== "/oauth2/token" && segment.hold) return void held.push(res);
			answer();
		});
	});
	upstream.listen(0, "127.0.0.1");
	await once(upstream, "listening");
	const url = `http://127.0.0.1:${upstream.address().port}`;
	try {
		await body(segment, { SEGMENT_ID_URL: url, SEGMENT_API_URL: url });
	} finally {
		upstream.closeAllConnections();
		upstream.close();
	}
}

async function install(url) {
	const jar = new Jar();
	const begun = await request(`${url}/auth/segment`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const done = await request(`${url}/auth/segment/callback?state=${state}&code=x`, { jar });
	assert.equal(done.status, 303, done.text);
	return done.location.split("/").at(-1);
}

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
			assert.ok(renewed(servers[0]) + renewed(servers[1]) >= segment.renewals - 1);
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
