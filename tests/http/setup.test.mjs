// partnerapp setup: an access token and an app, made at the sandbox, kept in .env and used by serve.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Jar, binary, exists, folder, freePort, json, request, run, start, top, walk } from "./harness.mjs";

const PASSWORD = "password";
const TOKEN = /^[\w-]{43}\.[\w-]{43}$/;

let origin, sandbox, home, place;
before(async () => {
	home = folder();
	const listen = `127.0.0.1:${await freePort()}`;
	origin = `http://${listen}`;
	sandbox = await start(["sandbox"], { cwd: home.name, env: { SANDBOX_LISTEN: listen, SANDBOX_NO_RATE_LIMIT: "1" } });
});
after(async () => {
	assert.equal(await sandbox.stop(), 0);
	home.remove();
});
beforeEach(async () => {
	place = folder();
	await request(`${origin}/_sandbox/reset`, { method: "POST" });
});
afterEach(() => place.remove());

const dotenv = () => path.join(place.name, ".env");
const write = (text) => writeFileSync(dotenv(), text, { mode: 0o600 });
const read = () => readFileSync(dotenv(), "utf8");
const value = (name) => read().match(new RegExp(`^${name}=(.*)$`, "m"))?.[1];
const control = (call, body) => request(`${origin}/_sandbox/${call}`, json(body));
const counts = async () => (await request(`${origin}/_sandbox/requests`)).json().counts;

const LOGIN = { SEGMENT_EMAIL: "user@example.com", SEGMENT_PASSWORD: PASSWORD, SEGMENT_WORKSPACE: "business" };

const setup = (args, env = {}, cwd = place.name) =>
	run(["setup", ...args], { cwd, env: { SEGMENT_API_URL: origin, HOME: place.name, TMPDIR: place.name, ...env } });
const setupToken = (args = [], env = {}) => setup(["token", ...args], { ...LOGIN, ...env });
const setupApp = (args = [], env = {}) => setup(["app", "--display-name", "My app", ...args], env);

/** Nothing that anybody could use is in what a command printed. */
function silent({ out, err }, ...secrets) {
	for (const secret of secrets) {
		assert.ok(secret?.length > 5, "a secret to look for");
		assert.ok(!(out + err).includes(secret), `it prints a secret: ${out}${err}`);
	}
	assert.doesNotMatch(out + err, /[\w-]{43}\.[\w-]{43}/);
}

async function withToken() {
	const made = await setupToken();
	assert.equal(made.code, 0, made.err);
	return value("ACCESS_TOKEN");
}

test("a wrong password is said, and nothing is kept", async () => {
	const answer = await setupToken([], { SEGMENT_PASSWORD: "correct horse battery" });
	assert.equal(answer.code, 1);
	assert.match(answer.err, /no access token was created: .*e-mail address or the password is wrong\n.*run it again/s);
	silent(answer, "correct horse battery");
	assert.equal(read(), "");
});

test("an unknown workspace", async () => {
	const answer = await setupToken([], { SEGMENT_WORKSPACE: "nowhere" });
	assert.equal(answer.code, 1);
	assert.match(answer.err, /workspace not found\nThe slug is .*address bar/);
});

