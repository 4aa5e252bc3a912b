// Scripts that nothing can interrupt, because they are inside a C function: who notices, and that the program ends.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folder, freePort, request, start } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:get("/hello", function() return reply.text("Hello, world\\n") end)
app:get("/hang", function() table.move({}, 1, 1 << 60, 2) end)
return app
`;

/** A server of eight workers as many of which hang, once the first is known to; the test ends the server. */
async function hanging(count, body) {
	const place = folder();
	mkdirSync(path.join(place.name, "app"));
	writeFileSync(path.join(place.name, "app", "init.lua"), APP);
	const port = await freePort(), url = `http://localhost:${port}`;
	const server = await start(["serve", "app"], {
		cwd: place.name,
		env: { CLIENT_ID: "c", CLIENT_SECRET: "secret", WORKERS: "8", LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: url },
	});
	const hung = Array.from({ length: count }, () => request(`${url}/hang`).catch(() => {}));
	try {
		await server.logged("a script hangs inside a C function");
		await body(server, url);
	} finally {
		server.child.kill("SIGKILL");
		await Promise.all([...hung, server.exited]);
		place.remove();
	}
}

test("SBX-08 OP-01 one that hangs is known and the others are served; a second signal ends it all the same", async () => {
	await hanging(1, async (server, url) => {
		assert.equal((await request(`${url}/hello`)).text, "Hello, world\n");
		assert.match((await request(`${url}/metrics`)).text, /^partnerapp_scripts_hung 1$/m);
		server.child.kill("SIGTERM");
		while ((await request(`${url}/hello`).catch(() => ({ status: 503 }))).status !== 503);
		server.child.kill("SIGTERM");
		const [code] = await server.exited;
		assert.equal(code, 0);
		assert.match(server.err, /while scripts were still running/);
	});
});

test("SBX-08 when a quarter of the workers hang, the process ends for its supervisor", async () => {
	await hanging(2, async (server) => {
		await server.logged("a quarter of the workers hang");
		server.child.kill("SIGTERM"); // nobody else is in flight: no need to wait for them
		const [code] = await server.exited;
		assert.equal(code, 1);
	});
});
