// A mount's server that keeps to little of what RFC 6749 says, over real sockets: it refuses PKCE, wants its token
// requests as JSON, renews at another URL, sends its callback as a form of its own page, and answers with a form.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Jar, form, freePort, request, startApp, until } from "./harness.mjs";

const script = (origin) => `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}

app:oauth("/auth/odd", {
	client = "odd",
	server = {
		issuer = "${origin}", authorize_url = "${origin}/authorize", token_url = "${origin}/token",
		refresh_url = "${origin}/refresh", authentication = "post", token_request = "json", pkce = false, form_post = true,
	},
	installed = function(_, install) return reply.redirect("/installs/" .. install.id) end,
})

app:oauth("/auth/long", {
	client = "odd",
	server = { issuer = "${origin}/long", authorize_url = "${origin}/authorize", token_url = "${origin}/long/token" },
	installed = function(_, install) return reply.redirect("/installs/" .. install.id) end,
})

-- The length of the token that the other server gets.
app:get("/length/:id", function(req)
	local answer = assert(http.get("${origin}/length", { bearer = assert(app.installs:find(req.params.id):token()) }))
	return reply.text(answer.body)
end)

app:get("/installs/:id", function(req)
	return reply.json(app.installs:public(app.installs:owned(req, req.params.id)))
end)

app:get("/token/:id", function(req)
	local token, err, code = app.installs:find(req.params.id):token()
	return reply.json { token = token, error = err, code = code }
end)
return app
`;

const calls = []; // of the token endpoints: { path, type, body }
const refreshes = []; // the refresh tokens that the endpoint of long tokens got
let app, own, server, origin, life = 2;

before(async () => {
	const port = await freePort(), appPort = await freePort();
	origin = `http://127.0.0.1:${port}`;
	app = `http://127.0.0.1:${appPort}`;
	server = createServer({ maxHeaderSize: 65536 }, async (req, res) => {
		if (req.url === "/length") return res.end(String(req.headers.authorization.length - "Bearer ".length));
		if (req.method !== "POST") return res.writeHead(404).end(); // the connection that is made ahead of its use
		let body = "";
		for await (const chunk of req) body += chunk;
		if (req.url === "/long/token") {
			refreshes.push(new URLSearchParams(body).get("refresh_token"));
			const [access_token, refresh_token] = ["a", "r"].map((letter) => letter.repeat(16384));
			return res.writeHead(200, { "content-type": "text/plain" })
				.end(JSON.stringify({ access_token, refresh_token, expires_in: refreshes.length > 1 ? 3600.5 : 1 }));
		}
		calls.push({ path: req.url, type: req.headers["content-type"], body: JSON.parse(body) });
		res.writeHead(201, { "content-type": "application/x-www-form-urlencoded" });
		res.end(new URLSearchParams({
			access_token: `token+${calls.length}`, refresh_token: `refresh-${calls.length}`, scope: "read,write",
			...(life ? { expires_in: life } : {}),
		}).toString());
	}).listen(port, "127.0.0.1");
	await once(server, "listening");
	own = await startApp(script(origin), {
		env: {
			LISTEN: `127.0.0.1:${appPort}`, PUBLIC_URL: app, HTTP_ALLOW: origin, ODD_CLIENT_ID: "odd", ODD_CLIENT_SECRET: "odd+secret",
		},
	});
});

after(async () => {
	await own.end();
	server.closeAllConnections();
	server.close();
});

/** What the server's page sends: from another site, so without the browser's Lax cookies. */
const post = (fields, headers = {}) => request(`${app}/auth/odd/callback`, {
	...form(fields),
	headers: {
		"content-type": "application/x-www-form-urlencoded", origin, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate",
		...headers,
	},
});

async function begin(jar) {
	const begun = await request(`${app}/auth/odd`, { jar });
	assert.equal(begun.status, 302);
	return new URL(begun.location).searchParams;
}

