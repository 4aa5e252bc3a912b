-- A list for other programs: a JSON array on standard output, with one item a line.
local files = require "native.files"
local json = require "partnerapp.json"

local listing = {}

--- Prints a list. `fill(add)` calls add(item) for each item, which is printed at once: a long list needs no memory.
--- Members come in the order of their names.
---@param fill fun(add: fun(item: table))
function listing.print(fill)
	local before = "["
	fill(function(item)
		files.out(before .. assert(json.encode(item, { javascript = true })))
		before = ",\n"
	end)
	files.out((before == "[" and "[" or "") .. "]\n")
end

return listing
