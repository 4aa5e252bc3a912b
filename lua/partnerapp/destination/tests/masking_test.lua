-- Values as answers of `partnerapp actions` show them.
local json = require "partnerapp.json"
local masking = require "partnerapp.destination.masking"
local native_log = require "native.log"
local testing = require "partnerapp.testing"

local function shown(text)
	return json.encode(masking.value(assert(json.decode(text, { order = true }))), { javascript = true })
end

testing.case("HT-31 secrets are masked in strings, names and numbers, and the rest stays as it is", function(t)
	native_log.mask "masking-test-secret"
	native_log.mask "8675309867530"
	t.equal(
		shown '{"z":"a masking-test-secret","masking-test-secret":[8675309867530,1.5,null,true,{}],"a":[]}',
		'{"z":"a ***","***":["***",1.5,null,true,{}],"a":[]}'
	)
end)

testing.case("bytes that are not UTF-8 are U+FFFD, one for each", function(t)
	t.equal(
		masking.text "Z\xeb and Zo\u{eb} \xff\xfe\u{1f525}\xf0\x9f",
		"Z\u{fffd} and Zo\u{eb} \u{fffd}\u{fffd}\u{1f525}\u{fffd}\u{fffd}"
	)
	t.equal(masking.text "", "")
	t.equal(#masking.text(("\xe9"):rep(1 << 20)), 3 * (64 << 10) + #"…")
	t.equal(masking.text(("é"):rep(100000)), ("é"):rep(100000))
end)

testing.case("what is nested deeply is text", function(t)
	local text = ("["):rep(64) .. ("]"):rep(64)
	local value = masking.value(assert(json.decode(text)))
	t.truthy(json.encode { { value } })
	t.truthy(json.encode(value):find '"%[%[%[+%]+"')
end)
