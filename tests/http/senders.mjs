// A sandbox for Segment's own libraries to send to: of the app's three destinations on its source one drops every event
// by a filter, one by its trigger, and one sends what it gets to the partner's API, which the test serves.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { folder, freePort, json, request, start } from "./harness.mjs";

const SOURCE = "workspaces/business/sources/js";

const APP = `local app = require "partnerapp".new()
app:get("/", function() return require "partnerapp.reply".text "home" end)
return app
`;

const destination = (slug, trigger, origin) => `local destination = require "partnerapp.destination"
return destination.new {
	name = "Acme ${slug}",
	slug = "${slug}",
	actions = {
		{ "send", title = "Send", trigger = '${trigger}',
			fields = {
				{ "type", type = "string", label = "Type", default = destination.path "$.type" },
				{ "name", type = "string", label = "Name", default = destination.path "$.event" },
				{ "user", type = "string", label = "User", default = destination.path "$.userId" },
			},
			perform = function(request, data)
				return request:post("${origin}/${slug}", { json = data.payload })
			end },
	},
}
`;

/** What each destination makes of an event. */
export const OUTCOMES = { filtered: "FILTERED_BY_RULES", triggered: "FILTERED_AT_MAPPING", whole: "delivered" };

const TRIGGERS = {
	filtered: 'type != "none"',
	triggered: 'type = "none"',
	whole: 'type = "track" or type = "identify" or type = "page"',
};

async function connect(origin) {
	const ask = async (call, body, headers) => {
		const answer = await request(origin + call, json(body, headers));
		assert.equal(answer.status, 200, answer.text);
		return answer.json();
	};
	for (const slug of Object.keys(TRIGGERS))
		await ask("/_sandbox/connections", { source: SOURCE, destination: slug, settings: {}, send: true });
	const { token } = await ask("/v1beta/access-tokens",
		{ access_token: { description: "d", scopes: "workspace", workspace_names: ["workspaces/business"] } },
		{ authorization: `Basic ${btoa("user@example.com:password")}` });
	await ask(`/v1beta/${SOURCE}/destinations/filtered/filters`,
		{ filter: { title: "None", enabled: true, if: 'type != "none"', actions: [{ type: "drop_event" }] } },
		{ authorization: `Bearer ${token}` });
}

/**
 * Starts it. Gives the `server`, its `origin`, the write `key` of its source, `calls` (what the partner's API got: { url, body }),
 * events(), which gives those of the intake, newest last, and end().
 */
export async function startSenders() {
	const calls = [];
	const api = http.createServer((req, res) => {
		let body = "";
		req.on("data", (data) => (body += data));
		req.on("end", () => calls.push({ url: req.url, body: JSON.parse(body) }) && res.end("{}"));
	}).listen(0, "127.0.0.1");
	await once(api, "listening");
	const place = folder(), at = `http://127.0.0.1:${api.address().port}`, listen = `127.0.0.1:${await freePort()}`;
	mkdirSync(path.join(place.name, "destinations"));
	writeFileSync(path.join(place.name, "init.lua"), APP);
	for (const [slug, trigger] of Object.entries(TRIGGERS))
		writeFileSync(path.join(place.name, `destinations/${slug}.lua`), destination(slug, trigger, at));
	const server = await start(["sandbox", "."], { cwd: place.name, env: { SANDBOX_LISTEN: listen, HTTP_ALLOW: at } });
	const origin = `http://${listen}`;
	await connect(origin);
	const { text } = await request(origin);
	return {
		server, origin, calls, key: text.match(new RegExp(`${SOURCE}</td>\\s*<td[^>]*><code>(\\w{32})</code>`))[1],
		events: async () => (await request(`${origin}/_sandbox/events`)).json().events,
		async end() {
			api.closeAllConnections();
			api.close();
			await server.stop();
			place.remove();
		},
	};
}

/** Looks whether an event of the intake got the outcome and the story of each destination. */
export async function hasItsStories({ origin }, event) {
	assert.deepEqual(event.outcomes, OUTCOMES);
	const story = (slug) => event.story.find((one) => one.destination === slug);
	assert.equal(story("filtered").stage, "filtered-destination");
	assert.equal(story("filtered").app_story, undefined);
	assert.match(story("triggered").sentence, /^the trigger does not match: type is "\w+", wanted "none"$/);
	const { actions } = (await request(`${origin}/_sandbox/stories/${story("whole").app_story}`)).json();
	assert.equal(actions[0].requests[0].answer.status, 200);
}
