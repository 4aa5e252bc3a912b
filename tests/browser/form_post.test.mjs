// A callback that a server's page sends as a form (a mount with form_post), in a browser: the flow's cookie is
// SameSite=Lax, so it is not sent with the form from the other site, and has to be with the GET that follows.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { freePort, startApp } from "../http/harness.mjs";
import { browserTest } from "./harness.mjs";

const script = (origin) => `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}

app:oauth("/auth/other", {
	client = "other",
	server = {
		issuer = "${origin}", authorize_url = "${origin}/authorize", token_url = "${origin}/token", form_post = true,
	},
	installed = function(_, install) return reply.text("installed " .. install.scope) end,
})
return app
`;

/** The server's page: it sends the callback when it has loaded. */
const page = ({ redirect_uri, state }) => `<!doctype html><html lang=en><title>other server</title><link rel=icon href="data:,">
<form method=post action="${redirect_uri}"><input name=state value="${state}"><input name=code value="a code"></form>
<script>document.forms[0].submit()</script>`;

let app, own, server;

before(async () => {
	const port = await freePort(), appPort = await freePort();
	const origin = `http://127.0.0.1:${port}`; // another site than localhost
	app = `http://localhost:${appPort}`;
	server = createServer((req, res) => {
		const url = new URL(req.url, origin);
		if (url.pathname === "/authorize") {
			res.writeHead(200, { "content-type": "text/html" }).end(page(Object.fromEntries(url.searchParams)));
		} else if (url.pathname === "/token") {
			res.writeHead(200, { "content-type": "application/json" }).end('{"access_token":"t1","scope":["read","write"]}');
		} else {
			res.writeHead(404).end();
		}
	}).listen(port, "127.0.0.1");
	await once(server, "listening");
	own = await startApp(script(origin), {
		env: {
			LISTEN: `127.0.0.1:${appPort}`, PUBLIC_URL: app, HTTP_ALLOW: origin, OTHER_CLIENT_ID: "other", OTHER_CLIENT_SECRET: "secret",
		},
	});
});

after(async () => {
	await own.end();
	server.closeAllConnections();
	server.close();
});

browserTest("TO-03 OA-02 a form from another site ends the flow of the browser that began it", {}, async ({ page: at }) => {
	const headers = []; // of the form and the GET that follows
	at.on("request", (request) => {
		if (request.url().startsWith(`${app}/auth/other/callback`)) headers.push(request.allHeaders());
	});
	await at.goto(`${app}/auth/other`);
	await at.getByText("installed read write").waitFor();
	const [form, get] = await Promise.all(headers);
	assert.equal(form.cookie, undefined);
	assert.match(get.cookie, /flow_/);
});
