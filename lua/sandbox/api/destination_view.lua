-- A destination as the API shows it: with all settings of the catalog, also those that were never set, sorted by name
-- (A26). Load tests request destinations most, so the JSON is joined from pieces that are made once for each slug.
local catalog = require "catalog"
local json = require "partnerapp.json"
local store = require "store"

local view = {}

local cached = {}

local function default_of(setting)
	if setting.type == "LIST" or setting.type == "MIXED" then
		return json.array {}
	end
	return setting.default
end

local function pieces_of(slug)
	local pieces = cached[slug]
	if not pieces then
		local item = catalog.of(slug)
		pieces = { display_name = store.encode(item.display_name) }
		for i, setting in ipairs(item.settings) do
			local name = ',"display_name":%s,"value":'
			pieces[i] = {
				name = setting.name,
				before = "/config/" .. setting.name .. '"' .. name:format(store.encode(setting.display_name or "")),
				default = store.encode(default_of(setting)),
				after = ',"type":"' .. setting.type:lower() .. '"}',
			}
		end
		cached[slug] = not item.of_app and pieces or nil -- a file of the app may be saved at any time
	end
	return pieces
end

--- The JSON of a destination. Names have no character that JSON would escape.
---@param row table of the table destinations
---@param values table<string, any>? its settings, when the caller has decoded them already
---@return string
function view.text(row, values)
	local pieces = pieces_of(row.slug)
	values = values or store.decode(row.config)
	local begin = '{"name":"' .. row.name
	local out = {
		begin,
		'","parent":"',
		row.source,
		'","display_name":',
		pieces.display_name,
		',"enabled":',
		(row.enabled == 1 or row.enabled == true) and "true" or "false",
		',"connection_mode":"',
		row.connection_mode,
		'","config":[',
	}
	local n = #out
	for i, piece in ipairs(pieces) do
		local value = values[piece.name]
		out[n + 1] = i > 1 and "," .. begin or begin
		out[n + 2] = piece.before
		out[n + 3] = value == nil and piece.default or store.encode(value)
		out[n + 4] = piece.after
		n = n + 4
	end
	out[n + 1] = '],"create_time":"'
	out[n + 2] = store.timestamp(row.create_time)
	out[n + 3] = '","update_time":"'
	out[n + 4] = store.timestamp(row.update_time)
	out[n + 5] = '"}'
	return table.concat(out)
end

--- The response with the JSON of a destination.
---@param row table of the table destinations
---@param values table<string, any>? its settings, when the caller has decoded them already
---@return table response
function view.reply(row, values)
	return {
		status = 200,
		headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
		body = view.text(row, values),
	}
end

return view
