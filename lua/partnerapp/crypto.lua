-- Digests, HMACs, random strings and comparisons for apps. Sealing is for the library only.
local native = require "native.crypto"

local crypto = {
	--- A string made of `count` random bytes: letters, digits, "-" and "_".
	token = native.token,
	--- A raw digest: crypto.digest("sha256", data).
	digest = native.digest,
	--- A raw HMAC: crypto.hmac("sha1", key, data).
	hmac = native.hmac,
	--- Whether two strings are equal, in a time that depends only on their lengths.
	equal = native.equal,
	hex = native.hex,
	base64 = native.base64,
	unbase64 = native.unbase64,
	base64url = native.base64url,
	unbase64url = native.unbase64url,
}

return require("partnerapp.hints.names").strict("partnerapp.crypto", crypto)
