// The answers of `partnerapp actions` against what Segment's own framework does with the same request: the exchanges of
// its Webhook and of ours, and its errors.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { startApi } from "../http/actions_server.mjs";
import { freePort, json, request, start, top, folder } from "../http/harness.mjs";
import { oracle } from "./cases.mjs";

const core = oracle("@segment/actions-core");
const webhook = oracle("@segment/action-destinations/dist/destinations/webhook");
const skip = core.skip ?? webhook.skip;
const SECRET = "shared-secret-of-a-test";

let api, server, place;
before(async () => {
	const port = await freePort();
	[api, place] = [await startApi(), folder()];
	server = await start(["actions", "actions-webhook", path.join(top, "lua/app"), "--port", String(port)], { cwd: place.name, env: { HTTP_ALLOW: api.origin } });
	server.url = `http://localhost:${port}`;
});
after(async () => {
	await server?.stop();
	api?.close();
	place?.remove();
});
beforeEach(() => {
	api.seen.length = api.next.length = 0;
});

const ours = async (address, body) => (await request(server.url + address, json(body))).json();

/** What Segment's framework does with the body of a request for an action: { responses }, or with the error. */
async function theirs({ payload, mapping, settings }) {
	const destination = new core.package.Destination(webhook.package.default);
	const action = destination.actions.send, asked = { mapping: { ...defaults(), ...mapping }, data: payload, settings, auth: {} };
	try {
		await (Array.isArray(payload) ? action.executeBatch(asked) : action.execute(asked));
		return { responses: destination.responses };
	} catch (error) {
		return { responses: destination.responses, error };
	}
}

/** The defaults of the action's fields that have one. */
const defaults = () => Object.fromEntries(Object.entries(webhook.package.default.actions.send.fields)
	.filter(([, field]) => field.default !== undefined).map(([name, field]) => [name, field.default]));

// What says how the two clients keep a connection, and when the answer came.
const OF_CONNECTION = /^(connection|keep-alive|transfer-encoding|date)$/;
const headers = (list) => Object.fromEntries([...list].filter(([name]) => !OF_CONNECTION.test(name)).sort());

/** An exchange of theirs, of what the framework tells of a response. */
async function exchange(response) {
	const { request } = response;
	return {
		request: { url: request.url, method: request.method, headers: headers(request.headers), body: await request.clone().text() },
		response: { statusCode: response.status, statusMessage: response.statusText, headers: headers(response.headers), body: response.data },
	};
}

const shown = ({ request, response }) => ({
	request: { ...request, headers: headers(Object.entries(request.headers)) },
	response: { ...response, headers: headers(Object.entries(response.headers)) },
});

const EVENT = { type: "track", event: "Zoë 🔥", userId: "u1", properties: { b: 1, a: [1.0, null, { "10": "x", 9: "y" }] } };

for (const [name, body, answer] of [
	["one event", { payload: EVENT }],
	["a batch", { payload: [EVENT, { ...EVENT, userId: "u2" }, { type: "identify" }] }],
	["another method and headers", { payload: EVENT, mapping: { method: "PUT", headers: { "X-Own": { "@path": "$.userId" } } } }],
	["an answer of text", { payload: EVENT }, { headers: { "content-type": "text/plain" }, body: "fine" }],
	["an answer without a body", { payload: EVENT }, { status: 201, headers: { "content-type": "text/plain" }, body: "" }],
	["an answer of JSON with members in an order", { payload: EVENT }, { body: '{"z":1,"a":{"y":[1,2],"b":null}}' }],
]) {
	test(`${name}: the same exchanges`, { skip }, async () => {
		const mapping = { url: `${api.origin}/events?x=1`, data: { "@path": "$." }, ...body.mapping };
		api.next.push(...answer ? [answer, answer] : []);
		const their = await theirs({ ...body, mapping, settings: { sharedSecret: SECRET } });
		assert.equal(their.error, undefined);
		const wanted = await Promise.all(their.responses.map(exchange));
		const got = (await ours("/send", { ...body, mapping, settings: { sharedSecret: SECRET } })).map(shown);
		assert.equal(JSON.stringify(got[0].response.body), JSON.stringify(wanted[0].response.body));
		assert.deepEqual(got, wanted);
		assert.deepEqual(api.seen[1].body, api.seen[0].body);
	});
}

test("a payload that is not valid: the same message and places", { skip }, async () => {
	for (const mapping of [{}, { url: "x" }, { url: `${api.origin}/`, method: "GET" }, { url: 5, headers: "x", data: 7 }]) {
		const { error } = await theirs({ payload: EVENT, mapping, settings: {} });
		const [got] = await ours("/send", { payload: EVENT, mapping, settings: {} });
		assert.equal(got.message, error.message);
		const fields = {};
		for (const one of error) fields[one.path.replace("$.", "")] = one.message;
		assert.deepEqual(got.fields, fields);
	}
	assert.equal(api.seen.length, 0);
});

test("an answer that is not 2xx: the same status and message", { skip }, async () => {
	const mapping = { url: `${api.origin}/events`, data: { "@path": "$." } };
	for (const answer of [
		{ status: 400, body: '{"error":{"a":[1,null]}}' }, { status: 429, body: "[]" }, { status: 500, body: '"text"' },
		{ status: 404, headers: { "content-type": "text/html" }, body: "<p>" }, { status: 502, headers: { "content-type": "text/plain" }, body: "" },
		{ status: 400, body: "not JSON" },
	]) {
		api.next.push(answer, answer);
		const { error } = await theirs({ payload: EVENT, mapping, settings: {} });
		const [got] = await ours("/send", { payload: EVENT, mapping, settings: {} });
		assert.equal(got.statusCode, error.response.status);
		assert.deepEqual(got.message, error.response.data ?? error.response.content);
	}
});