for (const [command, env] of [["token", LOGIN], ["app", { ACCESS_TOKEN: "the-access-token" }]]) {
	const args = command === "app" ? ["app", "--display-name", "My app"] : ["token"];
	const secret = env.ACCESS_TOKEN ?? "another password";
	const call = (more) => setup(args, { ...env, ...(command === "token" && { SEGMENT_PASSWORD: secret }), ...more });
	const route = { method: "POST", path: command === "token" ? "/v1beta/access-tokens" : "/v1beta/apps" };

	test(`setup ${command} when Segment cannot be reached`, async () => {
		const nobody = `http://127.0.0.1:${await freePort()}`;
		const answer = await call({ SEGMENT_API_URL: nobody });
		assert.equal(answer.code, 1);
		assert.match(answer.err, /Segment cannot be reached: .*\nCheck your network and SEGMENT_API_URL/);
		assert.ok(answer.err.includes(nobody));
		silent(answer, secret);
	});

	for (const [name, fault, message] of [
		["garbage", { status: 200, body: "<html>\u001b[31m</html>" }, /not a JSON object\nPerhaps it was created/],
		["an answer without the keys", { status: 200, body: "{}" }, /has no (token|client_id) in it\nPerhaps it was created/],
		["keys that are none", { status: 200, body: '{"token":5,"client_id":"a\\nB=1","client_secret":""}' }, /has no (token|client_id)/],
		["a failure", { status: 503, body: "\u001b[31mbusy" }, /503 .*busy\nPerhaps it was created/],
		["a refusal", { status: 403, body: '{"error":"insufficient scope","code":7}' }, /insufficient scope.*\n.*(owner|setup token)/],
		["an argument it does not like", { status: 400, body: '{"error":"description is bad","code":3}' }, /description is bad\nCorrect that/],
		["what it no longer does", { status: 501, body: '{"error":"gone","code":12}' }, /gone\nSegment no longer/],
		["half an answer", { mode: "truncate" }, /cannot be reached: .*\nPerhaps it was created/],
	]) {
		test(`setup ${command}: Segment answers with ${name}`, async () => {
			await control("faults", { ...route, times: 1, ...fault });
			const answer = await call();
			assert.equal(answer.code, 1, answer.err);
			assert.match(answer.err, message);
			assert.ok(!answer.err.includes("\u001b"), "a terminal's control sequence");
			assert.equal(answer.out, "");
			silent(answer, secret);
			assert.equal(read(), "");
			assert.equal((await counts())[`POST ${route.path}`], 1, "creating is not tried twice");
		});
	}

	test(`setup ${command} sees that .env cannot be written before it asks Segment`, async () => {
		const answer = await setup(args, { ...env, DATABASE_URL: "sqlite::memory:" }, "/proc");
		assert.equal(answer.code, 1, answer.err);
		assert.match(answer.err, /nothing was created, because the keys could not be kept: \.env: /);
		assert.equal((await counts())[`POST ${route.path}`], undefined);
	});

	test(`setup ${command}: a bad line in .env is a matter of its own`, async () => {
		write("nonsense line\n");
		const answer = await call();
		assert.equal(answer.code, 2);
		assert.match(answer.err, /\.env:1: must be NAME=value/);
		assert.equal(read(), "nonsense line\n");
	});
}

test("an access token that Segment does not know", async () => {
	const answer = await setupApp([], { ACCESS_TOKEN: "the-access-token" });
	assert.equal(answer.code, 1);
	assert.match(answer.err, /no app was created: .*\n`partnerapp setup token --replace`/);
	silent(answer, "the-access-token");
});

test("an access token that may only read", async () => {
	assert.equal((await setupToken(["--scope", "workspace:read"])).code, 0);
	const answer = await setupApp();
	assert.equal(answer.code, 1);
	assert.match(answer.err, /this needs a personal access token with the scope workspace/);
});

test("without a terminal all that is missing is told at once", async () => {
	const token = await setup(["token"]);
	assert.equal(token.code, 2);
	for (const name of ["SEGMENT_EMAIL", "SEGMENT_PASSWORD_FILE", "SEGMENT_WORKSPACE"]) assert.match(token.err, new RegExp(name));
	const app = await setup(["app", "--client", "other"]);
	assert.equal(app.code, 2);
	for (const name of ["ACCESS_TOKEN is missing: .*setup token", "--display-name", "--scope", "--redirect-uris"])
		assert.match(app.err, new RegExp(`partnerapp: ${name}`));
	assert.ok(!exists(dotenv()));
});

test("all that is wrong is told at once", async () => {
	const token = await setupToken(["--scope", "destination/x", "--description", ""],
		{ SEGMENT_EMAIL: "nobody", SEGMENT_WORKSPACE: "my workspace" });
	assert.equal(token.code, 2);
	for (const name of ["SEGMENT_EMAIL.*e-mail address", "--scope", "--description", "SEGMENT_WORKSPACE.*slug"])
		assert.match(token.err, new RegExp(`partnerapp: ${name}`));
	const uris = Array.from({ length: 6 }, (_, i) => `https://a.example/${i}`).join(" ");
	for (const [flag, bad] of [
		["scope", "everything"], ["scope", ""], ["redirect-uris", uris], ["redirect-uris", "https://a.example/#b"],
		["redirect-uris", "/auth/callback"], ["redirect-uris", " "], ["public", "perhaps"], ["client", "my report"],
		["logo-uri", "logo.png"], ["display-name", ""],
	]) {
		const app = await setupApp([`--${flag}`, bad], { ACCESS_TOKEN: "the-access-token" });
		assert.equal(app.code, 2, `${flag} ${bad}`);
		assert.match(app.err, new RegExp(`partnerapp: --${flag}: `));
	}
	assert.deepEqual(await counts(), {});
});

