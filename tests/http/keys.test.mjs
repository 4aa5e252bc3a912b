// partnerapp keys rotate, while servers run.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folder, request, run, start, until, withApps } from "./harness.mjs";
import { install, withSegment } from "./segment.mjs";

const APP = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new { destination = "webhooks" }
app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
app:get("/token/:id", function(req)
	local token, err = app.installs:find(req.params.id):token()
	return token and reply.text(token) or reply.failed(502, err)
end)
return app
`;

const KEY = ".partnerapp/secret.key";
const rotate = (cwd, env, args = ["keys", "rotate"]) => run(args, { cwd, env });

describe("keys rotate", { concurrency: true }, () => {
	test("ST-03 a rotation under load: no call fails, by old processes and new, and everything is sealed anew", async () => {
		await withSegment({}, async (segment) => {
			await withApps(APP, 2, segment.env, async ({ urls, cwd, settings, restart, servers }) => {
				const ids = [];
				for (let i = 0; i < 250; i++) ids.push(await install(urls[i % 2]));
				let over = false;
				const statuses = new Set();
				const client = async (n) => {
					for (let i = n; !over; i++)
						statuses.add((await request(`${urls[i % 2]}/token/${ids[i % ids.length]}`)).status);
				};
				const installer = async () => {
					while (!over) ids.push(await install(urls[ids.length % 2]));
				};
				const load = [client(0), client(80), client(160), installer()];
				const first = await rotate(cwd, settings);
				assert.equal(first.code, 0, first.err);
				assert.match(first.out, /New key k2 in \.partnerapp\/secret\.key\n\d+ sealed anew with k2/);
				const second = await rotate(cwd, settings);
				assert.equal(second.code, 0, second.err);
				assert.match(second.out, /sealed anew with k3/);
				over = true;
				await Promise.all(load);
				assert.deepEqual([...statuses], [200]);

				// The newest key alone opens everything: nothing is sealed with the older ones any more.
				const third = await rotate(cwd, settings);
				assert.match(third.out, new RegExp(`^New key k4[^]*${ids.length} sealed anew with k4, 0 already`));
				const file = path.join(cwd, KEY);
				const ring = readFileSync(file, "utf8").trim().split(",");
				assert.deepEqual(ring.map((key) => key.split(":")[0]), ["k4", "k3", "k2", "k1"]);
				assert.equal(statSync(file).mode & 0o777, 0o600);
				for (const text of [first, second, third].map(({ out, err }) => out + err))
					for (const key of ring) assert.ok(!text.includes(key.split(":")[1]));
				writeFileSync(file, `${ring[0]}\n`);
				await restart(0);
				for (const id of ids) assert.equal((await request(`${urls[0]}/token/${id}`)).status, 200);
				assert.doesNotMatch(servers[0].err + servers[1].err, /"level":"error"/);
			});
		});
	});

	test("ST-03 installs whose key was taken out too early are named, and keep no other from being renewed", async () => {
		const script = APP.replace('{ destination = "webhooks" }', '{ destination = "webhooks", env = { REFRESH = "" } }')
			.replace("return app", `if app.env.REFRESH ~= "" then
		app:every(1, "refresh", function() return app.installs:refresh_due() end)
	end
	return app`);
		const keys = ["a", "b"].map((id) => `${id}:${id.repeat(64)}`);
		await withSegment({ lives: 2 }, async (segment) => {
			const env = { ...segment.env, SECRET_KEY: keys[0] };
			await withApps(script, 1, env, async ({ cwd, urls, servers, restart }) => {
				for (let i = 0; i < 50; i++) await install(urls[0]);
				env.SECRET_KEY = `${keys[1]},${keys[0]}`;
				await restart(0);
				Object.assign(env, { SECRET_KEY: keys[1], REFRESH: "1" });
				await restart(0);
				const id = await install(urls[0]);
				await until(() => segment.renewals, (count) => count >= 1);
				assert.match((await request(`${urls[0]}/token/${id}`)).text, /^token-/);
				const { out } = await run(["installs", "--json"], { cwd, env });
				const unreadable = JSON.parse(out).filter((one) => /token cannot be read/.test(one.health_reason ?? ""));
				assert.equal(unreadable.length, 50);
				assert.deepEqual([...new Set(unreadable.map((one) => one.health))], ["renewing"]);
				assert.match(servers[0].err, /"level":"error".*an install's token cannot be read/);
			});
		});
	});

	test("ST-03 of rotations at once one goes on, and no key is lost", async () => {
		const place = folder();
		const env = { CLIENT_ID: "client", CLIENT_SECRET: "secret" };
		assert.equal((await rotate(place.name, env)).code, 0);
		let rotated = 1;
		for (let round = 0; round < 4; round++) {
			const answers = await Promise.all([1, 2, 3].map(() => rotate(place.name, env)));
			for (const { code, err } of answers)
				if (code !== 0) assert.match(err, /another `keys rotate` is under way/);
			rotated += answers.filter(({ code }) => code === 0).length;
			const ring = readFileSync(path.join(place.name, KEY), "utf8").trim().split(",");
			assert.equal(ring.length, rotated + 1);
			if (ring.length > 12) break;
		}
		place.remove();
	});

	test("ST-03 with the key in the environment: told what to do, then sealed with the first of two", async () => {
		const [old, fresh] = ["a".repeat(64), "b".repeat(64)];
		await withSegment({}, async (segment) => {
			await withApps(APP, 1, { ...segment.env, SECRET_KEY: old }, async ({ urls, cwd, settings, servers }) => {
				const id = await install(urls[0]);
				const alone = await rotate(cwd, settings);
				assert.equal(alone.code, 2);
				assert.match(alone.err, /SECRET_KEY=k2:NEW,k1:OLD/);
				assert.ok(!alone.err.includes(old));
				await servers[0].stop();
				const both = await rotate(cwd, { ...settings, SECRET_KEY: `k2:${fresh},k1:${old}` });
				assert.equal(both.code, 0, both.err);
				assert.match(both.out, /1 sealed anew with k2/);
				servers[0] = await start(["serve"], { cwd, env: { ...settings, SECRET_KEY: `k2:${fresh}` } });
				assert.match((await request(`${urls[0]}/token/${id}`)).text, /^token-1-/);
			});
		});
	});

	test("keys without a verb, or with another, is exit code 2", async () => {
		await withApps(APP, 1, {}, async ({ cwd, settings }) => {
			for (const args of [["keys"], ["keys", "burn"]]) {
				const { code, err } = await rotate(cwd, settings, args);
				assert.equal(code, 2);
				assert.match(err, /partnerapp keys rotate/);
			}
			assert.equal(readdirSync(path.join(cwd, ".partnerapp")).filter((name) => name.includes("key")).length, 1);
		});
	});
});
