-- Tools for an app's tests: cases, checks, a client that calls the app without a socket and keeps its cookies, and a
-- network in which only the calls that a case lists exist. `partnerapp test` runs the cases.
local app_settings = require "partnerapp.store.app_settings"
local blocks = require "partnerapp.testing.blocks"
local checks = require "partnerapp.testing.checks"
local clients = require "partnerapp.testing.client"
local config = require "partnerapp.config"
local inspect = require "partnerapp.inspect"
local native_log = require "native.log"
local network = require "partnerapp.testing.network"
local scripts = require "native.scripts"
local sys = require "native.sys"
local tries = require "partnerapp.testing.tries"

local testing = {}

-- Cases in the order of their definition, for the runner.
testing.cases = {}

--- Defines a case: fn(t), with the checks of `t`. A check that fails raises.
---@param name string a sentence that says what holds
---@param fn fun(t: partnerapp.testing.checks)
function testing.case(name, fn)
	if type(name) ~= "string" or type(fn) ~= "function" then
		local what = 'a case is a name and a function: testing.case("what holds", function(t) … end)'
		error(("%s: testing.case: %s"):format(scripts.caller(), what), 0)
	end
	testing.cases[#testing.cases + 1] = { name = name, run = fn }
end

--- As in busted: describe(name, fn) groups cases, it(name, fn) is one, before_each(fn) runs before each of its block.
testing.describe, testing.before_each = blocks.describe, blocks.before_each

---@param name string
---@param fn fun(t: partnerapp.testing.checks)
function testing.it(name, fn)
	testing.case(blocks.case(name, fn))
end

--- The checks by the names that busted has for them; as there, what is wanted comes first.
testing.assert = {
	same = function(wanted, got)
		checks.same(got, wanted)
	end,
	equal = function(wanted, got)
		checks.equal(got, wanted)
	end,
	is_true = function(got)
		checks.equal(got, true)
	end,
	is_false = function(got)
		checks.equal(got, false)
	end,
	is_nil = function(got)
		checks.equal(got, nil)
	end,
	truthy = checks.truthy,
	falsy = checks.falsy,
	has_error = checks.raises,
}

--- Replaces all calls to other servers for the rest of the case. Keys are "METHOD https://host/path"; values are
--- answers { status, headers, body or json } or functions from the request (method, url, query, headers, body, json,
--- form) to one, or to `nil, message, code`. A call that is not listed fails the case.
---@param answers table<string, table|fun(request: table): table?, string?, string?>
---@return {calls: table[]} network the calls that were made, in order
function testing.network(answers)
	return network.replace(answers)
end

--- Takes an event, or a list of events as a batch, through one of the app's destinations. Its requests are calls like
--- any other: the case lists them with testing.network. Settings that are not given have their defaults; a required
--- string is "test-" and its name. Raises when there is no such destination or action.
---@param slug string
---@param event table a list of events is a batch, for perform_batch
---@param options {action: string?, mapping: table?, settings: table?, auth: table?}? only that action; a mapping for it
---@return partnerapp.testing.tried
function testing.try(slug, event, options)
	return tries.run(slug, event, options)
end

--- A browser without a screen, which calls the app in process and keeps its cookies.
---@param app partnerapp.app? the app under test unless given
---@param options {ip: string?, headers: table<string, string>?}? sent with every request
---@return partnerapp.testing.client
function testing.client(app, options)
	return clients.new(app, options)
end

-- The clock

testing.clock = {}

--- Moves the server's clock forward until the end of the case.
---@param seconds number
function testing.clock.advance(seconds)
	sys.advance(seconds)
end

---@return number seconds since 1970
function testing.clock.now()
	return sys.now()
end

-- Settings

local native_settings = sys.settings

local function put_back_settings()
	if sys.settings ~= native_settings then
		sys.settings = native_settings
		config.read()
		app_settings.read_again()
	end
end

--- Changes settings of the server for the rest of the case. PUBLIC_URL = "https://app.example" makes it production.
--- The app's `env` follows; what else the app has kept since it was loaded stays.
---@param changes table<string, string|false> false unsets a setting
function testing.settings(changes)
	local settings = native_settings()
	for name, value in pairs(changes) do
		settings[name] = value or nil
	end
	sys.settings = function()
		return settings
	end
	config.read()
	app_settings.read_again()
end

-- The log

local native_write = native_log.write
local logged -- lines of the log
local said -- the same with what was printed: { printed } among them

local function keep(line)
	logged[#logged + 1], said[#said + 1] = line, line
end

local function record(level, message, fields)
	keep { level = level, message = message, fields = fields or {} }
	native_write(level, message, fields)
end

local function record_print(text)
	said[#said + 1] = { printed = text }
end

local native_refused = native_log.refused

local function record_refusal(message, status, reason, peer, client)
	local written = native_refused(message, status, reason, peer, client)
	local fields = { status = status, reason = written, peer = peer, client = client }
	keep { level = "info", message = message, fields = fields }
end

--- What was logged since the case began, with secrets unmasked: the host masks them when it writes a line.
---@return {level: string, message: string, fields: table<string, any>}[]
function testing.log()
	return logged
end

-- For the runner

-- What must be back when a case ends, by its name in native.log.metrics.
local BORROWED = { "vms_leased", "database_connections_leased", "upstream_calls_running" }

local function borrowed()
	local found, counters = {}, native_log.metrics()
	for _, about in ipairs(counters) do
		found[about.name] = about.value
	end
	return found
end

local function leak(before)
	local after = borrowed()
	for _, name in ipairs(BORROWED) do
		if after[name] > before[name] then
			return ("the case leaked: %s is %d, and was %d before"):format(name, after[name], before[name])
		end
	end
end

-- What was raised, as text.
local function describe(err)
	local meta = getmetatable(err)
	local has_text = type(err) ~= "table" or type(meta) == "table" and meta.__tostring
	return has_text and tostring(err) or "raised " .. inspect(err)
end

---@class partnerapp.testing.story what happened in a case
---@field said table[] lines of the log { level, message, fields }, and { printed }, in their order
---@field unlisted {call: string, nearest: string?}[]

--- Runs one case; puts back afterwards what the case replaced.
---@param case {name: string, run: fun(t: partnerapp.testing.checks)}
---@param is_closed boolean? without testing.network there is no network at all
---@return boolean passed, string? why, partnerapp.testing.story story
function testing.run(case, is_closed)
	local before, outer_logged, outer_said = borrowed(), logged, said
	logged, said = {}, {}
	native_log.write, native_log.refused = record, record_refusal
	native_log.on_print(record_print)
	if is_closed then
		network.replace {}
	end
	local ok, err = xpcall(case.run, describe, checks)
	local story = { said = said, unlisted = network.unlisted() }
	network.restore()
	native_log.write, native_log.refused = native_write, native_refused
	native_log.on_print(nil)
	logged, said = outer_logged, outer_said
	sys.reset_clock()
	put_back_settings()
	if not ok then
		return false, err, story
	elseif story.unlisted[1] then
		return false, ("the app called %s, which the case does not list"):format(story.unlisted[1].call), story
	end
	local leaked = leak(before)
	return not leaked, leaked, story
end

return require("partnerapp.hints.names").strict("partnerapp.testing", testing)
