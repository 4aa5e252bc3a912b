// What is kept of requests and calls out, in the files of its database: everything but secrets (LG-01).
import assert from "node:assert/strict";
import http from "node:http";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { listen } from "./calls.mjs";
import { Jar, during, form, json, raw, request, start, startApp, until, withApp } from "./harness.mjs";

const scriptOf = (upstream) => `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}

app:oauth("/auth/segment", {
	scope = "workspace",
	installed = function(_, install)
		assert(http.get("${upstream}/after-the-install", { bearer = assert(install:token()) }))
		return reply.text "installed"
	end,
})

app:post("/call", function(req)
	local upstream = req.json.upstream
	local first = assert(http.post(upstream .. "/first?api_key=" .. http.escape(req.json.key) .. "&kept=in-a-query", {
		headers = { ["X-Api-Key"] = req.json.key, ["X-Kept"] = "in-a-header" },
		json = { password = req.json.password, kept = "in-a-body" },
	}))
	assert(http.post(upstream .. "/second", { basic = { "user", req.json.password }, body = first.body }))
	return reply.json { echo = first.body, client_secret = req.json.key }
end, { csrf = false })

app:get("/hello", function() return reply.text("hello from the page") end)
return app
`;

const SCRIPT = scriptOf("http://127.0.0.1:9");

const TOKEN = "canary+token/of=the&upstream";

// An upstream that issues a token and otherwise echoes what it gets: heads and bodies, with its secrets.
async function openUpstream() {
	const seen = [];
	const server = http.createServer((req, res) => {
		let body = "";
		req.on("data", (chunk) => (body += chunk)).on("end", () => {
			seen.push({ url: req.url, headers: req.headers, body });
			const token = {
				access_token: TOKEN, token_type: "bearer", expires_in: 3600, scope: "workspace", app_name: "apps/1",
				install_name: "installs/1", workspace_names: ["workspaces/business"], source_names: [],
			};
			res.setHeader("set-cookie", "upstream=canary-upstream-cookie; Path=/");
			res.end(JSON.stringify(req.url === "/oauth2/token" ? token : { headers: req.headers, url: req.url, body }));
		});
	});
	const url = `http://127.0.0.1:${await listen(server)}`;
	const close = async () => {
		server.closeAllConnections();
		server.close();
	};
	return { url, seen, close, env: { SEGMENT_ID_URL: url, SEGMENT_API_URL: url, HTTP_ALLOW: url } };
}

async function withUpstream(body) {
	const upstream = await openUpstream();
	await during(() => body(upstream), upstream.close);
}

const files = (cwd) => readdirSync(path.join(cwd, ".partnerapp")).filter((name) => name.includes(".traffic.db"));

const stored = (cwd) => Buffer.concat(files(cwd).map((name) => readFileSync(path.join(cwd, ".partnerapp", name))));

// Waits until the text is in the files.
const untilStored = (cwd, text) => until(() => stored(cwd).includes(text), Boolean);

// The forms in which a secret may be inside of other bytes.
function formsOf(secret) {
	const bytes = Buffer.from(secret), encoded = encodeURIComponent(secret);
	const forms = [
		secret, encoded, encoded.toLowerCase(), encodeURIComponent(encoded), JSON.stringify(secret).slice(1, -1),
		[...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""), bytes.toString("hex"),
		bytes.toString("utf16le"),
	];
	for (let before = 0; before < 3; before++) {
		const whole = Buffer.concat([Buffer.alloc(before), bytes]);
		const from = [0, 2, 3][before], to = Math.floor(whole.length * 8 / 6);
		for (const alphabet of ["base64", "base64url"]) forms.push(whole.toString(alphabet).slice(from, to));
	}
	return [...new Set(forms)];
}

function assertNone(bytes, secrets) {
	for (const [name, secret] of Object.entries(secrets)) {
		assert.ok(secret?.length >= 8, `${name} is too short to look for: ${secret}`);
		for (const one of formsOf(secret)) assert.ok(!bytes.includes(one), `${name} is in the files, as ${one}`);
	}
}

