// What trying and testing a destination costs: beside loading the app, and beside the destination's own function.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { top } from "../http/client.mjs";

const binary = path.join(top, "build/release/partnerapp");
const RECORDINGS = 1000, CALLS = 2000, EVENTS = 1000;

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** An app with the destination of docs/destinations.md. */
function app(folder, name) {
	const place = path.join(folder, name);
	const text = /```lua\n-- lua\/app\/destinations\/acme.lua\n([^]*?)```/.exec(readFileSync(path.join(top, "docs/destinations.md"), "utf8"))[1];
	mkdirSync(path.join(place, "destinations/tests/acme"), { recursive: true });
	mkdirSync(path.join(place, "tests"));
	writeFileSync(path.join(place, "init.lua"), 'return require("partnerapp").new { destination = "acme" }\n');
	writeFileSync(path.join(place, "destinations/acme.lua"), text);
	return place;
}

/** Seconds of one run of a command, on the servers' core. */
function seconds(place, args) {
	const begun = performance.now();
	execFileSync("taskset", ["-c", "0", binary, ...args], { cwd: place, stdio: ["ignore", "ignore", "inherit"] });
	return (performance.now() - begun) / 1000;
}

// The destination's own work for an event: its function, with the JSON of its request.
const HANDLER = `local acme = require "destinations.acme"
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"
testing.case("handler", function()
	local event = json.decode([==[EVENT]==], { order = true })
	local payload = { event = event.event, user = event.userId, properties = event.properties }
	local request = { post = function(_, _, options) return json.encode(options.json, { javascript = true }) end }
	for _ = 1, ${CALLS} do
		acme.actions.track.perform(request, { payload = payload, settings = {} })
	end
end)
`;

/** Prints the table. True when every command succeeded: they raise otherwise. */
export function destinations(folder, options) {
	const one = app(folder, "one"), many = app(folder, "many"), handler = app(folder, "handler");
	seconds(one, ["try", "acme", "--app", one, "--save", "t0"]);
	const kept = readFileSync(path.join(one, "destinations/tests/acme/t0.test.json"), "utf8");
	const event = JSON.parse(kept).event;
	for (let i = 0; i < RECORDINGS; i++) {
		writeFileSync(path.join(many, `destinations/tests/acme/t${i}.test.json`), kept.replaceAll(event.userId, `u-${i}`));
	}
	const batch = path.join(folder, "batch.json");
	writeFileSync(batch, JSON.stringify(Array.from({ length: EVENTS }, (_, i) => ({ ...event, userId: `u-${i}` }))));
	writeFileSync(path.join(handler, "tests/handler_test.lua"), HANDLER.replace("EVENT", () => JSON.stringify(event)));
	const commands = {
		check: [one, ["check", one]],
		try: [one, ["try", "acme", "--app", one, "track"]],
		batch: [one, ["try", "acme", "--app", one, "--batch", "--json", "-e", batch]],
		"test, 1 recorded": [one, ["test", one]],
		"test, recorded": [many, ["test", many]],
		handler: [handler, ["test", handler]],
	};
	const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
	for (let i = 0; i < Math.max(5, options.repetitions); i++) { // in turn, for the machine's speed changes
		for (const [name, [place, args]] of Object.entries(commands)) times[name].push(seconds(place, args));
	}
	const ratio = (a, b) => median(times[a].map((value, i) => value / b(i)));
	const start = (i) => times["test, 1 recorded"][i];
	const calls = (i) => times.handler[i] - start(i);
	const row = (name, value, unit) => console.log(`| ${name} | ${value} ${unit} |`);
	console.log("\n| a destination, from event to requests | |\n|---|---:|");
	row("`check`", (median(times.check) * 1000).toFixed(0), "ms");
	row("`try`", (median(times.try) * 1000).toFixed(0), `ms, ${ratio("try", (i) => times.check[i]).toFixed(2)} × check`);
	row(`\`try --batch\`, ${EVENTS} events`, (median(times.batch) * 1000).toFixed(0), "ms");
	row("`test`, 1 recorded try", (median(times["test, 1 recorded"]) * 1000).toFixed(0), "ms");
	row(`\`test\`, ${RECORDINGS} recorded tries`, (median(times["test, recorded"]) * 1000).toFixed(0), "ms");
	row(`${CALLS} calls of its function alone`, (median(times.handler.map((_, i) => calls(i))) * 1000).toFixed(0), "ms");
	row(`${RECORDINGS} recorded tries, beside those calls and one start`,
		ratio("test, recorded", (i) => calls(i) + start(i)).toFixed(1), "×");
	return true;
}
