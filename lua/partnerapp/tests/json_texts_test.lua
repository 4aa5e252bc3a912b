-- TO-01: what json.decode makes of the texts on which readers of JSON differ, with each of its options.
local json = require "partnerapp.json"
local json_texts = require "partnerapp.tests.json_texts"
local testing = require "partnerapp.testing"

local function expect_refusal(t, text, options, where, wanted_code)
	local value, message, code = json.decode(text, options)
	t.equal(value, nil)
	local line, column, why = where:match "^(%d+):(%d+): (.*)$"
	t.equal(message, ("bad JSON at line %s, column %s: %s"):format(line, column, why))
	t.equal(code, wanted_code or "bad_json")
end

local function expect_value(t, text, options, reads)
	local value, message = json.decode(text, options)
	t.equal(message, nil)
	t.equal(json.encode(value), reads)
end

for _, row in ipairs(json_texts.readable) do
	testing.case("TO-01 json.decode reads " .. row.name, function(t)
		expect_value(t, row.text, nil, row.reads)
	end)
	testing.case("TO-01 json.decode with order reads " .. row.name, function(t)
		expect_value(t, row.text, { order = true }, row.reads)
	end)
	for _, options in ipairs { { strict = true }, { strict = true, order = true } } do
		local with = options.order and "strict and order" or "strict"
		testing.case(
			("TO-01 json.decode with %s %s %s"):format(with, row.strict and "refuses" or "reads", row.name),
			function(t)
				if row.strict then
					expect_refusal(t, row.text, options, row.strict)
				else
					expect_value(t, row.text, options, row.reads)
				end
			end
		)
	end
end

for _, row in ipairs(json_texts.malformed) do
	testing.case("TO-01 json.decode refuses " .. row.name, function(t)
		expect_refusal(t, row.text, nil, row.refuses, row.code)
		expect_refusal(t, row.text, { order = true }, row.refuses, row.code)
		if not row.strict then
			expect_refusal(t, row.text, { strict = true }, row.refuses, row.code)
		else -- strict reading finds another fault first
			t.equal(json.decode(row.text, { strict = true }), nil)
		end
	end)
end
