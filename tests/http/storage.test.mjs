// The database when its world fails: a wrong key, a full disk, another process that holds it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { binary, folder, freePort, request, run, start, top } from "./harness.mjs";

const APP = `
local db = require "partnerapp.db"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"

local app = partnerapp.new { env = { SLOW = "" } }

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
		http.get(app.env.SLOW, { timeout = 20 }) -- longer than anyone should, which is what is tried here
		return reply.json {}
	end)
end, { csrf = false })

app:get("/endless", function()
	local row, err, code = db.row "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
	return reply.json({ row = row or false, error = err, code = code })
end)

return app
`;

let place, settings, url;

beforeEach(async () => {
	place = folder();
	mkdirSync(path.join(place.name, "app"));
	writeFileSync(path.join(place.name, "app/init.lua"), APP);
	const port = await freePort();
	url = `http://127.0.0.1:${port}`;
	settings = { CLIENT_ID: "id", CLIENT_SECRET: "secret-of-this-app", LISTEN: `127.0.0.1:${port}` };
});

afterEach(() => place.remove());

const serve = (env = {}) => start(["serve", "app"], { cwd: place.name, env: { ...settings, ...env } });
const note = (size = 10, at = url) => request(`${at}/notes/${size}`, { method: "POST" });
const count = async () => (await request(`${url}/count`)).json().n;
const database = () => readFileSync(path.join(place.name, ".partnerapp/partnerapp.db"));

test("ST-04 another key at the start is refused, and the database is not touched", async () => {
	const keys = ["a", "b"].map((id) => `${id}:${id.repeat(64)}`);
	const first = await serve({ SECRET_KEY: keys[0] });
	assert.equal((await note()).status, 200);
	await first.stop();
	const before = database();
	const refused = await run(["serve", "app"], { cwd: place.name, env: { ...settings, SECRET_KEY: keys[1] } });
	assert.equal(refused.code, 2);
	assert.match(refused.err, /SECRET_KEY is not the key/);
	assert.ok(before.equals(database()));
	const both = await serve({ SECRET_KEY: `${keys[1]},${keys[0]}` }); // the old key still opens, the new one seals
	assert.equal(await count(), 1);
	await both.stop();
	const after = await serve({ SECRET_KEY: keys[1] });
	assert.equal(await count(), 1);
	await after.stop();
});

test("ST-07 a full disk is an error that passes: nothing is lost, nothing is half there", async () => {
	// A limit on the size of files stands for the disk: as its end, it shows at a write.
	const child = spawn("bash", ["-c", 'ulimit -S -f 200; exec "$0" serve app', binary], {
		cwd: place.name, env: { PATH: process.env.PATH, ...settings, LOG_LEVEL: "error" }, stdio: ["ignore", "pipe", "pipe"],
	});
	const ended = once(child, "exit");
	child.stderr.resume();
	await once(child.stdout, "data");
	assert.equal((await note()).status, 200);
	let full, written = 1;
	for (let i = 0; i < 40 && !full; i++) {
		const answer = await note(20000);
		if (answer.status === 200) written++;
		else full = answer;
	}
	assert.equal(full.status, 503);
	assert.equal(full.json().code, "full", full.text);
	assert.equal(await count(), written);
	child.kill("SIGTERM");
	assert.deepEqual(await ended, [0, null]);
	const again = await serve();
	assert.equal(await count(), written);
	assert.equal((await note(20000)).status, 200);
	await again.stop();
});

