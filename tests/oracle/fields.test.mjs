// Payloads are validated as Segment's own package validates them: what is refused and with which sentences, and what the
// payload is afterwards.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { compare, oracle, section, share, withOurs } from "./cases.mjs";
import { dateText, formatText } from "./texts.mjs";

const { package: core, skip } = oracle("@segment/actions-core");

// What happens before validation is not exported.
const removeEmptyValues = core && (() => {
	const require = createRequire(import.meta.url);
	return require(path.join(path.dirname(require.resolve("@segment/actions-core")), "remove-empty-values.js")).removeEmptyValues;
})();

// Objects have no order in the answers: they are lists of [name, value], sorted. JSON has no Infinity.
const SCRIPT = `
local function flat(value)
	if value == math.huge or value == -math.huge then
		return value > 0 and "Infinity!" or "-Infinity!"
	elseif type(value) ~= "table" then
		return value
	end
	local list = json.array {}
	if json.is_array(value) or value[1] ~= nil then
		for i, item in ipairs(value) do list[i] = flat(item) end
		return { list = list }
	end
	local names = {}
	for name in pairs(value) do names[#names + 1] = name end
	table.sort(names)
	for i, name in ipairs(names) do list[i] = { name, flat(value[name]) } end
	return list
end

local function read(fields)
	for _, field in ipairs(fields) do
		field[1], field.name = field.name, nil
		if field.properties then read(field.properties) end
	end
	return fields
end

local function ask(case)
	local payload, message, code, errors = destination.validate(read(case.fields), case.payload, { prepare = case.prepare })
	if payload then
		return { payload = flat(payload) }
	end
	assert(code == "PAYLOAD_VALIDATION_FAILED", message)
	local lines = {}
	for i, one in ipairs(errors) do
		lines[i] = one.path .. ": " .. one.message
	end
	return { lines = lines }
end
`;

function flat(value) {
	if (value === Infinity || value === -Infinity) return `${value}!`;
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return { list: value.map(flat) };
	return Object.keys(value).sort().map((name) => [name, flat(value[name])]);
}

const NAMES = ["a", "b", "n", "user id", "é", "a/b", "~x", "10", "2", "__index", "__order", "length", "then", "𝒳"];
const LABELS = [undefined, "", "User", "éclair", "ß", "𝐱 label", "the 100% /label"];
const TYPES = ["string", "string", "text", "number", "number", "integer", "datetime", "boolean", "password", "object"];
const FORMATS = ["date", "time", "date-time", "uri", "uri-reference", "uri-template", "email", "hostname", "ipv4", "ipv6",
	"uuid", "password", "text"];
const WORDS = ["", "x", "true", "false", "null", "0", "1", "é😀", "straße", "two words", "\u0000\t\"\\\u2028", " "];
const NUMBER_TEXTS = ["5", "-5", " 7 ", "0x1F", "0b11", "0o17", "1e3", "1e400", "-1e400", "Infinity", "-Infinity", "NaN",
	"1_000", "5.", ".5", "-0", "+3", "5.5", "9007199254740993", "0.1e-7", "1,5", "\u00a08\ufeff", "--1", "0x", "1e", "٣"];
const NUMBERS = [0, -0, 1, -1, 2, 3, 5, 5.5, -7.25, 1e21, 1e-7, 1e300, 5e-324, 2 ** 53, 1700000000, 1700000000000];

const scalar = (random) => random.pick([
	() => random.pick(WORDS), () => random.pick(NUMBER_TEXTS), () => random.pick(NUMBERS), () => random.chance(0.5), () => null,
])();

function anything(random, depth = 2) {
	if (depth === 0 || random.chance(0.6)) return scalar(random);
	if (random.chance(0.5)) return random.many(0, 3, () => anything(random, depth - 1));
	return Object.fromEntries(random.many(0, 3, () => [random.pick(NAMES), anything(random, depth - 1)]));
}

