-- Checks that an address from outside is a path on this app and nothing else (OA-21). What browsers and proxies read
-- differently is refused, not corrected: backslashes, control bytes, two slashes in any spelling.

---@param address any
---@return string? address the same one; nil when it is anything else
return function(address)
	if type(address) ~= "string" or #address > 2048 or address:sub(1, 1) ~= "/" then
		return nil
	end
	if address:find("[^\x21-\x7e]") or address:find("\\", 1, true) then
		return nil
	end
	local path = address:match("^[^?#]*")
	local bare = path:gsub("%%(%x%x)", function(digits)
		return string.char(tonumber(digits, 16))
	end)
	if bare:find("%%") or bare:find("[%c\\\x7f]") or bare:find("//", 1, true) then
		return nil
	end
	for segment in bare:gmatch("[^/]+") do
		if segment == "." or segment == ".." then
			return nil
		end
	end
	return address
end
