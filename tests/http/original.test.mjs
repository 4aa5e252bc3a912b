// The steps of the original README with curl alone, as it printed them: bodies in single quotes, no Content-Type.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startSandbox } from "./harness.mjs";

let origin, sandbox;
before(async () => {
	sandbox = await startSandbox({ env: { SANDBOX_AUTO_CONSENT: "1" } });
	origin = sandbox.origin;
});
after(() => sandbox.end());

/** What curl printed, and the status. */
async function curl(...args) {
	const { stdout } = await promisify(execFile)("curl", ["-sS", "--max-time", "20", "-w", "\n%{http_code}", ...args]);
	const at = stdout.lastIndexOf("\n");
	const text = stdout.slice(0, at);
	return { status: Number(stdout.slice(at + 1)), text, json: () => JSON.parse(text) };
}

/** The body that the README's shell line sends: its JSON in single quotes. */
const quoted = (value) => JSON.stringify(value).replaceAll('"', "'");

const CALLBACK = "http://localhost:8888/auth/segment/callback";
const CONFIG = "workspaces/business/sources/js/destinations/google-analytics/config";

function destination(trackingId) {
	return {
		destination: {
			name: "workspaces/business/sources/js/destinations/google-analytics",
			enabled: true,
			connection_mode: "UNSPECIFIED",
			config: [{ name: `${CONFIG}/trackingId`, type: "string", value: trackingId }],
		},
	};
}

async function createApp(scope) {
	const token = await curl("-X", "POST", "-u", "user@example.com:password", `${origin}/v1beta/access-tokens`, "-d", quoted({
		access_token: { description: "partner app", scopes: "workspace", workspace_names: ["workspaces/business"] },
	}));
	assert.equal(token.status, 200, token.text);
	assert.match(token.json().token, /^[\w-]{43}\.[\w-]{43}$/);
	const app = await curl("-X", "POST", "-H", `Authorization: Bearer ${token.json().token}`,
		`${origin}/v1beta/workspaces/business/apps`, "-d", quoted({
			app: { display_name: "my app", description: "an app", public: true, scope, redirect_uris: [CALLBACK] },
		}));
	assert.equal(app.status, 200, app.text);
	assert.equal(app.json().parent, "workspaces/business");
	return app.json();
}

/** The consent, given at once: what arrives at the callback. */
async function authorize(app) {
	const query = new URLSearchParams({
		response_type: "code", client_id: app.client_id, scope: app.scope, state: "opaque-state-1", redirect_uri: CALLBACK,
	});
	const answer = await curl("-o", "/dev/null", "-D", "-", `${origin}/oauth2/auth?${query}`);
	const location = new URL(answer.text.match(/^location: (.*)$/im)[1].trim());
	assert.equal(location.origin + location.pathname, CALLBACK);
	assert.equal(location.searchParams.get("state"), "opaque-state-1");
	return location.searchParams;
}

async function install(scope) {
	const app = await createApp(scope);
	const credentials = `${app.client_id}:${app.client_secret}`;
	const code = (await authorize(app)).get("code");
	const answer = await exchange(credentials, code);
	assert.equal(answer.status, 200, answer.text);
	return { app, credentials, code, token: answer.json() };
}

const bearer = (token) => ["-H", `Authorization: Bearer ${token.access_token}`];

test("authorize, exchange, create, renew, get, delete", async () => {
	const { credentials, token } = await install("destination/google-analytics");
	assert.match(token.install_name, /^installs\/\d+$/);
	assert.equal(token.token_type, "bearer");
	const source = token.source_names[0];
	const body = JSON.parse(JSON.stringify(destination("UA-970334309-1")).replaceAll("workspaces/business/sources/js", source));
	const list = `${origin}/v1beta/${source}/destinations`;
	const created = await curl("-X", "POST", ...bearer(token), list, "-d", quoted(body));
	assert.equal(created.status, 200, created.text);
	assert.equal(created.json().name, body.destination.name);
	assert.equal(created.json().enabled, true);
	// The original demo looked for these words, and then updated the destination.
	const again = await curl("-X", "POST", ...bearer(token), list, "-d", quoted(body));
	assert.equal(again.status, 409);
	assert.match(again.json().error, /destination already exists/);
	body.destination.config[0].value = "UA-970334309-2";
	const update = { ...body, update_mask: { paths: ["destination.config"] } };
	const updated = await curl("-X", "PATCH", ...bearer(token), `${origin}/v1beta/${body.destination.name}`, "-d", quoted(update));
	assert.equal(updated.status, 200, updated.text);

	const renewed = await curl("-u", credentials, `${origin}/v1beta/${token.install_name}/token`);
	assert.equal(renewed.status, 200, renewed.text);
	assert.notEqual(renewed.json().access_token, token.access_token);
	assert.equal((await curl(...bearer(token), list)).status, 401);
	const got = await curl(...bearer(renewed.json()), `${origin}/v1beta/${body.destination.name}`);
	const setting = got.json().config.find((one) => one.name.endsWith("/trackingId"));
	assert.equal(setting.value, "UA-970334309-2");
	assert.equal((await curl("-X", "DELETE", ...bearer(renewed.json()), `${origin}/v1beta/${body.destination.name}`)).status, 200);
	assert.equal((await curl(...bearer(renewed.json()), `${origin}/v1beta/${body.destination.name}`)).status, 404);
});

test("a workspace scope has no source and reads the workspace", async () => {
	const { token } = await install("workspace:read");
	assert.equal(token.source_names, undefined);
	const sources = await curl(...bearer(token), `${origin}/v1beta/${token.workspace_names[0]}/sources`);
	assert.equal(sources.status, 200, sources.text);
	assert.ok(sources.json().sources.length > 0);
	const refused = await curl("-X", "POST", ...bearer(token), `${origin}/v1beta/${sources.json().sources[0].name}/destinations`,
		"-d", quoted(destination("UA-1-1")));
	assert.equal(refused.status, 403);
	assert.match(refused.json().error, /insufficient scope/);
});

const exchange = (credentials, code, uri = CALLBACK) => curl("-u", credentials, `${origin}/oauth2/token`,
	"-d", "grant_type=authorization_code", "-d", `code=${code}`, "--data-urlencode", `redirect_uri=${uri}`);

test("a code is good once", async () => {
	const { credentials, code } = await install("destination/google-analytics");
	const used = await exchange(credentials, code);
	assert.equal(used.status, 400);
	assert.equal(used.json().error, "invalid_grant");
});

test("the FAQ: a redirect_uri that is not the app's misses a required parameter", async () => {
	const app = await createApp("destination/google-analytics");
	const code = (await authorize(app)).get("code");
	const other = await exchange(`${app.client_id}:${app.client_secret}`, code, "http://localhost:8888/elsewhere");
	assert.equal(other.status, 400);
	assert.match(other.json().error_description, /missing a required parameter/);
});

test("a wrong secret", async () => {
	const app = await createApp("destination/google-analytics");
	const wrong = await exchange(`${app.client_id}:wrong`, (await authorize(app)).get("code"));
	assert.equal(wrong.status, 401);
	assert.equal(wrong.json().error, "invalid_client");
});

test("the FAQ: an app is installed once on a workspace", async () => {
	const { app } = await install("destination/google-analytics");
	assert.equal((await authorize(app)).get("error_description"), "install already exists");
});
