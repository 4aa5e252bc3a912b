-- How values print, count and compare in JavaScript. tests/oracle/javascript.test.mjs asks Node.js about many more.
local javascript = require "partnerapp.destination.javascript"
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

testing.case("numbers print as in JavaScript", function(t)
	for _, case in ipairs {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1.0, "1" },
		{ -17, "-17" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" },
		{ -1.5e300, "-1.5e+300" },
		{ 1e-6, "0.000001" },
		{ 1e-7, "1e-7" },
		{ 1.25e-7, "1.25e-7" },
		{ 5e-324, "5e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ (1 << 53) + 1, "9007199254740992" },
		{ math.mininteger, "-9223372036854776000" },
		{ 1 / 0, "Infinity" },
		{ -1 / 0, "-Infinity" },
		{ 0 / 0, "NaN" },
	} do
		t.equal(javascript.to_string(case[1]), case[2])
	end
end)

testing.case("other values print as in JavaScript; an array that holds itself is nothing there", function(t)
	local null, undefined = json.null, javascript.undefined
	t.equal(javascript.to_string { 1, null, { "x", { a = 1 } }, undefined, false }, "1,,x,[object Object],,false")
	t.equal(javascript.to_string(json.array()), "")
	t.equal(javascript.to_string(null), "null")
	t.equal(javascript.to_string(nil), "undefined")
	local loop = { 1 }
	loop[2] = loop
	t.equal(javascript.to_string(loop), "1,")
end)

testing.case("strings as numbers, truth, lengths and white space", function(t)
	for text, number in pairs { [" 5 "] = 5.0, ["5."] = 5.0, ["-.5e1"] = -5.0, ["0x1F"] = 31.0, ["0b11"] = 3.0 } do
		t.equal(javascript.to_number(text), number, text)
	end
	for _, text in ipairs { "x", "5x", "0x", "1e", "--1", "infinity", "0x1p1", "-0x1" } do
		t.truthy(javascript.to_number(text) ~= javascript.to_number(text), text)
	end
	for _, value in ipairs { false, 0, 0.0, "", json.null, 0 / 0, javascript.undefined } do
		t.equal(javascript.truthy(value), false)
	end
	for _, value in ipairs { true, 1, "0", " ", json.array(), {} } do
		t.equal(javascript.truthy(value), true)
	end
	t.equal(javascript.length "aé€😀", 5)
	t.equal(javascript.trim "\u{feff}\u{2003} a b\n\u{a0}", "a b")
	t.equal(javascript.trim " \n ", "")
end)

testing.case("letter case is Unicode's, without a language", function(t)
	t.equal(javascript.upper "straße ǆ ŉ Zoë", "STRASSE Ǆ ʼN ZOË")
	t.equal(javascript.lower "ΑΣ ΣΑΣ. Σ İ ÀÉ", "ας σας. σ i̇ àé")
end)

testing.case("properties of values: members, elements, lengths, the characters of strings", function(t)
	t.equal(javascript.property({ a = 1 }, "a"), 1)
	t.equal(javascript.property({ "x", "y" }, "1"), "y")
	t.equal(javascript.property({ "x", "y" }, "01"), nil)
	t.equal(javascript.property({ "x", "y" }, "length"), 2)
	t.equal(javascript.property("aé", "1"), "é")
	t.equal(javascript.property("aé", "length"), 2)
	t.equal(javascript.property(5, "length"), nil)
	t.equal(javascript.property(json.null, "a"), nil)
end)
