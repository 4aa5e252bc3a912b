-- The first page: what is set up, what is missing, and the one next step.
local config = require "partnerapp.config"
local reply = require "partnerapp.reply"
local shell = require "partnerapp_dashboard.shell"
local setup_help = require "partnerapp.setup_help"
local visible = require "partnerapp_dashboard.visible"
local words = require "partnerapp_dashboard.words"

local overview = {}

local NAMES_MOST = 10 -- of destinations; their page has all

---@class dashboard.row
---@field name string
---@field text string
---@field state "good"|"bad"|"open" open: nothing is wrong, and something is left to do

local function row(name, state, text)
	return { name = name, state = state, text = text }
end

local function segment_row()
	if config.sandbox_url then
		return row("Segment", "good", "the local sandbox of this demo, " .. config.sandbox_url)
	end
	return row("Segment", "good", config.segment_api_url)
end

-- A row for each install flow: whether its OAuth client is set.
local function flow_rows(app)
	local rows = {}
	for _, flow in ipairs(app:flows()) do
		local setup = setup_help.setup(flow.path, flow.client)
		local name = "Install flow " .. flow.path
		if setup.sandbox then
			rows[#rows + 1] = row(name, "good", "the demo registers its client in the sandbox")
		elseif setup.configured then
			rows[#rows + 1] = row(name, "good", "redirect URI to register at Segment: " .. setup.redirect_uri)
		else
			local text = "set %s and %s, and register %s at Segment as its redirect URI"
			local missing = text:format(setup.id_setting, setup.secret_setting, setup.redirect_uri)
			rows[#rows + 1] = row(name, flow.client and "open" or "bad", missing)
		end
	end
	return rows
end

local function installs_row(app)
	local count, message = app.installs:count()
	if not count then
		return row("Installs", "bad", "cannot be read: " .. message)
	end
	return row("Installs", count > 0 and "good" or "open", count == 0 and "none yet" or words.count(count, "install"))
end

local function destination_row(given)
	local names = given.destinations.names()
	local problem
	for _, name in ipairs(names) do
		local _, message, code = given.destinations.load(name)
		problem = problem or code == "bad_definition" and message or nil
	end
	if problem then
		return row("Destinations", "bad", problem)
	elseif #names == 0 then
		return row("Destinations", "open", "no file in destinations/ yet")
	end
	local more = #names - NAMES_MOST
	local text = table.concat(names, ", ", 1, math.min(#names, NAMES_MOST))
	return row("Destinations", "good", more > 0 and ("%s and %d more"):format(text, more) or text)
end

-- What the database answers by itself it may have in memory: what the jobs' table says counts too.
local function database_row(given, jobs_problem)
	local problem = given.state.database_problem() or jobs_problem
	return row("Database", problem and "bad" or "good", problem or "answers")
end

local function scripts_row(scripts)
	if scripts.problem then
		return row("Scripts", "bad", "the newest save does not load: the version before goes on")
	end
	return row(
		"Scripts",
		"good",
		("%s, read %s"):format(words.count(scripts.files, "file"), words.ago(scripts.read_at))
	)
end

-- Requests and jobs whose script hangs in C, in words.
local function hung_rows(given)
	local rows = {}
	for i, place in ipairs(given.state.hung()) do
		local what = place.path ~= "" and ("%s %s"):format(place.method, place.path) or place.kind
		rows[i] = { what = visible(what), server = place.server, line = place.line ~= "" and place.line or "unknown" }
	end
	return rows
end

-- The one next step: of what is missing, what everything else waits for.
local function next_step(rows, scripts, hung, given)
	if scripts.problem then
		return { text = "Mend the save that does not load: its lines are below." }
	elseif hung[1] then
		return { text = "A script hangs and cannot be interrupted: look at its line below, then start again." }
	end
	for _, one in ipairs(rows) do
		if one.state == "bad" then
			return { text = ("%s: %s."):format(one.name, one.text) }
		end
	end
	if (given.app.installs:count() or 0) == 0 and #given.app:flows() > 0 then
		return {
			text = "Connect a workspace: open the app and press “Enable with Segment”.",
			href = "/",
			label = "Open the app",
		}
	elseif #given.destinations.names() == 0 then
		return { text = "Write a destination: partnerapp new destination acme makes its first file." }
	end
	return {
		text = "Everything is set up. See what an event becomes in a destination:",
		href = "/dashboard/tester",
		label = "open the tester",
	}
end

local function job_rows(given)
	local jobs, message = given.state.jobs(given.app)
	if not jobs then
		return {}, message
	end
	local rows = {}
	for i, job in ipairs(jobs) do
		rows[i] = {
			name = job.name,
			lane = job.lane,
			every = words.span(job.seconds),
			last = job.runs and "runs now" or job.last_run and words.ago(job.last_run) or "not yet",
			error = job.error and visible(job.error) or false,
		}
	end
	return rows
end

local function values_of(given)
	local scripts = given.state.scripts()
	local rows = { segment_row(), scripts_row(scripts) }
	table.move(flow_rows(given.app), 1, 100, #rows + 1, rows)
	rows[#rows + 1] = installs_row(given.app)
	rows[#rows + 1] = destination_row(given)
	local jobs, jobs_problem = job_rows(given)
	rows[#rows + 1] = database_row(given, jobs_problem)
	local hung = hung_rows(given)
	return {
		title = "Overview",
		rows = rows,
		step = next_step(rows, scripts, hung, given),
		hung = hung,
		problem = scripts.problem or false,
		jobs = jobs,
		jobs_problem = jobs_problem or false,
		version = given.state.version(),
	}
end

--- Adds the page.
---@param pages partnerapp.app
---@param given partnerapp.host.given
function overview.add(pages, given)
	pages:get("/", function(req)
		return shell.page(req, "overview", values_of(given))
	end)

	-- What pages ask to see whether a script was saved.
	pages:get("/scripts", function()
		local scripts = given.state.scripts()
		return reply.json { version = ("%.9f"):format(scripts.read_at), problem = scripts.problem ~= nil }
	end)
end

return overview
