// The install flow over loopback, against the demo: its success and all its failures.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync, statSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Jar, folder, request, run, start, startDemo, top, walk, withApp } from "./harness.mjs";
import { withSegment } from "./segment.mjs";

let demo;
before(async () => (demo = await startDemo({ env: { WORKERS: "64" } }))); // OA-02 has twenty requests at once
after(() => demo.end());

const callback = (query) => `${demo.app}/auth/segment/callback?${query}`;

async function begin(jar) {
	const answer = await request(`${demo.app}/auth/segment`, { jar });
	return { answer, url: new URL(answer.location) };
}

test("a customer installs the app and sees the destination enabled", async () => {
	const jar = new Jar();
	const { begun, callback: url, response } = await walk(demo, jar);
	assert.equal(begun.status, 302);
	assert.equal(begun.headers["set-cookie"].length, 1);
	assert.equal(response.status, 303);
	assert.match(response.location, /^\/installs\/[\w-]+$/);
	const page = await request(demo.app + response.location, { jar });
	assert.equal(page.status, 200);
	assert.match(page.text, /Google Analytics is enabled on your source/);
	assert.match(page.text, /UA-970334309-1/);
	assert.match(url, /code=/);
	assert.doesNotMatch(page.text, /[\w-]{43}\.[\w-]{43}/);
});

test("a demo that is started again knows its installs, and Segment theirs", async () => {
	const first = await startDemo(), jar = new Jar();
	const { response } = await walk(first, jar);
	await first.stop();
	const second = await start(["demo"], { cwd: first.cwd, env: first.settings });
	try {
		const page = await request(first.app + response.location, { jar });
		assert.equal(page.status, 200);
		assert.match(page.text, /Google Analytics is enabled on your source/);
	} finally {
		await second.stop();
		first.remove();
	}
});

test("OA-22 another browser does not see the install", async () => {
	await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	const { response } = await walk(demo, new Jar());
	assert.equal((await request(demo.app + response.location, { jar: new Jar() })).status, 404);
});

test("a program gets JSON without a token in it", async () => {
	await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	const { response } = await walk(demo, new Jar(), { headers: { accept: "application/json" } });
	assert.equal(response.status, 200);
	assert.equal(response.json().install.source, "workspaces/userworkspace/sources/javascript");
	assert.doesNotMatch(response.text, /[\w-]{43}\.[\w-]{43}/);
});

test("OA-10 PKCE and OA-12 redirect_uri go to the authorization server", async () => {
	const { url } = await begin(new Jar());
	assert.equal(url.searchParams.get("code_challenge_method"), "S256");
	assert.match(url.searchParams.get("code_challenge"), /^[\w-]{43}$/);
	assert.equal(url.searchParams.get("redirect_uri"), `${demo.app}/auth/segment/callback`);
	assert.match(url.searchParams.get("state"), /^[\w-]{43}$/);
});

test("refusal is a page with a way to start again", async () => {
	const { response } = await walk(demo, new Jar(), { decision: "deny" });
	assert.equal(response.status, 403);
	assert.match(response.text, /Nothing|nothing/);
	assert.match(response.text, /href="\/auth\/segment"/);
});

test("OA-20 error parameters are shown as text, cut and without links", async () => {
	const jar = new Jar();
	const { url } = await begin(jar);
	const state = url.searchParams.get("state");
	const evil = "<script>alert(1)</script>" + "x".repeat(2000);
	const answer = await request(callback(new URLSearchParams({
		state, error: "strange", error_description: evil, error_hint: "<b>hint</b>", error_uri: "https://evil.example/",
	})), { jar });
	assert.equal(answer.status, 400);
	assert.doesNotMatch(answer.text, /<script>alert|<b>hint|evil\.example/);
	assert.match(answer.text, /&lt;script&gt;alert/);
	assert.ok(answer.text.length < 5000);
});

for (const [name, query, status] of [
	["no parameters", "", 400],
	["no state", "code=x", 400],
	["an empty state", "state=&code=x", 400],
	["an empty code", "state=abc&code=", 400],
	["two states", "state=abc&state=abc&code=x", 400],
	["two codes", "state=abc&code=x&code=y", 400],
	["two errors", "state=abc&error=x&error=y", 400],
	["two iss", "state=abc&code=x&iss=a&iss=b", 400],
	["neither code nor error", "state=abc", 400],
	["a forged state", "state=forged&code=x", 400],
	["a bad escape", "state=%zz&code=x", 400],
]) {
	test(`OA-08 OA-03 a callback with ${name} is refused without a call out`, async () => {
		const calls = async () => (await request(`${demo.sandbox}/_sandbox/requests`)).json().counts["POST /oauth2/token"] ?? 0;
		const before = await calls();
		const answer = await request(callback(query));
		assert.equal(answer.status, status);
		assert.equal(await calls(), before);
	});
}

