// OAuth clients from npm, against the sandbox with only the base URLs changed: the steps of the
// original Node.js demo, which used client-oauth2, and the same with simple-oauth2.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import ClientOAuth2 from "client-oauth2";
import { AuthorizationCode } from "simple-oauth2";
import { Jar, consent, json, request, startSandbox } from "./harness.mjs";

const CALLBACK = "http://localhost:8888/auth/segment/callback";
const SCOPE = "destination/clearbrain";

/** What the two libraries have in common: an authorize address, and a code's exchange with its failures. */
const libraries = {
	"client-oauth2": (origin, { id, secret, redirectUri, scope }) => {
		const oauth = new ClientOAuth2({
			clientId: id, clientSecret: secret, redirectUri, scopes: [scope],
			accessTokenUri: `${origin}/oauth2/token`, authorizationUri: `${origin}/oauth2/auth`,
		});
		return {
			authorize: (state) => oauth.code.getUri({ state }),
			exchange: async (callback, state) => (await oauth.code.getToken(callback, { state })).data,
			failure: (error) => ({ error: error.body?.error ?? error.message, description: error.body?.error_description }),
			checksState: true,
		};
	},
	"simple-oauth2": (origin, { id, secret, redirectUri, scope }) => {
		const oauth = new AuthorizationCode({
			client: { id, secret },
			auth: { tokenHost: origin, tokenPath: "/oauth2/token", authorizePath: "/oauth2/auth" },
		});
		return {
			authorize: (state) => oauth.authorizeURL({ redirect_uri: redirectUri, scope, state }),
			exchange: async (callback) => {
				const code = new URL(callback).searchParams.get("code");
				return (await oauth.getToken({ code, redirect_uri: redirectUri })).token;
			},
			failure: (error) => ({ error: error.data.payload.error, description: error.data.payload.error_description }),
		};
	},
};

