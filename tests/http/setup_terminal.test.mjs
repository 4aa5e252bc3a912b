// partnerapp setup at a terminal: what it asks, what it shows, and how it leaves the terminal.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { binary } from "./harness.mjs";
import { PASSWORD, counts, known, origin, place, read, silent, value } from "./setup.mjs";

// A container may not have pseudo-terminals.
const hasTerminals = spawnSync("script", ["-qefc", "true", "/dev/null"]).status === 0;
const skip = hasTerminals ? false : "there are no pseudo-terminals here";
const AT_A_TERMINAL = { skip, timeout: 60000 }; // a test would wait for ever for a question that does not come

/** A shell command at a pseudo-terminal: what is on its screen is `shown`. */
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
