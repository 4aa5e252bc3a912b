-- What this server is doing, for the dashboard: its scripts and why the newest do not load, its jobs, its database.
local db = require "native.db"
local log = require "partnerapp.log"
local schema = require "partnerapp.store.schema"
local scripts = require "native.scripts"
local shared = require "native.shared"
local sys = require "native.sys"

local state = {}

---@class partnerapp.state.scripts
---@field read_at number when the scripts that answer were read, in seconds since 1970
---@field files integer of the app
---@field problem string? why the newest save does not load, with file and line, and that line; secrets masked

-- What the scripts' version is: nanoseconds.
local function read_at()
	return (tonumber(scripts.version()) or 0) / 1e9
end

--- The scripts that answer now, and the newest save when that does not load.
---@return partnerapp.state.scripts
function state.scripts()
	local problem = shared.get "scripts.problem"
	return {
		read_at = read_at(),
		files = #scripts.list "app",
		problem = problem and log.masked(problem),
	}
end

--- The app's jobs in the order of definition. `last_run` is seconds since 1970, nil before the first time.
---@param app partnerapp.app
---@return {name: string, lane: string, seconds: number, last_run: number?, runs: boolean, error: string?}[]?
---@return string? message, string? code
function state.jobs(app)
	local rows, err, code = schema.prepare "jobs"
	if rows then
		rows, err, code = db.query "SELECT name, last_run, lease_until, last_error FROM pa_jobs"
	end
	if not rows then
		return nil, err, code
	end
	local by_name, list = {}, {}
	for _, row in ipairs(rows) do
		by_name[row.name] = row
	end
	for i, job in ipairs(app._jobs) do
		local row = by_name[job.name] or { last_run = 0, lease_until = 0 }
		list[i] = {
			name = job.name,
			lane = job.lane,
			seconds = job.seconds,
			last_run = row.last_run > 0 and row.last_run or nil,
			runs = row.lease_until > sys.now(),
			error = row.last_error or nil,
		}
	end
	return list
end

--- Why the database does not answer; nil when it does.
---@return string?
function state.database_problem()
	local rows, err = db.query "SELECT 1"
	return not rows and err or nil
end

--- Where scripts hang now in a C function and cannot be interrupted; what is unknown is empty.
---@return {server: string, kind: string, method: string, path: string, id: string, line: string}[]
function state.hung()
	return (select(3, require("native.log").metrics()))
end

--- The program's version.
---@return string
function state.version()
	return sys.version
end

return state
