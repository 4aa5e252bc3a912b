// What Segment's own destinations do with an event, up to their perform: the trigger, the mapping and the validation of
// each action's defaults and of each preset, with Segment's packages and here.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { oracle, withOurs } from "./cases.mjs";
import { definitions, list, presetsOf, refused, skip as noDefinitions } from "./definitions.mjs";

const core = oracle("@segment/actions-core"), subscriptions = oracle("@segment/destination-subscriptions");
const skip = noDefinitions ?? core.skip ?? subscriptions.skip;

const removeEmptyValues = !skip && (() => {
	const require = createRequire(import.meta.url);
	return require(path.join(path.dirname(require.resolve("@segment/actions-core")), "remove-empty-values.js")).removeEmptyValues;
})();
if (!skip) console.warn = () => {}; // ajv reports what is loose in the schemas

const SCRIPT = `
local function as_list(fields)
	for _, field in ipairs(fields) do
		field[1], field.name = field.name, nil
		if field.properties then as_list(field.properties) end
	end
	return fields
end

local function ask(case)
	local fields, answers = as_list(case.fields), json.array()
	for i, event in ipairs(case.events) do
		local one = { matches = case.trigger and destination.matches(case.trigger, event) or false }
		local payload = destination.transform(case.mapping, event)
		one.payload = payload
		local valid, _, _, errors = destination.validate(fields, payload)
		one.valid = valid
		for at, err in ipairs(errors or {}) do
			one.lines = one.lines or json.array()
			one.lines[at] = err.path .. ": " .. err.message
		end
		answers[i] = one
	end
	return answers
end
`;

const context = {
	ip: "203.0.113.7", locale: "de-DE", timezone: "Europe/Berlin", userAgent: "Mozilla/5.0 (X11; Linux x86_64)",
	app: { name: "Shop", version: "1.2.3", build: "45", namespace: "com.shop" },
	campaign: { name: "spring", source: "mail", medium: "email", term: "t", content: "c" },
	device: { id: "d-1", advertisingId: "ad-1", adTrackingEnabled: true, type: "ios", manufacturer: "Apple", model: "iPhone15" },
	library: { name: "analytics.js", version: "2.11.1" }, network: { carrier: "T", wifi: true, cellular: false },
	location: { city: "Köln", country: "DE", latitude: 50.9, longitude: 6.9 }, os: { name: "iOS", version: "17.1" },
	page: { path: "/shop", referrer: "", search: "?a=b", title: "Shop 🔥", url: "https://shop.example/shop?a=b" },
	screen: { width: 390, height: 844, density: 3 },
	traits: { email: "jane@example.com", firstName: "Jane", phone: "+49 221 1234567" },
};
const products = [
	{ product_id: "p1", sku: "S-1", name: "Monopoly", brand: "H", category: "Games", price: 19, quantity: 1, position: 1, variant: "v" },
	{ product_id: "p2", sku: "S-2", name: "Uno", price: "3.50", quantity: "2" },
];
const order = {
	order_id: "o-1", checkout_id: "c-1", total: 27.5, value: 25, revenue: "25.00", tax: 2, shipping: 0.5, discount: 0, coupon: "SPRING",
	currency: "EUR", products, query: "games", email: "jane@example.com", list_id: "l-1", product_id: "p1", price: 19, quantity: 1,
	fbp: "fb.1.1", gclid: "g-1", ttclid: "t-1",
};
const traits = {
	email: "jane@example.com", firstName: "Jane", lastName: "Doe", first_name: "Jane", phone: "+492211234567", age: 37, plan: "premium",
	birthday: "1989-03-09", createdAt: "2025-11-02T08:00:00.000Z", address: { street: "A 1", city: "Köln", postalCode: "50667", country: "DE" },
	company: { id: "c-77", name: "Initech" }, tags: ["a", "b"], empty: "", nothing: null, username: "jane", gender: "f",
};
const one = (type, more) => ({
	type, messageId: "m-1", userId: "u-1", anonymousId: "a-1", channel: "client", context, integrations: {},
	timestamp: "2026-01-15T09:30:00.500Z", receivedAt: "2026-01-15T09:30:01.000Z", sentAt: "2026-01-15T09:30:00.500Z", ...more,
});
const NAMES = ["Order Completed", "Product Added", "Product Viewed", "Products Searched", "Checkout Started", "Signed Up", "Application Opened"];
const EVENTS = [
	...NAMES.map((event) => one("track", { event, properties: order })),
	one("track", { event: "Signed Up", properties: {} }),
	one("track", { event: "Signed Up", userId: undefined, properties: { total: "x", products: {}, email: 5, value: null } }),
	one("track", { event: "", properties: { products: [], revenue: 0, currency: "" } }),
	one("identify", { traits }),
	one("identify", { traits: {}, context: {} }),
	one("page", { name: "Home", category: "Shop", properties: { title: "Shop", url: "https://shop.example/" } }),
	one("screen", { name: "Home", properties: { variation: "blue" } }),
	one("group", { groupId: "g-77", traits: { name: "Initech", employees: 329, industry: "Technology", plan: "enterprise" } }),
	one("alias", { previousId: "anonymous-77" }),
].map((event) => JSON.parse(JSON.stringify(event)));