for (const [command, flag, instead] of [
	["token", "--segment-password", "SEGMENT_PASSWORD_FILE"],
	["token", "--access-token", "ACCESS_TOKEN_FILE"],
	["app", "--access-token", "ACCESS_TOKEN_FILE"],
	["app", "--client-secret", "CLIENT_SECRET_FILE"],
]) {
	test(`setup ${command} takes no ${flag}`, async () => {
		const answer = await setup([command, flag, "a-secret-value"]);
		assert.equal(answer.code, 2);
		assert.match(answer.err, new RegExp(`would show a secret.*${instead}`));
		silent(answer, "a-secret-value");
	});
}

test("setup alone shows both commands; an unknown one is refused; each has examples", async () => {
	const alone = await setup([]);
	assert.equal(alone.code, 2);
	assert.match(alone.err, /^ {2}token .*\n {2}app /m);
	assert.equal((await setup(["--help"])).out, alone.err);
	assert.match((await setup(["nothing"])).err, /unexpected argument 'nothing'/);
	for (const command of ["token", "app"]) {
		const help = await setup([command, "--help"]);
		assert.equal(help.code, 0);
		assert.match(help.out, new RegExp(`Usage: partnerapp setup ${command} [^]*Examples:\n {2}partnerapp setup ${command}`));
	}
});

test("the token goes to .env for its owner only, and is shown masked", async () => {
	const answer = await setupToken(["--description", "of a test"]);
	assert.equal(answer.code, 0, answer.err);
	const token = value("ACCESS_TOKEN");
	assert.match(token, TOKEN);
	assert.ok(answer.out.includes(`${token.slice(0, 4)}…`), answer.out);
	assert.match(answer.out, /Next: partnerapp setup app\n/);
	assert.equal(statSync(dotenv()).mode & 0o777, 0o600);
	silent(answer, token, PASSWORD);
	const basic = Buffer.from(`user@example.com:${PASSWORD}`).toString("base64");
	const known = await request(`${origin}/v1beta/access-tokens`, { headers: { authorization: `Basic ${basic}` } });
	const [one] = known.json().access_tokens;
	assert.deepEqual([one.description, one.scopes, one.workspace_names], ["of a test", "workspace", ["workspaces/business"]]);
});

test("the password may be in a file", async () => {
	writeFileSync(path.join(place.name, "password"), `${PASSWORD}\n`, { mode: 0o600 });
	const answer = await setupToken([], { SEGMENT_PASSWORD: "", SEGMENT_PASSWORD_FILE: "password" });
	assert.equal(answer.code, 0, answer.err);
});

test("what was given as a flag is in the command that comes next", async () => {
	const answer = await setupToken(["--segment-api-url", origin], { SEGMENT_API_URL: "" });
	assert.equal(answer.code, 0, answer.err);
	assert.ok(answer.out.includes(`Next: partnerapp setup app --segment-api-url ${origin}\n`), answer.out);
});