function choices(random, type) {
	const makers = {
		number: () => random.pick([0, 1, 5, 5.5, -7.25, 1e21]),
		integer: () => random.pick([0, 1, 5, 17]),
		boolean: () => random.chance(0.5),
		datetime: () => dateText(random),
	};
	const values = [...new Set(random.many(1, 4, makers[type] ?? (() => random.pick([...WORDS, ...NUMBER_TEXTS]))))];
	if (typeof values[0] === "string" && random.chance(0.5)) return values;
	return values.map((value) => ({ value, label: `label of ${value}` }));
}

// `depth` is how many levels of properties may follow.
function fieldsOf(random, depth, most) {
	const names = [...new Set(random.many(depth === 2 ? 1 : 0, most, () => random.pick(NAMES)))];
	return names.map((name) => {
		const type = random.pick(TYPES);
		const field = { name, type };
		const set = (option, probability, make) => random.chance(probability) && (field[option] = make());
		set("label", 0.8, () => random.pick(LABELS.slice(1)));
		set("description", 0.2, () => "what it is");
		set("multiple", 0.25, () => true);
		set("allow_null", 0.3, () => random.chance(0.8));
		set("required", 0.35, () => random.chance(0.8));
		if (type !== "object") {
			set("choices", 0.25, () => choices(random, type));
			set("format", ["string", "number"].includes(type) ? 0.4 : 0.1, () => random.pick(FORMATS));
		}
		const limit = () => type === "string" ? random.below(4) : random.pick([0, 1, 3, -2, 2.5]);
		set("minimum", 0.3, limit);
		set("maximum", 0.3, limit);
		if (field.minimum && field.maximum && field.minimum > field.maximum) delete field.minimum;
		if (type === "object") {
			if (depth > 0) set("properties", 0.75, () => fieldsOf(random, depth - 1, 4));
			set("additional_properties", 0.4, () => random.chance(0.8));
		}
		return field;
	});
}

// Conditions name what is in the list; those of properties name what is in the list of their object.
function addConditions(random, list, scope) {
	const keys = scope.flatMap((field) => [field.name, ...(field.properties ?? []).map((one) => `${field.name}.${one.name}`)]);
	for (const field of list) {
		if (random.chance(0.25)) {
			const conditions = random.many(1, random.pick([1, 1, 2, 3]), () => {
				const condition = { field_key: random.pick(keys), operator: random.pick(["is", "is_not"]) };
				if (random.chance(0.6)) condition.value = random.chance(0.1) ? random.many(1, 2, () => scalar(random)) : scalar(random);
				return condition;
			});
			field.required = { conditions };
			if (random.chance(0.5)) field.required.match = random.pick(["all", "any"]);
		}
		if (field.properties) addConditions(random, field.properties, list);
	}
	return list;
}

const MANIFEST = { allow_null: "allowNull", additional_properties: "additionalProperties" };

/** The list as Segment's definitions have it. */
function definition(list) {
	return Object.fromEntries(list.map(({ name, ...field }) => [name, Object.fromEntries(Object.entries(field).map(([option, value]) => {
		if (option === "properties") value = definition(value);
		if (option === "required" && value.conditions) {
			value = { ...value, conditions: value.conditions.map(({ field_key: fieldKey, ...rest }) => ({ fieldKey, ...rest })) };
		}
		return [MANIFEST[option] ?? option, value];
	}))]));
}

function good(random, field) {
	if (field.choices && random.chance(0.7)) return random.pick(field.choices.map((one) => one.value ?? one));
	switch (field.type) {
	case "number": return random.pick([...NUMBERS, ...NUMBER_TEXTS]);
	case "integer": return random.pick([0, 1, -5, 17, "12", 5.5, 2 ** 53]);
	case "boolean": return random.pick([true, false, "true", "false", 0, 1, 2, "yes"]);
	case "datetime": return random.chance(0.8) ? dateText(random) : random.pick(NUMBERS);
	case "object": return field.properties ? payloadOf(random, field.properties) : anything(random);
	default: return field.format ? formatText(random, field.format) : random.pick([...WORDS, ...NUMBER_TEXTS, 5, true]);
	}
}

