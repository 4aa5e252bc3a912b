// partnerapp setup at a terminal: what it asks, what it shows, and how it leaves the terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { binary } from "./harness.mjs";
import { PASSWORD, counts, known, origin, place, read, silent, value } from "./setup.mjs";
import { AT_A_TERMINAL, terminal as atTerminal } from "./terminal.mjs";

/** A shell command at a pseudo-terminal, in the folder of the suite. */
const terminal = (t, command) =>
	atTerminal(t, command, { cwd: place.name, env: { PARTNERAPP: binary, SEGMENT_API_URL: origin } });

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
