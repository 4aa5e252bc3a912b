// A demo and the real Segment are apart, also in one folder and in one database: what belongs to one is shown and never
// called at the other.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import {
	Jar, copyOfTheProgram, during, folder, freePort, request, run, start, startApp, startDemo, top, walk,
} from "./harness.mjs";
import { install, withSegment } from "./segment.mjs";

const SHIPPED = path.join(top, "lua/app");
const APP = 'return require("partnerapp").new {}\n';

// Calls Segment for an install of each kind, and renews what is due at once.
const ACTING = `local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
function app.actions.look(install)
	return install:segment():get_destination(install.source, "webhooks")
end
app:post("/due", function() return reply.json { renewed = app.installs:refresh_due() } end)
app:post("/look/:id", function(req)
	local _, err, code = app.actions.look(app.installs:find(req.params.id))
	return reply.json { error = err or false, code = code or false }
end)
return app
`;

/** A folder, for the time of `body`. */
const inFolder = (body) => {
	const place = folder();
	return during(() => body(place), async () => place.remove());
};

describe("a demo and the real Segment", { concurrency: 2 }, () => {
	test("an install of a demo in the same database is shown by the app, and its token and the secret go nowhere", () =>
		withSegment({}, async (segment) => {
			const demo = await startDemo({ env: { DATABASE_URL: "sqlite:shared.db" } });
			const jar = new Jar();
			const { response } = await walk(demo, jar);
			assert.equal(response.status, 303);
			await demo.stop();
			const env = { ...demo.settings, ...segment.env, CLIENT_ID: "real", CLIENT_SECRET: "real-secret-of-the-client" };
			const app = await start(["serve"], { cwd: demo.cwd, env });
			await during(async () => {
				const page = await request(demo.app + response.location, { jar });
				assert.match(page.text, /belongs to a demo&#39;s sandbox and this app is connected to http:\/\/127\.0\.0\.1/);
				const listed = await run(["installs"], { cwd: demo.cwd, env });
				assert.match(listed.out, / sandbox +other_server /);
				const acted = await run(["run", "enable", response.location.split("/").at(-1)], { cwd: demo.cwd, env });
				assert.equal(acted.code, 1);
				assert.match(acted.err, /belongs to a demo's sandbox .* \(other_server\)/);
			}, () => app.stop().finally(demo.remove));
			assert.deepEqual([segment.calls, segment.renewals, segment.installs], [0, 0, 0]);
		}));

	test("a flow that was begun in a demo does not send its code to Segment", () =>
		withSegment({}, async (segment) => {
			const demo = await startDemo();
			const jar = new Jar();
			const begun = await request(`${demo.app}/auth/segment`, { jar });
			await demo.stop();
			const env = { ...demo.settings, ...segment.env, CLIENT_ID: "real", CLIENT_SECRET: "real-secret-of-the-client" };
			const app = await start(["serve"], { cwd: demo.cwd, env });
			await during(async () => {
				const state = new URL(begun.location).searchParams.get("state");
				const back = await request(`${demo.app}/auth/segment/callback?state=${state}&code=x`, { jar });
				assert.equal(back.status, 400);
				assert.match(back.text, /Begun with another Segment/);
			}, () => app.stop().finally(demo.remove));
			assert.equal(segment.installs, 0);
		}));

	test("run --demo finds the sandbox of the last demo, and says when it does not run", () => inFolder(async (place) => {
		const [appPort, sandboxPort] = [await freePort(), await freePort()];
		const flags = ["--listen", `127.0.0.1:${appPort}`, "--sandbox-listen", `127.0.0.1:${sandboxPort}`];
		const demo = Object.assign(await start(["demo", ...flags], { cwd: place.name, env: {} }), {
			app: `http://localhost:${appPort}`, sandbox: `http://127.0.0.1:${sandboxPort}`,
		});
		const { response } = await walk(demo, new Jar());
		const command = ["run", "enable", response.location.split("/").at(-1), "--demo"];
		const acted = await run(command, { cwd: place.name });
		assert.deepEqual([acted.code, acted.err], [0, ""]);
		assert.match(acted.out, /"enabled":true/);
		await demo.stop();
		const alone = await run(command, { cwd: place.name });
		assert.equal(alone.code, 1);
		assert.match(alone.err, new RegExp(`enable failed: .*127\\.0\\.0\\.1.*${sandboxPort}`));
	}));

	test("what an older version saved is called only after a person has adopted it", () =>
		withSegment({ lives: 1 }, (segment) => inFolder(async (place) => {
			const options = { place, env: segment.env };
			const older = copyOfTheProgram(place, "partnerapp/installs/rows.lua", (text) =>
				text.replace("\t\tserver = server,\n\t\tapi_origin = api_origin,\n", ""));
			const before = await startApp(ACTING, { ...options, program: [older] });
			const id = await install(before.url);
			await before.end();
			const app = await startApp(ACTING, options);
			await during(async () => {
				await app.logged("installs that an older version of partnerapp saved without the Segment");
				const command = (...args) => run(args, { cwd: app.cwd, env: app.settings });
				const look = async () => (await request(`${app.url}/look/${id}`, { method: "POST" })).json();
				await request(`${app.url}/due`, { method: "POST" });
				assert.equal((await look()).code, "unknown_server");
				assert.match((await look()).error, new RegExp(`partnerapp installs adopt ${id}`));
				assert.match((await command("installs")).out, / unknown +unknown_server /);
				assert.deepEqual([segment.calls, segment.renewals], [0, 0]);
				for (const [args, code, said] of [
					[[], 2, /name the installs by their ID, or use --all/],
					[["--all", id], 2, /name the installs by their ID, or use --all/],
					[["nonsense"], 1, /there is no install 'nonsense'/],
					[[id, "--client-id", "another"], 1, /was made with the client client, and CLIENT_ID is another: it was not adopted/],
					[[id], 0, new RegExp(`^${id} installs/1 belongs to ${segment.url}$`, "m")],
					[[id], 1, /belongs to http:\/\/127\.0\.0\.1:\d+ already/],
					[["--all"], 0, /The server of every install is known/],
				]) {
					const answer = await command("installs", "adopt", ...args);
					assert.match(answer.out + answer.err, said);
					assert.equal(answer.code, code);
				}
				assert.deepEqual(await look(), { error: false, code: false });
				assert.equal(segment.renewals, 1);
			}, () => app.end());
		})));
});

describe("two apps in one folder", { concurrency: 2 }, () => {
	const put = (place, file) => {
		mkdirSync(path.dirname(path.join(place.name, file)), { recursive: true });
		writeFileSync(path.join(place.name, file), APP);
	};
	const serve = async (place, args = [], env = {}) => {
		const LISTEN = `127.0.0.1:${await freePort()}`;
		return start(["serve", ...args], { cwd: place.name, env: { CLIENT_ID: "a", CLIENT_SECRET: "b", LISTEN, ...env } });
	};
	const served = async (...args) => (await serve(...args)).stop();

	test("do not share a database by accident", () => inFolder(async (place) => {
		put(place, "lua/app/init.lua");
		await served(place);
		put(place, "init.lua");
		const said = new RegExp("DATABASE_URL: .partnerapp/ has the databases of lua/app/init.lua, and this command is about "
			+ "./init.lua: name that app, or set DATABASE_URL");
		await assert.rejects(serve(place), said);
		for (const command of [["installs"], ["run", "enable", "installs/7"], ["demo"], ["keys", "rotate"], ["installs", "adopt", "--all"]]) {
			const { code, err } = await run(command, { cwd: place.name });
			assert.equal(code, 2, command);
			assert.match(err, said, command);
		}
		await served(place, ["lua/app"]);
		await served(place, [], { DATABASE_URL: "sqlite:.partnerapp/other.db" });
	}));

	test("an app of one's own follows on the one that comes with partnerapp, and not the other way", () => inFolder(async (place) => {
		await served(place);
		put(place, "init.lua");
		await served(place);
		await assert.rejects(serve(place, [SHIPPED]), /this command is about the app that comes with partnerapp/);
	}));

	test("an app that was moved keeps its database", () => inFolder(async (place) => {
		put(place, "lua/app/init.lua");
		await served(place);
		put(place, "init.lua");
		await assert.rejects(serve(place));
		rmSync(path.join(place.name, "lua"), { recursive: true });
		await served(place);
	}));
});
