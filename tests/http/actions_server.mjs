// `partnerapp actions` over a destination of a test's own, and the partner's API that it calls.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { folder, freePort, json, request, start } from "./harness.mjs";

export const EVENT = { type: "track", event: "Signed Up", userId: "u1" };
export const SEGMENT = "https://app.segment.com";
export const SECRET = "key-of-a-customer-1", TOKEN = "token-of-a-customer-1";

/** A destination with every function that Segment's local protocol asks for. Its API answers what `answer` says. */
export const ACME = `local destination = require "partnerapp.destination"
local path = destination.path

return destination.new {
	name = "Acme Analytics",
	slug = "acme-analytics",
	authentication = { scheme = "oauth2" },
	settings = {
		{ "api_key", type = "password", label = "API key", required = true },
		{ "base", type = "string", label = "Base", default = "https://api.acme.example" },
	},
	extend_request = function(data)
		return { base_url = data.settings.base, bearer = data.auth and data.auth.access_token or data.settings.api_key }
	end,
	test_authentication = function(request)
		return request:get "/me"
	end,
	refresh_access_token = function(request, data)
		local answer = request:post(data.auth.refresh_token_url, { json = { token = data.auth.refresh_token } })
		return { access_token = answer.data.token, refresh_token = data.auth.refresh_token }
	end,
	on_delete = function(request, data)
		return request:delete("/users/" .. data.payload.userId)
	end,
	actions = {
		{
			"track",
			title = "Track an event",
			trigger = 'type = "track"',
			fields = {
				{ "event", type = "string", label = "Event", required = true, default = path "$.event" },
				{ "user", type = "string", label = "User", default = path "$.userId" },
				{ "address", type = "object", label = "Address", properties = { { "zip", type = "integer", label = "Code" } } },
				{ "list", type = "string", label = "List", dynamic = true },
			},
			dynamic_fields = {
				list = function(request, data)
					if data.payload.event == "none" then
						return { error = { message = "no lists for " .. data.settings.api_key, code = "404" } }
					end
					local answer = request:get("/lists", { query = { page = tostring(data.page), q = data.query } })
					return { choices = { { value = "l1", label = answer.data.label or "List 1" } }, next_page = "2" }
				end,
			},
			perform = function(request, data)
				if data.payload.event == "loop" then
					while true do end
				elseif data.payload.event == "bug" then
					return request:post(data.raw_data.nothing.here)
				elseif data.payload.event == "two" then
					request:get("/first", { throw = false })
				end
				return request:post("/events?key=" .. tostring(data.settings.api_key), { json = data.payload })
			end,
			perform_batch = function(request, data)
				return request:post("/batch", { json = data.payload })
			end,
		},
		{ "identify", trigger = 'type = "identify"', perform = function(request, data)
			return request:put("/users", { json = data.payload })
		end },
	},
}
`;

/** An API that remembers what it got, and answers with what is in `next`, once, else with {"ok":true}. */
export async function startApi() {
	const seen = [], next = [];
	const server = http.createServer((call, response) => {
		let body = "";
		call.on("data", (data) => (body += data)).on("end", () => {
			seen.push({ method: call.method, url: call.url, headers: call.headers, body });
			const answer = next.shift() ?? { body: JSON.stringify({ ok: true }) };
			response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers }).end(answer.body);
		});
	});
	await once(server.listen(0, "127.0.0.1"), "listening");
	return { seen, next, origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Writes an app with that destination, whose .env has another key for it. */
export function writeActions(text = ACME) {
	const place = folder(), file = path.join(place.name, "destinations/acme_analytics.lua");
	mkdirSync(path.dirname(file));
	writeFileSync(path.join(place.name, "init.lua"), 'error "the app is not loaded"\n');
	writeFileSync(path.join(place.name, ".env"), "ACME_ANALYTICS_API_KEY=key-of-the-env-file\n", { mode: 0o600 });
	writeFileSync(file, text);
	return { ...place, file };
}

/** Starts it; `text` is another destination, or a function of the API's origin. Adds url, port, api, file, and post(path, body): the answer to JSON. end() stops both. */
export async function startActions({ env = {}, text } = {}) {
	const api = await startApi(), port = await freePort();
	const place = writeActions(typeof text === "function" ? text(api.origin) : text);
	let server;
	try {
		const settings = { HTTP_ALLOW: api.origin, ACME_ANALYTICS_API_KEY: "key-of-the-environment", ...env };
		server = await start(["actions", "acme-analytics", place.name, "--port", String(port)], { cwd: place.name, env: settings });
	} catch (error) {
		api.close();
		place.remove();
		throw error;
	}
	const url = `http://localhost:${port}`;
	return Object.assign(server, {
		url, port, api, file: place.file, settings: { api_key: SECRET, base: api.origin },
		post: (path, body, headers) => request(url + path, json(body, headers)),
		end: () => server.stop().finally(() => {
			api.close();
			place.remove();
		}),
	});
}

/** The only error of an answer, which has the members of the protocol and no other. */
export function errorOf(answer, status = 200) {
	assert.equal(answer.status, status, answer.text);
	const list = answer.json();
	assert.equal(list.length, 1);
	const known = ["statusCode", "message", "fields", "requestError"];
	assert.deepEqual(Object.keys(list[0]).filter((name) => !known.includes(name)), []);
	assert.equal(list[0].requestError, true);
	assert.ok(!/traceback|partnerapp\//.test(answer.text), answer.text);
	return list[0];
}
