// The sandbox alone, as a process: its settings, and what only a real connection shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder, freePort, json, request, start } from "./harness.mjs";

const USER = { authorization: `Basic ${Buffer.from("user@example.com:password").toString("base64")}` };
const WANTED = { access_token: { description: "d", scopes: "workspace", workspace_names: ["workspaces/business"] } };

/** A sandbox for the time of `use(origin)`. */
async function withSandbox({ flags = [], env = {} }, use) {
	const place = folder();
	const listen = `127.0.0.1:${await freePort()}`;
	const server = await start(["sandbox", ...flags], { cwd: place.name, env: { SANDBOX_LISTEN: listen, ...env } });
	try {
		return await use(`http://${listen}`, server);
	} finally {
		assert.equal(await server.stop(), 0);
		place.remove();
	}
}

async function personalToken(origin) {
	const made = await request(`${origin}/v1beta/access-tokens`, json(WANTED, USER));
	assert.equal(made.status, 200);
	return { authorization: `Bearer ${made.json().token}` };
}

const quoted = { method: "POST", headers: USER, body: JSON.stringify(WANTED).replaceAll('"', "'") };

test("--strict refuses bodies with single quotes", async () => {
	await withSandbox({ flags: ["--strict"] }, async (origin) => {
		const answer = await request(`${origin}/v1beta/access-tokens`, quoted);
		assert.equal(answer.status, 400);
		assert.equal(answer.json().code, 3);
		await personalToken(origin);
	});
});

test("200 requests a minute, then 429 with Retry-After", async () => {
	await withSandbox({}, async (origin) => {
		assert.equal((await request(`${origin}/v1beta/access-tokens`, quoted)).status, 200);
		const headers = await personalToken(origin);
		await request(`${origin}/_sandbox/clock`, json({ advance: 61 - (Date.now() / 1000) % 60 }));
		for (let i = 0; i < 200; i++)
			assert.equal((await request(`${origin}/v1beta/workspaces`, { headers })).status, 200);
		const answer = await request(`${origin}/v1beta/workspaces`, { headers });
		assert.equal(answer.status, 429);
		assert.equal(answer.json().code, 8);
		assert.match(answer.headers["retry-after"], /^([1-9]|[1-5]\d|60)$/);
	});
});

for (const [name, settings] of [
	["--no-rate-limit", { flags: ["--no-rate-limit"] }],
	["SANDBOX_NO_RATE_LIMIT", { env: { SANDBOX_NO_RATE_LIMIT: "1" } }],
]) {
	test(`${name} answers them all`, async () => {
		await withSandbox(settings, async (origin) => {
			const headers = await personalToken(origin);
			for (let i = 0; i < 201; i++)
				assert.equal((await request(`${origin}/v1beta/workspaces`, { headers })).status, 200);
		});
	});
}
