-- Unpacking gzip data.
local crypto = require "partnerapp.crypto"
local gzip = require "partnerapp.gzip"
local testing = require "partnerapp.testing"

local case = testing.case

-- What other programs packed.
local HELLO = crypto.unbase64 "H4sIAAAAAAACA6tWSi1LzStRslKKyj+8WqmWiwEA2bLqnRIAAAA="
local NOTHING = crypto.unbase64 "H4sIAAAAAAACAwMAAAAAAAAAAAA="
local MANY = crypto.unbase64(
	"H4sIAAAAAAACA+3BMQEAAADCoKzrX8IaHkABAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		.. "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAfBmSieKyYOoAAA=="
) -- 60,000 letters a

case("what was packed comes out, to the byte", function(t)
	t.equal(gzip.decode(HELLO, 100), '{"event":"Zoë"}\n\0')
	t.equal(gzip.decode(NOTHING, 1), "")
	t.equal(gzip.decode(MANY, 8 << 20), ("a"):rep(60000))
end)

case("data that was packed in parts comes out as one", function(t)
	t.equal(gzip.decode(HELLO .. NOTHING .. HELLO, 100), ('{"event":"Zoë"}\n\0'):rep(2))
	t.equal(select(3, gzip.decode(HELLO .. HELLO, 35)), "too_large")
	t.equal(#gzip.decode(NOTHING:rep(5000) .. HELLO, 100), 18) -- parts end in the middle of what is read at once
end)

case("other data, cut data and data after the end are refused", function(t)
	local others = {
		"",
		"{}",
		"\x1f\x8b",
		HELLO .. "x",
		HELLO .. "\x1f",
		HELLO .. HELLO .. "\0",
		"\0" .. HELLO,
		(HELLO:gsub("^..", "PK")),
	}
	for i = 1, #HELLO - 1 do
		others[#others + 1] = HELLO:sub(1, i)
	end
	for at = #HELLO - 7, #HELLO do -- its checksum and its length
		others[#others + 1] = HELLO:sub(1, at - 1) .. string.char(HELLO:byte(at) ~ 1) .. HELLO:sub(at + 1)
	end
	for _, bytes in ipairs(others) do
		t.same(
			{ gzip.decode(bytes, 100) },
			{ nil, "the data is not whole gzip data", "bad_gzip" },
			("%q"):format(bytes)
		)
	end
end)

case("no more comes out than was asked for", function(t)
	t.same({ gzip.decode(HELLO, 17) }, { nil, "more than 17 bytes come out of the gzip data", "too_large" })
	t.equal(#gzip.decode(HELLO, 18), 18)
	t.same({ gzip.decode(MANY, 59999) }, { nil, "more than 59999 bytes come out of the gzip data", "too_large" })
end)

case("a limit out of range and another type raise", function(t)
	for _, most in ipairs { 0, -1, (8 << 20) + 1, math.maxinteger } do
		t.raises(function()
			gzip.decode(HELLO, most)
		end, "must be 1 to 8388608 bytes")
	end
	t.raises(function()
		gzip.decode(nil, 1)
	end, "string expected")
end)
