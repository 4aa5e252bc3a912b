// Another authorization server than Segment's: npm's oidc-provider, PKCE required. Every option of a mount's `server`
// is used: client authentication, extra parameters, `iss`, refresh tokens, revocation.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Jar, form, freePort, request, startApp, until } from "./harness.mjs";

// Debian 12's Node 18 has no global WebCrypto, which that package needs.
const skip = globalThis.crypto?.subtle ? false : "oidc-provider needs Node 20";

const mount = (name, authentication, origin) => `
app:oauth("/auth/${name}", {
	client = "${name}",
	scope = "openid offline_access",
	server = {
		issuer = "${origin}", authorize_url = "${origin}/auth", token_url = "${origin}/token",
		revoke_url = "${origin}/token/revocation", authentication = "${authentication}",
		parameters = { prompt = "consent" }, sends_iss = true,
	},
	installed = function(_, install) return reply.redirect("/installs/" .. install.id) end,
})`;

const script = (origin) => `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
${mount("basic", "basic", origin)}
${mount("post", "post", origin)}
${mount("public", "none", origin)}

app:get("/installs/:id", function(req)
	return reply.json(app.installs:public(app.installs:owned(req, req.params.id)))
end)

-- The user of the token, from the server's /me.
app:get("/me/:id", function(req)
	local token, err, code = app.installs:find(req.params.id):token()
	if not token then return reply.failed(502, code .. ": " .. err) end
	local answer = assert(http.get("${origin}/me", { bearer = token }))
	return reply.json({ status = answer.status, sub = answer.status == 200 and answer.json().sub or nil })
end)

app:get("/disconnect/:id", function(req)
	return reply.json({ gone = app.installs:find(req.params.id):disconnect() })
end)

return app
`;

let app, origin, server, own;
const revoked = [];
const refreshed = { basic: 0, post: 0, public: 0 };

before(async () => {
	if (skip) return;
	const { default: Provider } = await import("oidc-provider");
	const [appPort, port] = [await freePort(), await freePort()];
	[app, origin] = [`http://localhost:${appPort}`, `http://127.0.0.1:${port}`];
	const client = (name, method) => ({
		client_id: name, redirect_uris: [`${app}/auth/${name}/callback`], token_endpoint_auth_method: method,
		grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
		...(method === "none" ? {} : { client_secret: `secret+of/${name}` }),
	});
	const provider = new Provider(origin, {
		clients: [
			client("basic", "client_secret_basic"), client("post", "client_secret_post"), client("public", "none"),
		],
		cookies: { keys: ["key of the tests"] },
		features: { revocation: { enabled: true } },
		findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
		pkce: { required: () => true },
		rotateRefreshToken: true,
		ttl: { AccessToken: 2, Interaction: 60, Session: 60, Grant: 600, IdToken: 60, RefreshToken: 600 },
	});
	provider.on("refresh_token.destroyed", (token) => revoked.push(token.clientId));
	provider.on("refresh_token.consumed", (token) => refreshed[token.clientId]++);
	provider.on("server_error", (_, error) => console.error(error));
	server = provider.listen(port, "127.0.0.1");
	await once(server, "listening");
	own = await startApp(script(origin), {
		env: {
			LISTEN: `127.0.0.1:${appPort}`, PUBLIC_URL: app, HTTP_ALLOW: origin, BASIC_CLIENT_ID: "basic", BASIC_CLIENT_SECRET: "secret+of/basic",
			POST_CLIENT_ID: "post", POST_CLIENT_SECRET: "secret+of/post", PUBLIC_CLIENT_ID: "public",
		},
	});
});

after(async () => {
	if (skip) return;
	await own.end();
	server.closeAllConnections();
	server.close();
});

