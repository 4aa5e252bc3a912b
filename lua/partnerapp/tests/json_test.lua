-- JSON is read by the letter and written exactly.
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

local function refused(t, value, words)
	local text, message, code = json.encode(value)
	t.equal(text, nil)
	t.contains(message, words)
	t.equal(code, "bad_value")
end

testing.case("numbers are written as they are", function(t)
	for text, value in pairs {
		["0"] = 0,
		["-1"] = -1,
		["42"] = 42,
		["1732376400123456"] = 1732376400123456,
		["9223372036854775807"] = math.maxinteger,
		["-9223372036854775808"] = math.mininteger,
		["1.0"] = 1.0,
		["-0.0"] = -0.0,
		["0.1"] = 0.1,
		["0.30000000000000004"] = 0.1 + 0.2,
		["1e+300"] = 1e300,
		["4.94065645841247e-324"] = 5e-324,
		["1.2345678901234568e+17"] = 123456789012345680.0,
	} do
		t.equal(json.encode(value), text)
		local back = json.decode(text)
		t.equal(back, value)
		t.equal(math.type(back), math.type(value))
	end
end)

testing.case("what JSON has no number for is refused", function(t)
	refused(t, 1 / 0, "not finite")
	refused(t, { a = -1 / 0 }, "not finite")
	refused(t, { 0 / 0 }, "not finite")
end)

testing.case("text is written with the escapes it needs and no others", function(t)
	t.equal(json.encode 'a "quoted" \\ / text', [["a \"quoted\" \\ / text"]])
	t.equal(json.encode "\b\f\n\r\t", [["\b\f\n\r\t"]])
	t.equal(json.encode "\0\1\31", [["\u0000\u0001\u001f"]])
	t.equal(json.encode "Zoë 日本 \u{1F600}", '"Zoë 日本 \u{1F600}"')
	t.equal(json.encode "", '""')
	for _, text in ipairs { "\127", "\127A", "\127N1", "\127\127", "\127N", "a\127A", "\0", '"\\' } do
		t.equal(json.decode(json.encode(text)), text)
		t.equal(json.decode(json.encode { text })[1], text)
		t.equal(json.decode(json.encode { [text] = 1 })[text], 1)
	end
end)

