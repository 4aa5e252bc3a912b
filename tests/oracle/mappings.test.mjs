// Mappings make of an event what Segment's own `transform` makes of it: all directives, in each other, right ones and
// wrong ones, on values of all types.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CASES, compare, oracle, section, share, withOurs } from "./cases.mjs";
import { number, text, value } from "./values.mjs";

const { package: core, skip } = oracle("@segment/actions-core");

// Objects travel as lists, for their members have an order.
function packed(one) {
	if (one === null || typeof one !== "object") return one;
	if (Array.isArray(one)) return ["list", ...one.map(packed)];
	return ["object", ...Object.entries(one).map(([name, member]) => [name, packed(member)])];
}

const SCRIPT = `
local function unpacked(value)
	if type(value) ~= "table" then
		return value
	end
	local made, order = value[1] == "list" and json.array() or {}, {}
	for at = 2, #value do
		if value[1] == "list" then
			made[at - 1] = unpacked(value[at])
		else
			order[at - 1] = value[at][1]
			made[value[at][1]] = unpacked(value[at][2])
		end
	end
	return json.is_array(made) and made or setmetatable(made, { __order = order })
end

local function packed(value)
	if type(value) ~= "table" then
		return value
	end
	local made = { json.is_array(value) and "list" or "object" }
	if json.is_array(value) then
		for at, element in ipairs(value) do
			made[at + 1] = packed(element)
		end
		return made
	end
	for at, name in ipairs(getmetatable(value).__order) do
		made[at + 1] = { name, packed(value[name]) }
	end
	return made
end

local function ask(case)
	local payload, message, code = destination.transform(unpacked(case[2]), unpacked(case[3]))
	if message then
		assert(code == "bad_mapping" or code == "mapping_failed", message)
		return { error = message }
	end
	return { payload = packed(payload) }
end
`;

/** What is thrown, as lines: an error of the engine, without a sentence of Segment's, as the one that ours has there. */
function reported(error) {
	if (error instanceof TypeError) return ["The root directive must be an object"];
	return [...(error[Symbol.iterator] ? error : [error])].map((one) => one.message);
}

const NAMES = ["a", "b", "c", "list", "x y", "é", "0", "10", "01", "length", "a.b"];
const PATHS = [
	"$.properties.a", "$.properties.list", "properties.list[0]", "$.properties.list[0].a", "$.properties.c.b", "$.userId",
	"$.traits['x y']", "$.traits[\"a.b\"].a", "$.context.a[b]", "properties.a.length", "$.properties.list.length", "", ".",
	"$", "$.", "$.$.a", "a", "b", "c.a", "list.1", "list[1].b", "0", "['a']", "a]b", "a1]]b", "traits..a", "$.missing", "é",
];
const PATTERNS = [
	"a", "A", "s", "S", ".", "$", "é", "É", "😀", "ß", "(", "[", "\\", "-", " ", "\n", "ſ", "k", "\u212a", "σ", "ς", "ǆ", "/",
	"ab", "aa", "eleven chars", "😀😀😀😀😀", "😀😀😀😀😀a", "{{", "",
];
const REPLACEMENTS = ["", "x", "$&", "$$", "$`", "$'", "$1", "$<a>", "$", "$$&", "<$&$'>", "eleven chars", "😀"];
const TEMPLATES = [
	"{{userId}}", "Hello {{ properties.a }}!", "{{{properties.list}}}", "{{properties.c}}", "{{{{a}}}}", "{{a}", "{{}}", "{{ }}",
	"{{{a}}", "{{a}}}", "{{a}}{{b}}{{c.a}}", "{{{b}}} {{{a}}}", "}}{{a}}", "{{\u00a0a\ufeff}}", "{{list[0].b}}", "{{$.a}}", "{{a}}}}",
];
const BLANKS = [[], [""], [null], [[]], [[null]], ["", ""], [0], {}, "", " ", "0", 0, -1, true, false, null, { "@path": "$.missing" }];

class Mapping {
	constructor(random) {
		Object.assign(this, { random });
	}

