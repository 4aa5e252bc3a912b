--- Whether a value can be a scope (RFC 6749 3.3): printable ASCII without quotes and backslashes.
---@param text any
---@return boolean
return function(text)
	return type(text) == "string" and #text <= 512 and text:find "^[ -~]+$" ~= nil and not text:find '["\\]'
end
