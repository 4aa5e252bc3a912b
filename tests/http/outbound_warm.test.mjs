// While the customer is at the consent page, the connection to the token endpoint is made ready.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { Jar, during, freePort, request, until, withApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:oauth("/auth/segment", {
	scope = "destination/webhooks",
	installed = function(_, install) return reply.text(install.name) end,
})
return app
`;

const TOKEN = {
	access_token: "token-of-the-fake-segment", token_type: "bearer", expires_in: 3600, scope: "destination/webhooks",
	app_name: "apps/1", install_name: "installs/1", workspace_names: ["workspaces/business"],
	source_names: ["workspaces/business/sources/js"],
};

/** Opens a token endpoint for the time of `body`; `head` answers HEAD, and may leave it without an answer. */
async function withEndpoint(head, body) {
	const seen = [];
	const server = http.createServer((req, res) => {
		seen.push({ method: req.method, url: req.url, headers: req.headers, port: req.socket.remotePort });
		server.emit("seen");
		req.resume();
		if (req.method === "HEAD") head(res);
		else res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(TOKEN));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const origin = `http://127.0.0.1:${server.address().port}`;
	await during(() => body({ origin, seen, next: () => once(server, "seen") }), async () => {
		server.close();
		server.closeAllConnections();
	});
}

async function begin(app, jar = new Jar()) {
	const answer = await request(`${app.url}/auth/segment`, { jar });
	assert.equal(answer.status, 302);
	return new URL(answer.location).searchParams.get("state");
}

test("the beginning of a flow makes one connection ready, over which the callback gets its token", async () => {
	await withEndpoint((res) => res.writeHead(404).end(), async ({ origin, seen, next }) => {
		await withApp(APP, { env: { SEGMENT_ID_URL: origin } }, async (app) => {
			const jar = new Jar(), arrived = next();
			const state = await begin(app, jar);
			await arrived;
			const [{ headers, ...asked }] = seen;
			assert.deepEqual([asked.method, asked.url], ["HEAD", "/"]);
			assert.deepEqual(Object.keys(headers).sort(), ["accept", "host", "user-agent"]);
			const running = async () =>
				(await request(`${app.url}/metrics`)).text.match(/^partnerapp_upstream_calls_running (\d+)$/m)[1];
			await until(running, (count) => count === "0");
			await Promise.all(Array.from({ length: 10 }, () => begin(app)));
			const answer = await request(`${app.url}/auth/segment/callback?code=a&state=${state}`, { jar });
			assert.equal(answer.text, "installs/1");
			assert.deepEqual(seen.map((one) => one.method), ["HEAD", "POST"], "once in a minute");
			assert.equal(seen[1].port, asked.port, "over the connection that was made ready");
		});
	});
});

test("OP-01 an endpoint that is silent keeps neither the flow nor the stop waiting", async () => {
	await withEndpoint(() => {}, async ({ origin, next }) => {
		await withApp(APP, { env: { SEGMENT_ID_URL: origin } }, async (app) => {
			const arrived = next();
			await begin(app);
			await arrived;
		});
	});
});

test("an endpoint that is away is silent", async () => {
	const origin = `http://127.0.0.1:${await freePort()}`;
	await withApp(APP, { env: { SEGMENT_ID_URL: origin, LOG_LEVEL: "debug" } }, async (app) => {
		await begin(app);
		await begin(app);
		assert.doesNotMatch(app.err, /HEAD|connect|warn|error/);
	});
});