test("ST-08 a database that another process holds is waited for, then it is busy", async () => {
	let release;
	const slow = http.createServer((req, res) => (release = () => res.end("at last"))).listen(0, "127.0.0.1");
	await once(slow, "listening");
	const origin = `http://127.0.0.1:${slow.address().port}`;
	const one = await serve({ SLOW: `${origin}/`, HTTP_ALLOW: origin });
	assert.equal((await note()).status, 200);
	const port = await freePort();
	const two = await serve({ LISTEN: `127.0.0.1:${port}` });
	const held = request(`${url}/hold`, { method: "POST" });
	await once(slow, "request");
	const begun = Date.now();
	const waiting = note(10, `http://127.0.0.1:${port}`);
	const counts = Array.from({ length: 5 }, () => request(`http://127.0.0.1:${port}/count`));
	assert.deepEqual((await Promise.all(counts)).map((one) => one.status), counts.map(() => 200), "also for the first time");
	assert.ok(Date.now() - begun < 2500, `${Date.now() - begun} ms`);
	const answer = await waiting;
	assert.equal(answer.status, 503);
	assert.equal(answer.json().code, "busy");
	assert.ok(Date.now() - begun >= 2900 && Date.now() - begun < 7000, `${Date.now() - begun} ms`);
	assert.equal((await request(`http://127.0.0.1:${port}/count`)).status, 200, "readers are not kept out");
	release();
	assert.equal((await held).status, 200);
	assert.equal((await note(10, `http://127.0.0.1:${port}`)).status, 200);
	await Promise.all([one.stop(), two.stop()]);
	slow.close();
});

test("SBX-08 a query without end is ended, and the others are served meanwhile", async () => {
	const server = await serve();
	const begun = Date.now();
	const endless = request(`${url}/endless`);
	assert.equal((await note()).status, 200);
	const answer = await endless;
	assert.ok(answer.status === 500 || answer.json().error);
	assert.ok(Date.now() - begun < 8000);
	await server.stop();
});

const STEP = "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL)";
const migrations = (...steps) => writeFileSync(path.join(place.name, "app/init.lua"), APP.replace(`{ "${STEP}" }`,
	`{ ${[STEP, ...steps].map((step) => `[[${step}]]`).join(", ")} }`));

const copies = () => readdirSync(path.join(place.name, ".partnerapp")).filter((name) => name.includes("before"));

test("ST-10 a new database is not copied: there is nothing to lose yet", async () => {
	migrations("ALTER TABLE notes ADD COLUMN extra TEXT");
	const server = await serve();
	assert.equal((await note()).status, 200);
	assert.deepEqual(copies(), []);
	await server.stop();
});

test("ST-10 a migration that fails half-way changes nothing; the database was copied before", async () => {
	const first = await serve();
	for (let i = 0; i < 3; i++) assert.equal((await note()).status, 200);
	await first.stop();
	migrations("ALTER TABLE notes ADD COLUMN extra TEXT; DELETE FROM notes; INSERT INTO nowhere VALUES (1)");
	const broken = await serve();
	assert.equal((await request(`${url}/count`)).status, 500);
	await broken.stop();
	assert.equal(copies().length, 1);
	assert.equal(statSync(path.join(place.name, ".partnerapp", copies()[0])).mode & 0o777, 0o600);
	migrations();
	const old = await serve();
	assert.equal(await count(), 3);
	await old.stop();
	migrations("ALTER TABLE notes ADD COLUMN extra TEXT");
	const fixed = await serve();
	assert.equal(await count(), 3);
	assert.equal((await note()).status, 200);
	await fixed.stop();
	migrations();
	const older = await serve();
	assert.equal((await request(`${url}/count`)).status, 500, "ST-09 an older program does not touch what a newer one made");
	await older.logged("newer version");
	await older.stop();
});

/** Copies the program and its Lua; `change` edits the copy of a script. The copy's binary. */
function copyOfTheProgram(script, change) {
	const home = path.join(place.name, "copy"), copy = path.join(home, "build/release/partnerapp");
	mkdirSync(path.dirname(copy), { recursive: true });
	copyFileSync(binary, copy);
	cpSync(path.join(top, "lua"), path.join(home, "lua"), { recursive: true });
	const file = path.join(home, "lua", script), text = readFileSync(file, "utf8");
	assert.notEqual(change(text), text);
	writeFileSync(file, change(text));
	return copy;
}

