// An app whose routes make the calls out that a test asks for, and servers that it calls.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { json, request } from "./harness.mjs";

/** POST /call makes one call, /all several at once; the answers say what came of it. */
export const CALLER = `
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"

local app = partnerapp.new {}

local function shown(response, err, code, sent)
	if not response then return { error = err, code = code, sent = sent } end
	local body = utf8.len(response.body) and response.body:sub(1, 500)
	return { status = response.status, headers = response.headers, body = body or false, size = #response.body,
		url = response.url, json = (response.json()) }
end

app:post("/call", function(req)
	local options = req.json
	local url = options.url
	options.url = nil
	local ok, response, err, code, sent = pcall(http.request, url, options)
	if not ok then return reply.json { raised = response } end
	return reply.json(shown(response, err, code, sent))
end, { csrf = false })

app:post("/all", function(req)
	local list = {}
	for i, answer in ipairs(http.all(req.json)) do
		list[i] = answer.status and shown(answer) or answer
	end
	return reply.json(list)
end, { csrf = false })

return app
`;

/** Makes one call out from a server that serves CALLER. */
export const callFrom = async (server, url, options = {}) =>
	(await request(`${server.url}/call`, json({ ...options, url }))).json();

/** Makes several calls at once: a list of { url, … }. */
export const allFrom = async (server, calls) => (await request(`${server.url}/all`, json(calls))).json();

/** What a failed call says of whether the request was sent must agree with how often it arrived. */
export function saysWhatArrived({ sent, ...failure }, arrivals) {
	const possible = arrivals > 0 ? ["yes", "unknown"] : ["no", "unknown"];
	assert.ok(possible.includes(sent), `sent is ${sent}, and ${arrivals} arrived: ${JSON.stringify(failure).slice(0, 300)}`);
}

/** Has a server listen on a free port of 127.0.0.1. */
export async function listen(made) {
	made.listen(0, "127.0.0.1");
	await once(made, "listening");
	return made.address().port;
}

/** Remembers the connections of a server. close() ends them all, and the server. */
export function closable(server, event = "connection") {
	const sockets = new Set();
	server.on(event, (socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).once("close", () => sockets.delete(socket));
	});
	const close = () => {
		server.close();
		for (const socket of sockets) socket.destroy();
	};
	return { server, sockets, close };
}

export const page = (body, head = "") => `HTTP/1.1 200 OK\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/**
 * Reads requests of HTTP/1.1 from a socket, one after the other, and calls handle({ method, path, head, body, number }),
 * where the number is that of the request on its connection, from 1.
 */
export function readRequests(socket, handle) {
	let got = "", number = 0;
	socket.setEncoding("latin1");
	socket.on("data", (data) => {
		got += data;
		for (;;) {
			const found = /^(\S+) (\S+) HTTP\/1\.1\r\n([\s\S]*?)\r\n\r\n/.exec(got);
			const length = found && +(/^content-length: *(\d+)/im.exec(found[3])?.[1] ?? 0);
			if (!found || got.length < found[0].length + length) return;
			const body = got.slice(found[0].length, found[0].length + length);
			got = got.slice(found[0].length + length);
			number++;
			handle({ method: found[1], path: found[2], head: found[3], body, number });
		}
	});
}

/**
 * A server of HTTP/1.1 that does as `deeds` say, by path: deed(socket, request). What is not there is answered with "hello".
 * Gives its origin, `seen` (all requests, each with its `connection`, from 1), arrived(path) and close().
 */
export async function startUpstream(deeds, { server = net.createServer(), event = "connection", scheme = "http" } = {}) {
	const seen = [];
	let connections = 0;
	const { close } = closable(server);
	server.on(event, (socket) => {
		const connection = ++connections;
		socket.on("error", () => {});
		readRequests(socket, (asked) => {
			seen.push({ ...asked, connection });
			if (deeds[asked.path]) deeds[asked.path](socket, asked);
			else socket.write(page("hello"));
		});
	});
	const port = await listen(server);
	return {
		port, seen, deeds, close,
		origin: `${scheme}://127.0.0.1:${port}`,
		arrived: (path) => seen.filter((one) => one.path === path).length,
		connections: () => connections,
	};
}
