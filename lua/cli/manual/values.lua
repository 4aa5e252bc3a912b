-- What a shell may complete where a value is wanted, by the name that help texts give the value.
local KINDS = { FILE = "file", APP = "folder", FOLDER = "folder", DESTINATION = "destination" }

--- "file", "folder", "destination", "words" with the words; "any" when nothing is known; nil for a switch.
---@param value string? of a flag, or a word of commands.words
---@param choices string[]?
---@return string? kind, string[]? words
return function(value, choices)
	if not value then
		return nil
	elseif choices then
		return "words", choices
	elseif value:find "^%l+$" then
		return "words", { value }
	end
	return KINDS[value] or "any"
end
