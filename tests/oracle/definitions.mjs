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
