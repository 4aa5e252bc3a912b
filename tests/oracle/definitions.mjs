// The definitions of Segment's own destinations, and the form that they have here.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { oracle } from "./cases.mjs";

/** Why the suites that use them skip, if they do. */
export const { skip } = oracle("@segment/action-destinations/dist/destinations/slack");

/** Folders whose definition is refused here, on purpose: conditions that name no field, and @liquid. */
export const refused = {
	"ms-bing-capi": /a condition names the field 'eventType', which is not there/,
	"twilio-messaging": /a condition names the field 'channels', which is not there/,
	"rokt-capi": /a Liquid template/,
};

/** All that can be loaded without the packages that most of them need: { folder, definition }. */
export function definitions() {
	const require = createRequire(import.meta.url);
	const top = path.join(path.dirname(require.resolve("@segment/action-destinations/dist/destinations/slack")), "..");
	return readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => {
		try {
			const { default: definition } = require(path.join(top, name));
			return definition?.actions ? [{ folder: name, definition: JSON.parse(JSON.stringify(definition)) }] : [];
		} catch {
			return [];
		}
	});
}

const NAMES = {
	allowNull: "allow_null", additionalProperties: "additional_properties", readOnly: "read_only",
	defaultObjectUI: "default_object_ui", displayMode: "display_mode", disabledInputMethods: "disabled_input_methods",
};
const snake = (object) => Object.fromEntries(Object.entries(object).map(([name, value]) => [NAMES[name] ?? name, value]));

const conditions = (given) => (given?.conditions
	? { ...given, conditions: given.conditions.map(({ fieldKey, ...rest }) => ({ field_key: fieldKey, ...rest })) }
	: given);

/** Presets may name actions of a part that runs in the browser, which is another definition. */
export const presetsOf = ({ presets, actions }) => (presets ?? []).filter((preset) => actions[preset.partnerAction]);

/** Fields by name as a list. */
export const list = (fields) => Object.entries(fields ?? {}).map(([name, field]) => ({
	name, ...snake(field), depends_on: conditions(field.depends_on), required: conditions(field.required),
	...(field.properties && { properties: list(field.properties) }),
}));

/** A value without the order of its members, and with what our manifest says in any case. */
function canonical(value) {
	if (Array.isArray(value)) return value.map(canonical);
	if (value === null || typeof value !== "object") return value;
	return Object.fromEntries(Object.keys(value).sort().map((name) => [name, canonical(value[name])]));
}

/** Choices as { value, label }, which a definition may also write as values. */
function field(given) {
	const { choices, properties, ...rest } = given;
	return {
		...rest,
		...(choices && { choices: choices.map((one) => (typeof one === "object" ? one : { value: one, label: String(one) })) }),
		...(properties && { properties: fields(properties) }),
	};
}

const fields = (given) => Object.fromEntries(Object.entries(given ?? {}).map(([name, one]) => [name, field(one)]));

/** What is compared of a manifest: what the model here has. */
export function kept(definition) {
	const { name, slug, mode, description, authentication, actions } = definition;
	return canonical({
		name, slug, mode, description,
		authentication: { scheme: authentication?.scheme ?? "custom", fields: fields(authentication?.fields) },
		presets: presetsOf(definition),
		actions: Object.fromEntries(Object.entries(actions).map(([key, action]) => [key, {
			title: action.title, description: action.description, platform: action.platform ?? "cloud",
			defaultSubscription: action.defaultSubscription, fields: fields(action.fields),
		}])),
	});
}