// With the login and the consent page, and with SANDBOX_AUTO_CONSENT.
for (const [name, make] of Object.entries(libraries)) {
	for (const automatic of [false, true]) {
		describe(`${name}, ${automatic ? "consent given at once" : "login and consent pages"}`, () => {
			let sandbox, origin;

			before(async () => {
				sandbox = await startSandbox({ env: { SANDBOX_AUTO_CONSENT: automatic ? "1" : "0" } });
				origin = sandbox.origin;
			});
			after(() => sandbox.end());
			beforeEach(() => request(`${origin}/_sandbox/reset`, json({})));

			async function register(scope = SCOPE) {
				const wanted = { scope, redirect_uris: [CALLBACK, "http://localhost:8888/elsewhere"] };
				const made = (await request(`${origin}/_sandbox/clients`, json(wanted))).json();
				return { id: made.client_id, secret: made.client_secret, redirectUri: CALLBACK, scope };
			}

			/** A browser's way from the authorize address back to the app. */
			async function browse(address, choices) {
				const jar = new Jar();
				let answer = await request(address, { jar });
				if (!automatic && !answer.location?.startsWith("http://localhost:8888/"))
					return consent({ sandbox: origin }, answer, jar, choices);
				while (!answer.location.startsWith("http://localhost:8888/"))
					answer = await request(new URL(answer.location, origin).href, { jar });
				return answer.location;
			}

			const api = async (path, { token, method = "GET", body, authorization = `Bearer ${token}` }) =>
				request(`${origin}/v1beta/${path}`, {
					method, headers: { authorization, "content-type": "application/json" },
					body: body && JSON.stringify(body),
				});

			async function fails(oauth, promise) {
				try {
					await promise;
				} catch (error) {
					return oauth.failure(error);
				}
				return assert.fail("it did not fail");
			}

			test("authorize, exchange, create, update what exists, renew, get", async () => {
				const client = await register();
				const oauth = make(origin, client);
				const state = randomBytes(20).toString("hex");
				const back = await browse(oauth.authorize(state));
				assert.equal(new URL(back).searchParams.get("state"), state);
				const token = await oauth.exchange(back, state);
				assert.match(token.access_token, /^[\w-]{43}\.[\w-]{43}$/);
				assert.equal(token.token_type, "bearer");
				assert.equal(token.scope, SCOPE);
				assert.match(token.install_name, /^installs\/\d+$/);
				const [source] = token.source_names;
				assert.ok(source.startsWith(`${token.workspace_names[0]}/sources/`));

				const destination = {
					name: `${source}/destinations/clearbrain`, enabled: true, connection_mode: "CLOUD",
					config: [{ name: `${source}/destinations/clearbrain/config/apiKey`, value: "abcd1234" }],
				};
				const create = () => api(`${source}/destinations`, {
					token: token.access_token, method: "POST", body: { destination },
				});
				assert.equal((await create()).status, 200);
				const again = await create();
				assert.equal(again.status, 409);
				assert.equal(again.json().code, 6);
				assert.match(again.json().error, /destination already exists/);
				const updated = await api(destination.name, {
					token: token.access_token, method: "PATCH",
					body: {
						destination: { ...destination, enabled: false },
						update_mask: { paths: ["destination.enabled", "destination.config", "destination.connection_mode"] },
					},
				});
				assert.equal(updated.status, 200, updated.text);
				assert.equal(updated.json().enabled, false);

				const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}`;
				const renewed = await api(`${token.install_name}/token`, { authorization: basic });
				assert.equal(renewed.status, 200);
				assert.equal(renewed.json().expires_in, 3600);
				assert.notEqual(renewed.json().access_token, token.access_token);
				const old = await api(destination.name, { token: token.access_token });
				assert.equal(old.status, 401);
				assert.equal(old.json().code, 16);
				const got = await api(destination.name, { token: renewed.json().access_token });
				assert.equal(got.status, 200);
				assert.equal(got.json().enabled, false);
			});

			test("a workspace scope comes without a source", async () => {
				const oauth = make(origin, await register("workspace:read"));
				const token = await oauth.exchange(await browse(oauth.authorize("12345678")), "12345678");
				assert.equal("source_names" in token, false);
				const list = await api("workspaces", { token: token.access_token });
				assert.deepEqual(list.json().workspaces.map((one) => one.name), token.workspace_names);
			});

			test("a wrong secret, a used code, another redirect URI: errors that the library reads", async () => {
				const client = await register();
				const oauth = make(origin, client);
				const back = await browse(oauth.authorize("12345678"));
				const wrong = make(origin, { ...client, secret: "wrong" });
				assert.equal((await fails(wrong, wrong.exchange(back, "12345678"))).error, "invalid_client");
				await oauth.exchange(back, "12345678");
				assert.equal((await fails(oauth, oauth.exchange(back, "12345678"))).error, "invalid_grant");
				await request(`${origin}/_sandbox/reset`, json({}));

				const one = await register();
				const here = make(origin, one), there = make(origin, { ...one, redirectUri: "http://localhost:8888/elsewhere" });
				const other = (await browse(here.authorize("12345678"))).replace("/auth/segment/callback", "/elsewhere");
				const { error, description } = await fails(there, there.exchange(other, "12345678"));
				assert.equal(error, "invalid_request");
				assert.match(description, /missing a required parameter/);
			});

			test("a scope that is not the app's comes back as an error", async () => {
				const oauth = make(origin, { ...await register(), scope: "workspace" });
				const back = new URL(await browse(oauth.authorize("12345678")));
				assert.equal(back.searchParams.get("error"), "invalid_scope");
				assert.equal(back.searchParams.get("state"), "12345678");
				assert.equal(back.searchParams.get("code"), null);
			});

			if (!automatic)
				test("a refusal comes back as access_denied", async () => {
					const oauth = make(origin, await register());
					const back = await browse(oauth.authorize("12345678"), { decision: "deny" });
					assert.equal(new URL(back).searchParams.get("error"), "access_denied");
					if (oauth.checksState)
						assert.equal((await fails(oauth, oauth.exchange(back, "12345678"))).error, "access_denied");
				});

			test("another state is found by the library that looks at it", async () => {
				const oauth = make(origin, await register());
				const back = await browse(oauth.authorize("12345678"));
				if (oauth.checksState)
					assert.match((await fails(oauth, oauth.exchange(back, "87654321"))).error, /^Invalid state/);
				assert.ok((await oauth.exchange(back, "12345678")).access_token);
			});
		});
	}
}
