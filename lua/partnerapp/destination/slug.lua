-- Slugs of destinations, as names of files.
local slug = {}

--- The name of the file of a destination, without ending: dots and dashes would lead into folders or be no module.
---@param name string
---@return string
function slug.file(name)
	return (name:gsub("[^%w]", "_"))
end

return slug