/** Follows redirects and fills in the provider's forms until it sends the browser back to the app. */
async function authorize(name, jar) {
	const begun = await request(`${app}/auth/${name}`, { jar });
	assert.equal(begun.status, 302);
	let answer = await request(begun.location, { jar });
	for (let steps = 0; steps < 12; steps++) {
		if (answer.location?.startsWith(app)) return answer.location;
		if (answer.location) {
			answer = await request(new URL(answer.location, origin).href, { jar });
			continue;
		}
		const action = answer.text.match(/<form[^>]* action="([^"]+)"/)?.[1];
		assert.ok(action, answer.text.slice(0, 1500));
		const prompt = answer.text.match(/name="prompt" value="([^"]+)"/)[1];
		answer = await request(new URL(action, origin).href, { jar, ...form({ prompt, login: "someone", password: "x" }) });
	}
	assert.fail("the provider does not come back");
}

async function install(name) {
	const jar = new Jar();
	const callback = await authorize(name, jar);
	const done = await request(callback, { jar });
	assert.equal(done.status, 303, done.text);
	return { id: done.location.split("/").at(-1), jar, callback };
}

const me = async (id) => {
	const answer = await request(`${app}/me/${id}`);
	assert.equal(answer.status, 200, answer.text + own.err);
	return answer.json();
};

// Each waits until its tokens have expired.
describe("authentication", { concurrency: true }, () => {
	for (const name of ["basic", "post", "public"]) {
		test(`a client that authenticates with ${name} gets a token, and new ones with its refresh token`, { skip }, async () => {
			const { id, jar } = await install(name);
			const shown = (await request(`${app}/installs/${id}`, { jar })).json();
			assert.equal(shown.scope, "openid offline_access");
			assert.deepEqual(await me(id), { status: 200, sub: "someone" });
			await until(() => me(id), (answer) => {
				assert.deepEqual(answer, { status: 200, sub: "someone" });
				return refreshed[name] >= 2;
			});
			assert.equal((await request(`${app}/installs/${id}`, { jar })).json().health, "ok");
		});
	}
});

test("OA-13 the provider names itself in `iss`; a callback with another, or without, is refused", { skip }, async () => {
	for (const change of [(url) => url.searchParams.delete("iss"), (url) => url.searchParams.set("iss", "https://a.example")]) {
		const jar = new Jar();
		const callback = new URL(await authorize("basic", jar));
		assert.equal(callback.searchParams.get("iss"), origin);
		change(callback);
		const answer = await request(callback.href, { jar, headers: { accept: "application/json" } });
		assert.equal(answer.status, 400);
		assert.equal(answer.json().error, "other_server");
	}
});

test("OA-11 the provider refuses a code without its verifier: PKCE is real", { skip }, async () => {
	const jar = new Jar();
	const callback = new URL(await authorize("basic", jar));
	const answer = await request(`${origin}/token`, {
		...form({ grant_type: "authorization_code", code: callback.searchParams.get("code"), redirect_uri: `${app}/auth/basic/callback` }),
		headers: {
			"content-type": "application/x-www-form-urlencoded",
			authorization: `Basic ${Buffer.from("basic:secret%2Bof%2Fbasic").toString("base64")}`,
		},
	});
	assert.equal(answer.status, 400);
	assert.equal(answer.json().error, "invalid_grant");
});

test("RT-13 disconnecting revokes the refresh token at the provider", { skip }, async () => {
	const { id, jar } = await install("basic");
	const before = revoked.length;
	assert.deepEqual((await request(`${app}/disconnect/${id}`)).json(), { gone: true });
	assert.deepEqual(revoked.slice(before), ["basic"]);
	assert.equal((await request(`${app}/installs/${id}`, { jar })).status, 404);
});

test("what the user refuses there ends as it does with Segment", { skip }, async () => {
	const jar = new Jar();
	const begun = await request(`${app}/auth/basic`, { jar });
	let answer = await request(begun.location, { jar });
	answer = await request(new URL(answer.location, origin).href, { jar });
	const abort = answer.text.match(/href="([^"]*abort)"/)[1];
	answer = await request(new URL(abort, origin).href, { jar });
	while (!answer.location.startsWith(app)) answer = await request(new URL(answer.location, origin).href, { jar });
	const page = await request(answer.location, { jar, headers: { accept: "application/json" } });
	assert.equal(page.status, 403);
	assert.equal(page.json().error, "access_denied");
});