	/** An object with some of the members that `makers` make. */
	some(probabilities, makers) {
		const made = {};
		for (const [name, make] of Object.entries(makers)) {
			if (this.random.chance(probabilities[name] ?? 0.97)) made[name] = make();
		}
		return made;
	}

	path() {
		if (this.random.chance(0.9)) return this.random.pick(PATHS);
		return this.random.many(1, 3, () => this.random.pick(NAMES)).join(".");
	}

	/** Options of each directive, mostly right. `d` is the depth that is left. */
	options(kind, d) {
		const { random } = this, any = () => this.any(d);
		const texts = (list) => random.chance(0.97) ? random.pick(list) : any();
		switch (kind) {
		case "@path": return random.chance(0.95) ? this.path() : any();
		case "@template":
			if (random.chance(0.8)) return random.pick(TEMPLATES);
			return random.chance(0.5) ? `${text(random)}{{${this.path()}}}` : any();
		case "@literal": case "@excludeWhenNull": return any();
		case "@if": return this.some({ exists: 0.5, blank: 0.55, else: 0.8 }, {
			exists: any, blank: random.chance(0.3) ? () => random.pick(BLANKS) : any, then: any, else: any,
		});
		case "@arrayPath": return [random.chance(0.7) ? this.path() : any(), ...(random.chance(0.9) ? [this.object(d)] : [])];
		case "@case": return this.some({}, { operator: () => texts(["lower", "upper", "lower", "upper", "title"]), value: any });
		case "@replace": return this.some({ pattern2: 0.3, replacement2: 0.3, global: 0.4, ignorecase: 0.6 }, {
			pattern: () => texts(PATTERNS), replacement: () => texts(REPLACEMENTS),
			value: random.chance(0.5) ? any : () => random.chance(0.8) ? text(random) : number(random),
			pattern2: () => texts(PATTERNS), replacement2: () => texts(REPLACEMENTS),
			global: () => random.pick([true, false, null]), ignorecase: () => random.pick([true, true, false, null]),
		});
		case "@merge": return this.some({}, {
			direction: () => texts(["left", "right", "LEFT"]),
			objects: () => random.chance(0.95) ? random.many(0, 3, any) : any(),
		});
		case "@transform": return this.some({}, { apply: () => this.object(d), mapping: () => this.object(d) });
		case "@flatten": return this.some({ omitArrays: 0.4 }, {
			separator: () => texts([".", "_", "-", ""]), value: any, omitArrays: () => random.pick([true, false, 1, "", null]),
		});
		case "@json": return this.some({}, { mode: () => texts(["encode", "decode", "decode", "Encode", "x"]), value: any });
		}
	}

	directive(d) {
		const { random } = this;
		const kind = random.pick([
			"@path", "@path", "@path", "@path", "@template", "@template", "@literal", "@if", "@if", "@arrayPath", "@arrayPath", "@case",
			"@replace", "@replace", "@merge", "@merge", "@transform", "@flatten", "@flatten", "@json", "@json", "@excludeWhenNull",
		]);
		const made = { [kind]: random.chance(0.98) ? this.options(kind, d - 1) : value(random, 2, NAMES) };
		if (random.chance(0.03)) made._metadata = { a: 1 };
		if (random.chance(0.004)) made["@path"] = "$.a";
		if (random.chance(0.004)) made.a = "b";
		if (random.chance(0.004)) made["@unknown"] = 1;
		return made;
	}

	object(d) {
		if (d > 0 && this.random.chance(0.4)) return this.directive(d);
		return Object.fromEntries(this.random.many(0, 4, () => [this.random.pick(NAMES), this.any(d - 1)]));
	}

	any(d) {
		const kind = this.random.next();
		if (d <= 0 || kind < 0.15) return this.random.chance(0.5) ? { "@path": this.path() } : value(this.random, 1, NAMES);
		if (kind < 0.75) return this.directive(d);
		if (kind < 0.85) return this.random.many(0, 3, () => this.any(d - 1));
		return this.object(d - 1);
	}

