// Mistakes whose message has to name what the person can change: functions that call themselves, a form without its
// token, a port that another program has.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { folder, freePort, run } from "./harness.mjs";
import { handler, mistakes } from "./mistakes.mjs";

/** A recursion in the app: its message, on the page, on the terminal and, at load, in `check`. */
const endless = (what, body, more, said) => {
	const message = new RegExp(`init\\.lua:${said}, or too deep`);
	return { what, files: { "init.lua": handler(`\t${body}`, more) }, page: message, terminal: message };
};

const ITSELF = "calls itself without end";

mistakes("SBX-10 recursion without end", [
	endless("a function calls itself", "return reply.text(walk(1))", "local function walk(n) return n + walk(n) end",
		`4: stack overflow: 'walk' \\(init\\.lua:4\\) ${ITSELF}`),
	endless("in the place of a loop, with return", "return walk(1)", "local function walk(n) return walk(n + 1) end",
		`4: stack overflow: 'walk' \\(init\\.lua:4\\) ${ITSELF}`),
	endless("two functions call each other", "return reply.text(odd(1))",
		"local even local function odd(n) return 1 + even(n) end function even(n) return 1 + odd(n) end",
		"4: stack overflow: .*'(odd|even)' \\(init\\.lua:4\\).* without end"),
	endless("__index asks the table itself", "return reply.text(record.name)",
		"local record = setmetatable({}, { __index = function(t, key) return t[key] end })",
		`4: stack overflow: metamethod 'index' \\(init\\.lua:4\\) ${ITSELF}`),
	endless("__tostring asks for the text of the table itself", "return reply.text(tostring(record))",
		"local record = setmetatable({}, { __tostring = function(t) return 'record ' .. tostring(t) end })",
		`4: stack overflow: the function at init\\.lua:4 ${ITSELF}`),
	endless("gsub's function calls gsub", "return reply.text(escape 'x')",
		"local function escape(s) return (s:gsub('.', escape)) end",
		`4: stack overflow: the function at init\\.lua:4 ${ITSELF}`),
	endless("a handler dispatches its own request again", "return app:dispatch(req)", "",
		`6: stack overflow: .*init\\.lua:5\\)? ${ITSELF}`),
	{
		what: "a view includes itself",
		files: { "init.lua": handler('\treturn reply.view("home")'), "views/home.html": '<p>\n{% include "home" %}\n' },
		page: /views\/home\.html:2: stack overflow: views\/home\.html calls itself without end/,
		terminal: /views\/home\.html:2: stack overflow/,
	},
	{
		what: "at load",
		files: { "init.lua": handler('\treturn reply.text "x"', "local function walk(n) return n + walk(n) end walk(1)") },
		page: /init\.lua:4: stack overflow: 'walk' \(init\.lua:4\) calls itself without end/,
		check: /^init\.lua:4: stack overflow: 'walk' \(init\.lua:4\) calls itself without end/m,
	},
]);

const KEYS = { CLIENT_ID: "client", CLIENT_SECRET: "secret-of-the-client" };

/** Runs a command while this process listens on a port; `args` and `env` are made with it, `other` is a free port. */
async function whileTaken(body) {
	const place = folder();
	const holder = net.createServer().listen(0, "127.0.0.1");
	try {
		await once(holder, "listening");
		await body({ taken: `127.0.0.1:${holder.address().port}`, other: `127.0.0.1:${await freePort()}`, cwd: place.name });
	} finally {
		holder.close();
		place.remove();
	}
}

for (const [what, name, args, setting, env] of [
	["serve", "app", (taken) => ["serve", "--listen", taken], "LISTEN", KEYS],
	["serve, for its health", "app", (taken, other) => ["serve", "--listen", other, "--health-listen", taken], "HEALTH_LISTEN", KEYS],
	["sandbox", "sandbox", (taken) => ["sandbox", "--sandbox-listen", taken], "SANDBOX_LISTEN"],
	["demo", "app", (taken, other) => ["demo", "--listen", taken, "--sandbox-listen", other], "LISTEN"],
	["demo, for its sandbox", "sandbox", (taken, other) => ["demo", "--listen", other, "--sandbox-listen", taken], "SANDBOX_LISTEN"],
]) {
	test(`HT-29 a port that another program has: ${what}`, async () => {
		await whileTaken(async ({ taken, other, cwd }) => {
			const { code, out, err } = await run(args(taken, other), { cwd, env });
			const flag = `--${setting.toLowerCase().replace("_", "-")}`;
			assert.match(err, new RegExp(`^partnerapp: ${name}: cannot listen on ${taken}: process ${process.pid} \\([^)]+\\) ` +
				`listens there: end it, or take a free port: ${flag} 127\\.0\\.0\\.1:\\d+, or ${setting} in \\.env$`, "m"));
			assert.equal(code, 1);
			assert.equal(out, "");
		});
	});
}

test("HT-29 two ports that others have are told at once", async () => {
	await whileTaken(({ taken: first }) => whileTaken(async ({ taken: second, cwd }) => {
		const { code, err } = await run(["demo", "--listen", first, "--sandbox-listen", second], { cwd });
		assert.match(err, new RegExp(`cannot listen on ${first}: `));
		assert.match(err, new RegExp(`cannot listen on ${second}: `));
		assert.equal(code, 1);
	}));
});

test("HT-29 an address that this machine does not have", async () => {
	const place = folder();
	const { code, err } = await run(["serve", "--listen", "203.0.113.7:8888"], {
		cwd: place.name, env: { ...KEYS, ADMIN_PASSWORD: "password-of-the-operator" },
	});
	place.remove();
	assert.match(err, /cannot listen on 203\.0\.113\.7:8888: this machine does not have that address: change LISTEN/);
	assert.equal(code, 1);
});
