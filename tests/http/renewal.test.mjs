// Tokens under pressure: many workers, two processes and one database, against a Segment that kills the old token with
// every new one.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Jar, folder, freePort, request, start } from "./harness.mjs";

const SOURCE = "workspaces/business/sources/js";

const APP = `
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

return app
`;

/** A Segment of which only the token endpoint, the renewal and one destination exist. */
const segment = { current: "", issued: 0, renewals: 0, calls: 0, refused: 0, expiresIn: 100, delay: 0, fail: 0 };

function issue(name) {
	segment.current = `token-${++segment.issued}-of-the-fake-segment`;
	return {
		access_token: segment.current, token_type: "bearer", expires_in: segment.expiresIn, scope: "destination/webhooks",
		app_name: "apps/1", install_name: name, workspace_names: ["workspaces/business"], source_names: [SOURCE],
	};
}

function answer(req) {
	if (req.url === "/oauth2/token") return [200, issue(`installs/${segment.issued + 1}`)];
	if (req.url.endsWith("/token")) {
		segment.renewals++;
		if (segment.fail > 0 && segment.fail--) return [503, { error: "down", code: 14 }];
		segment.expiresIn = 3600;
		return [200, issue(req.url.match(/installs\/\d+/)[0])];
	}
	segment.calls++;
	if (req.headers.authorization === `Bearer ${segment.current}`) return [200, { enabled: true }];
	segment.refused++;
	return [401, { error: "malformed token", code: 16 }];
}

const upstream = http.createServer((req, res) => {
	req.resume().on("end", () => {
		const slow = req.url.endsWith("/token") && req.url !== "/oauth2/token" ? segment.delay : 0;
		setTimeout(() => {
			const [status, body] = answer(req);
			res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
		}, slow);
	});
});

const place = folder();
const servers = [];
let ports;

before(async () => {
	upstream.listen(0, "127.0.0.1");
	await once(upstream, "listening");
	mkdirSync(path.join(place.name, "app"));
	writeFileSync(path.join(place.name, "app/init.lua"), APP);
	ports = [await freePort(), await freePort()];
	const url = `http://127.0.0.1:${upstream.address().port}`;
	for (const port of ports)
		servers.push(await start(["serve", "app"], {
			cwd: place.name,
			env: {
				CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client", LISTEN: `127.0.0.1:${port}`,
				PUBLIC_URL: `http://localhost:${ports[0]}`, SEGMENT_ID_URL: url, SEGMENT_API_URL: url,
			},
		}));
});

after(async () => {
	for (const server of servers) assert.equal(await server.stop(), 0);
	upstream.close();
	place.remove();
});

beforeEach(() => Object.assign(segment, { renewals: 0, calls: 0, refused: 0, expiresIn: 100, delay: 0, fail: 0 }));

async function install() {
	const jar = new Jar();
	const begun = await request(`http://localhost:${ports[0]}/auth/segment`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const done = await request(`http://localhost:${ports[0]}/auth/segment/callback?state=${state}&code=x`, { jar });
	assert.equal(done.status, 303, done.text);
	return done.location.split("/").at(-1);
}

const call = (id, port = ports[0]) => request(`http://localhost:${port}/call/${id}`);

const many = (id, count, which = () => 0) =>
	Promise.all(Array.from({ length: count }, (_, i) => call(id, ports[which(i)])));

const statuses = (answers) => [...new Set(answers.map((one) => one.status))];

test("RT-02 fifty calls at once on a token that ends soon renew it once", async () => {
	const id = await install();
	segment.delay = 200;
	assert.deepEqual(statuses(await many(id, 50)), [200]);
	assert.equal(segment.renewals, 1);
	assert.equal(segment.calls, 50);
});

test("RT-03 RT-15 two processes on one database renew it once", async () => {
	const id = await install();
	segment.delay = 200;
	assert.deepEqual(statuses(await many(id, 40, (i) => i % 2)), [200]);
	assert.equal(segment.renewals, 1);
});

test("RT-07 when another program took the token, each call still succeeds, after one renewal", async () => {
	segment.expiresIn = 3600;
	const id = await install();
	assert.equal((await call(id)).status, 200);
	issue("installs/elsewhere");
	segment.delay = 100;
	assert.deepEqual(statuses(await many(id, 20, (i) => i % 2)), [200]);
	assert.equal(segment.renewals, 1);
	assert.ok(segment.refused >= 1 && segment.refused <= 20);
});

test("RT-09 while Segment is down the token in hand is used, and Segment is not asked at each call", async () => {
	const id = await install();
	segment.fail = 1e6;
	for (let i = 0; i < 20; i++) assert.equal((await call(id)).status, 200);
	assert.ok(segment.renewals >= 1 && segment.renewals <= 5, `${segment.renewals} attempts`);
	segment.fail = 0;
	const deadline = Date.now() + 20000;
	const before = segment.renewals;
	while (segment.renewals === before) {
		assert.ok(Date.now() < deadline, "not renewed again");
		assert.equal((await call(id)).status, 200);
	}
});

test("LG-01 no token and no secret is in either log", () => {
	for (const server of servers) assert.doesNotMatch(server.err, /of-the-fake-segment|secret-of-the-client/);
	assert.match(servers[0].err + servers[1].err, /token renewed/);
});