for (const [name, text, wanted] of [
	["an empty file", "", "ACCESS_TOKEN=@\n"],
	["others, comments and order", "# mine\n\nA='1' # one\nexport B=2\n", "# mine\n\nA='1' # one\nexport B=2\nACCESS_TOKEN=@\n"],
	["no end of line", "A=1", "A=1\nACCESS_TOKEN=@\n"],
	["an empty value", "ACCESS_TOKEN=\nA=1\n", "ACCESS_TOKEN=@\nA=1\n"],
	["an empty value with a comment", "ACCESS_TOKEN= # of Segment\n", "ACCESS_TOKEN=@ # of Segment\n"],
	["a commented line", "#ACCESS_TOKEN=x\n", "#ACCESS_TOKEN=x\nACCESS_TOKEN=@\n"],
	["export, quotes and a comment", ' export  ACCESS_TOKEN = "" # its #1\n', ' export  ACCESS_TOKEN = "@" # its #1\n'],
	["single quotes", "ACCESS_TOKEN='old token' \n", "ACCESS_TOKEN='@' \n"],
	["the last of several", "ACCESS_TOKEN=a\nACCESS_TOKEN=b\nACCESS_TOKEN_FILE=x\n", "ACCESS_TOKEN=a\nACCESS_TOKEN=@\nACCESS_TOKEN_FILE=x\n"],
	["lines that end in CR LF", "ACCESS_TOKEN=a\r\nA=1\r\n", "ACCESS_TOKEN=@\r\nA=1\r\n"],
]) {
	test(`.env keeps ${name}`, async () => {
		write(text);
		const answer = await setupToken(["--replace"]);
		assert.equal(answer.code, 0, answer.err);
		const token = read().match(/[\w-]{43}\.[\w-]{43}/)[0];
		assert.equal(read(), wanted.replace("@", () => token));
		assert.match((await run(["config"], { cwd: place.name })).out, /^ACCESS_TOKEN +\*\*\* +\.env/m);
	});
}

test("a .env that is a link stays one, and one that others can read does not stay so", async () => {
	const real = path.join(place.name, "real.env");
	writeFileSync(real, "A=1\n");
	chmodSync(real, 0o644);
	symlinkSync("real.env", dotenv());
	assert.equal((await setupToken()).code, 0);
	assert.match(readFileSync(real, "utf8"), /^A=1\nACCESS_TOKEN=.+\n$/);
	assert.equal(statSync(real).mode & 0o777, 0o600);
});

test("what the environment hides is warned about", async () => {
	const answer = await setupToken([], { ACCESS_TOKEN: "an-older-token" });
	assert.equal(answer.code, 0);
	assert.match(answer.err, /warning: the environment has another ACCESS_TOKEN/);
	silent(answer, "an-older-token");
});