test("OA-07 a forged callback does not consume the victim's state", async () => {
	await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	const jar = new Jar();
	const { url } = await begin(jar);
	const state = url.searchParams.get("state");
	const forged = await request(callback(`state=${state}&code=stolen`));
	assert.equal(forged.status, 400);
	const own = await request(callback(`state=${state}&error=access_denied`), { jar });
	assert.equal(own.status, 403);
});

test("OA-02 a state works once, also after a failure", async () => {
	const jar = new Jar();
	const { url } = await begin(jar);
	const state = url.searchParams.get("state");
	const again = new Jar();
	again.hosts = structuredClone(jar.hosts);
	assert.equal((await request(callback(`state=${state}&error=access_denied`), { jar })).status, 403);
	assert.equal((await request(callback(`state=${state}&error=access_denied`), { jar: again })).status, 409);
	assert.equal((await request(callback(`state=${state}&error=access_denied`), { jar })).status, 409);
});

test("OA-02 of many callbacks at once one goes on", async () => {
	const jar = new Jar();
	const { url } = await begin(jar);
	const target = callback(`state=${url.searchParams.get("state")}&error=access_denied`);
	const cookie = jar.header(new URL(demo.app));
	const answers = await Promise.all(Array.from({ length: 20 }, () => request(target, { headers: { cookie } })));
	const statuses = answers.map((answer) => answer.status).sort();
	assert.deepEqual(statuses, [403, ...Array(19).fill(409)]);
});

test("OA-06 many flows in one browser work, and cookies do not pile up", async () => {
	const jar = new Jar();
	const states = [];
	for (let i = 0; i < 30; i++) {
		const { answer, url } = await begin(jar);
		assert.equal(answer.status, 302);
		states.push(url.searchParams.get("state"));
	}
	assert.ok(jar.header(new URL(demo.app)).length < 8000);
	const last = await request(callback(`state=${states.at(-1)}&error=access_denied`), { jar });
	assert.equal(last.status, 403);
});

test("OA-09 with both a code and an error nothing is exchanged", async () => {
	const jar = new Jar();
	const { url } = await begin(jar);
	const answer = await request(callback(`state=${url.searchParams.get("state")}&code=x&error=access_denied`), { jar });
	assert.equal(answer.status, 403);
});

test("OA-13 an answer that names another issuer is refused", async () => {
	const jar = new Jar();
	const { url } = await begin(jar);
	const answer = await request(callback(`state=${url.searchParams.get("state")}&code=x&iss=https://evil.example`), { jar });
	assert.equal(answer.status, 400);
	assert.match(answer.text, /another authorization server/);
});

test("a code that Segment does not know is said to be refused", async () => {
	const jar = new Jar();
	const { url } = await begin(jar);
	const answer = await request(callback(`state=${url.searchParams.get("state")}&code=unknown`), { jar });
	assert.equal(answer.status, 502);
	assert.match(answer.text, /refused the code/);
});

test("OA-17 a token answer may have 1 MiB, and not a byte more", async () => {
	const script = `
local app = require "partnerapp".new {}
app:oauth("/auth/segment", { scope = "workspace", installed = function() end })
return app
`;
	await withSegment({}, async (segment) => {
		await withApp(script, { env: segment.env }, async ({ url }) => {
			const answer = async (bytes) => {
				const token = { ...segment.issue("installs/1"), padding: "" };
				token.padding = "x".repeat(bytes - JSON.stringify(token).length);
				segment.answer = () => token;
				const jar = new Jar();
				const state = new URL((await request(`${url}/auth/segment`, { jar })).location).searchParams.get("state");
				const callback = `${url}/auth/segment/callback?state=${state}&code=x`;
				return request(callback, { jar, headers: { accept: "application/json" } });
			};
			assert.equal((await answer(1 << 20)).status, 200);
			const refused = await answer((1 << 20) + 1);
			assert.equal(refused.status, 502);
			assert.equal(refused.json().error, "bad_response");
		});
	});
});

