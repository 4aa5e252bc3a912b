-- Texts on which readers of JSON differ, with what partnerapp.json makes of them. The first letter of a name is as in
-- the public JSON test suites: "y" for what RFC 8259 defines, "n" for what it refuses, "i" for what it leaves open.
-- `reads` is what json.encode writes of the value. `refuses` is where and why. `strict` is that for
-- json.decode(text, { strict = true }), when it differs.
local json_texts = {}

local BOM = "\xef\xbb\xbf"

local function nested(depth)
	return ("["):rep(depth) .. ("]"):rep(depth)
end

local function pointed(depth)
	return ('{"":'):rep(depth) .. "1" .. ("}"):rep(depth)
end

local HIGH, LOW = "a high surrogate without a low one after it", "a low surrogate without a high one before it"
local TWICE = "the object has this name already"
local LARGE = "the integer is beyond 64 bits"
local NO_KEY = "a key in double quotes is missing"
local NO_VALUE = "a value is missing here"
local COMMA = NO_VALUE .. ", or a comma is too many"
local NOT_UTF8 = "a byte that is not UTF-8"
local NO_DIGIT = "a digit is missing"
local ESCAPE = "an unknown escape after a backslash"
local HEX = "\\u needs four hex digits after it"
local CONTROL = "a control byte in a string: escape it"
local OPEN = "the string that begins here has no end"
local NO_COMMA, NO_MEMBER_COMMA = "',' or ']' is missing", "',' or '}' is missing"
local AFTER = "unexpected text after the JSON value"
local OTHER = "not a JSON value"
local CUT = "the text ends inside of an object or an array"
local UTF16 = "the text is UTF-16 or UTF-32, but JSON is UTF-8"