for (const [name, text] of [["id", "CLIENT_ID=mine\n"], ["secret", "CLIENT_SECRET='mine'\n"]]) {
	test(`a client's ${name} in .env is not overwritten unasked`, async () => {
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

test("neither is an access token", async () => {
	const token = await withToken();
	const refused = await setupToken();
	assert.equal(refused.code, 2);
	assert.match(refused.err, /--replace is missing: \.env has ACCESS_TOKEN already/);
	assert.equal(value("ACCESS_TOKEN"), token);
});

async function known(token) {
	const answer = await request(`${origin}/v1beta/apps`, { headers: { authorization: `Bearer ${token}` } });
	return answer.json().apps;
}

test("an app is what the scripts ask for; its secret is in .env alone", async () => {
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

test("all of it can be said otherwise", async () => {
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
app:oauth("/other", { client = "team", scope = "openid", installed = done, server = {
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
});

test("scripts that do not load leave the scope to be said", async () => {
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

/** Answers once as Segment would, but `meanwhile` happens before the answer goes out. */
async function segmentThat(meanwhile, answer) {
	const server = http.createServer((req, res) => {
		req.resume().on("end", () => {
			meanwhile();
			res.setHeader("content-type", "application/json");
			res.end(JSON.stringify(answer));
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

for (const [name, rescued] of [["goes to a file beside", true], ["is said to be lost when nothing can be written", false]]) {
	test(`the secret of an app that was created while .env became unwritable ${name}`, async (t) => {
		const other = folder();
		t.after(other.remove);
		const created = { name: "apps/5", client_id: "the-client-id", client_secret: "the-client-secret" };
		const segment = await segmentThat(() => {
			rmSync(dotenv());
			mkdirSync(path.join(dotenv(), "in the way"), { recursive: true });
		}, created);
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
	try {
		const jar = new Jar();
		const { response } = await walk({ app, sandbox: origin }, jar);
		assert.equal(response.status, 303, response.text);
		const page = await request(app + response.location, { jar });
		assert.match(page.text, /Google Analytics is enabled on your source/);
		silent(server, value("CLIENT_SECRET"), value("ACCESS_TOKEN"));
		assert.doesNotMatch(server.err, /warning/);
	} finally {
		assert.equal(await server.stop(), 0);
	}
});

// A container may have no pseudo-terminals to give.
const hasTerminals = spawnSync("script", ["-qefc", "true", "/dev/null"]).status === 0;
const skip = hasTerminals ? false : "there are no pseudo-terminals here";
const AT_A_TERMINAL = { skip, timeout: 60000 }; // a question that is not asked would be waited for without end

/** A shell command at a pseudo-terminal: what stands on it is `shown`. */
function terminal(t, command, env = {}) {
	const child = spawn("script", ["-qefc", command, "/dev/null"], {
		cwd: place.name,
		env: { PATH: process.env.PATH, SHELL: "/bin/sh", PARTNERAPP: binary, SEGMENT_API_URL: origin, ...env },
	});
	t.after(() => child.kill("SIGKILL"));
	const it = { shown: "", ended: once(child, "close") };
	child.stdout.on("data", (data) => (it.shown += data));
	/** Waits for a text, then types. */
	it.answer = async (text, keys) => {
		while (!it.shown.includes(text)) {
			await Promise.race([once(child.stdout, "data"), it.ended.then(([code]) => {
				if (!it.shown.includes(text)) throw new Error(`it ended (${code}) without showing ${text}: ${it.shown}`);
			})]);
		}
		if (keys !== undefined) child.stdin.write(keys);
	};
	return it;
}

test("at a terminal it asks; the password is not echoed, the rest is", AT_A_TERMINAL, async (t) => {
	const it = terminal(t, '"$PARTNERAPP" setup token');
	await it.answer("e-mail address at Segment: ", "someone\r");
	await it.answer("must be an e-mail address", "user@example.com\r");
	await it.answer("Password (not shown): ", "wrong-horse\r");
	await it.answer("Slug of the workspace: ", "business\r");
	const [code] = await it.ended;
	assert.equal(code, 1, it.shown);
	assert.match(it.shown, /the password is wrong/);
	assert.ok(it.shown.includes("user@example.com"));
	assert.ok(!it.shown.includes("horse"), it.shown);
});

test("at a terminal both commands go through with what is asked, and Enter takes what is proposed", AT_A_TERMINAL, async (t) => {
	const token = terminal(t, '"$PARTNERAPP" setup token');
	await token.answer("Segment: ", "user@example.com\r");
	await token.answer("(not shown): ", `${PASSWORD}\r`);
	await token.answer("workspace: ", "workspaces/business\r");
	assert.deepEqual(await token.ended, [0, null], token.shown);
	const app = terminal(t, '"$PARTNERAPP" setup app');
	await app.answer("customers see: ", "\r");
	await app.answer("must not be empty", "My app\r");
	await app.answer("Description: ", "\r");
	await app.answer("Scope [destination/google-analytics]: ", "\r");
	await app.answer("[http://localhost:8888/auth/segment/callback]: ", "\r");
	await app.answer("(yes or no) [yes]: ", "maybe\r");
	await app.answer("must be yes or no", "no\r");
	assert.deepEqual(await app.ended, [0, null], app.shown);
	silent({ out: token.shown, err: app.shown }, value("ACCESS_TOKEN"), value("CLIENT_SECRET"));
	const [made] = await known(value("ACCESS_TOKEN"));
	assert.deepEqual([made.display_name, made.public, made.client_id], ["My app", false, value("CLIENT_ID")]);
	const again = terminal(t, '"$PARTNERAPP" setup app');
	const before = read();
	await again.answer("Replace it (yes or no): ", "no\r");
	assert.deepEqual(await again.ended, [1, null]);
	assert.match(again.shown, /nothing was created/);
	assert.equal(read(), before);
});

for (const [name, key, code] of [["Ctrl-C", "\x03", 130], ["Ctrl-D", "\x04", 1]]) {
	test(`${name} at the password ends it and gives the terminal its echo back`, AT_A_TERMINAL, async (t) => {
		const it = terminal(t, 'trap : INT; "$PARTNERAPP" setup token; echo "code=$?"; stty -a');
		await it.answer("Segment: ", "user@example.com\r");
		await it.answer("(not shown): ", key);
		await it.ended;
		assert.match(it.shown, new RegExp(`nothing was created: .*\r?\n[^]*code=${code}\\b`));
		assert.match(it.shown, / echo /);
		assert.doesNotMatch(it.shown, /-echo |susp = <undef>/);
		assert.deepEqual(await counts(), {});
	});
}

