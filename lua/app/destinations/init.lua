-- The settings of a destination when it is enabled: `enable` of its file in this folder (docs/destinations.md).
local destinations = {}

-- Values that the catalog's checks accept, for the demo. Put those of your own product into a file of its own.
local SAMPLES = {
	amplitude = { apiKey = ("0"):rep(32) },
	appboy = { datacenter = "us", appGroupId = "sample-group" },
	clearbrain = { apiKey = "abcd1234" },
	["customer.io"] = { siteId = ("0"):rep(20) },
	["facebook-pixel"] = { pixelId = "1234567890" },
	hubspot = { apiKey = "00000000-0000-0000-0000-000000000000", portalId = "12345" },
	mixpanel = { token = ("0"):rep(32) },
}

local FILES = { ["google-analytics"] = "destinations.google_analytics", acme = "destinations.acme" }

--- The name of a destination for people: that of its file, else made of its slug.
---@param slug string
---@return string
function destinations.name(slug)
	local file = FILES[slug]
	if file then
		return require(file).name
	end
	return (slug:gsub("[-_]", " "):gsub("^%l", string.upper):gsub(" %l", string.upper))
end

--- The settings to create or update a destination with: see partnerapp.segment.
---@param slug string
---@param env table<string, string> the app's own settings
---@return partnerapp.segment.destination_settings
function destinations.settings(slug, env)
	local file = FILES[slug]
	if file then
		return require(file).enable(env)
	end
	return { enabled = true, connection_mode = "CLOUD", config = SAMPLES[slug] }
end

return destinations