	root() {
		const { random } = this;
		const made = Object.fromEntries(random.many(1, 4, () => [random.pick(NAMES), this.any(4)]));
		if (random.chance(0.05)) return this.directive(4);
		const wrong = [text(random), 5, null, {}, { a: 1 }];
		if (random.chance(0.07)) {
			made.__segment_internal_directive = random.chance(0.9) ? this.directive(3) : random.pick(wrong);
		}
		return made;
	}
}

function event(random) {
	const made = {};
	const usual = ["type", "userId", "properties", "properties", "traits", "context"];
	const names = random.many(3, 8, () => random.pick([...usual, ...NAMES]));
	for (const name of names) made[name] = ["type", "userId"].includes(name) ? text(random) : value(random, 4, NAMES);
	return made;
}

/** What came back as Segment would give it: without undefined, and whole characters only. */
function plain(one) {
	if (typeof one === "string") return one.toWellFormed();
	if (Array.isArray(one)) return one.map((element) => plain(element ?? null));
	if (one === null || typeof one !== "object") return one;
	return Object.fromEntries(Object.entries(one).map(([name, member]) => [name.toWellFormed(), plain(member)]));
}

const unpacked = (one) => !Array.isArray(one) ? one : one[0] === "list" ? one.slice(1).map(unpacked)
	: Object.fromEntries(one.slice(1).map(([name, member]) => [name, unpacked(member)]));

compare("mappings make the payloads that they make at Segment", {
	skip,
	script: SCRIPT,
	generate: (random) => ({ mapping: new Mapping(random).root(), event: event(random) }),
	sent: ({ mapping, event: data }) => ["case", packed(mapping), packed(data)],
	theirs({ mapping, event: data }) {
		try {
			return { payload: plain(core.transform(mapping, data)) };
		} catch (error) {
			return { error: reported(error).sort().join("\n") };
		}
	},
	ours: ({ error, payload }) => error ? { error: error.split("\n").sort().join("\n") } : { payload: unpacked(payload) },
	judge(answers) {
		const failed = share(answers, (one) => one.error);
		assert.ok(failed > 0.1 && failed < 0.6, `${failed} fail`);
		const empty = share(answers, (one) => JSON.stringify(one.payload ?? {}) === "{}");
		assert.ok(empty - failed < 0.2, `${empty} are empty`);
	},
});

const LETTERS = [..."sSſkK\u212aiIıİßẞéÉσςΣǆǅǄµμΜåÅ\u212bȺⱥɐⱯ𐐀𐐨ﬁ.$"];
const letters = (random, least, most) => random.many(least, most, () => random.pick(LETTERS)).join("");

compare("@replace ignores case as JavaScript does", {
	skip,
	script: SCRIPT,
	generate(random) {
		const replacement = random.pick(["", "x", "$&!", "$`", "$'"]);
		const options = { replacement, ignorecase: random.chance(0.9), global: random.chance(0.9) };
		return { mapping: { x: { "@replace": { value: letters(random, 1, 8), pattern: letters(random, 1, 2), ...options } } } };
	},
	sent: ({ mapping }) => ["case", packed(mapping), packed({})],
	theirs: ({ mapping }) => core.transform(mapping, {}),
	ours: (answer) => unpacked(answer.payload),
	judge: (answers) => assert.ok(new Set(answers.map((one) => one.x)).size > CASES / 2),
});

test("docs/destinations.md says what Segment and ours make of its mappings", { skip }, async () => {
	const text = section("Directives"), data = JSON.parse(text.match(/```json\n([^]*?)```/)[1]);
	const rows = [...text.matchAll(/^\| `({.+?)` \| (?:`(.+?)`|nothing) \|/gm)];
	assert.ok(rows.length > 15);
	await withOurs(SCRIPT, async (ask) => {
		for (const [row, given, result] of rows) {
			const mapping = { x: JSON.parse(given) }, wanted = result ? { x: JSON.parse(result) } : {};
			const [answer] = await ask([["case", packed(mapping), packed(data)]]);
			assert.deepEqual(unpacked(answer.payload), wanted, row);
			assert.deepEqual(core.transform(mapping, data), wanted, row);
		}
	});
});
