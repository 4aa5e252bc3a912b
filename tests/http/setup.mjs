// What the cases about `partnerapp setup` share: a sandbox, and for each case a folder with its .env.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach } from "node:test";
import { folder, json, request, run, startSandbox } from "./harness.mjs";

/** The sandbox's origin, and the folder of the case that runs. */
export let origin, place;

let sandbox;
before(async () => {
	sandbox = await startSandbox({ env: { SANDBOX_NO_RATE_LIMIT: "1" } });
	origin = sandbox.origin;
});
after(() => sandbox.end());
beforeEach(async () => {
	place = folder();
	await request(`${origin}/_sandbox/reset`, { method: "POST" });
});
afterEach(() => place.remove());

export const PASSWORD = "password";

/** The path of .env. */
export const dotenv = () => path.join(place.name, ".env");
export const write = (text) => writeFileSync(dotenv(), text, { mode: 0o600 });
export const read = () => readFileSync(dotenv(), "utf8");
/** What .env has for a name. */
export const value = (name) => read().match(new RegExp(`^${name}=(.*)$`, "m"))?.[1];
export const control = (call, body) => request(`${origin}/_sandbox/${call}`, json(body));
export const counts = async () => (await request(`${origin}/_sandbox/requests`)).json().counts;

export const LOGIN = { SEGMENT_EMAIL: "user@example.com", SEGMENT_PASSWORD: PASSWORD, SEGMENT_WORKSPACE: "business" };

export const setup = (args, env = {}, cwd = place.name) =>
	run(["setup", ...args], { cwd, env: { SEGMENT_API_URL: origin, HOME: place.name, TMPDIR: place.name, ...env } });
export const setupToken = (args = [], env = {}) => setup(["token", ...args], { ...LOGIN, ...env });
export const setupApp = (args = [], env = {}) => setup(["app", "--display-name", "My app", ...args], env);

/** No secret is in what a command printed. */
export function silent({ out, err }, ...secrets) {
	for (const secret of secrets) {
		assert.ok(secret?.length > 5, "a secret to look for");
		assert.ok(!(out + err).includes(secret), `it prints a secret: ${out}${err}`);
	}
	assert.doesNotMatch(out + err, /[\w-]{43}\.[\w-]{43}/);
}

/** Creates an access token; the one in .env. */
export async function withToken() {
	const made = await setupToken();
	assert.equal(made.code, 0, made.err);
	return value("ACCESS_TOKEN");
}

/** The apps that the sandbox has. */
export async function known(token) {
	const answer = await request(`${origin}/v1beta/apps`, { headers: { authorization: `Bearer ${token}` } });
	return answer.json().apps;
}