/** A value as it is compared: objects have no order, and what is undefined is not there. */
function plain(value) {
	if (Array.isArray(value)) return value.map(plain);
	if (value === null || typeof value !== "object") return value;
	return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([name, item]) => [name, plain(item)]));
}

function theirs({ trigger, mapping, schema, key }, event) {
	const answer = { matches: trigger ? subscriptions.package.validate(subscriptions.package.parseFql(trigger), event) : false };
	answer.payload = plain(core.package.transform(mapping, structuredClone(event)));
	const prepared = removeEmptyValues(structuredClone(answer.payload), schema, true);
	try {
		core.package.validateSchema(prepared, schema, { schemaKey: key, exempt: ["dynamicAuthSettings"] });
		answer.valid = plain(prepared);
	} catch (error) {
		if (!error.errors) throw error;
		answer.lines = error.errors.map((problem) => `${problem.pointer}: ${problem.message}`);
	}
	return answer;
}

/** Each mapping that Segment ships: of the presets, and of the defaults of an action. */
function mappings({ folder, definition }) {
	const cases = [];
	const add = (name, trigger, action, mapping) => {
		const { fields } = definition.actions[action];
		cases.push({ name: `${folder} ${name}`, trigger, mapping, fields, schema: core.package.fieldsToJsonSchema(fields), key: `${folder} ${action}` });
	};
	for (const preset of presetsOf(definition)) add(`preset '${preset.name}'`, preset.subscribe, preset.partnerAction, preset.mapping);
	for (const [name, action] of Object.entries(definition.actions)) {
		const defaults = Object.entries(action.fields ?? {}).filter(([, field]) => field.default !== undefined);
		add(`action '${name}'`, action.defaultSubscription, name, Object.fromEntries(defaults.map(([field, value]) => [field, value.default])));
	}
	return cases;
}

test("events become the same payloads with the mappings of Segment's destinations", { skip }, async (t) => {
	const cases = definitions().filter(({ folder }) => !refused[folder]).flatMap(mappings);
	t.diagnostic(`${cases.length} mappings, ${EVENTS.length} events`);
	const differences = [], seen = { matches: 0, valid: 0, refused: 0 };
	await withOurs(SCRIPT, async (ask) => {
		for (const item of cases) {
			const [answers] = await ask([{ trigger: item.trigger, mapping: item.mapping, fields: list(item.fields), events: EVENTS }]);
			EVENTS.forEach((event, at) => {
				const wanted = theirs(item, event), got = answers[at];
				seen.matches += wanted.matches ? 1 : 0;
				seen[wanted.valid ? "valid" : "refused"]++;
				for (const part of ["matches", "payload", "valid", "lines"]) {
					const [a, b] = [JSON.stringify(wanted[part]), JSON.stringify(plain(got[part]))];
					if (a !== b) differences.push(`${item.name}, event ${at}, ${part}:\n  Segment: ${a}\n  ours:    ${b}`);
				}
			});
		}
	});
	t.diagnostic(JSON.stringify(seen));
	assert.ok(cases.length > 500 && seen.matches > 1000 && seen.valid > 1000 && seen.refused > 1000);
	assert.equal(differences.length, 0, `${differences.length} differ:\n${differences.slice(0, 12).join("\n").slice(0, 9000)}`);
});