testing.case("text that is not UTF-8 is refused, as a value and as a key", function(t)
	for _, text in ipairs { "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "abc\xe2\x82" } do
		refused(t, text, "not UTF-8")
		refused(t, { [text] = 1 }, "not UTF-8")
	end
end)

testing.case("lists and objects, empty ones too, stay what they are", function(t)
	t.equal(json.encode { 1, 2, 3 }, "[1,2,3]")
	t.equal(json.encode { a = { true, false, json.null } }, [[{"a":[true,false,null]}]])
	t.equal(json.encode {}, "{}")
	t.equal(json.encode(json.array()), "[]")
	t.equal(json.encode { list = json.array() }, [[{"list":[]}]])
	for _, text in ipairs { "[]", "{}", "[[],{}]", '{"a":{}}', '{"a":[[[]]]}', "[null]", "null", "true", '""' } do
		t.equal(json.encode(json.decode(text)), text)
	end
end)

testing.case("tables that are neither a list nor an object are refused", function(t)
	refused(t, { 1, a = 2 }, "both a list and an object")
	refused(t, { [2] = 1 }, "holes")
	refused(t, { 1, nil, 3, [5] = 5 }, "holes")
	refused(t, { [1.5] = 1 }, "neither a string nor an integer")
	refused(t, { [true] = 1 }, "neither a string nor an integer")
	local marked = json.array { 1 }
	marked.a = 2
	refused(t, marked, "both a list and an object")
end)

testing.case("values that JSON cannot hold are refused, also inside other values", function(t)
	refused(t, print, "not a string, number, boolean, table")
	refused(t, { a = { print } }, "not a string, number, boolean, table")
	refused(t, { coroutine.create(print) }, "not a string, number, boolean, table")
	refused(t, nil, "not a string, number, boolean, table")
end)

testing.case("a value may be 64 deep and no deeper", function(t)
	local value = 1
	for _ = 1, 64 do
		value = { value }
	end
	t.equal(json.encode(value), ("["):rep(64) .. "1" .. ("]"):rep(64))
	refused(t, { value }, "nested deeper than 64")
	local own = {}
	own.own = own
	refused(t, own, "holds itself")
end)

testing.case("a table that is in itself many times over is refused, and soon", function(t)
	local doubled = {}
	for _ = 1, 60 do
		doubled = { doubled, doubled }
	end
	refused(t, doubled, "more than two million values")
end)

testing.case("a large value is written whole", function(t)
	local list = {}
	for i = 1, 20000 do
		list[i] = { n = i, text = ("x"):rep(i % 50) }
	end
	local back = json.decode(json.encode(list))
	t.equal(#back, 20000)
	t.equal(back[19999].n, 19999)
	t.equal(back[19999].text, ("x"):rep(49))
end)

testing.case("a metatable does not change what is written", function(t)
	local proxy = setmetatable({ a = 1 }, {
		__index = function()
			return "no"
		end,
		__pairs = function()
			return next, { b = 2 }
		end,
		__len = function()
			return 5
		end,
	})
	t.equal(json.encode(proxy), [[{"a":1}]])
end)

testing.case("HT-23 texts are read by the letter", function(t)
	for text, words in pairs {
		["[1,]"] = "line 1, column 4",
		["{\n  'a': 1}"] = "line 2, column 3",
		["01"] = "bad JSON",
		["+1"] = "bad JSON",
		["NaN"] = "bad JSON",
		["0x10"] = "bad JSON",
		["1 2"] = "bad JSON",
		["1\0"] = "bad JSON",
		['"\xff"'] = "bad JSON",
		['"\n"'] = "bad JSON",
		[""] = "bad JSON",
		["1e400"] = "bad JSON",
	} do
		local value, message, code = json.decode(text)
		t.equal(value, nil)
		t.contains(message, words)
		t.equal(code, "bad_json")
	end
	local _, _, code = json.decode(("["):rep(65) .. ("]"):rep(65))
	t.equal(code, "too_deep")
	local text = "x"
	for _ = 1, 23 do
		text = text .. text -- Lua collects garbage for this, but not for the buffer of string.rep
	end
	_, _, code = json.decode('"' .. text .. '"')
	t.equal(code, "too_large")
end)

testing.case(
	"TO-01 half of a surrogate pair is U+FFFD, an integer beyond 64 bits a float; strict refuses both",
	function(t)
		for text, wanted in pairs {
			[ [["x\ud83d"]] ] = "x\u{fffd}",
			[ [["\udd25x"]] ] = "\u{fffd}x",
			[ [["\udd25\ud83d\ud83d\udd25\uD83D\u0041"]] ] = "\u{fffd}\u{fffd}\u{1f525}\u{fffd}A",
			[ [["\u007f\ud83d"]] ] = "\127\u{fffd}",
			["18446744073709551615"] = 2.0 ^ 64,
			["-9223372036854775809"] = -2.0 ^ 63,
			["18446744073709552000"] = 2.0 ^ 64,
		} do
			for _, order in ipairs { false, true } do
				local value = json.decode('{"a":[' .. text .. "]}", { order = order }).a[1]
				t.equal(value, wanted, text)
				t.equal(math.type(value), math.type(wanted))
			end
			local value, message, code = json.decode(text, { strict = true })
			t.equal(value, nil, text)
			t.match(
				message,
				text:find '"' and ": a %a+ surrogate without a %a+ one" or ": the integer is beyond 64 bits$"
			)
			t.equal(code, "bad_json")
		end
		t.equal(json.decode [[{"\ud83d":1}]]["\u{fffd}"], 1)
		t.equal(math.type(json.decode("9223372036854775807", { strict = true })), "integer")
		for _, text in ipairs { [["\ud83d\u12"]], [["\ud83d\"]], [["\ud83d\x"]], [["\ud83d]], "1" .. ("0"):rep(400) } do
			t.equal(select(3, json.decode(text)), "bad_json", text)
		end
	end
)

testing.case("objects remember the order of their members when asked", function(t)
	local texts = {
		[['{"b":1,"a":{"d":[],"c":{}},"e":[{"z":1,"y":2}]}]],
		[['{"10":1,"b":2,"9":3,"01":4,"4294967295":5,"4294967294":6}]],
		[['{"\u007f":1,"x":2,"\u007f\u007f":"\u007fA"}]],
		[['{}]],
	}
	local wanted = {
		[['{"b":1,"a":{"d":[],"c":{}},"e":[{"z":1,"y":2}]}]],
		[['{"9":3,"10":1,"4294967294":6,"b":2,"01":4,"4294967295":5}]],
		'\'{"\127":1,"x":2,"\127\127":"\127A"}',
		[['{}]],
	}
	for i, text in ipairs(texts) do
		local value = assert(json.decode(text:sub(2), { order = true }))
		t.equal(json.encode(value, { javascript = true }), wanted[i]:sub(2))
	end
	local value = json.decode('{"c":1,"a":2,"b":3}', { order = true })
	value.a, value.z, value.m = nil, 5, 6
	t.equal(json.encode(value, { javascript = true }), '{"c":1,"b":3,"m":6,"z":5}')
	t.equal(getmetatable(json.decode '{"c":1}'), nil)
end)

testing.case("TO-01 of equal names the first has the place and the last the value, as in JavaScript", function(t)
	for text, wanted in pairs {
		['{"a":1,"b":2,"a":3}'] = '{"a":3,"b":2}',
		['{"b":1,"a":2,"\\u0062":3,"a":4}'] = '{"b":3,"a":4}',
		['{"x":1,"2":"a","1":"b","2":"c","x":2}'] = '{"1":"b","2":"c","x":2}',
		['{"c":{"z":1,"y":2,"z":3},"a":[{"n":1,"m":2,"n":3}]}'] = '{"c":{"z":3,"y":2},"a":[{"n":3,"m":2}]}',
		['{"\\u007f":1,"x":2,"\127":3}'] = '{"\127":3,"x":2}',
		['{"\127\127":1,"\127":2,"\127\127\127":3}'] = '{"\127\127":1,"\127":2,"\127\127\127":3}',
		['{"\\ud83d":1,"x":2,"\\udd25":3}'] = '{"\u{fffd}":3,"x":2}',
		['\u{feff}{"b":1,"a":2}'] = '{"b":1,"a":2}',
	} do
		local value = json.decode(text, { order = true })
		t.equal(json.encode(value, { javascript = true }), wanted)
	end
	t.same(getmetatable(json.decode('{"b":1,"a":2,"b":3}', { order = true })).__order, { "b", "a" })
end)

testing.case("json.encode writes what JSON.stringify writes when asked", function(t)
	local numbers = { -- from the examples of ECMA-262, Number::toString
		{ 1.0, "1" },
		{ -0.0, "0" },
		{ 0.1, "0.1" },
		{ -1.5, "-1.5" },
		{ 123456789012345680000.0, "123456789012345680000" },
		{ 1e21, "1e+21" },
		{ 1e-6, "0.000001" },
		{ 1e-7, "1e-7" },
		{ 1.2e-9, "1.2e-9" },
		{ 5e-324, "5e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 100.0, "100" },
		{ 0.30000000000000004, "0.30000000000000004" },
		{ 12345.678, "12345.678" },
		{ 1e20, "100000000000000000000" },
		{ 42, "42" },
	}
	for _, case in ipairs(numbers) do
		t.equal(json.encode(case[1], { javascript = true }), case[2])
	end
	t.equal(
		json.encode({ b = 1, a = { 1.0, json.null }, c = json.array {} }, { javascript = true }),
		'{"a":[1,null],"b":1,"c":[]}'
	)
	local odd = setmetatable({ a = 1 }, { __order = { "a", "a", "gone", 5 } })
	t.equal(json.encode(odd, { javascript = true }), '{"a":1}')
	t.same(
		{ json.encode({ [1.5] = 1 }, { javascript = true }) },
		{ nil, "JSON cannot hold a key that is neither a string nor an integer", "bad_value" }
	)
end)

testing.case("json.object has its members in the order of the list", function(t)
	local object = json.object { { "c", 1 }, { "a", json.null }, { "gone" }, { "b", json.array {} } }
	t.equal(json.encode(object, { javascript = true }), '{"c":1,"a":null,"b":[]}')
	t.equal(object.c, 1)
	t.equal(json.encode(json.object {}, { javascript = true }), "{}")
	for _, wrong in ipairs { { "c" }, { { 5, "x" } }, { {} }, { { "a", 1 }, { "a", 2 } } } do
		local fine, message = pcall(json.object, wrong)
		t.equal(fine, false)
		t.contains(message, "json.object: ")
	end
end)
