-- The signature of Segment's webhooks: over raw bytes, and of a batch over its first event.
local signature = require "partnerapp.signature"
local testing = require "partnerapp.testing"

local ONE = '{"version":1,"type":"track","userId":"u1","event":"Signed up","properties":{"plan":"pro"},'
	.. '"timestamp":"2012-12-02T00:30:08.276Z"}'
local FIRST = '{"type":"identify","userId":"019mr8mf4r","traits":{"email":"jake@yahoo.com","age":26}}'
local BATCH = "[" .. FIRST .. ',{"type":"track","userId":"x","event":"E"}]'

local VECTORS = {
	{ "sharedsecretvalue", ONE, "064ddf8561b8e5db3f4fb42edb47ea002ce50dca" },
	{ "sharedsecretvalue", BATCH, "283b27b6c3552153ebd361b2cae023722f741cc7" },
	{ "abc123", '{"type":"track","userId":"Zoë","event":"日本"}', "b9a375969ece25e865a40b754762e2cb29a69ca6" },
}

testing.case("WH-01 conformance 69: the three vectors are accepted, what is altered is not", function(t)
	for _, vector in ipairs(VECTORS) do
		local secret, body, hex = table.unpack(vector)
		t.equal(signature.is_valid(body, hex, { secret }), true, body)
		t.equal(signature.is_valid(body, hex:upper(), { secret }), true, "upper case")
		t.equal(signature.is_valid(body, hex, { "another", secret }), true, "one of several secrets")
		t.equal(signature.is_valid(body, hex, { "another" }), false)
		t.equal(signature.is_valid(body, hex, {}), false)
		t.equal(signature.is_valid(body:gsub("type", "kind", 1), hex, { secret }), false, "altered")
		for _, bad in ipairs({ "", hex:sub(1, 39), hex .. "0", hex:gsub("^.", "g"), (" "):rep(40), ("0"):rep(40) }) do
			t.equal(signature.is_valid(body, bad, { secret }), false, bad)
		end
		t.equal(signature.is_valid(body, nil, { secret }), false)
	end
end)

testing.case("WH-02 of a batch only the first event is signed, of anything else the whole body", function(t)
	t.equal(signature.is_valid(BATCH, "31aedb7bb96d908749712c919596cb51826fd71a", { "sharedsecretvalue" }), false)
	local hex = VECTORS[2][3]
	t.equal(signature.is_valid("  [ " .. FIRST .. " ]", hex, { "sharedsecretvalue" }), true)
	for _, body in ipairs({ "", "[", "[]", "[" .. FIRST, "[[" .. FIRST .. "]]", '["' .. FIRST:gsub('"', "'") .. '"]' }) do
		t.equal(signature.is_valid(body, hex, { "sharedsecretvalue" }), false, body)
	end
end)

testing.case("signature.of signs as Segment does: what it gives is valid", function(t)
	t.equal(signature.of(ONE, "sharedsecretvalue"), VECTORS[1][3])
	t.equal(signature.is_valid("[" .. FIRST .. "," .. ONE .. "]", signature.of(FIRST, "s"), { "s" }), true)
	t.raises(function()
		signature.of(nil, "s")
	end)
end)