-- What is read.
json_texts.readable = {
	-- structure
	{ name = "y_an_array_in_an_array", text = "[[]   ]", reads = "[[]]" },
	{ name = "y_an_empty_string_in_an_array", text = '[""]', reads = '[""]' },
	{ name = "y_an_empty_array", text = "[]", reads = "[]" },
	{ name = "y_an_empty_object", text = "{}", reads = "{}" },
	{ name = "y_an_empty_object_in_an_array", text = "[{}]", reads = "[{}]" },
	{ name = "y_an_array_that_ends_with_a_line", text = '["a"\n]', reads = '["a"]' },
	{ name = "y_different_kinds", text = '[null, 1, "1", {}, false]', reads = '[null,1,"1",{},false]' },
	{ name = "y_nulls", text = "[1,null,null,null,2]", reads = "[1,null,null,null,2]" },
	{ name = "y_a_null_at_the_end", text = "[1,null]", reads = "[1,null]" },
	{ name = "y_space_before_and_after", text = "\t\r\n [2] \r\n\t", reads = "[2]" },
	{ name = "y_lines_of_windows", text = '{\r\n"a":\r\n1\r\n}\r\n', reads = '{"a":1}' },
	{ name = "y_lines_of_old_macs", text = '{\r"a":1\r}', reads = '{"a":1}' },
	{ name = "y_true_alone", text = "true", reads = "true" },
	{ name = "y_false_alone", text = "false", reads = "false" },
	{ name = "y_null_alone", text = "null", reads = "null" },
	{ name = "y_a_string_alone", text = '"asd"', reads = '"asd"' },
	{ name = "y_an_empty_string_alone", text = '""', reads = '""' },
	{ name = "y_a_number_alone", text = "-7", reads = "-7" },
	{ name = "y_no_line_end", text = '["a"]', reads = '["a"]' },
	{ name = "y_64_deep", text = nested(64), reads = nested(64) },
	{ name = "y_objects_64_deep", text = pointed(64), reads = pointed(64) },

	-- objects
	{ name = "y_an_empty_name", text = '{"":0}', reads = '{"":0}' },
	{ name = "y_a_name_of_a_nul", text = '{"foo\\u0000bar":1}', reads = '{"foo\\u0000bar":1}' },
	{ name = "y_a_name_that_is_escaped", text = '{"\\u0062\\/":1}', reads = '{"b/":1}' },
	{ name = "y_a_name_of_digits", text = '{"1":"one"}', reads = '{"1":"one"}' },
	{
		name = "y_a_name_of_javascript",
		text = '{"__proto__":{"constructor":1}}',
		reads = '{"__proto__":{"constructor":1}}',
	},
	{ name = "y_a_name_of_lua", text = '{"__index":{"__order":1}}', reads = '{"__index":{"__order":1}}' },
	{ name = "y_a_name_outside_of_ascii", text = '{"ключ":1}', reads = '{"ключ":1}' },
	{ name = "y_a_name_of_the_mark", text = '{"\127A":"\127A"}', reads = '{"\127A":"\127A"}' },
	{ name = "y_a_name_of_marks", text = '{"\\u007f\\u007f":[]}', reads = '{"\127\127":[]}' },
	{ name = "y_values_with_lines", text = '{\n"a":\n"b"\n}', reads = '{"a":"b"}' },
	{ name = "y_same_name_twice", text = '{"a":"b","a":"c"}', reads = '{"a":"c"}', strict = "1:10: " .. TWICE },
	{ name = "y_same_name_and_value", text = '{"a":"b","a":"b"}', reads = '{"a":"b"}', strict = "1:10: " .. TWICE },
	{ name = "y_same_name_three_times", text = '{"a":1,"a":2,"a":3}', reads = '{"a":3}', strict = "1:8: " .. TWICE },
	{ name = "y_same_name_of_kinds", text = '{"a":{"b":1},"a":[]}', reads = '{"a":[]}', strict = "1:14: " .. TWICE },
	{ name = "y_same_name_null_last", text = '{"a":1,"a":null}', reads = '{"a":null}', strict = "1:8: " .. TWICE },
	{ name = "y_same_name_null_first", text = '{"a":null,"a":1}', reads = '{"a":1}', strict = "1:11: " .. TWICE },
	{ name = "y_same_name_escaped", text = '{"a":1,"\\u0061":2}', reads = '{"a":2}', strict = "1:8: " .. TWICE },
	{
		name = "y_same_name_emoji",
		text = '{"\\ud83d\\ude00":1,"😀":2}',
		reads = '{"😀":2}',
		strict = "1:19: " .. TWICE,
	},
	{ name = "y_same_name_slash", text = '{"a/b":1,"a\\/b":2}', reads = '{"a/b":2}', strict = "1:10: " .. TWICE },
	{ name = "y_same_name_empty", text = '{"":1,"":2}', reads = '{"":2}', strict = "1:7: " .. TWICE },
	{
		name = "y_same_name_deep",
		text = '[{"x":[{"n":1,"n":2}]}]',
		reads = '[{"x":[{"n":2}]}]',
		strict = "1:15: " .. TWICE,
	},
	{
		name = "y_same_name_of_the_mark",
		text = '{"\127":1,"\\u007F":2}',
		reads = '{"\127":2}',
		strict = "1:8: " .. TWICE,
	},
	{ name = "y_same_name_of_an_index", text = '{"1":1,"1":2}', reads = '{"1":2}', strict = "1:8: " .. TWICE },
	{ name = "y_same_name_on_lines", text = '{\n "a": 1,\n "a": 2\n}', reads = '{"a":2}', strict = "3:2: " .. TWICE },
	{ name = "y_names_that_only_look_alike", text = '[{"a":1},{"a":2}]', reads = '[{"a":1},{"a":2}]' },
	{ name = "y_a_name_again_further_in", text = '{"a":{"a":{"a":1}}}', reads = '{"a":{"a":{"a":1}}}' },

	-- strings
	{ name = "y_each_escape", text = [["\"\\\/\b\f\n\r\t"]], reads = [["\"\\/\b\f\n\r\t"]] },
	{ name = "y_a_backslash_before_a_letter", text = [["\\a\\u0041"]], reads = [["\\a\\u0041"]] },
	{ name = "y_hex_in_both_cases", text = [["\u00e9\u00E9\uABCD"]], reads = '"éé\u{abcd}"' },
	{ name = "y_a_nul_escaped", text = [["\u0000"]], reads = [["\u0000"]] },
	{ name = "y_a_control_escaped", text = [["\u0012\u001f"]], reads = [["\u0012\u001f"]] },
	{ name = "y_a_pair", text = [["\ud83d\ude39\uD83d\uDC8d"]], reads = '"\u{1f639}\u{1f48d}"' },
	{ name = "y_the_last_code_point", text = [["\udbff\udfff"]], reads = '"\u{10ffff}"' },
	{
		name = "y_noncharacters",
		text = [["\ufdd0\uffff\ufffe\ud83f\udffe"]],
		reads = '"\u{fdd0}\u{ffff}\u{fffe}\u{1fffe}"',
	},
	{ name = "y_noncharacters_in_utf8", text = '"\u{ffff}\u{10ffff}"', reads = '"\u{ffff}\u{10ffff}"' },
	{ name = "y_a_mark_inside", text = '["\u{feff}","\\ufeff"]', reads = '["\u{feff}","\u{feff}"]' },
	{ name = "y_line_separators_of_javascript", text = '"\u{2028}\u{2029}"', reads = '"\u{2028}\u{2029}"' },
	{ name = "y_delete", text = '"a\127"', reads = '"a\127"' },
	{ name = "y_delete_in_front", text = '["\127N1","\\u007fA","\127"]', reads = '["\127N1","\127A","\127"]' },
	{ name = "y_controls_of_latin1", text = '"\u{80}\\u0085"', reads = '"\u{80}\u{85}"' },
	{ name = "y_comments_in_a_string", text = '["a/*b*/c/*d//e"]', reads = '["a/*b*/c/*d//e"]' },
	{ name = "y_a_string_that_looks_like_json", text = [["{\"a\":[1,2]}"]], reads = [["{\"a\":[1,2]}"]] },
	{ name = "i_a_cut_emoji", text = [["x\ud83d"]], reads = '"x\u{fffd}"', strict = "1:3: " .. HIGH },
	{ name = "i_the_rest_of_an_emoji", text = [["\udd25x"]], reads = '"\u{fffd}x"', strict = "1:2: " .. LOW },
	{
		name = "i_halves_turned_round",
		text = [["\uDd1e\uD834"]],
		reads = '"\u{fffd}\u{fffd}"',
		strict = "1:2: " .. LOW,
	},
	{ name = "i_two_first_halves", text = [["\uD800\uD800"]], reads = '"\u{fffd}\u{fffd}"', strict = "1:2: " .. HIGH },
	{
		name = "i_a_half_and_a_pair",
		text = [["\ud83d\ud83d\ude00"]],
		reads = '"\u{fffd}😀"',
		strict = "1:2: " .. HIGH,
	},
	{
		name = "i_a_half_and_a_line",
		text = [["\uD800\n"]],
		reads = [["]] .. "\u{fffd}" .. [[\n"]],
		strict = "1:2: " .. HIGH,
	},
	{ name = "i_a_half_and_a_letter", text = [["\ud800abc"]], reads = '"\u{fffd}abc"', strict = "1:2: " .. HIGH },
	{ name = "i_a_half_and_an_escape", text = [["\uD800\u0041"]], reads = '"\u{fffd}A"', strict = "1:2: " .. HIGH },
	{ name = "i_a_half_in_a_name", text = [[{"x\ud83d":1}]], reads = '{"x\u{fffd}":1}', strict = "1:4: " .. HIGH },
	{
		name = "i_two_names_that_halves_make_one",
		text = [[{"\ud83d":1,"\udd25":2}]],
		reads = '{"\u{fffd}":2}',
		strict = "1:3: " .. HIGH,
	},
	{
		name = "i_a_half_in_a_name_of_the_mark",
		text = '{"\127\\ud83d":["\127\\ud83d"]}',
		reads = '{"\127\u{fffd}":["\127\u{fffd}"]}',
		strict = "1:4: " .. HIGH,
	},

	-- numbers
	{ name = "y_zero", text = "0", reads = "0" },
	{ name = "y_minus_zero", text = "[-0]", reads = "[0]" },
	{ name = "y_minus_zero_of_a_float", text = "[-0.0]", reads = "[-0.0]" },
	{ name = "y_an_exponent", text = "[123e2,1E22,1e-2]", reads = "[12300.0,1e+22,0.01]" },
	{ name = "y_an_exponent_with_a_sign", text = "[0e+1,0E-1,1.5E+2]", reads = "[0.0,0.0,150.0]" },
	{ name = "y_an_exponent_with_zeros", text = "[1e007]", reads = "[10000000.0]" },
	{ name = "y_a_fraction", text = "[123.456789,1.0]", reads = "[123.456789,1.0]" },
	{ name = "y_close_to_zero", text = "-0." .. ("0"):rep(77) .. "1", reads = "-1e-78" },
	{ name = "y_15_digits", text = "[999999999999999,-999999999999999]", reads = "[999999999999999,-999999999999999]" },
	{ name = "y_16_digits", text = "[9007199254740993]", reads = "[9007199254740993]" },
	{ name = "y_the_largest_integer", text = "[9223372036854775807]", reads = "[9223372036854775807]" },
	{ name = "y_the_least_integer", text = "[-9223372036854775808]", reads = "[-9223372036854775808]" },
	{ name = "y_a_number_of_many_digits", text = "[1." .. ("3"):rep(400) .. "]", reads = "[1.3333333333333333]" },
	{
		name = "i_the_first_beyond",
		text = "9223372036854775808",
		reads = "9.223372036854776e+18",
		strict = "1:1: " .. LARGE,
	},
	{
		name = "i_the_last_beyond",
		text = "[-9223372036854775809]",
		reads = "[-9.223372036854776e+18]",
		strict = "1:2: " .. LARGE,
	},
	{
		name = "i_unsigned_64_bits",
		text = '{"id":18446744073709551615}',
		reads = '{"id":1.8446744073709552e+19}',
		strict = "1:7: " .. LARGE,
	},
	{ name = "i_a_large_integer", text = "[1" .. ("0"):rep(60) .. "]", reads = "[1e+60]", strict = "1:2: " .. LARGE },
	{ name = "i_nearly_nothing", text = "[123e-10000000]", reads = "[0.0]" },
	{ name = "i_the_least_double", text = "[4.9E-324]", reads = "[4.94065645841247e-324]" },
	{ name = "i_the_largest_double", text = "[1.7976931348623157E308]", reads = "[1.7976931348623157e+308]" },
	{ name = "i_less_than_a_double", text = "[2e-324]", reads = "[0.0]" },

	-- a byte order mark
	{ name = "i_a_mark", text = BOM .. "{}", reads = "{}", strict = "1:1: a byte order mark before the JSON value" },
	{
		name = "i_a_mark_and_lines",
		text = BOM .. '\r\n{"a":[1.0]}',
		reads = '{"a":[1.0]}',
		strict = "1:1: a byte order mark before the JSON value",
	},
	{
		name = "i_a_mark_and_a_string",
		text = BOM .. '"é"',
		reads = '"é"',
		strict = "1:1: a byte order mark before the JSON value",
	},
	{
		name = "i_a_mark_and_a_number",
		text = BOM .. "1",
		reads = "1",
		strict = "1:1: a byte order mark before the JSON value",
	},
}

