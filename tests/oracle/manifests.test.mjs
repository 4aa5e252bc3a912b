// Segment's own destinations can be defined here: the data of each, in the form of a Lua definition, gives its manifest
// again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withOurs } from "./cases.mjs";
import { definitions, kept, list, presetsOf, refused, skip } from "./definitions.mjs";

const SCRIPT = `
local functions = { perform = print, perform_batch = print }

local function as_list(fields)
	for _, field in ipairs(fields) do
		field[1], field.name = field.name, nil
		if field.properties then as_list(field.properties) end
	end
	return fields
end

local function ask(case)
	as_list(case.settings)
	for _, action in ipairs(case.actions) do
		action[1], action.name, action.perform = action.name, nil, print
		as_list(action.fields)
		local dynamic = {}
		for _, name in ipairs(action.dynamic_fields) do dynamic[name] = print end
		action.dynamic_fields = dynamic
	end
	local fine, made = pcall(destination.new, case)
	if not fine then return { problem = tostring(made) } end
	return destination.manifest(made)
end
`;

/** A definition of Segment's in the form of ours. */
function translated(definition) {
	const { name, slug, description, authentication, actions } = definition;
	return {
		name, slug, description,
		authentication: authentication && { scheme: authentication.scheme },
		settings: list(authentication?.fields),
		presets: presetsOf(definition).map((preset) => ({
			name: preset.name, action: preset.partnerAction, trigger: preset.subscribe, event_slug: preset.eventSlug,
			mapping: preset.mapping, type: preset.type,
		})),
		actions: Object.entries(actions).map(([key, action]) => ({
			name: key, title: action.title, description: action.description, platform: action.platform,
			trigger: action.defaultSubscription, fields: list(action.fields), dynamic_fields: Object.keys(action.dynamicFields ?? {}),
		})),
	};
}

test("the definitions of Segment's destinations give their manifests", { skip }, async (t) => {
	const all = definitions();
	const count = all.reduce((sum, { definition }) => sum + Object.keys(definition.actions).length, 0);
	t.diagnostic(`${all.length} destinations with ${count} actions`);
	const differences = [];
	await withOurs(SCRIPT, async (ask) => {
		for (const { folder, definition } of all) {
			const [made] = await ask([translated(definition)]);
			if (refused[folder]) {
				assert.match(made.problem, refused[folder]);
				continue;
			}
			if (made.problem) {
				differences.push(`${folder}: ${made.problem}`);
				continue;
			}
			const [wanted, got] = [kept(definition), kept(made)].map((one) => JSON.stringify(one));
			if (wanted !== got) {
				const at = [...wanted].findIndex((unit, i) => unit !== got[i]);
				differences.push(`${folder}:\n  Segment: ${wanted.slice(at - 80, at + 120)}\n  ours:    ${got.slice(at - 80, at + 120)}`);
			}
		}
	});
	assert.ok(all.length > 100);
	assert.equal(differences.length, 0, `${differences.length} differ:\n${differences.join("\n").slice(0, 9000)}`);
});
