// The tokens of conditions of destination filters are those of Segment's own lexer; there is no parser to compare with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { top } from "../http/harness.mjs";
import { compare, oracle, share } from "./cases.mjs";

const { package: fql, skip } = oracle("@segment/fql-ts");

const SCRIPT = `
local tokens = (function()
	${readFileSync(path.join(top, "lua/sandbox/filtering/fql_tokens.lua"), "utf8")}
end)()

local function ask(text)
	local ok, list = pcall(tokens.of, text)
	if not ok then
		assert(type(list) == "table" and list.fql and list.at >= 1 and list.at <= #text + 1, tostring(list))
		return "refused"
	end
	local told = json.array {}
	for i, token in ipairs(list) do
		told[i] = json.array { token.kind, token.value }
	end
	return told
end
`;

const PARTS = [
	"type", "event", "properties", "a", "_x", "my-key", "andes", "oregano", "nutmeg", "andy", "nullable", "Infinity", "x1",
	"and", "or", "null", "true", "false", "in", "contains", "match", "length",
	"\\ ", "\\é", "\\1st", "a\\.b", "\\\\", "\\$x", "\\and", "日", "é", "$", "@", "#", "*", "`", "/", "{",
	"=", "!=", "<", "<=", ">", ">=", "!", "==", "(", ")", "[", "]", ",", ".", ".", ".",
	"0", "5", "-5", "+5", "5.", "5.0", "-.5", "1.2.3", "-", "+", "--1", "1e5", "0x1",
	"'a'", '"a"', "''", "'it\\'s'", "'日本'", '"a\n b"', "'", '"', '"\\n"', "'*.c?'",
	" ", " ", " ", " ", " ", " ", " ", "\t", "\n", "\r\n",
];

// Segment's lexer loses up to two characters at the end of the text, after a name that may be and or null: an is read as a.
const loses = /(a.|n..?)$/s;
const blank = /(['"])\s+\1/; // would look as if it touched the string before it: see `touches`

function condition(random) {
	for (;;) {
		const joint = random.pick([" ", " ", ""]);
		const made = random.many(0, 9, () => random.pick(PARTS)).join(joint);
		if (!loses.test(made) && !blank.test(made)) return made;
	}
}

const KINDS = {
	ident: "name", dot: ".", brackleft: "[", brackright: "]", parenleft: "(", parenright: ")", comma: ",",
};

function theirs(text) {
	const { tokens, error } = fql.lex(text);
	// At a quote that is followed by another character Segment's lexer ends a string and begins the next. No condition can
	// have two strings in a row: ours refuses there.
	const touches = ({ type, value }, at) => type === "string" && tokens[at + 1].type === "string"
		&& text.includes(value + tokens[at + 1].value.slice(1));
	if (error || tokens.some(touches)) return "refused";
	return tokens.filter(({ type }) => type !== "eos")
		.map(({ type, value }) => [KINDS[type] ?? type, type === "string" ? value.slice(1, -1) : value]);
}

compare("a condition of a filter has the tokens that Segment's lexer finds", {
	skip,
	script: SCRIPT,
	generate: condition,
	theirs,
	judge(answers) {
		assert.ok(share(answers, (one) => one === "refused") > 0.1, "few are refused");
		assert.ok(share(answers, (one) => one !== "refused" && one.length > 3) > 0.1, "few are taken");
		const kinds = new Set(answers.filter(Array.isArray).flat().map(([kind]) => kind));
		assert.equal(kinds.size, 12);
	},
});
