// Scripts that hang inside a C function, where nothing can interrupt them: the program detects them, and it can end
// without them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request, startApp, until } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:get("/hang", function() table.move({}, 1, 1 << 60, 2) end)
return app
`;

/** A server of eight workers, `count` of which hang in a script; `body` begins when one is detected, and ends it. */
async function hanging(count, body) {
	const server = await startApp(APP, { env: { WORKERS: "8" } });
	const hung = Array.from({ length: count }, () => request(`${server.url}/hang`).catch(() => {}));
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
		await hanging(1, async (server, url) => {
			assert.equal((await request(`${url}/hello`)).text, "Hello, world\n");
			assert.match((await request(`${url}/metrics`)).text, /^partnerapp_scripts_hung 1$/m);
			server.child.kill("SIGTERM");
			await until(() => request(`${url}/hello`).catch(() => ({ status: 503 })), ({ status }) => status === 503);
			server.child.kill("SIGTERM");
			await server.ended(0);
			assert.match(server.err, /stopped while scripts were still running/);
		});
	});

	test("SBX-08 when a quarter of the workers hang, the process ends, for its supervisor to start it again", async () => {
		await hanging(2, async (server) => {
			await server.logged("a quarter of the workers hang");
			// One signal ends the wait for requests in flight, the other the wait for the threads. Both end by
			// themselves too: the first case waits for the threads.
			server.child.kill("SIGTERM");
			server.child.kill("SIGINT");
			await server.ended(1);
			assert.match(server.err, /stopped while scripts were still running/);
		});
	});
});
