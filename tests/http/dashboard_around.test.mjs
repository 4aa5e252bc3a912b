// The dashboard around a partner's own app, which has names, hooks and rules of its own: neither changes the other.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { folder, request, startApp } from "./harness.mjs";

const FILES = {
	"views/layout.html": "<!doctype html><title>partner</title><p>layout of the partner</p>{{{ content }}}",
	"views/home.html": '{% layout "layout" %}<p>home of the partner</p>',
	"views/dashboard/overview.html": '{% layout "layout" %}<p>overview of the partner</p>',
	"views/overview.html": "<p>another overview of the partner</p>",
	"views/refusal.html": "<p>a refusal of the partner</p>",
	"static/dashboard.css": "p { color: red }",
	"static/traffic.js": "partner()",
	"dashboard.lua": 'return { text = "module of the partner" }',
	"installs.lua": 'return { text = "another module of the partner" }',
};

const SCRIPT = `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { name = "partner", cors = { "https://other.example" } }
app:before(function(req)
	if req.path:find "^/dashboard" then
		return reply.text("the hook before", 403)
	end
end)
app:after(function(_, response)
	response.headers["x-partner"] = "after"
	response.headers["content-security-policy"] = "default-src *"
end)
app:failed(function(_, status, message)
	return reply.text("failed of the partner: " .. message, status)
end)
app:get("/", function() return reply.view "home" end)
app:get("/own", function() return reply.view "dashboard/overview" end)
app:get("/module", function() return reply.text(require("dashboard").text .. ", " .. require("installs").text) end)
app:get("/*rest", function() return reply.text("any route of the partner", 404) end)
return app
`;

// "/*rest" of the app is for none of the library's addresses.
const PAGES = ["", "/installs", "/destinations", "/tester", "/traffic", "/deliveries", "/nothing"];

/** What a page of the dashboard is, without what differs from request to request and between the two apps. */
const plain = ({ status, text }) => `${status} ${text
	.replace(/<code>[0-9a-f]{16}<\/code>/, "").replace(/– \w+ dashboard/, "")
	.replace(/read .*? ago/, "").replace(/\d+ files?/, "")}`;

describe("a partner's app", () => {
	let place, app, bare;
	before(async () => {
		place = folder();
		for (const [name, text] of Object.entries(FILES)) {
			const file = path.join(place.name, "lua/app", name);
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, text);
		}
		app = await startApp(SCRIPT, { place });
		bare = await startApp('return require("partnerapp").new {}\n');
	});
	after(async () => {
		await app.end();
		await bare.end();
		place.remove();
	});

	const ask = (server, where) => request(server.url + where, { headers: { accept: "text/html" } });

	test("its views, files, modules, hooks, failures and routes leave the dashboard as it is", async () => {
		for (const page of ["", "/installs", "/destinations", "/tester", "/deliveries", "/nothing"]) {
			const [got, wanted] = [await ask(app, `/dashboard${page}`), await ask(bare, `/dashboard${page}`)];
			assert.equal(plain(got), plain(wanted), page);
			assert.equal(got.headers["content-security-policy"], wanted.headers["content-security-policy"]);
			assert.equal(got.headers["x-partner"], undefined);
		}
		for (const page of PAGES) {
			assert.doesNotMatch((await ask(app, `/dashboard${page}`)).text, /(of the partner|the hook before)/);
		}
	});

	test("its cors does not open the dashboard to other origins", async () => {
		const headers = { origin: "https://other.example", "access-control-request-method": "GET" };
		for (const method of ["GET", "OPTIONS"]) {
			const answer = await request(`${app.url}/dashboard/traffic`, { method, headers });
			assert.equal(answer.headers["access-control-allow-origin"], undefined, method);
		}
	});

	test("its route for all paths leaves the library's addresses to the library", async () => {
		assert.equal((await ask(app, "/readyz")).status, 200);
		assert.match((await ask(app, "/metrics")).text, /^# HELP/);
		assert.match((await ask(app, "/static/partnerapp/partnerapp.css")).headers["content-type"], /css/);
	});

	test("its own pages are as without the dashboard", async () => {
		assert.match((await ask(app, "/")).text, /layout of the partner[^]*home of the partner/);
		assert.match((await ask(app, "/own")).text, /layout of the partner[^]*overview of the partner/);
		assert.equal((await ask(app, "/module")).text, "module of the partner, another module of the partner");
		assert.equal((await ask(app, "/dashboards")).text, "the hook before");
		assert.equal((await ask(app, "/elsewhere")).text, "any route of the partner");
		assert.equal((await ask(app, "/")).headers["x-partner"], "after");
	});
});
