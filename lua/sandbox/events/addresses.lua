-- The addresses of the intake, and which of them a wrong one may mean.
local config = require "partnerapp.config"
local nearest = require "partnerapp.nearest"
local spec = require "events.spec"

local addresses = {
	calls = {}, ---@type table<string, string> the call by the path: "/v1/track" and "/v1/t" are track
	pixels = {}, ---@type table<string, string> "/v1/pixel/track"
	batches = { "/v1/batch", "/v1/b", "/v1/import" }, -- import: older mobile and server libraries
	counts = "/v1/m", -- what analytics.js counts of its own calls and faults
}

local names = table.move(addresses.batches, 1, #addresses.batches, 1, {}) -- what a person types
local known = { [addresses.counts] = true }

for _, path in ipairs(addresses.batches) do
	known[path] = true
end
for kind in pairs(spec.types) do
	local letter = kind:sub(1, 1) -- analytics.js
	addresses.calls["/v1/" .. kind], addresses.calls["/v1/" .. letter] = kind, kind
	addresses.pixels["/v1/pixel/" .. kind] = kind
	known["/v1/" .. kind], known["/v1/" .. letter], known["/v1/pixel/" .. kind] = true, true, true
	names[#names + 1] = "/v1/" .. kind
	names[#names + 1] = "/v1/pixel/" .. kind
end
table.sort(names)

--- A sentence about an address that there is not, when one of the intake may have been meant: a library that is told a
--- host with "/v1" too much or too little asks for "/v1/v1/batch" or "/t". nil for others.
---@param path string
---@return string?
function addresses.meant(path)
	local once = path:gsub("^/v1(/v1/)", "%1")
	if once ~= path and known[once] then
		return ("there is no %s: did you mean %s? The host of this library is to be told without /v1."):format(
			path,
			once
		)
	elseif path:find "^/%a" and known["/v1" .. path] then
		local message = ("there is no %s: did you mean /v1%s?"):format(path, path)
		if #path == 2 then
			local host = config.public_url:gsub("^%a+://", "")
			message = ("%s apiHost of analytics.js is %s/v1, with /v1 at its end."):format(message, host)
		end
		return message
	elseif path:find "^/v1/" then
		local hint = nearest(path, names, true)
		return hint ~= "" and ("there is no %s%s"):format(path, hint) or nil
	end
end

return addresses