test("TO-03 OA-10 a whole flow with form_post, JSON requests, another refresh URL and no PKCE", async () => {
	const jar = new Jar();
	const asked = await begin(jar);
	assert.deepEqual([...asked.keys()].sort(), ["client_id", "redirect_uri", "response_mode", "response_type", "state"]);
	assert.equal(asked.get("response_mode"), "form_post");

	const sent = await post({ state: asked.get("state"), code: "a code+/=", id_token: "not sent on", user: '{"name":"Ada"}' });
	assert.equal(sent.status, 303, sent.text);
	const callback = new URL(sent.location, app);
	assert.equal(callback.origin + callback.pathname, `${app}/auth/odd/callback`);
	assert.deepEqual(Object.fromEntries(callback.searchParams), { state: asked.get("state"), code: "a code+/=" });
	assert.equal(sent.headers["cache-control"], "no-store");
	assert.equal(sent.headers["set-cookie"], undefined);
	assert.equal(calls.length, 0);

	const done = await request(callback.href, { jar });
	assert.equal(done.status, 303, done.text);
	assert.deepEqual(calls, [{
		path: "/token",
		type: "application/json",
		body: {
			grant_type: "authorization_code", code: "a code+/=", redirect_uri: `${app}/auth/odd/callback`, client_id: "odd",
			client_secret: "odd+secret",
		},
	}]);
	const install = (await request(new URL(done.location, app).href, { jar })).json();
	assert.equal(install.scope, "read write");

	const token = () => request(`${app}/token/${install.id}`).then((answer) => answer.json());
	life = undefined;
	const renewed = await until(token, (answer) => answer.token === "token+2");
	assert.equal(renewed.token, "token+2");
	assert.deepEqual(calls[1], {
		path: "/refresh",
		type: "application/json",
		body: { grant_type: "refresh_token", refresh_token: "refresh-1", client_id: "odd", client_secret: "odd+secret" },
	});
	const shown = (await request(new URL(done.location, app).href, { jar })).json();
	assert.equal(shown.expires_at, null);
	assert.equal(shown.health, "ok");
});

test("OA-07 OA-08 HT-04 a form of another site decides nothing, and is checked before it is led on", async () => {
	const before = calls.length;
	const forged = await post({ state: "forged", code: "x" });
	assert.equal(forged.status, 303);
	const refused = await request(new URL(forged.location, app).href, { jar: new Jar(), headers: { accept: "application/json" } });
	assert.equal(refused.status, 400);
	assert.equal(refused.json().error, "state_wrong");
	for (const fields of [
		{ state: "", code: "x" }, { state: "s", code: "a\nb" }, { state: "s", code: "é" }, { state: "s", code: "x".repeat(4097) },
		{ state: "s".repeat(4000), code: "x".repeat(4000) },
	]) {
		const answer = await post(fields, { accept: "application/json" });
		assert.equal(answer.status, 400, JSON.stringify(fields).slice(0, 80));
		assert.equal(answer.json().error, "malformed");
	}
	assert.equal(calls.length, before);
});

test("OA-20 an error that comes as a form ends as any other", async () => {
	const jar = new Jar();
	const asked = await begin(jar);
	const sent = await post({ state: asked.get("state"), error: "access_denied", error_description: "<b>".repeat(400) });
	assert.equal(sent.status, 303);
	const page = await request(new URL(sent.location, app).href, { jar, headers: { accept: "application/json" } });
	assert.equal(page.status, 403);
	assert.equal(page.json().error, "access_denied");
});

test("TO-03 tokens of 16 KiB are stored, sent and renewed", async () => {
	const jar = new Jar();
	const begun = await request(`${app}/auth/long`, { jar });
	const state = new URL(begun.location).searchParams.get("state");
	const done = await request(`${app}/auth/long/callback?state=${state}&code=x`, { jar });
	assert.equal(done.status, 303, done.text);
	const id = done.location.split("/").at(-1);
	await until(() => request(`${app}/length/${id}`), (answer) => {
		assert.equal(answer.text, "16384");
		return refreshes.length === 2;
	});
	assert.deepEqual(refreshes, [null, "r".repeat(16384)]);
});
