-- What a source's tracking plan and schema configuration make of an event: it passes, loses properties or traits, or is
-- blocked (docs/segment.md 3.4, 3.9; A47). First the rules of the event's own plan, then the plan's common rules.
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local json_schema = require "filtering.json_schema"
local schema_config = require "filtering.schema_config"
local store = require "store"

local plan = {}

-- The member of a call that has its values.
local VALUES = { track = "properties", identify = "traits", group = "traits" }

-- The rules of a call: of an event those of the version that it names in context.protocols.event_version, else of the
-- first. nil when the event is not planned.
local function own_rules(rules, event)
	if event.type ~= "track" then
		return rules[event.type] or {}
	end
	local protocols = type(event.context) == "table" and event.context.protocols
	local version = type(protocols) == "table" and protocols.event_version
	local found
	for _, one in ipairs(rules.events or {}) do
		if one.name == event.event and (not found or version and tostring(one.version) == tostring(version)) then
			found = one
		end
	end
	return found and (found.rules or {})
end

-- An event as the rules see it: with properties or traits, if only empty ones.
local function completed(event, values)
	if event[values] ~= nil and event[values] ~= json.null then
		return event
	end
	local copy = { [values] = {} }
	for name, value in pairs(event) do
		copy[name] = copy[name] or value
	end
	return copy
end

local function violations_of(event, values, schema)
	return json_schema.violations(completed(event, values), schema)
end

local function member(value, ...)
	for _, name in ipairs { ... } do
		if type(value) ~= "table" or json.is_array(value) then
			return nil
		end
		value = value[name]
	end
	return type(value) == "table" and value or nil
end

-- An event without some of its properties or traits.
local function without(event, values, names)
	local copy, kept = {}, {}
	for name, value in pairs(event) do
		copy[name] = value
	end
	for name, value in pairs(event[values]) do
		kept[name] = value
	end
	for _, name in ipairs(names) do
		kept[name] = nil
	end
	copy[values] = kept
	return copy
end

local function unplanned(event, values, own)
	local names, planned = {}, member(own, "properties", values, "properties") or {}
	for name in pairs(member(event, values) or {}) do
		if planned[name] == nil then
			names[#names + 1] = name
		end
	end
	table.sort(names)
	return names
end

-- The properties or traits of an event that a list of violations is about.
local function offending(event, values, violations)
	local names, seen = {}, {}
	local given = member(event, values) or {}
	for _, one in ipairs(violations) do
		local name = one.path[1] == values and one.path[2]
		if name and given[name] ~= nil and not seen[name] then
			seen[name] = true
			names[#names + 1] = name
		end
	end
	return names
end

local function sentences(violations)
	local list = {}
	for i, one in ipairs(violations) do
		list[i] = one.sentence
	end
	return table.concat(list, "; ")
end

-- What is done about violations of the event's own plan: "ALLOW", "OMIT" or "BLOCK".
local function own_decision(config, kind)
	if kind == "track" then
		return config.allow_track_properties_on_violations and "ALLOW"
			or config.allow_track_event_on_violations and "OMIT"
			or "BLOCK"
	end
	return config[("allow_%s_traits_on_violations"):format(kind)] and "ALLOW" or "OMIT"
end

local function allows_unplanned(config, kind)
	if kind == "track" then
		return config.allow_unplanned_track_event_properties
	end
	return config[("allow_unplanned_%s_traits"):format(kind)]
end

--- The tracking plan of a source.
---@param source {name: string, schema_config: string?} a row of the table sources
---@return {rules: table, config: table}? plan nil when the source has none
function plan.of(source)
	local sql = [[SELECT p.rules FROM source_connections c JOIN tracking_plans p ON p.name = c.plan
		WHERE c.source = ?]]
	local row = db.row(sql, source.name)
	return row and { rules = store.decode(row.rules), config = schema_config.of(source) }
end

--- What a tracking plan leaves of an event.
---@param one {rules: table, config: table}
---@param event table
---@return table? event nil when it is blocked
---@return string? sentence why it is blocked, or what was taken out of it
---@return string? outcome of the stage filtered-source, when it is blocked
function plan.apply(one, event)
	local values, rules, config = VALUES[event.type], one.rules, one.config
	if not values then
		return event
	end
	local kind, omitted = event.type, {}
	local common = config[("common_%s_event_on_violations"):format(kind)]
	local own = own_rules(rules, event)
	if not own and not config.allow_unplanned_track_events then
		local sentence = ("the tracking plan has no event %s"):format(event.event)
		local violations = common == "BLOCK" and violations_of(event, values, rules.global) or {}
		if violations[1] then
			return nil, sentence .. "; " .. sentences(violations), "unplanned_and_schema_violation"
		end
		return nil, sentence, "unplanned"
	end
	local function omit(names, why)
		if names[1] then
			event = without(event, values, names)
			omitted[#omitted + 1] = ("without the %s %s: %s"):format(values, table.concat(names, ", "), why)
		end
	end
	if own and not allows_unplanned(config, kind) then
		omit(unplanned(event, values, own), "not planned")
	end
	for _, step in ipairs {
		{ own or {}, own_decision(config, kind), "schema_violation" },
		{ rules.global, common, "common_schema_violation" },
	} do
		local violations = violations_of(event, values, step[1])
		if violations[1] and step[2] == "BLOCK" then
			return nil, sentences(violations), step[3]
		elseif violations[1] and step[2] ~= "ALLOW" then
			omit(offending(event, values, violations), sentences(violations))
		end
	end
	return event, omitted[1] and table.concat(omitted, "; ")
end

--- The source that gets what is blocked at a source; nil when there is none.
---@param source {workspace: string, schema_config: string?}
---@return table? row
function plan.blocked_to(source)
	local slug = schema_config.of(source).forwarding_blocked_events_to
	if slug == "" then
		return nil
	end
	return db.row("SELECT * FROM sources WHERE workspace = ? AND slug = ?", source.workspace, slug)
end

return plan
