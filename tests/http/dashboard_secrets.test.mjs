// LG-01 over the whole walk: a canary for every secret is used once in each way that there is, and then looked for in
// every page, archive, log line, database file and kept test, plain, percent-encoded and in Base64.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { APP_FOLDER, folder, form, freePort, Jar, json, request, startApp, until } from "./harness.mjs";

const names = [
	"clientSecret", "password", "webhookSecret", "acmeKey", "token", "renewed", "code", "segmentSecret", "newSecret", "newText",
	"testerKey", "checkKey", "keptKey", "argument", "replayHeader", "replayQuery", "replayBody", "replayAnswer", "replayCookie",
	"partnerAnswer", "basic", "raised",
];
const canary = Object.fromEntries(names.map((name) => [name, `cnry${randomBytes(12).toString("hex")}`]));
// Of the walk: the state, the PKCE verifier and the cookies that the app has made.
const made = {};

const percent = (text) => [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join("");

/** What Base64 of any text around the canary has, wherever the canary begins in it. */
function inBase64(text) {
	return [0, 1, 2].map((shift) => {
		const encoded = Buffer.from("\0".repeat(shift) + text).toString("base64");
		return encoded.slice(Math.ceil(shift * 4 / 3), Math.floor((shift + text.length) / 3) * 4);
	});
}

function formsOf(text) {
	const forms = [text, encodeURIComponent(text), percent(text), percent(text).toUpperCase(), ...inBase64(text)];
	return [...new Set(forms)].map((one) => Buffer.from(one));
}

const found = []; // where a secret was seen

/** Looks for all secrets in bytes. */
function look(bytes, where) {
	const all = Buffer.from(bytes);
	for (const [name, value] of Object.entries({ ...canary, ...made })) {
		for (const one of formsOf(value)) {
			const at = all.indexOf(one);
			if (at >= 0) {
				const around = all.subarray(Math.max(0, at - 300), at + 60).toString().replace(/[^\x20-\x7e\n]/g, ".");
				found.push(`${name} is in ${where}, as ${one}: …${around}`);
			}
		}
	}
}

const APP = `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "acme", env = { PARTNER_URL = "", ACME_API_KEY = "" } }
app:oauth("/auth/segment", { scope = "destination/acme", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
app:get("/", function() return reply.text "the app" end)
app:get("/installs/:id", function(req)
	local install = app.installs:find(req.params.id)
	local found, message = install:segment():get_destination(install.source, "acme")
	return found and reply.text "good" or reply.failed(502, message)
end)
app:post("/take", function(req)
	local response = reply.json { access_token = req.query.of or "none", body = #(req.body or "") }
	response.headers["set-cookie"] = "own=" .. (req.query.cookie or "none")
	return response
end, { csrf = false })
app:get("/call", function()
	local answer = http.get(app.env.PARTNER_URL .. "/basic", { headers = {
		authorization = "Basic " .. require("partnerapp.crypto").base64("user:" .. app.env.ACME_API_KEY) } })
	return reply.text(tostring(answer and answer.status))
end)
function app.actions.give(_, arguments)
	return { token = arguments.token, password = arguments.password }
end
function app.actions.fail(_, arguments)
	error("the partner said no to password=" .. tostring(arguments.password))
end
return app
`;

const DESTINATION = (url) => `
local destination = require "partnerapp.destination"
return destination.new {
	name = "Acme", slug = "acme",
	settings = { { "api_key", type = "password", label = "API key", required = true }, { "region", type = "string", label = "Region" } },
	test_authentication = function(request, data)
		return request:get("/me?key=" .. data.settings.api_key)
	end,
	extend_request = function(data)
		return { base_url = "${url}", bearer = data.settings.api_key }
	end,
	actions = { { "track", title = "Track", trigger = 'type = "track"',
		fields = { { "event", type = "string", label = "Event", default = { ["@path"] = "$.event" } } },
		perform = function(request, data)
			local key = data.settings.api_key
			return request:post("/events?k=" .. key, { json = { event = data.payload.event, nested = { sent = "key " .. key } } })
		end } },
}
`;

/** Segment and a partner's API on one port: what they answer has secrets. */
async function openUpstream() {
	let current = canary.token;
	const destination = (more = {}) => ({
		name: "workspaces/w/sources/s/destinations/acme", parent: "workspaces/w/sources/s", enabled: true, connection_mode: "CLOUD",
		config: [
			{ name: "workspaces/w/sources/s/destinations/acme/config/apiKey", display_name: "API key", type: "password", value: canary.segmentSecret },
			{ name: "workspaces/w/sources/s/destinations/acme/config/region", display_name: "Region", type: "string", value: "us" },
		], ...more,
	});
	const token = (value) => ({
		access_token: value, token_type: "bearer", expires_in: 3600, scope: "destination/acme", app_name: "apps/1",
		install_name: "installs/1", workspace_names: ["workspaces/w"], source_names: ["workspaces/w/sources/s"],
	});
	const server = http.createServer((req, res) => {
		const chunks = [];
		req.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
			const body = Buffer.concat(chunks).toString();
			const send = (status, value, headers = {}) =>
				res.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
			if (req.url === "/oauth2/token") {
				made.verifier = new URLSearchParams(body).get("code_verifier");
				return send(200, token(current));
			}
			if (/installs\/1\/token$/.test(req.url)) return send(200, token(current = canary.renewed));
			if (/^\/v1beta\/catalog\//.test(req.url)) return send(404, { error: "none", code: 5 });
			if (/destinations\/acme$/.test(req.url)) return send(200, destination());
			// A partner's API that says all that it was sent, and gives a secret of its own.
			return send(200, { you_sent: body, url: req.url, headers: req.headers, access_token: canary.partnerAnswer },
				{ "set-cookie": `partner=${canary.replayAnswer}` });
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return { url: `http://127.0.0.1:${server.address().port}`, close: () => (server.closeAllConnections(), server.close()) };
}

/** The bytes of all files below a folder. */
function filesOf(top) {
	return readdirSync(top, { recursive: true }).map((name) => path.join(top, name)).filter((name) => statSync(name).isFile());
}

describe("LG-01 no secret of the whole walk is shown or kept", { concurrency: 1 }, () => {
	let upstream, place, app, jar, id;
	const pages = []; // [where, text] of all that the dashboard has answered

	const dashboard = async (address, options) => {
		const answer = await request(app.url + address, { jar, ...options });
		pages.push([`${options?.method ?? "GET"} ${address}`, JSON.stringify(answer.headers) + answer.text]);
		return answer;
	};
	/** Sends a form of a page, with the token of that page. */
	const send = async (address, fields, from = address) => {
		const { text } = await dashboard(from);
		const csrf = text.match(/name="csrf" value="([^"]*)"/)?.[1];
		assert.ok(csrf, `${from}: ${text.slice(0, 300)}`);
		return dashboard(address, form({ csrf, ...fields }));
	};
	const exchanges = async () => {
		const { text } = await dashboard("/dashboard/traffic");
		return [...new Set([...text.matchAll(/href="(\/dashboard\/traffic\/\d+)"/g)].map((one) => one[1]))];
	};
	/** The page of the newest exchange whose URL has that text, when it is stored. */
	const exchangeWith = (text) => until(async () => {
		const found = await dashboard(`/dashboard/traffic?q=${encodeURIComponent(text)}`);
		return found.text.match(/href="(\/dashboard\/traffic\/\d+)"/)?.[1];
	}, Boolean);

	before(async () => {
		upstream = await openUpstream();
		place = folder();
		mkdirSync(path.join(place.name, APP_FOLDER, "destinations"), { recursive: true });
		writeFileSync(path.join(place.name, APP_FOLDER, "destinations/acme.lua"), DESTINATION(upstream.url));
		const port = await freePort();
		app = await startApp(APP, { place, env: {
			LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: `http://localhost:${port}`, SEGMENT_ID_URL: upstream.url, SEGMENT_API_URL: upstream.url,
			CLIENT_SECRET: canary.clientSecret, ADMIN_PASSWORD: canary.password, WEBHOOK_SECRET: canary.webhookSecret,
			ACME_API_KEY: canary.acmeKey, PARTNER_URL: upstream.url, TRAFFIC: "on",
		} });
		app.url = `http://localhost:${port}`;
		jar = new Jar();
		const begun = await request(`${app.url}/auth/segment`, { jar });
		made.state = new URL(begun.location).searchParams.get("state");
		made.flowCookie = [...jar.hosts.get("localhost").values()][0];
		const done = await request(`${app.url}/auth/segment/callback?state=${made.state}&code=${canary.code}`, { jar });
		id = done.location?.split("/").at(-1);
		assert.ok(id, done.text);
		made.session = [...jar.hosts.get("localhost").values()].at(-1);
	});
	after(async () => {
		await app?.stop();
		await upstream.close();
		place.remove();
	});

	test("LG-01 at the login, also beside a wrong password", async () => {
		const headers = { "x-forwarded-for": "203.0.113.1" };
		const login = (password) => ({ ...form({ password }), headers: { ...form({}).headers, ...headers } });
		const own = new Jar();
		assert.equal((await dashboard("/dashboard/login", { ...login(`${canary.password}x`), jar: own })).status, 401);
		const answer = await request(`${app.url}/dashboard/login`, { ...login(canary.password), jar: own });
		assert.equal(answer.status, 303);
		made.login = [...own.hosts.get("localhost").values()][0];
		assert.equal((await dashboard("/dashboard", { headers, jar: own })).status, 200);
	});

	test("LG-01 in an install: renewal, live settings, an action's arguments", async () => {
		const install = `/dashboard/installs/${id}`;
		assert.match((await send(`${install}/renew`, {}, install)).text, /The token is renewed/);
		const given = await send(`${install}/run`, { action: "give", arguments: `token=${canary.argument}\npassword=${canary.argument}` }, install);
		assert.match(given.text, /give was done/);
		const raised = await send(`${install}/run`, { action: "fail", arguments: `password=${canary.raised}` }, install);
		assert.match(raised.text, /fail raised/);
		assert.equal((await request(`${app.url}/installs/${id}`, { jar })).text, "good");
		const live = `${install}/destination`;
		const saved = await send(live, {
			"was.enabled": "true", enabled: "true", "was.mode": "CLOUD", mode: "CLOUD",
			"was.apiKey": "", "config.apiKey": canary.newSecret, "was.region": "us", "config.region": "eu",
		});
		assert.match(saved.text, /Saved: config\/apiKey, config\/region/, saved.text);
	});

	test("LG-01 in the tester and at the check of settings: typed, sent for real, kept as a test", async () => {
		const address = "/dashboard/tester/acme", settings = { "setting.api_key": canary.testerKey };
		const event = JSON.stringify({ type: "track", event: "E", userId: "u", messageId: "m" });
		for (const choice of ["run", "ask", "send"]) {
			for (const headers of [{}, { "x-part": "story" }]) {
				const { text } = await dashboard(address);
				const csrf = text.match(/name="csrf" value="([^"]*)"/)[1];
				const sent = form({ csrf, event, ...settings, do: choice });
				assert.equal((await dashboard(address, { ...sent, headers: { ...sent.headers, ...headers } })).status, 200);
			}
		}
		const kept = await send(address, { event, "setting.api_key": canary.keptKey, do: "keep", name: "kept" });
		assert.match(kept.text, /Kept in/);
		for (const choice of ["check", "dry", "ask", "send"])
			assert.equal((await send("/dashboard/destinations/acme", { "setting.api_key": canary.checkKey, do: choice })).status, 200);
	});

	test("LG-01 in what is sent again with a secret typed: to the app, and out", async () => {
		await request(`${app.url}/call`);
		await request(`${app.url}/take?of=x`, json({ a: 1 }, { authorization: `Bearer ${canary.basic}`, "x-api-key": canary.basic }));
		const inside = await exchangeWith("/take");
		const asked = {
			method: "POST", url: `/take?of=${canary.replayQuery}&cookie=${canary.replayCookie}&access_token=${canary.replayQuery}`,
			headers: `content-type: application/json\nauthorization: Bearer ${canary.replayHeader}`, body: JSON.stringify({ client_secret: canary.replayBody }),
		};
		assert.match((await send(`${inside}/replay`, { ...asked, do: "ask" })).text, /Answer: 200/);
		const out = await exchangeWith("/basic");
		const call = {
			method: "POST", url: `${upstream.url}/again?api_key=${canary.replayQuery}`,
			headers: `content-type: application/json\nauthorization: Bearer ${canary.replayHeader}`, body: JSON.stringify({ client_secret: canary.replayBody }),
		};
		const answer = await send(`${out}/replay`, { ...call, do: "send" });
		assert.match(answer.text, /Answer: 200/);
		await exchangeWith("/again");
		assert.equal((await send(`${inside}/replay`, { ...asked, url: "/auth/segment", method: "GET", body: "", do: "ask" })).status, 200);
	});

	test("LG-01 in every page and archive, the log, the databases and kept tests", async () => {
		const seen = new Set(), waiting = ["/dashboard", `/dashboard/installs/${id}/steps`, ...(await exchanges())];
		while (waiting.length) {
			const address = waiting.pop();
			if (seen.has(address)) continue;
			seen.add(address);
			const { text } = await dashboard(address, { headers: { accept: "text/html" } });
			for (const [, one] of text.matchAll(/href="(\/dashboard[^"#]*)"/g)) waiting.push(one.replaceAll("&amp;", "&"));
			if (/^\/dashboard\/traffic\/\d+$/.test(address)) waiting.push(`${address}/har`, `${address}/replay`);
		}
		assert.ok([...seen].some((one) => one.includes("/flows/")) && [...seen].some((one) => one.endsWith("/har")), [...seen].join(" "));
		for (const address of ["/dashboard/installs/x", "/dashboard/traffic/0", "/dashboard/nothing", `/dashboard/installs/${id}/run`])
			await dashboard(address, { headers: { accept: "application/json" } });
		for (const [where, text] of pages) look(text, where);
		look(app.err, "the log");
		look(app.out, "the output");
		for (const file of filesOf(place.name)) if (!file.endsWith("secret.key")) look(readFileSync(file), file);
		await app.stop();
		for (const file of filesOf(place.name)) if (!file.endsWith("secret.key")) look(readFileSync(file), `${file} after the stop`);
		look(app.err, "the log after the stop");
		app = undefined;
		assert.equal(found.length, 0, found.join("\n\n"));
	});
});
