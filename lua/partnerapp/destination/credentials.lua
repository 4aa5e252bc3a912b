-- Headers whose values are credentials, in requests and in answers: no story shows them.
local credentials = {}

local NAMES = {
	"authorization",
	"proxy-authorization",
	"www-authenticate",
	"proxy-authenticate",
	"cookie",
	"set-cookie",
	"api-key",
	"apikey",
	"x-api-key",
	"x-auth-token",
	"x-access-token",
	"x-client-id",
	"x-csrf-token",
	"x-xsrf-token",
	"x-amz-security-token",
}

local known = {}
for _, name in ipairs(NAMES) do
	known[name] = true
end

--- Whether a header's value is a credential.
---@param name string in lower case
---@return boolean
function credentials.is_header(name)
	return known[name] == true
end

return credentials
