-- What a scope is: the text of rights that a customer is asked for.
local scope = {}

--- Whether a value can be a scope (RFC 6749 3.3): printable ASCII without quotes and backslashes.
---@param text any
---@return boolean
function scope.is(text)
	return type(text) == "string" and #text <= 512 and text:find("^[ -~]+$") ~= nil and not text:find('["\\]')
end

--- Scopes as RFC 6749 separates them, with spaces; many servers write commas.
---@param text string
---@return string
function scope.spaced(text)
	return (text:gsub("[,%s]+", " "):gsub("^ ", ""):gsub(" $", ""))
end

return scope
