// Triggers mean what they mean in Segment's own package: valid ones, and texts that are wrong in a place or two.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, oracle, section, share, withOurs } from "./cases.mjs";

const { package: subscriptions, skip } = oracle("@segment/destination-subscriptions");

const SCRIPT = `
local function ask(case)
	local matches, message, code = destination.matches(case.text, case.event)
	if message then
		assert(code == "bad_trigger" and message:find "the trigger ")
		return code
	end
	return matches
end
`;

const WORDS = ["A", "Order Completed", "track", "identify", "true", "null", "5", "", "a😀b", "*A*", "x y", "é", "007"];
const NUMBERS = ["5", "-5", "+5", "0", "007", "1.5", "5.", "1000000000000000000000", "0.0000001", "-", "9007199254740993"];
const NAMES = ["a", "b", "n", "list", "length", "a\\.b", "x_y", "x-y", "_z", "and", "or", "null", "0", "long\\ name"];
const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "==", "is"];
const INSERTS = [..."\"'()[].,!=<>\\ \t\n\r-+_aé*0n&", " and ", " or ", "null", "true", " AND ", "!contains(", "5"];

const path = (random) => {
	const first = random.pick(["properties", "properties", "traits", "context"]);
	return [first, ...random.many(random.chance(0.05) ? 0 : 1, random.pick([1, 1, 3]), () => random.pick(NAMES))].join(".");
};
const subject = (random) => random.chance(0.5) ? path(random)
	: random.pick(["type", "event", "event", "name", "userId", "userId", "event.a", "anonymousId", "propertiesOf.a"]);
const text = (random) => random.chance(0.05) ? `'${random.pick(WORDS)}'` : `"${random.pick(WORDS)}"`;
const value = (random) => random.chance(0.5) ? text(random)
	: random.pick([...NUMBERS, "true", "false", "null", "true", "false", "null", "word"]);

function term(random) {
	const negation = random.chance(0.3) ? "!" : "";
	if (random.chance(0.25)) return `${negation}contains(${subject(random)}, ${value(random)})`;
	if (random.chance(0.25)) {
		const pattern = random.pick(["A*", "*A", "Or*", "*ed", "*", "a*b", "plain", "**", "", "a😀*"]);
		return `${negation}match(${subject(random)}, ${random.chance(0.9) ? `"${pattern}"` : value(random)})`;
	}
	const operator = random.chance(0.7) ? random.pick(["=", "!="]) : random.pick(OPERATORS);
	return `${random.chance(0.05) ? "!" : ""}${subject(random)} ${operator} ${value(random)}`;
}

function level(random, depth) {
	const joint = random.pick([" and ", " or "]);
	const parts = random.many(depth === 0 && random.chance(0.02) ? 0 : 1, 3, () =>
		random.chance(0.2) && depth < 2 ? `(${level(random, depth + 1)})` : term(random));
	return parts.reduce((whole, part) => whole + (random.chance(0.9) ? joint : random.pick([" and ", " or ", " "])) + part, "")
		.slice(parts.length ? joint.length : 0);
}

function mutated(random, whole) {
	const characters = [...whole];
	for (let n = 1 + random.below(2); n > 0; n--) {
		const at = random.below(characters.length + 1);
		const cut = random.pick([0, 0, 1, 1, 1 + random.below(6)]);
		characters.splice(at, cut, ...(random.chance(0.6) ? [random.pick(INSERTS)] : []));
	}
	return characters.join("");
}

// Segment takes one UTF-16 unit from a pattern without a * at its end: half of a character above U+FFFF.
const halves = /["'][\u{10000}-\u{10ffff}]/u;

function trigger(random) {
	for (;;) {
		const whole = level(random, 0);
		const made = random.chance(0.3) ? mutated(random, whole) : whole;
		if (!halves.test(made)) return made;
	}
}

const SCALARS = [true, false, null, 5, -5, 0, 1.5, 1e21, 1e-7, 2 ** 53, ...WORDS, ...WORDS];
function json(random, depth) {
	const kind = random.next();
	if (depth === 0 || kind < 0.65) return random.pick(SCALARS);
	if (kind < 0.8) return random.many(0, 3, () => json(random, depth - 1));
	return Object.fromEntries(random.many(0, 6, () => [random.pick(NAMES).replaceAll("\\", ""), json(random, depth - 1)]));
}

function event(random) {
	const made = {};
	const set = (name, probability, make) => random.chance(probability) && (made[name] = make());
	set("type", 0.95, () => random.pick(["track", "track", "identify", "page"]));
	set("event", 0.9, () => random.chance(0.9) ? random.pick(WORDS) : json(random, 1));
	set("name", 0.5, () => random.chance(0.8) ? random.pick(WORDS) : json(random, 1));
	set("userId", 0.7, () => random.chance(0.8) ? random.pick(WORDS) : json(random, 1));
	for (const name of ["properties", "traits", "context"]) {
		set(name, 0.8, () => random.chance(0.9)
			? Object.fromEntries(random.many(1, 8, () => [random.pick(NAMES).replaceAll("\\", ""), json(random, 3)]))
			: json(random, 2));
	}
	return made;
}

const matches = (fql, data) => {
	const parsed = subscriptions.parseFql(fql);
	if (parsed.error) return "bad_trigger";
	try {
		return subscriptions.validate(parsed, data);
	} catch {
		return false; // the event does not reach the mapping
	}
};

compare("triggers take the events that they take at Segment", {
	skip,
	script: SCRIPT,
	generate: (random) => ({ text: trigger(random), event: event(random) }),
	theirs: ({ text: fql, event: data }) => matches(fql, data),
	judge(answers) {
		for (const answer of [true, false, "bad_trigger"]) {
			assert.ok(share(answers, (one) => one === answer) > 0.1, `few are ${answer}`);
		}
	},
});

test("docs/destinations.md says what Segment and ours do with triggers that surprise", { skip }, async () => {
	const rows = [...section("Triggers").matchAll(/^\| `(.+?)` \| (?:`(.+?)`)? ?\| `(.+?)` \|$/gm)];
	const cases = rows.flatMap(([, text, ...events]) =>
		events.map((one, at) => one && { text, event: JSON.parse(one), wanted: at === 0 }).filter(Boolean));
	assert.ok(cases.length > 40);
	await withOurs(SCRIPT, async (ask) => {
		const answers = await ask(cases);
		cases.forEach((one, at) => {
			assert.equal(matches(one.text, one.event), one.wanted, JSON.stringify(one));
			assert.equal(answers[at], one.wanted, JSON.stringify(one));
		});
	});
});
