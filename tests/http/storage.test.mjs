// The database: a wrong key, a full disk, another process that holds it, migrations, a newer version, damage.
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { binary, copyOfTheProgram, folder, freePort, request, run, startApp, until } from "./harness.mjs";
import { install, withSegment } from "./segment.mjs";

const APP = `
local config = require "partnerapp.config"
local db = require "partnerapp.db"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"

local app = partnerapp.new {}

local function migrate()
	return db.migrate("notes", { "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL)" })
end

app:post("/notes/:size", function(req)
	local ok, err, code = migrate()
	if ok then ok, err, code = db.exec("INSERT INTO notes (text) VALUES (?)", ("x"):rep(tonumber(req.params.size))) end
	if not ok then return reply.json({ error = err, code = code }, 503) end
	return reply.json {}
end, { csrf = false })

app:get("/count", function()
	assert(migrate())
	local row, err, code = db.row "SELECT count(*) AS n FROM notes"
	return row and reply.json(row) or reply.json({ error = err, code = code }, 503)
end)

app:post("/hold", function()
	assert(migrate())
	return db.transaction(function()
		assert(db.exec "INSERT INTO notes (text) VALUES ('held')")
		http.get(config.segment_api_url .. "/slow", { timeout = 60 }) -- much longer than a transaction should take
		return reply.json {}
	end)
end, { csrf = false })

app:post("/spin", function()
	assert(migrate())
	return db.transaction(function()
		assert(db.exec "INSERT INTO notes (text) VALUES ('spun')")
		while true do db.row "SELECT 1" end
	end)
end, { csrf = false })

app:get("/endless", function()
	local row, err, code = db.row "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
	return reply.json({ row = row or false, error = err, code = code })
end)

return app
`;

/** A folder for the time of a case, from which the app is served again and again, also by several processes. */
function home(t) {
	const place = folder();
	t.after(place.remove);
	const state = (name) => path.join(place.name, ".partnerapp", name);
	const it = { place, state, script: APP };
	it.serve = (env = {}, program = undefined) => startApp(it.script, { place, env, program });
	it.refused = async (env = {}) => run(["serve"], {
		cwd: place.name,
		env: { CLIENT_ID: "client", CLIENT_SECRET: "secret", LISTEN: `127.0.0.1:${await freePort()}`, ...env },
	});
	it.files = () => readdirSync(state("")).filter((name) => name !== ".gitignore").sort();
	it.database = () => readFileSync(state("partnerapp.db"));
	return it;
}

const INSTALLS = `
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local app = partnerapp.new {}
app:oauth("/auth/segment", { scope = "destination/webhooks", installed = function(_, install)
	return reply.redirect("/installs/" .. install.id)
end })
app:post("/disconnect/:id", function(req)
	assert(app.installs:find(req.params.id):disconnect())
	return reply.json {}
end, { csrf = false })
return app
`;

const note = ({ url }, size = 10) => request(`${url}/notes/${size}`, { method: "POST" });
const count = async ({ url }) => (await request(`${url}/count`)).json().n;

const STEP = "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL)";

/** The app with more steps of its migration. */
const migrating = (...steps) => APP.replace(`{ "${STEP}" }`, `{ ${[STEP, ...steps].map((step) => `[[${step}]]`).join(", ")} }`);