test("ST-09 ST-10 what a newer version wrote is no start for an older one; the copy from before is", async () => {
	const first = await serve();
	assert.equal((await note()).status, 200);
	await first.stop();
	const files = () => readdirSync(path.join(place.name, ".partnerapp")).sort();
	assert.deepEqual(files(), ["partnerapp.db", "secret.key"], "nothing was there that a copy would save");
	const newer = copyOfTheProgram("partnerapp/store/schema.lua", (text) =>
		text.replace("CREATE INDEX pa_installs_name ON pa_installs (name)]],", '$&\n\t"ALTER TABLE pa_installs ADD COLUMN more TEXT",'));
	const child = spawn(newer, ["serve", "app"], { cwd: place.name, env: { PATH: process.env.PATH, ...settings } });
	const ended = once(child, "exit");
	await once(child.stdout, "data");
	child.kill("SIGTERM");
	assert.deepEqual(await ended, [0, null]);
	assert.deepEqual(files(), ["partnerapp.db", "partnerapp.db.before-installs-4", "secret.key"]);
	const before = database();
	const { code, err } = await run(["serve", "app"], { cwd: place.name, env: settings });
	assert.equal(code, 1);
	assert.match(err, /newer version of this program \(installs: step 4, known 3\): use that, or a backup/);
	assert.ok(before.equals(database()));
	copyFileSync(path.join(place.name, ".partnerapp/partnerapp.db.before-installs-4"), path.join(place.name, ".partnerapp/partnerapp.db"));
	const again = await serve();
	assert.equal(await count(), 1);
	await again.stop();
});

test("ST-09 a damaged database is refused, and not a byte of it is changed", async () => {
	const server = await serve();
	for (let i = 0; i < 10; i++) assert.equal((await note(5000)).status, 200);
	await server.stop();
	const bytes = database();
	bytes[18] = bytes[19] = 1; // as another program leaves it, without a write-ahead log
	bytes.fill(0x5a, 2 * 4096);
	writeFileSync(path.join(place.name, ".partnerapp/partnerapp.db"), bytes);
	const { code, err } = await run(["serve", "app"], { cwd: place.name, env: settings });
	assert.equal(code, 1);
	assert.match(err, /partnerapp\.db is damaged|malformed/);
	assert.ok(bytes.equals(database()));
});

test("ST-03 ST-10 of three processes that start at once on nothing, each works, with one key and one set of tables", async () => {
	for (let round = 0; round < 5; round++) {
		const home = folder();
		cpSync(path.join(place.name, "app"), path.join(home.name, "app"), { recursive: true });
		const ports = [await freePort(), await freePort(), await freePort()];
		const servers = await Promise.all(ports.map((port) =>
			start(["serve", "app"], { cwd: home.name, env: { ...settings, LISTEN: `127.0.0.1:${port}` } })));
		const answers = await Promise.all(ports.map((port) => note(10, `http://127.0.0.1:${port}`)));
		assert.deepEqual(answers.map((answer) => answer.text), ["{}", "{}", "{}"]);
		for (const server of servers) assert.equal(await server.stop(), 0);
		home.remove();
	}
});

test("ST-04 of two processes with two keys that start at once on nothing, one starts", async () => {
	for (let round = 0; round < 5; round++) {
		const home = folder();
		cpSync(path.join(place.name, "app"), path.join(home.name, "app"), { recursive: true });
		const started = await Promise.allSettled(["a", "b"].map(async (id) => start(["serve", "app"], {
			cwd: home.name,
			env: { ...settings, LISTEN: `127.0.0.1:${await freePort()}`, SECRET_KEY: `${id}:${id.repeat(64)}` },
		})));
		const [fine, refused] = ["fulfilled", "rejected"].map((status) => started.filter((one) => one.status === status));
		for (const one of fine) await one.value.stop();
		assert.equal(fine.length, 1);
		assert.match(refused[0].reason.message, /exit 2: .*SECRET_KEY is not the key/s);
		home.remove();
	}
});

test("ST-11 many writers at once in one process: none is refused, and the file is in nobody's memory", async () => {
	const server = await serve();
	assert.equal((await note()).status, 200);
	const answers = await Promise.all(Array.from({ length: 100 }, () => note()));
	assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
	assert.equal(await count(), 101);
	assert.doesNotMatch(readFileSync(`/proc/${server.child.pid}/maps`, "utf8"), /partnerapp\.db$/m);
	await server.stop();
});

test("nothing but the database's own files is left beside it", async () => {
	const server = await serve();
	await note();
	await server.stop();
	assert.deepEqual(readdirSync(path.join(place.name, ".partnerapp")).filter((name) => !/^(partnerapp\.db|secret\.key)$/.test(name)), []);
});
