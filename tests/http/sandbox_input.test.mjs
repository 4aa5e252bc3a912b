// Bad input to every endpoint of the sandbox: one value of a good request is wrong at a time. The answer is the right
// 4xx in Segment's shape, and nothing changes. SEED=n node --test … tries other values.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { Jar, consent, form, json, request as requestOnce, startSandbox } from "./harness.mjs";

const SEED = Number(process.env.SEED ?? 1);
const REDIRECT = "http://localhost:8888/auth/segment/callback";
const W = "workspaces/business", SOURCE = `${W}/sources/js`, DESTINATION = `${SOURCE}/destinations/clearbrain`;
const USER = `Basic ${Buffer.from("user@example.com:password").toString("base64")}`;

let sandbox, origin, known;

// Kept connections, because these are thousands of requests.
const agent = new http.Agent({ keepAlive: true });
const request = (url, options) => requestOnce(url, { agent, ...options });

before(async () => {
	sandbox = await startSandbox({ flags: ["--no-rate-limit"] });
	origin = sandbox.origin;
	known = await prepare();
});

after(async () => {
	agent.destroy();
	await sandbox.end();
	assert.doesNotMatch(sandbox.err, /"level":"error"|stack traceback/, sandbox.err.slice(-2000));
});

/** A random number, the same ones for a seed (mulberry32). */
let state = SEED;
function random(below) {
	state = (state + 0x6d2b79f5) | 0;
	let t = Math.imul(state ^ (state >>> 15), state | 1);
	t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

const api = (path, { method = "GET", token = known?.token, body, headers = {} } = {}) =>
	request(`${origin}/v1beta/${path}`, {
		method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
		body: body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
	});

async function made(path, body, options) {
	const answer = await api(path, { method: "POST", body, ...options });
	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

/** A sandbox with one of everything. */
async function prepare() {
	await request(`${origin}/_sandbox/reset`, json({}));
	const wanted = { access_token: { description: "d", scopes: "workspace", workspace_names: [W] } };
	const { token } = await made("access-tokens", wanted, { headers: { authorization: USER } });
	const own = (path, body) => made(path, body, { token });
	await own(`${SOURCE}/destinations`, GOOD.destination);
	const filter = await own(`${DESTINATION}/filters`, GOOD.filter);
	const plan = await own(`${W}/tracking-plans`, GOOD.plan);
	const app = await own("apps", GOOD.app);
	const client = (await request(`${origin}/_sandbox/clients`, json({ scope: "workspace:read", redirect_uris: [REDIRECT] }))).json();
	return { token, filter: filter.name, plan: plan.name, app: app.name, client };
}

/** The same text for the same value, for any order of its keys. */
const canonical = (text) => JSON.stringify(JSON.parse(text), (_, value) =>
	value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value);

/** Everything that a request might have changed. */
async function snapshot() {
	const paths = [
		"workspaces", `${W}/sources`, `${SOURCE}/schema-config`, `${SOURCE}/destinations`, `${DESTINATION}/filters`,
		`${W}/tracking-plans`, known.plan, `${known.plan}/source-connections`, "apps",
	];
	const parts = [];
	for (const path of paths) {
		const answer = await api(path);
		assert.equal(answer.status, 200, `${path}: ${answer.text}`);
		parts.push(canonical(answer.text));
	}
	const tokens = await api("access-tokens", { headers: { authorization: USER } });
	return [...parts, canonical(tokens.text)].join("\n");
}

const config = [{ name: `${DESTINATION}/config/apiKey`, value: "abcd1234" }];
const GOOD = {
	destination: { destination: { name: DESTINATION, enabled: true, connection_mode: "CLOUD", config } },
	filter: { filter: { if: "type = 'track'", actions: [{ type: "drop_event" }], title: "t", description: "d", enabled: true } },
	plan: { tracking_plan: { display_name: "plan", rules: { events: [{ name: "E", rules: {} }] } } },
	app: {
		app: {
			display_name: "a", description: "d", scope: "workspace", public: true, redirect_uris: [REDIRECT],
			client_uri: "https://a.example/", logo_uri: "https://a.example/logo",
		},
	},
	token: { access_token: { description: "d", scopes: "workspace", workspace_names: [W] } },
	source: { source: { name: `${W}/sources/phone`, catalog_name: "catalog/sources/ios" } },
	mask: {
		destination: { enabled: false, connection_mode: "DEVICE", config },
		update_mask: { paths: ["destination.enabled", "destination.connection_mode", "destination.config"] },
	},
	schema: {
		schema_config: { allow_unplanned_track_events: false, common_track_event_on_violations: "BLOCK" },
		update_mask: { paths: ["schema_config.allow_unplanned_track_events", "schema_config.common_track_event_on_violations"] },
	},
};

/**
 * The endpoints with a body: method, path, a good body, and the fields that are required and checked. Other fields may
 * be left out or are ignored, as Segment ignores fields that it does not know.
 */
const BODIES = [
	["POST", () => "access-tokens", GOOD.token, ["access_token", "description", "scopes", "workspace_names"], USER],
	["POST", () => "apps", GOOD.app, ["app", "display_name", "scope", "redirect_uris"]],
	["POST", () => `${W}/apps`, GOOD.app, ["app", "display_name", "scope", "redirect_uris"]],
	["POST", () => `${W}/sources`, GOOD.source, ["source", "name", "catalog_name"]],
	["PATCH", () => `${SOURCE}/schema-config`, GOOD.schema, ["schema_config"]],
	["POST", () => `${SOURCE}/destinations`, { destination: { ...GOOD.destination.destination, name: `${SOURCE}/destinations/slack`, config: [] } }, ["destination", "name"]],
	// Without a mask nothing changes; with a mask, absent fields are emptied (AD). So `{}` is a good body here.
	["PATCH", () => DESTINATION, GOOD.mask, []],
	["POST", () => `${DESTINATION}/filters`, GOOD.filter, ["filter", "if", "actions"]],
	["PATCH", () => known.filter, { ...GOOD.filter, update_mask: { paths: ["if", "actions"] } }, ["filter"]],
	["POST", () => "filters/preview", { ...GOOD.filter, payload: { type: "track" } }, ["filter", "if", "payload"]],
	["POST", () => `${W}/tracking-plans`, GOOD.plan, ["tracking_plan", "display_name"]],
	["PUT", () => known.plan, { ...GOOD.plan, update_mask: { paths: ["tracking_plan.display_name", "tracking_plan.rules"] } }, ["tracking_plan"]],
	["POST", () => `${known.plan}/source-connections`, { source_name: SOURCE }, ["source_name"]],
	["POST", () => `${known.plan}/source-connections:batchCreateConnections`, { source_names: [SOURCE] }, ["source_names"]],
];

const LONG = "x".repeat(20000);
let deep = {};
for (let i = 0; i < 30; i++) deep = { a: [deep] };

/** Wrong types for a string, a boolean or an object; and strings that are not the name of anything. */
const WRONG_TYPES = [0, -1, 1.5, 1e308, [], [[]], [null], {}, { a: 1 }, deep];
const WRONG_TEXTS = ["", " ", LONG, "a\0b", "..", "../..", "%2e%2e", "\u202e", "\n", "'; DROP TABLE sources; --", "<script>", "💥"];

function isApiError(answer, where) {
	assert.ok(answer.status >= 400 && answer.status < 500, `${where}: ${answer.status} ${answer.text.slice(0, 300)}`);
	const body = answer.json();
	assert.equal(typeof body.error, "string", where);
	assert.equal(typeof body.code, "number", where);
	assert.deepEqual(Object.keys(body).sort(), ["code", "error"], where);
	assert.ok(body.error.length > 2 && body.error.length < 1000, where);
	const codes = { 400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 3, 429: 8 };
	assert.equal(body.code, codes[answer.status], `${where}: ${answer.text}`);
}

/** Every place of a value: its path, as keys. */
function* places(value, path = []) {
	if (path.length > 0) yield path;
	if (typeof value !== "object" || value === null) return;
	for (const key of Object.keys(value)) yield* places(value[key], [...path, key]);
}

const spoiled = (value, path, change) => {
	const copy = structuredClone(value);
	let at = copy;
	for (const key of path.slice(0, -1)) at = at[key];
	const last = path.at(-1);
	if (change === undefined) delete at[last];
	else at[last] = change;
	return copy;
};

for (const [method, path, good, required, authorization] of BODIES) {
	test(`${method} ${path.toString().slice(6)}: each place of the body`, async () => {
		const headers = authorization ? { authorization } : {};
		let before = await snapshot();
		for (const place of places(good)) {
			const field = place.findLast((key) => isNaN(key));
			const must = required.includes(field) && place.at(-1) === field;
			const original = place.reduce((value, key) => value[key], good);
			const changes = [undefined, null, ...WRONG_TYPES, ...WRONG_TEXTS];
			for (const change of changes) {
				const body = spoiled(good, place, change);
				const where = `${method} ${path()} ${place.join(".")} = ${JSON.stringify(change)?.slice(0, 60)}`;
				const answer = await api(path(), { method, body, headers });
				const isWrong = change == null || typeof change !== typeof original || Array.isArray(change) !== Array.isArray(original);
				if (answer.status === 200) {
					assert.ok(!(must && isWrong), `${where} was taken: ${answer.text.slice(0, 200)}`);
					answer.json();
					known = await prepare();
					before = await snapshot();
				} else {
					isApiError(answer, where);
				}
			}
			assert.equal(await snapshot(), before, `${method} ${path()} ${place.join(".")}`);
		}
	});

	test(`${method} ${path.toString().slice(6)}: bodies that are not valid`, async () => {
		const headers = authorization ? { authorization } : {};
		const text = JSON.stringify(good);
		const before = await snapshot();
		const bodies = [
			...(path() === DESTINATION ? [] : ["{}"]),
			"", " ", "{", "[]", "[{}]", "null", "true", "5", '"x"', "NaN", "'", "{'a'", "\ufeff", "\0", text + "x", text + text,
			"[".repeat(5000), '{"a":'.repeat(5000), text.slice(0, -1), text.slice(1), text.replace(":", "="), `x${text}`,
			Buffer.from([0xff, 0xfe, 0x00]), Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')]),
			...Array.from({ length: 20 }, () => text.slice(0, random(text.length))),
		];
		for (const body of bodies) {
			const answer = await api(path(), { method, body, headers });
			isApiError(answer, `${method} ${path()} ${String(body).slice(0, 60)}`);
		}
		assert.equal(await snapshot(), before);
	});
}

test("a client whose display_name is not a string is refused, false too", async () => {
	for (const display_name of [false, 7, []]) {
		const answer = await request(`${origin}/_sandbox/clients`,
			json({ scope: "workspace:read", redirect_uris: [REDIRECT], display_name }));
		assert.equal(answer.status, 400, answer.text);
		assert.match(answer.text, /display_name must be a string/);
	}
});

test("a body of 10 MB is refused in Segment's shape", async () => {
	const before = await snapshot();
	for (const [method, path, , , authorization] of BODIES) {
		const headers = authorization ? { authorization } : {};
		const answer = await api(path(), { method, body: `{"a":"${"x".repeat(10 << 20)}"}`, headers });
		isApiError(answer, `${method} ${path()}`);
		assert.equal(answer.status, 413);
	}
	assert.equal(await snapshot(), before);
});

/** What is read or deleted by name. */
const NAMED = [
	["GET", `${W}`], ["GET", `${W}/sources`], ["GET", SOURCE], ["DELETE", SOURCE], ["GET", `${SOURCE}/schema-config`],
	["GET", `${SOURCE}/destinations`], ["GET", DESTINATION], ["DELETE", DESTINATION], ["GET", `${DESTINATION}/filters`],
	["GET", () => known.filter], ["DELETE", () => known.filter], ["GET", `${DESTINATION}/metrics`],
	["GET", `${DESTINATION}/metrics/delivered`], ["GET", `${DESTINATION}/metrics:getSummary`], ["GET", () => known.plan],
	["DELETE", () => known.plan], ["GET", () => `${known.plan}/source-connections`], ["GET", "catalog/destinations/clearbrain"],
	["GET", "catalog/sources/ios"], ["GET", () => known.app], ["GET", "access-tokens/1", USER], ["DELETE", "access-tokens/1", USER],
];

// The server refuses the first ones before the sandbox sees them, so their answers are not in Segment's shape.
const REFUSED_SEGMENTS = ["..", ".", "%2e%2e", "%00", "a%00b", "%ff", "%c0%ae", "%zz", "a%2fb", "%5c"];
const UNKNOWN_SEGMENTS = ["none", "x".repeat(2000), "%20", "%C3%A9", "*", ":x", "-", "null", "'", "%27%20OR%201=1--", "0", "-1", "9".repeat(30)];

test("names: each part of each path", async () => {
	const before = await snapshot();
	for (const [method, where, authorization] of NAMED) {
		const path = typeof where === "function" ? where() : where;
		const parts = path.split("/");
		const headers = authorization ? { authorization } : {};
		for (let i = 0; i < parts.length; i++) {
			for (const part of [...REFUSED_SEGMENTS, ...UNKNOWN_SEGMENTS]) {
				const changed = parts.with?.(i, part) ?? [...parts.slice(0, i), part, ...parts.slice(i + 1)];
				// The path as it is: a URL object would remove dot segments.
				const answer = await rawPath(method, `/v1beta/${changed.join("/")}`, headers);
				if (REFUSED_SEGMENTS.includes(part)) assert.ok([400, 401, 404].includes(answer.status), `${changed.join("/")}: ${answer.status}`);
				else isApiError(answer, `${method} ${changed.join("/").slice(0, 200)}`);
			}
		}
	}
	assert.equal(await snapshot(), before);
});

async function rawPath(method, path, headers) {
	return new Promise((resolve, reject) => {
		const { port } = new URL(origin);
		const all = { authorization: `Bearer ${known.token}`, ...headers };
		http.request({ host: "127.0.0.1", port, path, method, headers: all, agent }, (answer) => {
			let text = "";
			answer.on("data", (data) => (text += data));
			answer.on("end", () => resolve({ status: answer.statusCode, text, json: () => JSON.parse(text) }));
		}).on("error", reject).end();
	});
}

test("queries of lists", async () => {
	const lists = [
		"workspaces", `${W}/sources`, `${SOURCE}/destinations`, `${DESTINATION}/filters`, `${W}/tracking-plans`,
		"catalog/destinations", "catalog/sources", "apps", `${DESTINATION}/metrics`,
	];
	for (const list of lists) {
		for (const size of ["0", "-1", "1.5", "x", "1e3", "%20", "0x10", "true", LONG.slice(0, 3000)])
			isApiError(await api(`${list}?page_size=${size}`), `${list} page_size=${size.slice(0, 20)}`);
		for (const token of ["garbage", "-1", "MQ==", "%20", "'", "💥", LONG.slice(0, 3000)])
			isApiError(await api(`${list}?page_token=${encodeURIComponent(token)}`), `${list} page_token=${token.slice(0, 20)}`);
		assert.equal((await api(`${list}?page_size=1000&unknown=1`)).status, 200, "too many are fewer, others are ignored");
	}
});

test("authorizations", async () => {
	const wrong = [
		"", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic ====", "bearer x", `Bearer ${LONG.slice(0, 5000)}`, "Digest x",
		`Basic ${Buffer.from("nobody").toString("base64")}`, `Basic ${Buffer.from("a:b").toString("base64")}`,
		`Basic ${Buffer.from("\0:\0").toString("base64")}`, `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString("base64")}`, USER,
	];
	for (const authorization of wrong) {
		for (const path of ["workspaces", SOURCE, DESTINATION, "installs/1/token"]) {
			const answer = await api(path, { headers: { authorization } });
			isApiError(answer, `${path} ${authorization.slice(0, 40)}`);
			assert.equal(answer.status, 401, path);
		}
		if (authorization !== USER)
			assert.equal((await api("access-tokens", { method: "POST", body: GOOD.token, headers: { authorization } })).status, 401);
	}
});

// OAuth

const isOAuthError = (answer, where) => {
	assert.ok([400, 401].includes(answer.status), `${where}: ${answer.status} ${answer.text.slice(0, 300)}`);
	const body = answer.json();
	assert.match(body.error, /^(invalid_request|invalid_client|invalid_grant|unsupported_grant_type|invalid_scope)$/, where);
	assert.equal(typeof body.error_description, "string", where);
	assert.ok(Object.keys(body).every((key) => /^(error|error_description|error_hint|status_code)$/.test(key)), where);
};

const OAUTH_TEXTS = ["", " ", LONG.slice(0, 3000), "a\0b", "..", "\u202e", "\n", "'", "<script>", "💥", "javascript:alert(1)"];

const authorizeQuery = () => ({
	response_type: "code", client_id: known.client.client_id, redirect_uri: REDIRECT, scope: "workspace:read", state: "12345678",
});

test("the authorize endpoint: each parameter", async () => {
	for (const name of Object.keys(authorizeQuery())) {
		for (const text of [undefined, ...OAUTH_TEXTS]) {
			const query = authorizeQuery();
			if (text === undefined) delete query[name];
			else query[name] = text;
			const where = `${name}=${text?.slice(0, 20)}`;
			const answer = await request(`${origin}/oauth2/auth?${new URLSearchParams(query)}`, { headers: { accept: "application/json" } });
			if (answer.status === 302) {
				const target = new URL(answer.location, origin);
				if (target.origin === origin) continue; // to the login
				assert.ok(answer.location.startsWith(REDIRECT), `${where}: it leads to ${answer.location}`);
				assert.ok(target.searchParams.get("error"), where);
			} else {
				// What the server refuses before it reaches a script has the request's id, and is no OAuth error.
				const refused = answer.status === 400 && (!answer.text.startsWith("{") || answer.json().request_id);
				const body = refused ? null : answer.json();
				if (body) isOAuthError(answer, where);
				assert.ok(["client_id", "redirect_uri"].includes(name) || !body, where);
			}
		}
	}
	for (const name of Object.keys(authorizeQuery())) {
		const query = `${new URLSearchParams(authorizeQuery())}&${name}=twice`;
		const answer = await request(`${origin}/oauth2/auth?${query}`, { headers: { accept: "application/json" } });
		assert.ok(answer.status < 500, `${name} twice: ${answer.status}`);
		if (answer.status === 302) assert.ok(!answer.location.includes("twice") || answer.location.startsWith(REDIRECT) || answer.location.startsWith("/"));
	}
});

async function code() {
	const jar = new Jar();
	const begun = await request(`${origin}/oauth2/auth?${new URLSearchParams(authorizeQuery())}`, { jar });
	const back = new URL(await consent({ sandbox: origin }, begun, jar));
	return back.searchParams.get("code");
}

test("the token endpoint: each field; bad values give no token", async () => {
	known = await prepare();
	const basic = `Basic ${Buffer.from(`${known.client.client_id}:${known.client.client_secret}`).toString("base64")}`;
	const ask = (fields, authorization = basic, more = {}) => {
		const call = form(fields);
		return request(`${origin}/oauth2/token`, { ...call, headers: { ...call.headers, authorization, ...more } });
	};
	const good = { grant_type: "authorization_code", code: await code(), redirect_uri: REDIRECT };
	for (const name of Object.keys(good)) {
		for (const text of [undefined, ...OAUTH_TEXTS]) {
			const fields = { ...good };
			if (text === undefined) delete fields[name];
			else fields[name] = text;
			const answer = await ask(fields);
			// The server refuses a NUL in a form before the sandbox sees it.
			if (text === "a\0b" && !answer.text.startsWith("{")) assert.equal(answer.status, 400);
			else isOAuthError(answer, `${name}=${text?.slice(0, 20)}`);
		}
	}
	for (const authorization of ["", "Basic", "Basic !!!", "Bearer x", USER])
		isOAuthError(await ask(good, authorization), `authorization ${authorization}`);
	for (const body of ["", "&", "=", "%zz", "grant_type", "{}", "\0", LONG]) {
		const call = { method: "POST", body, headers: { authorization: basic, "content-type": "application/x-www-form-urlencoded" } };
		const answer = await request(`${origin}/oauth2/token`, call);
		assert.equal(answer.status, 400, body.slice(0, 20));
	}
	isOAuthError(await request(`${origin}/oauth2/token`, { headers: { authorization: basic } }), "GET");
});

test("install tokens: names and credentials", async () => {
	const basic = `Basic ${Buffer.from(`${known.client.client_id}:${known.client.client_secret}`).toString("base64")}`;
	for (const n of ["0", "-1", "99", "x", "1.5", "9".repeat(30), "%20", "'"])
		isApiError(await api(`installs/${n}/token`, { headers: { authorization: basic } }), n);
});

test("the event intake: what is not an event is dropped or refused, and never a 5xx", async () => {
	const { write_keys: [writeKey] } = (await api(SOURCE)).json();
	const good = { writeKey, userId: "u", event: "E", properties: { a: 1 }, integrations: { All: true }, timestamp: "2012-12-02T00:30:08Z" };
	for (const place of places(good)) {
		for (const change of [undefined, null, ...WRONG_TYPES, ...WRONG_TEXTS]) {
			const answer = await request(`${origin}/v1/track`, json(spoiled(good, place, change)));
			assert.ok([200, 400].includes(answer.status), `${place} ${answer.status} ${answer.text}`);
			assert.equal(typeof answer.json().success, "boolean");
		}
	}
	for (const batch of [undefined, null, {}, "x", 5, [], [null], [5], [[]], [{}], [deep], [{ type: LONG }], Array(2501).fill({})]) {
		const answer = await request(`${origin}/v1/batch`, json({ writeKey, batch }));
		assert.ok([200, 400].includes(answer.status), JSON.stringify(batch)?.slice(0, 60));
	}
	for (const length of [600_000, 2_000_000, 10_000_000]) {
		const answer = await request(`${origin}/v1/batch`, json({ writeKey, batch: [], a: "x".repeat(length) }));
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json().success, false);
	}
	for (let i = 0; i < 100; i++) {
		const text = JSON.stringify(good);
		const body = text.slice(0, random(text.length)) + pick(["", "\0", "\ufffd", "}", "]", '"']) + text.slice(random(text.length));
		const answer = await request(`${origin}/v1/track`, { method: "POST", body, headers: { "content-type": "application/json" } });
		assert.ok([200, 400].includes(answer.status), body);
	}
});