// ST-08 waits for five seconds: the others run meanwhile.
describe("storage", { concurrency: 3 }, () => {
	test("ST-04 another key at the start is refused, and the database is not touched", async (t) => {
		const { serve, refused, database } = home(t);
		const keys = ["a", "b"].map((id) => `${id}:${id.repeat(64)}`);
		const first = await serve({ SECRET_KEY: keys[0] });
		assert.equal((await note(first)).status, 200);
		await first.stop();
		const before = database();
		const answer = await refused({ SECRET_KEY: keys[1] });
		assert.equal(answer.code, 2);
		assert.match(answer.err, /SECRET_KEY is not the key/);
		assert.ok(before.equals(database()));
		const both = await serve({ SECRET_KEY: `${keys[1]},${keys[0]}` }); // the old key still opens, the new one seals
		assert.equal(await count(both), 1);
		await both.stop();
		const after = await serve({ SECRET_KEY: keys[1] });
		assert.equal(await count(after), 1);
		await after.stop();
	});

	test("OP-06 a key file of the state folder that every user can read is warned about, and works", async (t) => {
		const { serve, state } = home(t);
		mkdirSync(state(""), { recursive: true });
		writeFileSync(state("secret.key"), `${"a".repeat(64)}\n`);
		chmodSync(state("secret.key"), 0o644);
		const server = await serve();
		assert.match(server.err, /warning: \S*secret\.key can be read by every user of this machine: chmod 600 /);
		assert.equal((await note(server)).status, 200);
		await server.stop();
	});

	test("ST-07 a full disk is an error, and nothing is lost or half written; with room again all is well", async (t) => {
		const { serve } = home(t);
		// In place of a full disk, a limit on the size of files: both show at a write.
		const limited = ["bash", "-c", 'ulimit -S -f 500; exec "$0" "$@"', binary];
		const first = await serve({ LOG_LEVEL: "error" }, limited);
		assert.equal((await note(first)).status, 200);
		let full, written = 1;
		for (let i = 0; i < 40 && !full; i++) {
			const answer = await note(first, 20000);
			if (answer.status === 200) written++;
			else full = answer;
		}
		assert.equal(full.status, 503);
		assert.equal(full.json().code, "full", full.text);
		assert.equal(await count(first), written);
		await until(() => request(`${first.url}/readyz`), (answer) => answer.status === 503); // OP-03
		await first.logged("not ready: the database cannot be written to");
		await first.stop();
		const again = await serve();
		assert.equal((await request(`${again.url}/readyz`)).text, "ready\n");
		assert.equal(await count(again), written);
		assert.equal((await note(again, 20000)).status, 200);
		await again.stop();
	});

	test("ST-08 a database that another process holds is waited for, then it is busy", async (t) => {
		const { serve } = home(t);
		await withSegment({}, async (segment) => {
			const one = await serve(segment.env);
			assert.equal((await note(one)).status, 200);
			const two = await serve();
			const held = request(`${one.url}/hold`, { method: "POST" });
			await until(() => segment.slow.length, (count) => count === 1);
			const begun = Date.now();
			let over = false;
			const waiting = note(two).finally(() => (over = true));
			const counts = await Promise.all(Array.from({ length: 5 }, () => request(`${two.url}/count`)));
			assert.deepEqual(counts.map((answer) => answer.status), counts.map(() => 200), "also for the first time");
			assert.ok(!over, "readers do not wait as long as writers");
			const answer = await waiting;
			assert.equal(answer.status, 503);
			assert.equal(answer.json().code, "busy");
			assert.ok(Date.now() - begun >= 2900, `${Date.now() - begun} ms`);
			assert.equal((await request(`${two.url}/count`)).status, 200, "readers are not kept out");
			segment.answerSlow();
			assert.equal((await held).status, 200);
			assert.equal((await note(two)).status, 200);
			await Promise.all([one.stop(), two.stop()]);
		});
	});

	for (const [what, change] of [
		["deleted", (file) => rmSync(file)],
		["deleted with its log", (file) => [file, `${file}-wal`, `${file}-shm`].forEach((name) => rmSync(name))],
		["replaced by a copy", (file) => (copyFileSync(file, `${file}.copy`), renameSync(`${file}.copy`, file))],
		["left without its log", (file) => rmSync(`${file}-wal`)],
	])
		test(`ST-14 OP-03 a database that is ${what} while it is in use takes no writes, and /readyz says so`, async (t) => {
			const { serve, state } = home(t);
			const server = await serve();
			const ready = () => request(`${server.url}/readyz`);
			assert.equal((await note(server)).status, 200);
			assert.equal((await ready()).status, 200);
			change(state("partnerapp.db"));
			const { status, json } = await note(server);
			assert.equal(status, 503);
			assert.equal(json().code, "database");
			assert.match(json().error, /partnerapp\.db or its -wal file was deleted, moved or replaced/);
			assert.equal((await request(`${server.url}/hold`, { method: "POST" })).status, 500, "nor does a transaction begin");
			await until(ready, (answer) => answer.status === 503);
			assert.equal((await ready()).text, "the database cannot be written to\n");
			await server.logged("not ready: the database cannot be written to");
			await server.stop();
		});

	test("ST-14 a database that is moved away and back is written to again", async (t) => {
		const { serve, state } = home(t);
		const server = await serve(), file = state("partnerapp.db");
		assert.equal((await note(server)).status, 200);
		renameSync(file, `${file}.away`);
		assert.equal((await note(server)).json().code, "database");
		renameSync(`${file}.away`, file);
		assert.equal((await note(server)).status, 200);
		assert.equal(await count(server), 2);
		await server.stop();
	});

	test("SBX-08 a query without end is ended, and the others are served meanwhile", async (t) => {
		const server = await home(t).serve();
		const endless = request(`${server.url}/endless`);
		assert.equal((await note(server)).status, 200);
		const answer = await endless;
		assert.ok(answer.status === 500 || answer.json().error);
		await server.stop();
	});

	test("SBX-04 a transaction that spends its CPU in short statements gives the writer back", async (t) => {
		const server = await home(t).serve({ LOG_LEVEL: "off" });
		assert.equal((await request(`${server.url}/spin`, { method: "POST" })).status, 500);
		assert.equal(await count(server), 0, "it was rolled back");
		assert.equal((await note(server)).status, 200);
		await server.stop();
	});

	test("ST-10 a new database is not copied", async (t) => {
		const app = home(t);
		app.script = migrating("ALTER TABLE notes ADD COLUMN extra TEXT");
		const server = await app.serve();
		assert.equal((await note(server)).status, 200);
		assert.deepEqual(app.files().filter((name) => name.includes("before")), []);
		await server.stop();
	});

	test("ST-10 a migration that fails half-way changes nothing; the database was copied before", async (t) => {
		const app = home(t);
		const copies = () => app.files().filter((name) => name.includes("before"));
		const first = await app.serve();
		for (let i = 0; i < 3; i++) assert.equal((await note(first)).status, 200);
		await first.stop();
		app.script = migrating("ALTER TABLE notes ADD COLUMN extra TEXT; DELETE FROM notes; INSERT INTO nowhere VALUES (1)");
		const broken = await app.serve();
		assert.equal((await request(`${broken.url}/count`)).status, 500);
		await broken.stop();
		assert.equal(copies().length, 1);
		assert.equal(statSync(app.state(copies()[0])).mode & 0o777, 0o600);
		app.script = migrating();
		const old = await app.serve();
		assert.equal(await count(old), 3);
		await old.stop();
		app.script = migrating("ALTER TABLE notes ADD COLUMN extra TEXT");
		const fixed = await app.serve();
		assert.equal(await count(fixed), 3);
		assert.equal((await note(fixed)).status, 200);
		await fixed.stop();
		app.script = migrating();
		const older = await app.serve();
		assert.equal((await request(`${older.url}/count`)).status, 500, "ST-09 an older program does not touch what a newer one made");
		await older.logged("newer version");
		await older.stop();
	});

	test("ST-09 ST-10 an older version does not start on what a newer one wrote; it starts on the copy from before", async (t) => {
		const { serve, refused, files, database, state, place } = home(t);
		const first = await serve();
		assert.equal((await note(first)).status, 200);
		await first.stop();
		assert.deepEqual(files(), ["app", "partnerapp.db", "partnerapp.traffic.db", "secret.key"], "an empty database was not copied");
		const copy = copyOfTheProgram(place, "partnerapp/store/tables.lua", (text) =>
			text.replace(/RENAME COLUMN due TO renew_at[^\]]*\]\],/, '$&\n\t"ALTER TABLE pa_installs ADD COLUMN more TEXT",'));
		const newer = await serve({}, [copy]);
		await newer.stop();
		assert.deepEqual(files(), ["app", "partnerapp.db", "partnerapp.db.before-installs-6", "partnerapp.traffic.db", "secret.key"]);
		const before = database();
		const { code, err } = await refused();
		assert.equal(code, 1);
		assert.match(err, /newer version of this program \(installs: step 6, known 5\): use that, or a backup/);
		assert.ok(before.equals(database()));
		copyFileSync(state("partnerapp.db.before-installs-6"), state("partnerapp.db"));
		const again = await serve();
		assert.equal(await count(again), 1);
		await again.stop();
	});

	test("ST-09 a damaged database is refused, and not a byte of it is changed", async (t) => {
		const { serve, refused, database, state } = home(t);
		const server = await serve();
		for (let i = 0; i < 10; i++) assert.equal((await note(server, 5000)).status, 200);
		await server.stop();
		const bytes = database();
		bytes[18] = bytes[19] = 1; // as another program leaves it, without a write-ahead log
		bytes.fill(0x5a, 2 * 4096);
		writeFileSync(state("partnerapp.db"), bytes);
		const { code, err } = await refused();
		assert.equal(code, 1);
		assert.match(err, /partnerapp\.db is damaged|malformed/);
		assert.ok(bytes.equals(database()));
	});

	test("ST-03 ST-10 three processes that start at once without a database work, with one key and one set of tables", async (t) => {
		for (let round = 0; round < 5; round++) {
			const { serve } = home(t);
			const servers = await Promise.all([serve(), serve(), serve()]);
			const answers = await Promise.all(servers.map((server) => note(server)));
			assert.deepEqual(answers.map((answer) => answer.text), ["{}", "{}", "{}"]);
			for (const server of servers) await server.stop();
		}
	});

	test("RT-13 what was disconnected is in no file any more: neither its sealed token nor its name", async (t) => {
		const app = home(t), key = "the0key0of0these"; // its name is in front of all that it sealed
		app.script = INSTALLS;
		const bytes = () => app.files().map((name) => readFileSync(app.state(name), "latin1")).join("\n");
		const sealed = () => new Set(bytes().match(new RegExp(`\\x10${key}[^]{28}`, "g")));
		await withSegment({ installs: 1234566 }, async (segment) => {
			const server = await app.serve({ ...segment.env, SECRET_KEY: `${key}:${"a".repeat(64)}`, TRAFFIC: "off" });
			const before = sealed();
			const id = await install(server.url);
			const tokens = [...sealed()].filter((one) => !before.has(one));
			assert.ok(tokens.length > 0 && bytes().includes("installs/1234567"), "they were there");
			assert.equal((await request(`${server.url}/disconnect/${id}`, { method: "POST" })).status, 200);
			assert.ok(!bytes().includes("installs/1234567"));
			for (const token of tokens) assert.ok(!bytes().includes(token));
			await server.stop();
		});
	});

	test("ST-04 of two processes with two keys that start at once without a database, one starts", async (t) => {
		for (let round = 0; round < 5; round++) {
			const { serve } = home(t);
			const started = await Promise.allSettled(["a", "b"].map((id) => serve({ SECRET_KEY: `${id}:${id.repeat(64)}` })));
			const [fine, refused] = ["fulfilled", "rejected"].map((status) => started.filter((one) => one.status === status));
			for (const one of fine) await one.value.stop();
			assert.equal(fine.length, 1);
			assert.match(refused[0].reason.message, /exit 2: .*SECRET_KEY is not the key/s);
		}
	});

	test("ST-11 many writers at once in one process: none is refused, and the file is not mapped into memory", async (t) => {
		const server = await home(t).serve({ WORKERS: "128" }); // more than the writers
		assert.equal((await note(server)).status, 200);
		const answers = await Promise.all(Array.from({ length: 100 }, () => note(server)));
		assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
		assert.equal(await count(server), 101);
		assert.doesNotMatch(readFileSync(`/proc/${server.child.pid}/maps`, "utf8"), /partnerapp\.db$/m);
		await server.stop();
	});

	test("a stop leaves only the databases and the key", async (t) => {
		const { serve, files } = home(t);
		const server = await serve();
		await note(server);
		await server.stop();
		assert.deepEqual(files().filter((name) => !/^(app|partnerapp(\.traffic)?\.db|secret\.key)$/.test(name)), []);
	});
});