function valueOf(random, field) {
	const one = () => random.chance(0.8) ? good(random, field) : anything(random);
	const value = random.chance(field.multiple ? 0.8 : 0.08) ? random.many(0, 3, one) : one();
	return tame(random, field, value);
}

// JavaScript takes nearly any string with a digit for a date: those for a date are dates here, or have no digit.
function tame(random, field, value) {
	if (Array.isArray(value)) return value.map((one) => tame(random, field, one));
	if (field.type === "datetime") return typeof value === "string" ? dateText(random) : value;
	for (const property of (value !== null && typeof value === "object" && field.properties) || []) {
		if (Object.hasOwn(value, property.name)) value[property.name] = tame(random, property, value[property.name]);
	}
	return value;
}

function payloadOf(random, list) {
	const entries = list.filter(() => random.chance(0.8)).map((field) => [field.name, valueOf(random, field)]);
	while (random.chance(0.3)) {
		const name = random.pick([...NAMES, "dynamicAuthSettings"]);
		if (!list.some((field) => field.name === name)) entries.push([name, anything(random)]);
	}
	return Object.fromEntries(entries);
}

let fields, schema, key = 0;
const used = 12; // payloads for each list of fields: ajv needs longer to compile a schema than to use it

function validated({ payload, prepare, schema: rules, key: schemaKey }) {
	const prepared = prepare === "none" ? payload : removeEmptyValues(payload, rules, prepare === "event");
	try {
		core.validateSchema(prepared, rules, { schemaKey, exempt: ["dynamicAuthSettings"] });
	} catch (error) {
		if (!error.errors) throw error;
		return { lines: error.errors.map((one) => `${one.pointer}: ${one.message}`) };
	}
	return { payload: flat(prepared) };
}

if (!skip) console.warn = () => {}; // ajv reports what is loose in the schemas

let count = 0;
compare("payloads are validated as they are at Segment", {
	skip,
	script: SCRIPT,
	generate(random) {
		if (count++ % used === 0) {
			fields = addConditions(random, ...Array(2).fill(fieldsOf(random, 2, 6)));
			schema = core.fieldsToJsonSchema(definition(fields));
			key = `schema ${count}`;
		}
		const prepare = random.pick(["event", "event", "batch", "none"]);
		const payload = random.chance(0.01) ? scalar(random) : payloadOf(random, fields);
		return { fields, payload, prepare, schema, key };
	},
	sent: ({ fields: list, payload, prepare }) => ({ fields: list, payload, prepare }),
	theirs: validated,
	judge(answers) {
		assert.ok(share(answers, (one) => one.payload) > 0.1, "few payloads are valid");
		assert.ok(share(answers, (one) => one.lines?.length > 1) > 0.1, "few payloads have several errors");
		const lines = answers.flatMap((one) => one.lines ?? []);
		for (const text of ["must be one of", "must be a valid", "is missing", "or fewer", "or more", "to or less", "to or greater",
			"must match", "but it was null", "but it was an array", "The value at /"]) {
			assert.ok(lines.some((line) => line.includes(text)), `no message says "${text}"`);
		}
	},
});

test("the fields in docs/destinations.md are right", async () => {
	const [, list] = section("Fields").match(/```lua\n(.+?)```/s);
	await withOurs(`local LIST = ${list}
local function ask(payload)
	local _, message = destination.validate(LIST, payload)
	return message or "valid"
end
`, async (ask) => {
		const payloads = [{ event: "a", tags: "b", address: { zip: "1" } }, { event: "a", kind: "sale" }, { event: "a", kind: "no" }];
		assert.deepEqual(await ask(payloads), [
			"valid",
			"The root value is missing the required field 'amount'. The root value must match \"then\" schema.",
			"Kind must be one of: \"sale\" or \"other\".",
		]);
	});
});
