// A small mapping that makes much is an error within the budget of a request; Segment has no bound there. Each case has
// a request of its own, so that its memory is its own, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withOurs } from "./cases.mjs";

const SCRIPT = `
local function nested(times, first, wrap)
	local mapping = first
	for _ = 1, times do
		mapping = wrap(mapping)
	end
	return { a = mapping }
end

local function replaced(with)
	return { a = { ["@replace"] = { pattern = "a", replacement = with, value = ("a"):rep(100000) } } }, {}
end

local TEN = { ["@literal"] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } }
local BRACES, LETTERS = ("{"):rep(300000), ("aé"):rep(50000)

-- What each case resolves: a mapping and an event.
local cases = {
	values = function()
		return nested(7, { b = 1 }, function(inner)
			return { ["@arrayPath"] = { TEN, { c = inner } } }
		end), {}
	end,
	doubled_strings = function()
		return nested(40, { b = { ["@path"] = "$.b" } }, function(inner)
			return { ["@transform"] = { apply = { b = { ["@template"] = "{{b}}{{b}}" } }, mapping = inner } }
		end), { b = "xx" }
	end,
	before = function()
		return replaced "$\`$\`"
	end,
	after = function()
		return replaced "$'$'"
	end,
	template = function()
		return { a = { ["@template"] = ("{{b}}"):rep(10) } }, { b = ("x"):rep(1 << 20) }
	end,
	printed_list = function()
		local long = ("x"):rep(1 << 20)
		return { a = { ["@template"] = "{{b}}" } }, { b = { long, long, long, long, long } }
	end,
	braces = function()
		return { a = { ["@template"] = BRACES .. "}" } }, {}, BRACES .. "}"
	end,
	brackets = function()
		return { a = { ["@path"] = ("]"):rep(300000) } }, {}
	end,
	letters = function()
		local options = { pattern = "aéaéaéaéab", replacement = "", value = LETTERS, ignorecase = true }
		return { a = { ["@replace"] = options } }, {}, LETTERS
	end,
}

local function ask(name)
	local mapping, event, wanted = cases[name]()
	local payload, message, code = destination.transform(mapping, event)
	return { code = code or "", message = message or "", right = payload ~= nil and payload.a == wanted }
end
`;

const once = async (name) => {
	let answer;
	await withOurs(SCRIPT, async (ask) => ([answer] = await ask([name])));
	return answer;
};

for (const name of ["values", "doubled_strings", "before", "after", "template", "printed_list"]) {
	test(`a small mapping that makes much is an error: ${name}`, async () => {
		const { code, message } = await once(name);
		assert.equal(code, "too_large", message);
	});
}

for (const name of ["braces", "brackets", "letters"]) {
	test(`a long string does not take the square of its length: ${name}`, async () => {
		assert.deepEqual(await once(name), { code: "", message: "", right: true });
	});
}
