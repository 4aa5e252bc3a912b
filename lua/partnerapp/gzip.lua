-- Unpacks gzip data, such as the body of a request with `Content-Encoding: gzip`.
local native = require "native.gzip"

local gzip = {
	--- What was packed: gzip.decode(bytes, most). At most `most` bytes may come out, and `most` is 8 MiB at most: a few
	--- kilobytes can unpack to gigabytes. nil, message and a code for other data, for data that is cut, and for more:
	--- "bad_gzip", "too_large".
	decode = native.decode,
}

return require("partnerapp.hints.names").strict("partnerapp.gzip", gzip)
