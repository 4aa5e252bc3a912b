// partnerapp setup app: an app, made at the sandbox, its keys kept in .env and used by serve.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Jar, during, folder, freePort, request, run, start, top, walk } from "./harness.mjs";
import { openSegment } from "./segment.mjs";
import {
	LOGIN, counts, dotenv, known, origin, place, read, setupApp, silent, value, withToken, write,
} from "./setup.mjs";

for (const [name, text] of [["id", "CLIENT_ID=mine\n"], ["secret", "CLIENT_SECRET='mine'\n"]]) {
	test(`a client's ${name} in .env is not overwritten without --replace`, async () => {
		write(text);
		await withToken();
		const before = read();
		const refused = await setupApp();
		assert.equal(refused.code, 2);
		assert.match(refused.err, /--replace is missing: \.env has CLIENT_(ID|SECRET) already/);
		assert.equal(read(), before);
		assert.equal((await counts())["POST /v1beta/apps"], undefined);
		assert.equal((await setupApp(["--replace"])).code, 0);
		assert.doesNotMatch(read(), /mine/);
	});
}

test("an app has the scope and redirect URIs of the scripts; its secret is only in .env", async () => {
	const token = await withToken();
	const answer = await setupApp(["--description", "Does this", "--logo-uri", "https://a.example/logo.png"],
		{ PUBLIC_URL: "https://app.example.com" });
	assert.equal(answer.code, 0, answer.err);
	const [app] = await known(token);
	assert.equal(app.name, "apps/1");
	assert.equal(app.display_name, "My app");
	assert.equal(app.description, "Does this");
	assert.equal(app.logo_uri, "https://a.example/logo.png");
	assert.equal(app.public, true);
	assert.equal(app.scope, "destination/google-analytics");
	assert.deepEqual(app.redirect_uris, ["https://app.example.com/auth/segment/callback"]);
	assert.equal(value("CLIENT_ID"), app.client_id);
	assert.ok(answer.out.includes(app.client_id));
	assert.match(answer.out, /Next: partnerapp serve\n/);
	assert.equal(statSync(dotenv()).mode & 0o777, 0o600);
	silent(answer, value("CLIENT_SECRET"), token);
});

test("every value can be set by a flag", async () => {
	const token = await withToken();
	const answer = await setupApp(["--scope", "workspace", "--public", "no", "--redirect-uris",
		"https://a.example/one https://a.example/two"]);
	assert.equal(answer.code, 0, answer.err);
	const [app] = await known(token);
	assert.equal(app.public, false);
	assert.equal(app.scope, "workspace");
	assert.deepEqual(app.redirect_uris, ["https://a.example/one", "https://a.example/two"]);
});

test("another client has the scope and the redirect URI of its mount, and names of its own", async () => {
	const token = await withToken();
	assert.equal((await setupApp()).code, 0);
	const answer = await setupApp(["--client", "report"]);
	assert.equal(answer.code, 0, answer.err);
	const app = (await known(token)).find((one) => one.client_id === value("REPORT_CLIENT_ID"));
	assert.equal(app.scope, "workspace:read");
	assert.deepEqual(app.redirect_uris, ["http://localhost:8888/auth/report/callback"]);
	assert.notEqual(value("REPORT_CLIENT_ID"), value("CLIENT_ID"));
	silent(answer, value("REPORT_CLIENT_SECRET"));
});

test("mounts below a prefix, of several paths and of another server", async () => {
	await withToken();
	const own = path.join(place.name, "own");
	mkdirSync(own);
	writeFileSync(path.join(own, "init.lua"), `
local partnerapp = require "partnerapp"
local done = function() end
local app, inner = partnerapp.new {}, partnerapp.new {}
app:oauth("/other", { client = "other", scope = "openid", installed = done, server = {
	issuer = "https://id.example", authorize_url = "https://id.example/a", token_url = "https://id.example/t" } })
inner:oauth("/one", { client = "team", scope = "workspace", installed = done })
inner:oauth("/two", { client = "team", scope = "workspace", installed = done })
app:mount("/in", inner)
return app
`);
	const answer = await setupApp([own, "--client", "team"]);
	assert.equal(answer.code, 0, answer.err);
	assert.match(answer.out, /scope workspace,/);
	assert.match(answer.out, /redirect URIs {2}http:\/\/localhost:8888\/in\/one\/callback http:\/\/localhost:8888\/in\/two\/callback\n/);
	const foreign = await setupApp([own, "--client", "other"]); // nothing is proposed of a mount with another server
	assert.equal(foreign.code, 2);
	assert.match(foreign.err, /--scope is missing[^]*--redirect-uris is missing/);
});

