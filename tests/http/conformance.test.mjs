// The conformance cases that take a client and a Segment: an app against the sandbox. The numbers are those of
// docs/segment.md 8.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { Jar, folder, json, request, startDemo, walk, writeApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "clearbrain" }

app:oauth("/auth/segment", { scope = "destination/clearbrain", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })

app:oauth("/auth/read", { scope = "workspace:read", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })

-- What the original demo does after an install.
app:get("/enable/:id/:key", function(req)
	local install = app.installs:find(req.params.id)
	local segment = install:segment()
	local settings = { enabled = true, connection_mode = "CLOUD", config = { apiKey = req.params.key } }
	local made, err, code, details = segment:create_destination(install.source, "clearbrain", settings)
	local updated = code == "already_exists" and segment:update_destination(install.source, "clearbrain", settings)
	return reply.json { made = made, err = err, code = code, details = details, updated = updated or nil }
end)

app:get("/get/:id", function(req)
	local install = app.installs:find(req.params.id)
	local destination, err, code = install:segment():get_destination(install.source, "clearbrain")
	return reply.json { name = destination and destination.name, err = err, code = code }
end)

app:get("/token/:id", function(req) return reply.text(app.installs:find(req.params.id):token()) end)

app:get("/read/:id", function(req)
	local segment = app.installs:find(req.params.id):segment()
	local pages, names, next_page = {}, {}, ""
	repeat
		local page = assert(segment:request("GET", "catalog/destinations?page_size=5&page_token=" .. next_page))
		for _, item in ipairs(page.destinations) do names[#names + 1] = item.name end
		pages[#pages + 1] = #page.destinations
		next_page = page.next_page_token
	until next_page == ""
	return reply.json { pages = pages, names = names, workspaces = assert(segment:request("GET", "workspaces")) }
end)

return app
`;

const CONFIG = "workspaces/business/sources/js/destinations/clearbrain/config/apiKey";
const CHOICE = "workspaces/business/sources/js";

let demo, place;
before(async () => {
	place = folder();
	demo = await startDemo({ app: path.dirname(writeApp(place, APP)) });
});
after(async () => {
	await demo.end();
	place.remove();
});

async function install(options = {}) {
	await request(`${demo.sandbox}/_sandbox/reset`, json({}));
	const walked = await walk(demo, new Jar(), { choice: CHOICE, ...options });
	assert.equal(walked.response.status, 303, walked.response.text);
	return { ...walked, id: walked.response.location.split("/").at(-1) };
}

const asked = async () => (await request(`${demo.sandbox}/_sandbox/requests`)).json();
const ask = async (where) => (await request(demo.app + where)).json();

test("conformance 1: the consent brings a code and the state that was sent", async () => {
	const { begun, callback } = await install();
	const sent = new URL(begun.location).searchParams, back = new URL(callback);
	assert.equal(back.origin + back.pathname, sent.get("redirect_uri"));
	assert.ok(sent.get("state").length >= 40);
	assert.equal(back.searchParams.get("state"), sent.get("state"));
	assert.ok(back.searchParams.get("code"));
});

test("conformance 39, 40, 41: created; again it exists, and is updated with a mask", async () => {
	const { id } = await install();
	const { made } = await ask(`/enable/${id}/abcd1234`);
	assert.equal(made.enabled, true);
	assert.equal(made.connection_mode, "CLOUD");
	assert.deepEqual(made.config.map(({ name, value }) => [name, value]), [[CONFIG, "abcd1234"]]);
	await request(`${demo.sandbox}/_sandbox/clock`, json({ advance: 5 }));
	const again = await ask(`/enable/${id}/efgh5678`);
	assert.equal(again.code, "already_exists");
	assert.match(again.err, /destination already exists/);
	assert.equal(again.details.status, 409);
	assert.equal(again.details.code, 6);
	assert.deepEqual(again.updated.config.map(({ value }) => value), ["efgh5678"]);
	assert.ok(again.updated.update_time > made.update_time);
	const sent = (await asked()).requests.filter((one) => one.path.includes("/destinations"));
	assert.deepEqual(sent.map((one) => [one.method, one.status]), [["POST", 200], ["POST", 409], ["PATCH", 200]]);
});

test("conformance 19, 20: when another program renews, the old token is refused and the app gets one of its own", async () => {
	const { id } = await install();
	const old = (await request(`${demo.app}/token/${id}`)).text;
	const client = (await request(`${demo.sandbox}/_sandbox/clients`, json({
		scope: "destination/clearbrain", redirect_uris: [`${demo.app}/auth/segment/callback`],
	}))).json();
	const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64")}`;
	const renewed = await request(`${demo.sandbox}/v1beta/installs/1/token`, { headers: { authorization } });
	assert.equal(renewed.status, 200, renewed.text);
	assert.equal(renewed.json().install_name, "installs/1");
	assert.equal(renewed.json().expires_in, 3600);
	assert.notEqual(renewed.json().access_token, old);
	const refused = await request(`${demo.sandbox}/v1beta/${CHOICE}/destinations/clearbrain`, {
		headers: { authorization: `Bearer ${old}` },
	});
	assert.equal(refused.status, 401);
	assert.equal(refused.json().code, 16);
	assert.equal((await ask(`/get/${id}`)).code, "not_found", "the token is good, and there is no destination yet");
	assert.equal((await asked()).counts["GET /v1beta/installs/1/token"], 2);
	assert.notEqual((await request(`${demo.app}/token/${id}`)).text, old);
});

test("conformance 33, 56: the workspaces of a token; a catalog in three pages, nothing twice", async () => {
	const { id } = await install({ mount: "/auth/read", choice: "workspaces/business" });
	const { pages, names, workspaces } = await ask(`/read/${id}`);
	assert.deepEqual(workspaces.workspaces.map((one) => one.name), ["workspaces/business"]);
	assert.equal(workspaces.next_page_token, "");
	assert.deepEqual(pages, [5, 5, 2]);
	assert.equal(new Set(names).size, 12);
});