-- What is refused, by strict reading too.
json_texts.malformed = {
	-- structure
	{ name = "n_nothing", text = "", refuses = "1:1: the text is empty" },
	{ name = "n_a_space", text = " ", refuses = "1:2: the text ends where a value is expected" },
	{ name = "n_lines_only", text = "\r\n\n", refuses = "3:1: the text ends where a value is expected" },
	{ name = "n_a_mark_only", text = BOM, refuses = "1:4: the text ends where a value is expected", strict = true },
	{ name = "n_half_a_mark", text = "\xef\xbb{}", refuses = "1:1: " .. OTHER },
	{ name = "n_two_marks", text = BOM .. BOM .. "{}", refuses = "1:4: " .. OTHER, strict = true },
	{ name = "n_a_mark_further_in", text = "[" .. BOM .. "]", refuses = "1:2: " .. OTHER },
	{ name = "n_a_mark_at_the_end", text = "[]" .. BOM, refuses = "1:3: " .. AFTER },
	{ name = "n_utf16", text = "\xff\xfe[\0]\0", refuses = "1:1: " .. UTF16 },
	{ name = "n_utf16_big_end_first", text = "\xfe\xff\0[\0]", refuses = "1:1: " .. UTF16 },
	{ name = "n_utf16_without_a_mark", text = "[\0]\0", refuses = "1:1: " .. UTF16 },
	{ name = "n_utf16_without_a_mark_big_end_first", text = '\0"\0a\0"', refuses = "1:1: " .. UTF16 },
	{ name = "n_utf32", text = "\xff\xfe\0\0[\0\0\0]\0\0\0", refuses = "1:1: " .. UTF16 },
	{ name = "n_packed_with_gzip", text = "\x1f\x8b\8\0\0\0\0\0", refuses = "1:1: the text is packed with gzip" },
	{ name = "n_a_page", text = "<!DOCTYPE html>", refuses = "1:1: '<' begins HTML or XML, not JSON" },
	{
		name = "n_a_page_after_a_mark",
		text = BOM .. "<html>",
		refuses = "1:4: '<' begins HTML or XML, not JSON",
		strict = true,
	},
	{ name = "n_a_form", text = "access_token=abc&token_type=bearer", refuses = "1:1: " .. OTHER },
	{ name = "n_a_sentence", text = "upstream connect error", refuses = "1:1: " .. OTHER },
	{ name = "n_an_object_as_text", text = "[object Object]", refuses = "1:2: " .. OTHER },
	{ name = "n_a_call", text = 'callback({"a":1})', refuses = "1:1: " .. OTHER },
	{ name = "n_a_prefix_against_scripts", text = ")]}',\n{}", refuses = "1:1: " .. OTHER },
	{ name = "n_a_comma_alone", text = ",", refuses = "1:1: " .. COMMA },
	{ name = "n_a_bracket_alone", text = "[", refuses = "1:2: " .. CUT },
	{ name = "n_a_brace_alone", text = "{", refuses = "1:2: " .. CUT },
	{ name = "n_a_closing_bracket", text = "]", refuses = "1:1: " .. COMMA },
	{ name = "n_a_closing_brace", text = "}", refuses = "1:1: " .. NO_VALUE },
	{ name = "n_two_values", text = "1 2", refuses = "1:3: " .. AFTER },
	{ name = "n_two_objects", text = '{"a":1}{"b":2}', refuses = "1:8: " .. AFTER },
	{ name = "n_lines_of_objects", text = '{"a":1}\n{"b":2}\n', refuses = "2:1: " .. AFTER },
	{ name = "n_too_many_brackets", text = "[1]]", refuses = "1:4: " .. AFTER },
	{ name = "n_a_comma_after_the_value", text = "[1],", refuses = "1:4: " .. AFTER },
	{ name = "n_a_nul_after_the_value", text = "[1]\0", refuses = "1:4: " .. AFTER },
	{ name = "n_a_comment_after_the_value", text = '{"a":"b"}/**/', refuses = "1:10: JSON has no comments" },
	{ name = "n_a_comment_in_front", text = "// x\n{}", refuses = "1:1: JSON has no comments" },
	{ name = "n_a_comment_of_yaml", text = "# x\n{}", refuses = "1:1: JSON has no comments" },
	{ name = "n_a_comment_inside", text = "[/* x */ 1]", refuses = "1:2: JSON has no comments" },
	{ name = "n_a_comment_before_a_name", text = '{ // x\n"a":1}', refuses = "1:3: JSON has no comments" },
	{ name = "n_a_comment_after_a_value", text = '{"a":1 // x\n}', refuses = "1:8: JSON has no comments" },
	{ name = "n_a_form_feed", text = "[\f]", refuses = "1:2: " .. OTHER },
	{ name = "n_a_vertical_tab", text = "\v[]", refuses = "1:1: " .. OTHER },
	{ name = "n_a_no_break_space", text = "[\u{a0}]", refuses = "1:2: " .. OTHER },
	{ name = "n_a_word_joiner", text = "[\u{2060}]", refuses = "1:2: " .. OTHER },
	{ name = "n_65_deep", text = nested(65), refuses = "1:65: nested deeper than 64", code = "too_deep" },
	{ name = "n_objects_65_deep", text = pointed(65), refuses = "1:257: nested deeper than 64", code = "too_deep" },
	{ name = "n_100000_deep", text = ("["):rep(100000), refuses = "1:65: nested deeper than 64", code = "too_deep" },
	{
		name = "n_100000_objects_deep",
		text = ('[{"":'):rep(100000),
		refuses = "1:161: nested deeper than 64",
		code = "too_deep",
	},

	-- arrays
	{ name = "n_a_comma_at_the_end", text = "[1,]", refuses = "1:4: " .. COMMA },
	{ name = "n_a_comma_at_the_begin", text = "[,1]", refuses = "1:2: " .. COMMA },
	{ name = "n_two_commas", text = "[1,,2]", refuses = "1:4: " .. COMMA },
	{ name = "n_a_comma_only", text = "[,]", refuses = "1:2: " .. COMMA },
	{ name = "n_a_minus_only", text = "[-]", refuses = "1:3: " .. NO_DIGIT },
	{ name = "n_a_colon_in_an_array", text = '["": 1]', refuses = "1:4: " .. NO_COMMA },
	{ name = "n_no_comma", text = "[3[4]]", refuses = "1:3: " .. NO_COMMA },
	{ name = "n_an_array_closed_as_an_object", text = "[1}", refuses = "1:3: " .. NO_COMMA },
	{ name = "n_a_semicolon", text = "[1;2]", refuses = "1:3: " .. NO_COMMA },
	{ name = "n_an_array_without_an_end", text = '["a"', refuses = "1:5: " .. CUT },
	{ name = "n_an_array_cut_after_a_comma", text = "[1,\n1\n,", refuses = "3:2: " .. CUT },
	{ name = "n_a_star", text = "[*]", refuses = "1:2: " .. OTHER },

	-- objects
	{ name = "n_a_comma_after_the_last", text = '{"id":0,}', refuses = "1:9: " .. NO_KEY },
	{ name = "n_two_commas_after_the_last", text = '{"id":0,,}', refuses = "1:9: " .. NO_KEY },
	{ name = "n_a_comma_in_an_object", text = "{,}", refuses = "1:2: " .. NO_KEY },
	{ name = "n_a_name_without_quotes", text = "{a: 1}", refuses = "1:2: " .. NO_KEY },
	{ name = "n_a_name_in_single_quotes", text = "{\n  'a': 1}", refuses = "2:3: " .. NO_KEY },
	{ name = "n_a_name_of_a_number", text = "{1:1}", refuses = "1:2: " .. NO_KEY },
	{ name = "n_a_name_of_an_array", text = '{["a"]:1}', refuses = "1:2: " .. NO_KEY },
	{ name = "n_two_colons", text = '{"x"::"b"}', refuses = "1:6: " .. NO_VALUE },
	{ name = "n_no_colon", text = '{"a" "b"}', refuses = "1:6: ':' is missing" },
	{ name = "n_a_comma_for_a_colon", text = '{"x", null}', refuses = "1:5: ':' is missing" },
	{ name = "n_an_equals_sign", text = '{"x"=1}', refuses = "1:5: ':' is missing" },
	{ name = "n_no_value", text = '{"a":}', refuses = "1:6: " .. NO_VALUE },
	{ name = "n_no_comma_of_members", text = '{"a":1 "b":2}', refuses = "1:8: " .. NO_MEMBER_COMMA },
	{ name = "n_an_object_closed_as_an_array", text = '{"a":1]', refuses = "1:7: " .. NO_MEMBER_COMMA },
	{ name = "n_an_object_cut_in_a_name", text = '{"acces', refuses = "1:2: " .. OPEN },
	{ name = "n_an_object_cut_after_a_name", text = '{"a"', refuses = "1:5: " .. CUT },
	{ name = "n_an_object_cut_after_a_colon", text = '{"a":', refuses = "1:6: " .. CUT },
	{ name = "n_an_object_cut_after_a_value", text = '{"a":1', refuses = "1:7: " .. CUT },
	{ name = "n_an_object_cut_after_a_comma", text = '{"a":1,\n', refuses = "2:1: " .. CUT },
	{ name = "n_three_dots", text = '{"a":1, ...}', refuses = "1:9: " .. NO_KEY },

	-- strings
	{ name = "n_a_string_without_an_end", text = '"a', refuses = "1:1: " .. OPEN },
	{ name = "n_a_quote_alone", text = '["', refuses = "1:2: " .. OPEN },
	{ name = "n_a_backslash_at_the_end", text = [["\]], refuses = "1:1: " .. OPEN },
	{ name = "n_an_escaped_quote_at_the_end", text = [["a\"]], refuses = "1:1: " .. OPEN },
	{ name = "n_single_quotes", text = "['a']", refuses = "1:2: a string needs double quotes" },
	{ name = "n_curly_quotes", text = "[“a”]", refuses = "1:2: a string needs double quotes" },
	{ name = "n_backquotes", text = "[`a`]", refuses = "1:2: a string needs double quotes" },
	{ name = "n_an_unknown_escape", text = [["\a"]], refuses = "1:3: " .. ESCAPE },
	{ name = "n_an_escaped_single_quote", text = [["it\'s"]], refuses = "1:5: " .. ESCAPE },
	{ name = "n_an_escape_of_a_byte", text = [["\x00"]], refuses = "1:3: " .. ESCAPE },
	{ name = "n_a_path_of_windows", text = [["C:\Users"]], refuses = "1:5: " .. ESCAPE },
	{ name = "n_an_escaped_emoji", text = '"\\🌀"', refuses = "1:3: " .. ESCAPE },
	{ name = "n_an_escaped_nul", text = '"\\\0"', refuses = "1:3: " .. ESCAPE },
	{ name = "n_capital_u", text = [["\U0041"]], refuses = "1:3: " .. ESCAPE },
	{ name = "n_three_hex_digits", text = [["\u00A"]], refuses = "1:7: " .. HEX },
	{ name = "n_a_wrong_hex_digit", text = [["\u00g0"]], refuses = "1:6: " .. HEX },
	{ name = "n_an_escape_of_modern_javascript", text = [["\u{1f600}"]], refuses = "1:4: " .. HEX },
	{ name = "n_a_half_and_a_cut_escape", text = [["\uD800\u1"]], refuses = "1:11: " .. HEX },
	{ name = "n_a_half_and_a_wrong_escape", text = [["\uD800\x"]], refuses = "1:9: " .. ESCAPE, strict = true },
	{ name = "n_a_line_in_a_string", text = '["new\nline"]', refuses = "1:6: " .. CONTROL },
	{ name = "n_a_tab_in_a_string", text = '["\t"]', refuses = "1:3: " .. CONTROL },
	{ name = "n_a_nul_in_a_string", text = '["a\0a"]', refuses = "1:4: " .. CONTROL },
	{ name = "n_a_terminal_colour", text = '"\27[1m"', refuses = "1:2: " .. CONTROL },
	{ name = "n_latin1", text = '["caf\xe9"]', refuses = "1:6: " .. NOT_UTF8 },
	{ name = "n_latin1_in_a_name", text = '{"caf\xe9":1}', refuses = "1:6: " .. NOT_UTF8 },
	{ name = "n_utf8_that_is_cut", text = '["x\xe2\x82"]', refuses = "1:4: " .. NOT_UTF8 },
	{ name = "n_utf8_that_is_overlong", text = '["\xc0\xaf"]', refuses = "1:3: " .. NOT_UTF8 },
	{ name = "n_utf8_overlong_of_six_bytes", text = '["\xfc\x83\xbf\xbf\xbf\xbf"]', refuses = "1:3: " .. NOT_UTF8 },
	{ name = "n_utf8_of_a_surrogate", text = '["é\xed\xa0\x80"]', refuses = "1:5: " .. NOT_UTF8 },
	{ name = "n_utf8_beyond_unicode", text = '["\xf4\xbf\xbf\xbf"]', refuses = "1:3: " .. NOT_UTF8 },
	{ name = "n_a_continuation_alone", text = '["ab\x81"]', refuses = "1:5: " .. NOT_UTF8 },
	{ name = "n_ff_outside_of_a_string", text = "[\xff]", refuses = "1:2: " .. OTHER },

	-- numbers
	{ name = "n_nan", text = "[NaN]", refuses = "1:2: NaN and Infinity are not JSON" },
	{ name = "n_infinity", text = '{"a":Infinity}', refuses = "1:6: NaN and Infinity are not JSON" },
	{ name = "n_minus_infinity", text = "[-Infinity]", refuses = "1:3: NaN and Infinity are not JSON" },
	{ name = "n_minus_nan", text = "[-NaN]", refuses = "1:3: NaN and Infinity are not JSON" },
	{ name = "n_nan_of_c", text = "[nan]", refuses = "1:2: NaN and Infinity are not JSON" },
	{ name = "n_inf_of_c", text = "[inf]", refuses = "1:2: NaN and Infinity are not JSON" },
	{ name = "n_a_plus", text = "[+1]", refuses = "1:2: a number must not begin with +" },
	{ name = "n_a_zero_in_front", text = "[012]", refuses = "1:3: a number must not begin with 0" },
	{ name = "n_a_minus_and_a_zero_in_front", text = "[-012]", refuses = "1:4: a number must not begin with 0" },
	{ name = "n_a_point_in_front", text = "[.5]", refuses = "1:2: a digit is missing before the point" },
	{ name = "n_a_minus_and_a_point", text = "[-.5]", refuses = "1:3: " .. NO_DIGIT },
	{ name = "n_a_point_at_the_end", text = "[2.]", refuses = "1:4: " .. NO_DIGIT },
	{ name = "n_a_point_and_an_exponent", text = "[0.e1]", refuses = "1:4: " .. NO_DIGIT },
	{ name = "n_an_exponent_without_digits", text = "[0.3e]", refuses = "1:6: " .. NO_DIGIT },
	{ name = "n_an_exponent_of_a_sign", text = "[1.0e+]", refuses = "1:7: " .. NO_DIGIT },
	{ name = "n_an_exponent_of_a_fraction", text = "[1e1.5]", refuses = "1:5: " .. NO_COMMA },
	{ name = "n_two_points", text = "[1.2.3]", refuses = "1:5: " .. NO_COMMA },
	{ name = "n_two_minuses", text = "[--2]", refuses = "1:3: " .. NO_DIGIT },
	{ name = "n_hex", text = "[0x1F]", refuses = "1:3: " .. NO_COMMA },
	{ name = "n_spaces_in_a_number", text = "[1 000]", refuses = "1:4: " .. NO_COMMA },
	{ name = "n_an_underscore", text = "[1_000]", refuses = "1:3: " .. NO_COMMA },
	{ name = "n_a_big_integer_of_javascript", text = "[1n]", refuses = "1:3: " .. NO_COMMA },
	{ name = "n_full_width_digits", text = "[１]", refuses = "1:2: " .. OTHER },
	{ name = "n_a_letter_after_a_number", text = '{"a":-1x}', refuses = "1:8: " .. NO_MEMBER_COMMA },
	{ name = "i_more_than_a_double", text = "[1e400]", refuses = "1:2: the number is out of range" },
	{ name = "i_less_than_a_double", text = "[ -1e+9999]", refuses = "1:3: the number is out of range" },
	{
		name = "i_an_integer_of_400_digits",
		text = "1" .. ("0"):rep(400),
		refuses = "1:1: the number is out of range",
		strict = true,
	},
	{ name = "i_600_digits", text = "[0." .. ("1"):rep(600) .. "]", refuses = "1:2: a number has too many digits" },

	-- words
	{ name = "n_true_of_python", text = '{"a":True}', refuses = "1:6: true, false and null are in small letters" },
	{ name = "n_false_in_capitals", text = "[FALSE]", refuses = "1:2: true, false and null are in small letters" },
	{ name = "n_null_in_capitals", text = "[NULL]", refuses = "1:2: true, false and null are in small letters" },
	{ name = "n_none", text = "[None]", refuses = "1:2: None is not JSON: write null" },
	{ name = "n_nil", text = "[nil]", refuses = "1:2: nil is not JSON: write null" },
	{ name = "n_undefined", text = '{"a":undefined}', refuses = "1:6: undefined is not JSON: write null" },
	{ name = "n_undefined_alone", text = "undefined", refuses = "1:1: undefined is not JSON: write null" },
	{ name = "n_part_of_true", text = "[tru]", refuses = "1:2: " .. OTHER },
	{ name = "n_part_of_null", text = "nul", refuses = "1:1: " .. OTHER },
	{ name = "n_more_than_null", text = "[nulll]", refuses = "1:6: " .. NO_COMMA },
	{ name = "n_more_than_true", text = "truex", refuses = "1:5: " .. AFTER },
}

return json_texts
