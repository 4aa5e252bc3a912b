// What a form of Segment's asks a destination, deletions, and the manifest, from the command line; and that nothing
// reaches a server without --send, whatever a function calls with.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, describe, test } from "node:test";
import { folder, run } from "./harness.mjs";

const ACME = `
local destination = require "partnerapp.destination"
local http = require "partnerapp.http"
return destination.new {
	name = "Acme",
	slug = "acme",
	settings = { { "api_url", type = "string", label = "URL", required = true, format = "uri" } },
	extend_request = function(data)
		return { base_url = data.settings.api_url, bearer = "k" }
	end,
	test_authentication = function(request)
		return request:get "/me"
	end,
	on_delete = function(request, data)
		return request:delete("/users/" .. data.payload.userId)
	end,
	actions = {
		{
			"track",
			title = "Track",
			trigger = 'type = "track"',
			fields = { { "list", type = "string", label = "List", dynamic = true } },
			dynamic_fields = {
				list = function(request, data)
					local answer = request:get("/lists", { query = { q = data.query or "", page = data.page or "1" } })
					return { choices = answer.data.choices or {}, next_page = answer.data.next }
				end,
			},
			perform = function(_, data)
				local answers = http.all { { url = data.settings.api_url .. "/a", json = { b = 1, a = 2 } }, { url = data.settings.api_url .. "/b" } }
				local answer = http.get(data.settings.api_url .. "/c", { bearer = "k" })
				if answer.status ~= 200 or answers[1].status ~= 200 then
					error("unexpected")
				end
			end,
		},
	},
}
`;

/** An app with the destination, and a server that keeps what it was asked. */
async function start() {
	const { name: place, remove } = folder();
	mkdirSync(path.join(place, "destinations"));
	writeFileSync(path.join(place, "init.lua"), 'return require("partnerapp").new {}\n');
	writeFileSync(path.join(place, "destinations/acme.lua"), ACME);
	const asked = [];
	const server = http.createServer((request, response) => {
		asked.push(`${request.method} ${request.url}`);
		response.setHeader("content-type", "application/json");
		if (request.headers.authorization !== "Bearer k" && request.url !== "/a" && request.url !== "/b") response.statusCode = 401;
		response.end(JSON.stringify({ choices: [{ value: "l1", label: "First" }, { value: 2, label: "Second" }], next: "7" }));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	after(() => {
		server.close();
		remove();
	});
	const url = `http://127.0.0.1:${server.address().port}`;
	const env = { ACME_API_URL: url, HTTP_ALLOW: url };
	const command = (words) => run([...words, "--app", place], { cwd: place, env });
	return { asked, url, command };
}

describe("what a destination is asked", { concurrency: 4 }, () => {
	test("credentials: a stand-in without --send, the partner's answer with it", async () => {
		const { asked, command } = await start();
		const dry = await command(["try", "acme", "--authentication"]);
		assert.deepEqual([dry.code, asked.length], [0, 0]);
		assert.match(dry.out, /✓ authentication authentication made 1 request/);
		const sent = await command(["try", "acme", "--authentication", "--send"]);
		assert.deepEqual([sent.code, asked], [0, ["GET /me"]]);
		assert.match(sent.out, /answered 200[^]*\n= the credentials are right\n$/);
		assert.match(dry.out, /\n= the credentials would be right after these answers; nothing was sent\n$/);
		const refused = await command(["try", "acme", "--authentication", "--answer", "401"]);
		assert.match(refused.out, /\n= the credentials are refused: 401\n/);
		assert.equal(refused.code, 1);
	});

	test("the choices of a dynamic field, with a query and a page", async () => {
		const { asked, command } = await start();
		const { code, out } = await command(["try", "acme", "track", "--choices", "list", "--query", "fi", "--page", "2", "--send"]);
		assert.deepEqual([code, asked], [0, ["GET /lists?page=2&q=fi"]]);
		assert.match(out, /^ {2}l1 {2}First\n {2}2 {2}Second\n {2}more: --page 7$/m);
		const none = await command(["try", "acme", "track", "--choices", "list"]);
		assert.match(none.out, /\n {2}no choices\n$/);
		const json = await command(["try", "acme", "track", "--choices", "list", "--send", "--json"]);
		assert.deepEqual(JSON.parse(json.out).actions[0].choices[0], { value: "l1", label: "First" });
	});

	test("a deletion", async () => {
		const { asked, command } = await start();
		const { code } = await command(["try", "acme", "--sample", "delete", "--send"]);
		assert.deepEqual([code, asked], [0, ["DELETE /users/u-1001"]]);
	});

	test("calls of partnerapp.http are shown, in one order of members, and sent with --send only", async () => {
		const { asked, url, command } = await start();
		for (let i = 0; i < 3; i++) {
			const { code, out } = await command(["try", "acme", "track", "--json"]);
			assert.equal(code, 0);
			const requests = JSON.parse(out).actions[0].requests;
			assert.deepEqual(requests.map((one) => `${one.method} ${one.url.replace(url, "")} ${one.sent}`), ["POST /a false", "GET /b false", "GET /c false"]);
			assert.equal(requests[0].body, '{"a":2,"b":1}');
		}
		assert.equal(asked.length, 0);
		const { code } = await command(["try", "acme", "track", "--send"]);
		assert.deepEqual([code, asked], [0, ["POST /a", "GET /b", "GET /c"]]);
	});

	test("wrong questions say what is there", async () => {
		const { command } = await start();
		for (const [words, code, message] of [
			[["try", "acme", "track", "--choices", "lst"], 1, /'lst' is not among its dynamic_fields: list/],
			[["try", "acme", "--choices", "list"], 2, /--choices \(of an action\)/],
			[["try", "acme", "--query", "x"], 2, /--query and --page belong to --choices/],
			[["try", "acme", "--authentication", "--save", "x"], 2, /go without --watch, --save/],
			[["try", "app"], 1, /the app handles no events: app:on/],
			[["manifest"], 2, /which destination\?/],
			[["manifest", "acm"], 1, /there is no destination 'acm': did you mean 'acme'\?/],
		]) {
			const got = await command(words);
			assert.equal(got.code, code, words.join(" "));
			assert.match(got.err, message);
		}
	});

	test("the manifest has the data of a definition in its order, and no function", async () => {
		const { command } = await start();
		const { code, out } = await command(["manifest", "acme"]);
		assert.equal(code, 0);
		assert.deepEqual(JSON.parse(out), {
			name: "Acme", slug: "acme", mode: "cloud",
			authentication: { scheme: "custom", fields: { api_url: { label: "URL", type: "string", required: true, format: "uri" } } },
			presets: [],
			actions: {
				track: {
					title: "Track", platform: "cloud", defaultSubscription: 'type = "track"',
					fields: { list: { label: "List", type: "string", dynamic: true } },
				},
			},
		});
	});
});