async function flow(server, upstream) {
	const jar = new Jar(), code = "canary/code of+this~flow";
	const begun = await request(`${server.url}/auth/segment`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const cookies = { flow: jar.header(new URL(server.url)).split("=").slice(1).join("=") };
	const callback = `${server.url}/auth/segment/callback?state=${state}&code=${encodeURIComponent(code)}`;
	const done = await request(callback, { jar });
	assert.equal(done.text, "installed");
	const token = upstream.seen.find((one) => one.url === "/oauth2/token");
	const session = jar.header(new URL(server.url)).match(/=([^;]{16,})$/)?.[1];
	return {
		code, state, token: TOKEN, flow: cookies.flow, session,
		verifier: new URLSearchParams(token.body).get("code_verifier"),
		basic: token.headers.authorization.split(" ")[1],
		upstreamCookie: "canary-upstream-cookie",
	};
}

describe("traffic", () => {
	// SS-10: calls out are recorded.
	test("LG-01 a flow and calls out are kept without a secret in any form, at rest too", async () => {
		await withUpstream(async (upstream) => {
			const env = { ...upstream.env, CLIENT_SECRET: "canary-secret/of=the+client&more" };
			await withApp(scriptOf(upstream.url), { env }, async (server) => {
				const secrets = {
					...await flow(server, upstream), client: env.CLIENT_SECRET,
					key: "canary-key/with+signs=&more", password: "canary \"password\" <of> the call",
				};
				const called = await request(`${server.url}/call`,
					json({ upstream: upstream.url, key: secrets.key, api_key: secrets.key, password: secrets.password },
						{ authorization: `Bearer ${secrets.key}`, cookie: `other=${secrets.password.replaceAll(/[" ]/g, "-")}` }));
				assert.equal(called.status, 200, called.text);
				const folded = await request(`${server.url}/hello?access_token=${encodeURIComponent(secrets.key)}&kept=to-the-end`);
				assert.equal(folded.text, "hello from the page");
				await untilStored(server.cwd, "kept=to-the-end");
				for (const kept of ["/auth/segment/callback?state=***&code=***", "after-the-install", "kept=in-a-query",
					"in-a-header", "in-a-body", "hello from the page", "code_challenge"])
					assert.ok(stored(server.cwd).includes(kept), `${kept} is not in the files`);
				assertNone(stored(server.cwd), secrets);
				await server.stop();
				assertNone(stored(server.cwd), secrets);
				assert.ok(stored(server.cwd).includes("in-a-body"));
				for (const name of files(server.cwd))
					assert.equal(statSync(path.join(server.cwd, ".partnerapp", name)).mode & 0o777, 0o600, name);
			});
		});
	});

	test("what was kept is there after a stop and after a kill", async () => {
		const server = await startApp(SCRIPT);
		await during(async () => {
			await request(`${server.url}/hello?first-run`);
			await untilStored(server.cwd, "first-run");
			await server.stop();
			const second = await start(["serve"], { cwd: server.cwd, env: server.settings });
			await request(`${server.url}/hello?second-run`);
			await untilStored(server.cwd, "second-run");
			await second.stop("SIGKILL");
			const third = await start(["serve"], { cwd: server.cwd, env: server.settings });
			await request(`${server.url}/hello?third-run`);
			await untilStored(server.cwd, "third-run");
			await third.stop();
			for (const kept of ["first-run", "second-run", "third-run"]) assert.ok(stored(server.cwd).includes(kept), kept);
		}, () => server.remove());
	});

	test("TRAFFIC=off keeps nothing, and neither does production", async () => {
		for (const env of [{ TRAFFIC: "off" },
			{ PUBLIC_URL: "https://app.example", SECRET_KEY: "5".repeat(64), ADMIN_PASSWORD: "a-password-of-the-admin" }]) {
			await withApp(SCRIPT, { env }, async (server) => {
				const headers = env.PUBLIC_URL ? { host: "app.example" } : {};
				assert.equal((await request(`${server.url}/hello`, { headers })).status, 200);
				await server.stop();
				assert.deepEqual(files(server.cwd), []);
			});
		}
	});

	test("refusals are kept, those of C too; pages that ask each second are not", async () => {
		await withApp(SCRIPT, {}, async (server) => {
			await raw(server.port, `GET /%zz-bad-escape HTTP/1.1\r\nHost: localhost:${server.port}\r\nConnection: close\r\n\r\n`);
			await raw(server.port, `GET /other-host HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
			await request(`${server.url}/call`, form({ no: "csrf-and-no-json" }));
			await request(`${server.url}/hello?live-page`, { headers: { "x-live": "1" } });
			await request(`${server.url}/healthz?health-check`);
			await request(`${server.url}/hello?the-last`);
			await untilStored(server.cwd, "the-last");
			const bytes = stored(server.cwd);
			for (const kept of ["/%zz-bad-escape", "refused", "/other-host", "evil.example", "no=csrf-and-no-json"])
				assert.ok(bytes.includes(kept), `${kept} is not in the files`);
			for (const left of ["live-page", "health-check"]) assert.ok(!bytes.includes(left), `${left} is in the files`);
			const metrics = await request(`${server.url}/metrics`);
			assert.match(metrics.text, /^partnerapp_traffic_dropped_total 0$/m);
		});
	});
});
