-- A small gzip body that decompresses to 64 MiB of zeros: one literal, then matches of 258 bytes at distance one. Each
-- match has thirteen bits, so that eight of them are thirteen bytes, which are repeated.
local BLOCKS = 32513

local HEAD = "\x1f\x8b\x08\0\0\0\0\0\0\xff"
local BLOCK = "\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18"
local LAST = "\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\0\0"
local CHECKSUM, LENGTH = 0xe710c5b3, BLOCKS * 8 * 258 + 1

--- The bytes of the body.
---@return string
return function()
	return HEAD .. "\x63\x18" .. BLOCK:rep(BLOCKS - 1) .. LAST .. ("<I4I4"):pack(CHECKSUM, LENGTH)
end