test("OA-22 `install already exists` from a stranger explains, from the owner goes on", async () => {
	await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	const owner = new Jar();
	const first = await walk(demo, owner);
	assert.equal(first.response.status, 303);
	const second = await walk(demo, owner);
	assert.equal(second.response.status, 303);
	assert.equal(second.response.location, first.response.location);
	const stranger = await walk(demo, new Jar());
	assert.equal(stranger.response.status, 409);
	assert.match(stranger.response.text, /already installed/);
});

test("OA-16 OA-24 after an install the code is gone and the session's id is new", async () => {
	const session = `partnerapp_${new URL(demo.app).port}_session`;
	await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	const jar = new Jar();
	await walk(demo, jar);
	const before = jar.hosts.get("localhost").get(session);
	await request(`${demo.sandbox}/_sandbox/reset`, { method: "POST" });
	const { response } = await walk(demo, jar);
	assert.equal(response.headers["referrer-policy"], "no-referrer");
	assert.equal(response.headers["cache-control"], "no-store");
	assert.notEqual(jar.hosts.get("localhost").get(session), before);
});

test("LG-01 neither tokens nor codes nor secrets are in the log", async () => {
	assert.doesNotMatch(demo.err, /[\w-]{43}\.[\w-]{43}|client_secret|code_verifier/);
});

test("ST-05 what is stored is the owner's alone, and no token is in it", async () => {
	const state = path.join(demo.cwd, ".partnerapp");
	assert.equal(statSync(state).mode & 0o777, 0o700);
	for (const name of readdirSync(state)) {
		assert.equal(statSync(path.join(state, name)).mode & 0o777, 0o600, name);
		if (name.startsWith("demo.db"))
			assert.doesNotMatch(readFileSync(path.join(state, name), "latin1"), /[\w-]{43}\.[\w-]{43}/);
	}
});

test("LG-01 installs lists what is saved beside the running server, tokens masked", async () => {
	const listed = await run(["installs", "--demo", "--json"], { cwd: demo.cwd, env: demo.settings });
	assert.equal(listed.code, 0, listed.err);
	const installs = JSON.parse(listed.out);
	assert.ok(installs.length > 0);
	for (const install of installs) assert.equal(install.token, "***");
	const table = await run(["installs", "--demo"], { cwd: demo.cwd, env: demo.settings });
	const [head, row] = table.out.split("\n").filter((line) => /^ID|destination\//.test(line));
	for (const [title, value] of [["NAME", /installs\/\d/], ["SOURCE", /\S+\/sources\//], ["SCOPE", /destination\//], ["HEALTH", /ok/]])
		assert.equal(row.search(value), head.indexOf(title), table.out);
});

test("an install of the demo is not in the app's own database", async () => {
	const listed = await run(["installs", "--json"], { cwd: demo.cwd, env: demo.settings });
	assert.deepEqual([listed.code, listed.out], [0, "[]\n"]);
});

test("ST-06 kill -9 right after the success page never loses the install", async () => {
	const other = await startDemo();
	const { response } = await walk(other, new Jar());
	assert.equal(response.status, 303);
	await other.stop("SIGKILL");
	const listed = await run(["installs", "--demo", "--json"], { cwd: other.cwd, env: other.settings });
	assert.equal(JSON.parse(listed.out)[0].id, response.location.split("/").at(-1));
	other.remove();
});

describe("destinations", { concurrency: 3 }, () => {
	for (const slug of readdirSync(path.join(top, "lua/sandbox/catalog/destinations")).map((name) => name.slice(0, -4).replace("_", "."))) {
		test(`the demo enables ${slug} too`, async () => {
			const other = await startDemo({ flags: ["--destination", slug] });
			const jar = new Jar();
			const { response } = await walk(other, jar);
			const page = await request(other.app + response.location, { jar });
			assert.match(page.text, /is enabled on your source/);
			await other.end();
		});
	}
});

test("changing the scope in the script just works, nothing restarted", async () => {
	const place = folder();
	const app = path.join(place.name, "app");
	cpSync(path.join(top, "lua/app"), app, { recursive: true });
	const other = await startDemo({ app });
	const init = path.join(app, "init.lua");
	const text = readFileSync(init, "utf8");
	writeFileSync(init, text.replace('scope = "destination/" .. app.destination', 'scope = "workspace:read"'));
	await other.logged('"reloaded"');
	const jar = new Jar();
	const { begun, response } = await walk(other, jar);
	assert.equal(new URL(begun.location).searchParams.get("scope"), "workspace:read");
	const page = await request(other.app + response.location, { jar });
	assert.match(page.text, /has no source/);
	await other.end();
	place.remove();
});