test("without scripts that load, the scope must be given", async () => {
	await withToken();
	mkdirSync(path.join(place.name, "own"));
	writeFileSync(path.join(place.name, "own/init.lua"), "return = 1");
	const refused = await setupApp(["own"]);
	assert.equal(refused.code, 2);
	assert.match(refused.err, /the app does not load: init\.lua:1[^]*--scope is missing[^]*--redirect-uris is missing/);
	assert.equal((await setupApp(["own", "--scope", "workspace", "--redirect-uris", "http://localhost/x"])).code, 0);
});

test("below a workspace, by the older path", async () => {
	await withToken();
	const answer = await setupApp(["--segment-workspace", "business"]);
	assert.equal(answer.code, 0, answer.err);
	assert.match(answer.out, /Created workspaces\/business\/apps\/1:/);
	const foreign = await setupApp(["--segment-workspace", "userworkspace", "--replace"]);
	assert.equal(foreign.code, 1);
	assert.match(foreign.err, /not found\nCheck SEGMENT_WORKSPACE/);
});

for (const [name, rescued] of [["goes to another file", true], ["is lost when no file can be written, and the command says so", false]]) {
	test(`the secret of an app that was created while .env became unwritable ${name}`, async (t) => {
		const other = folder();
		t.after(other.remove);
		const created = { name: "apps/5", client_id: "the-client-id", client_secret: "the-client-secret" };
		const segment = await openSegment({
			answer: () => {
				rmSync(dotenv());
				mkdirSync(path.join(dotenv(), "in the way"), { recursive: true });
				return created;
			},
		});
		t.after(segment.close);
		const nowhere = "/proc";
		const answer = await setupApp([], {
			ACCESS_TOKEN: "the-access-token", SEGMENT_API_URL: segment.url,
			HOME: rescued ? other.name : nowhere, TMPDIR: nowhere,
		});
		assert.equal(answer.code, 1);
		silent(answer, "the-client-secret", "the-access-token");
		assert.match(answer.err, /apps\/5 was created, but/);
		if (!rescued) return assert.match(answer.err, /its keys are lost: \.env: .*\n.*delete it at Segment and create another/);
		const [file] = readdirSync(other.name);
		assert.ok(answer.err.includes(path.join(other.name, file)), answer.err);
		assert.equal(statSync(path.join(other.name, file)).mode & 0o777, 0o600);
		assert.equal(readFileSync(path.join(other.name, file), "utf8"), "CLIENT_ID=the-client-id\nCLIENT_SECRET=the-client-secret\n");
	});
}

test("serve runs an install with the .env that was made", async () => {
	const listen = `127.0.0.1:${await freePort()}`;
	const app = `http://localhost:${listen.split(":")[1]}`;
	write(`# this machine\nLISTEN=${listen}\nPUBLIC_URL=${app}\nSEGMENT_ID_URL=${origin}\nSEGMENT_API_URL=${origin}\n`);
	assert.equal((await run(["setup", "token"], { cwd: place.name, env: LOGIN })).code, 0);
	const made = await run(["setup", "app", "--display-name", "My app"], { cwd: place.name });
	assert.equal(made.code, 0, made.err);
	const server = await start(["serve", path.join(top, "lua/app")], { cwd: place.name });
	await during(async () => {
		const jar = new Jar();
		const { response } = await walk({ app, sandbox: origin }, jar);
		assert.equal(response.status, 303, response.text);
		const page = await request(app + response.location, { jar });
		assert.match(page.text, /Google Analytics is enabled on your source/);
		silent(server, value("CLIENT_SECRET"), value("ACCESS_TOKEN"));
		assert.doesNotMatch(server.err, /warning/);
	}, server.stop);
});
