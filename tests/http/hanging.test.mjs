// Scripts that hang inside a C function, where nothing can interrupt them: the program detects them, and it can end
// without them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request, startApp, until } from "./harness.mjs";

// The keys fill a table of 2^18 places without a collision. One more doubles it, and there all keys collide: Lua then
// compares each with all before it, in one instruction that takes a minute or more.
const APP = `
local partnerapp = require "partnerapp"
local db = require "partnerapp.db"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
local function hang()
	local t = {}
	for i = 1, (1 << 18) + 1 do
		t[i * ((1 << 19) - 1)] = true -- line 9
	end
end
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:get("/hang/:name", hang)
app:get("/hang-in-transaction", function() db.transaction(hang) end)
app:get("/install", function()
	local saved, message = db.exec "CREATE TABLE IF NOT EXISTS t (x)"
	return reply.text(saved and "saved" or message)
end)
return app
`;

/** A server of eight workers; the requests of `paths` hang. `body` begins when one is detected, and ends the server. */
async function hanging(paths, body) {
	const server = await startApp(APP, { env: { WORKERS: "8" } });
	const hung = paths.map((path) => request(server.url + path).catch(() => {}));
	try {
		await server.logged("a script hangs inside a C function");
		await body(server, server.url);
	} finally {
		server.child.kill("SIGKILL");
		await Promise.all([...hung, server.exited]);
		server.remove();
	}
}

describe("hanging scripts", { concurrency: true }, () => {
	test("SBX-08 OP-01 other requests are served; after a second signal the program ends without the script", async () => {
		await hanging(["/hang/0"], async (server, url) => {
			const line = JSON.parse(server.err.split("\n").find((text) => text.includes("a script hangs")));
			assert.equal(line.line, "init.lua:9");
			assert.deepEqual([line.server, line.in, line.method, line.path], ["app", "request", "GET", "/hang/0"]);
			assert.match(line.request_id, /^[0-9a-f]{16}$/);
			assert.equal((await request(`${url}/hello`)).text, "Hello, world\n");
			const metrics = (await request(`${url}/metrics`)).text;
			assert.match(metrics, /^partnerapp_scripts_hung 1$/m);
			assert.match(metrics, new RegExp(`^partnerapp_script_hung\\{server="app",kind="request",method="GET",` +
				`path="/hang/0",id="${line.request_id}",line="init.lua:9"\\} 1$`, "m"));
			const overview = (await request(`${url}/dashboard`)).text;
			assert.match(overview, /A script hangs[^]*GET \/hang\/0[^]*<code>init\.lua:9<\/code>/);
			server.child.kill("SIGTERM");
			await until(() => request(`${url}/hello`).catch(() => ({ status: 503 })), ({ status }) => status === 503);
			server.child.kill("SIGTERM");
			await server.ended(0);
			assert.match(server.err, /stopped while scripts were still running/);
		});
	});

	test("SBX-08 when a quarter of the workers hang, the process ends, for its supervisor to start it again", async () => {
		await hanging(["/hang/0", "/hang/1"], async (server) => {
			await server.logged("a quarter of the workers hang");
			// One signal ends the wait for requests in flight, the other the wait for the threads. Both end by
			// themselves too: the first case waits for the threads.
			server.child.kill("SIGTERM");
			server.child.kill("SIGINT");
			await server.ended(1);
			assert.match(server.err, /stopped while scripts were still running/);
		});
	});

	test("SBX-08 a script that hangs with the database's writer ends the process: nothing could be saved", async () => {
		await hanging(["/hang-in-transaction"], async (server) => {
			await server.logged("a script that hangs holds what others wait for");
			server.child.kill("SIGTERM");
			await server.ended(1);
			assert.match(server.err, /"line":"init.lua:9"/);
		});
	});
});
