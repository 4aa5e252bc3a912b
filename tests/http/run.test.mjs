// partnerapp run: an action for an install, while the server runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { after, before, test } from "node:test";
import { binary, Jar, run, startDemo, walk, top, folder, writeApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }
app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
function app.actions.echo(install, args)
	return { name = install.name, plan = args.plan, text = args.text }
end
function app.actions.fail() return nil, "the reason", "its_code" end
function app.actions.raise() error "a bug" end
function app.actions.raise_table() error { code = 7 } end
function app.actions.raise_in_c() for _ in ipairs(nil) do end end
function app.actions.fail_table() return nil, { reason = "none" } end
function app.actions.token(install) return { token = install:token() } end
function app.actions.tell(install, args)
	local text = "the token is " .. install:token()
	return args.raise and error(text) or nil, text
end
function app.actions.nothing() end
function app.actions.odd() return print end
function app.actions.endless()
	require "partnerapp.log".warn "it begins"
	while true do end
end
return app
`;

let shipped, own, place, app;
const ids = {};

before(async () => {
	place = folder();
	app = path.dirname(writeApp(place, APP));
	shipped = await startDemo({ app: path.join(top, "lua/app") });
	own = await startDemo({ app: app });
	for (const demo of [shipped, own]) {
		const { response } = await walk(demo, new Jar());
		assert.equal(response.status, 303, response.text);
		ids[demo.app] = response.location.split("/").at(-1);
	}
});

after(async () => {
	await shipped.end();
	await own.end();
	place.remove();
});

const command = (demo, app, args) =>
	run(["run", ...args, "--demo", "--app", app], { cwd: demo.cwd, env: demo.settings });
const with_own = (...args) => command(own, app, args);

test("the shipped app's action, by the name Segment gave the install", async () => {
	const { code, out, err } = await command(shipped, path.join(top, "lua/app"), ["enable", "installs/1"]);
	assert.equal(code, 0, err);
	const destination = JSON.parse(out);
	assert.match(destination.name, /destinations\/google-analytics$/);
	assert.equal(destination.enabled, true);
});

test("by our id, with arguments; values keep their = and spaces", async () => {
	const { code, out, err } = await with_own("echo", ids[own.app], "plan=pro", "text=a = b");
	assert.equal(code, 0, err);
	assert.deepEqual(JSON.parse(out), { name: "installs/1", plan: "pro", text: "a = b" });
});

test("an action that returns nothing prints null", async () => {
	assert.deepEqual(await with_own("nothing", "installs/1"), { code: 0, out: "null\n", err: "" });
});

test("LG-01 what an action fails with is shown with its secrets masked", async () => {
	const { token } = JSON.parse((await with_own("token", "installs/1")).out);
	assert.ok(token.length > 20);
	for (const args of [["tell", "installs/1"], ["tell", "installs/1", "raise=1"]]) {
		const { code, err } = await with_own(...args);
		assert.equal(code, 1);
		assert.match(err, /the token is \*\*\*/);
		assert.ok(!err.includes(token));
	}
});

test("Ctrl-C ends an action", async () => {
	const args = ["run", "endless", "installs/1", "--demo", "--app", app];
	const child = spawn(binary, args, { cwd: own.cwd, env: { ...process.env, ...own.settings } });
	const ended = once(child, "exit");
	await once(child.stderr, "data");
	child.kill("SIGINT");
	assert.deepEqual(await ended, [null, "SIGINT"]);
});

for (const [name, args, code, message] of [
	["nothing at all", [], 2, /action and an install/],
	["no install", ["echo"], 2, /action and an install/],
	["an unknown action", ["destroy", "installs/1"], 1, /no action 'destroy'; it has: echo, endless, fail, fail_table, nothing, odd, raise, raise_in_c, raise_table, tell, token/],
	["an unknown install", ["echo", "installs/99"], 1, /no install 'installs\/99'/],
	["an argument without a value", ["echo", "installs/1", "pro"], 1, /'pro' must be key=value/],
	["an action that fails", ["fail", "installs/1"], 1, /fail failed: the reason \(its_code\)/],
	["an action that raises", ["raise", "installs/1"], 1, /raise raised: init\.lua:12: a bug\n +init\.lua:12: in /],
	["an action that raises a table", ["raise_table", "installs/1"], 1, /raise_table raised: { code = 7 }\n$/],
	["an action that raises in a function of Lua's", ["raise_in_c", "installs/1"], 1, /raise_in_c raised: init\.lua:14: attempt to index/],
	["an action that fails with a table", ["fail_table", "installs/1"], 1, /fail_table failed: { reason = "none" }\n$/],
	["a result that is not JSON", ["odd", "installs/1"], 1, /odd was done/],
]) {
	test(`${name} is exit code ${code} with a message`, async () => {
		const answer = await with_own(...args);
		assert.equal(answer.code, code, answer.err);
		assert.match(answer.err, message);
		assert.equal(answer.out, "");
	});
}
