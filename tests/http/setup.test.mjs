// partnerapp setup token: an access token, made at the sandbox and kept in .env; and what both commands refuse.
import assert from "node:assert/strict";
import { chmodSync, chownSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { exists, freePort, request, run } from "./harness.mjs";
import {
	LOGIN, PASSWORD, control, counts, dotenv, origin, place, read, setup, setupApp, setupToken, silent, value, withToken, write,
} from "./setup.mjs";

const TOKEN = /^[\w-]{43}\.[\w-]{43}$/;

test("with a wrong password nothing is kept", async () => {
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
		["garbage", { status: 200, body: "<html>\u001b[31m</html>" }, /not JSON: .*line 1, column 1: .* HTML .*\nPerhaps it was created/],
		["an answer without the keys", { status: 200, body: "{}" }, /has no (token|client_id) in it\nPerhaps it was created/],
		["values that are not keys", { status: 200, body: '{"token":5,"client_id":"a\\nB=1","client_secret":""}' }, /has no (token|client_id)/],
		["a failure", { status: 503, body: "\u001b[31mbusy" }, /503 .*busy\nPerhaps it was created/],
		["a refusal", { status: 403, body: '{"error":"insufficient scope","code":7}' }, /insufficient scope.*\n.*(owner|setup token)/],
		["an argument it does not like", { status: 400, body: '{"error":"description is bad","code":3}' }, /description is bad\nCorrect that/],
		["what it no longer does", { status: 501, body: '{"error":"gone","code":12}' }, /gone\nSegment no longer/],
		["half an answer", { mode: "truncate" }, /the connection to Segment broke: .*\nPerhaps it was created/],
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

	test(`setup ${command} checks that .env can be written before it calls Segment`, async () => {
		const answer = await setup(args, { ...env, DATABASE_URL: "sqlite::memory:" }, "/proc");
		assert.equal(answer.code, 1, answer.err);
		assert.match(answer.err, /nothing was created, because the keys could not be kept: \.env: /);
		assert.equal((await counts())[`POST ${route.path}`], undefined);
	});
}

test("TO-02 a bad line in .env is told as that, and in a file with CR LF a secret is written before the carriage return", async () => {
	const lines = "\ufeffnonsense line\r\nNOTE='a\r\nACCESS_TOKEN=b\r\n'\r\nexport ACCESS_TOKEN= # of Segment\r\nLAST=`1`";
	write(lines);
	const made = await setupToken();
	assert.equal(made.code, 0, made.err);
	assert.match(made.err, /warning: \.env:1: must be NAME=value/);
	const token = /\nexport ACCESS_TOKEN=([\w.-]+) # of Segment\r\n/.exec(read())[1];
	assert.match(token, TOKEN);
	assert.equal(read().replace(token, ""), lines);
	const app = await setupApp();
	assert.equal(app.code, 0, app.err);
	assert.match(read().slice(lines.length + token.length), /^\r\nCLIENT_ID=[\w-]+\r\nCLIENT_SECRET=[\w-]+\r\n$/);
	assert.equal(statSync(dotenv()).mode & 0o777, 0o600);
});

test("TO-02 .env keeps its owner", { skip: process.getuid() !== 0 && "only root may give a file away" }, async () => {
	write("OTHER=1\n");
	chownSync(dotenv(), 1234, 2345);
	const made = await setupToken();
	assert.equal(made.code, 0, made.err);
	assert.deepEqual([statSync(dotenv()).uid, statSync(dotenv()).gid], [1234, 2345]);
});

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

test("without a terminal everything missing is listed at once", async () => {
	const token = await setup(["token"]);
	assert.equal(token.code, 2);
	for (const name of ["SEGMENT_EMAIL", "SEGMENT_PASSWORD_FILE", "SEGMENT_WORKSPACE"]) assert.match(token.err, new RegExp(name));
	const app = await setup(["app", "--client", "other"]);
	assert.equal(app.code, 2);
	for (const name of ["ACCESS_TOKEN is missing: .*setup token", "--display-name", "--scope", "--redirect-uris"])
		assert.match(app.err, new RegExp(`partnerapp: ${name}`));
	assert.ok(!exists(dotenv()));
});

test("everything wrong is listed at once", async () => {
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
	test(`LG-01 setup ${command} takes no ${flag}`, async () => {
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
	assert.match((await setup(["nothing"])).err, /there is no command 'nothing': use token, app/);
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

test("TO-05 the password may be in a file, with its line end", async () => {
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
	["single quotes", "ACCESS_TOKEN='old-token' \n", "ACCESS_TOKEN='@' \n"],
	["the last of several", "ACCESS_TOKEN=a\nACCESS_TOKEN=b\nACCESS_TOKEN_FILE=x\n", "ACCESS_TOKEN=a\nACCESS_TOKEN=@\nACCESS_TOKEN_FILE=x\n"],
	["lines that end in CR LF", "ACCESS_TOKEN=a\r\nA=1\r\n", "ACCESS_TOKEN=@\r\nA=1\r\n"],
]) {
	test(`TO-02 .env keeps ${name}`, async () => {
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

test("a variable of the environment that hides .env is warned about", async () => {
	const answer = await setupToken([], { ACCESS_TOKEN: "an-older-token" });
	assert.equal(answer.code, 0);
	assert.match(answer.err, /warning: the environment has another ACCESS_TOKEN/);
	silent(answer, "an-older-token");
});

test("an access token in .env is not overwritten without --replace", async () => {
	const token = await withToken();
	const refused = await setupToken();
	assert.equal(refused.code, 2);
	assert.match(refused.err, /--replace is missing: \.env has ACCESS_TOKEN already/);
	assert.equal(value("ACCESS_TOKEN"), token);
});
