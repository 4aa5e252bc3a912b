// The problems of the original's FAQ, each caused at the sandbox, and what the app says about it. docs/faq.md has them
// in the same order.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Jar, consent, folder, freePort, json, request, startApp, startSandbox, top, walk } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "google-analytics" }

app:oauth("/auth/segment", { scope = "destination/google-analytics", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })

app:get("/list/:id", function(req)
	local install = app.installs:find(req.params.id)
	local list, err = install:segment():destinations(install.source):all()
	return list and reply.json(list) or reply.failed(502, err)
end)

app:get("/get/:id", function(req)
	local install = app.installs:find(req.params.id)
	local destination, err, code = install:segment():get_destination(install.source, "google-analytics")
	if code == "not_found" then return reply.text("none yet") end
	return destination and reply.json(destination) or reply.failed(502, err)
end)

return app
`;

const state = {};
const faq = readFileSync(path.join(top, "docs/faq.md"), "utf8");
const place = folder();

before(async () => {
	state.sandboxServer = await startSandbox({ flags: ["--no-rate-limit"] });
	state.sandbox = state.sandboxServer.origin;
	state.port = await freePort();
	state.app = `http://localhost:${state.port}`;
});

after(async () => {
	await state.server?.stop();
	await state.sandboxServer.end();
	place.remove();
});

const control = async (call, value) => {
	const answer = await request(`${state.sandbox}/_sandbox/${call}`, json(value));
	assert.equal(answer.status, 200, answer.text);
	return answer.json();
};

/** Serves the app with a client of that scope, in place of the one before. */
async function serve(scope = "destination/google-analytics") {
	const callbacks = [`${state.app}/auth/segment/callback`, `${state.app}/elsewhere`];
	const client = await control("clients", { scope, redirect_uris: callbacks });
	await state.server?.stop();
	state.server = await startApp(APP, {
		place,
		env: {
			CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret, LISTEN: `127.0.0.1:${state.port}`,
			PUBLIC_URL: state.app, SEGMENT_ID_URL: state.sandbox, SEGMENT_API_URL: state.sandbox,
		},
	});
}

beforeEach(async () => {
	await control("reset", {});
	await serve();
});

/** The main text of a page, as a person reads it. */
const said = (answer) => answer.text.match(/<main[^]*<\/main>/)[0].replace(/<[^>]*>/g, "")
	.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replace(/\s+/g, " ");

/** The page has the sentence, and docs/faq.md has it word for word. */
function answers(answer, sentence) {
	assert.ok(said(answer).includes(sentence), said(answer));
	assert.ok(faq.replace(/\s+/g, " ").includes(sentence), `docs/faq.md does not have: ${sentence}`);
}

async function install() {
	const { response } = await walk(state, new Jar());
	assert.equal(response.status, 303, response.text);
	return response.location.split("/").at(-1);
}

test("missing a required parameter", async () => {
	// The code was issued for the app's other redirect URI, and is then sent to this one.
	const jar = new Jar();
	const begun = new URL((await request(`${state.app}/auth/segment`, { jar })).location);
	begun.searchParams.set("redirect_uri", `${state.app}/elsewhere`);
	const back = await consent(state, await request(begun.href, { jar }), jar);
	const answer = await request(`${state.app}/auth/segment/callback${new URL(back).search}`, { jar });
	assert.equal(answer.status, 502);
	answers(answer, "Segment refused the code: the redirect URI must match the app's, byte for byte.");
	assert.ok(said(answer).includes(`${state.app}/auth/segment/callback`));
});

test("malformed token: the token has expired", async () => {
	const id = await install();
	await control("clock", { advance: 3601 });
	const answer = await request(`${state.app}/get/${id}`);
	assert.equal(answer.status, 200, answer.text);
	assert.equal(answer.text, "none yet");
	await state.server.logged("token renewed");
});

test("malformed token: the install is gone", async () => {
	const id = await install();
	await control("reset", {});
	const answer = await request(`${state.app}/get/${id}`);
	assert.equal(answer.status, 502);
	answers(answer, "Segment refused to renew the token");
});

test("insufficient scope", async () => {
	const id = await install();
	const answer = await request(`${state.app}/list/${id}`);
	assert.equal(answer.status, 502);
	answers(answer, "insufficient scope: this needs the scope workspace:read or workspace");
});

test("install already exists", async () => {
	await install();
	const { response } = await walk(state, new Jar());
	assert.equal(response.status, 409);
	answers(response, "Segment says that this app is already installed on that workspace.");
});

test("conformance 3: the scope is not the app's", async () => {
	await serve("workspace:read");
	const jar = new Jar();
	const begun = await request(`${state.app}/auth/segment`, { jar });
	const back = await request(begun.location, { jar });
	for (const name of ["error_description", "error_hint"]) assert.ok(new URL(back.location).searchParams.get(name));
	const answer = await request(back.location, { jar });
	assert.equal(answer.status, 400);
	answers(answer, "The app asked for another scope than the one it is registered with.");
	assert.match(said(answer), /invalid_scope/);
});

test("the redirect URI is not registered", async () => {
	const begun = new URL((await request(`${state.app}/auth/segment`)).location);
	begun.searchParams.set("redirect_uri", "http://localhost:1/other");
	const answer = await request(begun.href);
	assert.equal(answer.status, 400);
	assert.equal(answer.location, undefined);
});
