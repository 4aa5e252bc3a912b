-- Runs an app's jobs. The database has when each job ran last, so that one of many processes runs it, and a restart
-- does not run all of them again. A thread of the host calls this: src/run/jobs.c.
local db = require "native.db"
local log = require "partnerapp.log"
local raised = require "partnerapp.web.raised"
local schema = require "partnerapp.store.schema"
local sys = require "native.sys"

local jobs = {}

local LEASE = 120 -- seconds, after which a job whose process died may run again
local LONGEST = 60 -- seconds between two looks at the jobs

-- When a job may run: 0 for one that never ran. A time far in the future does not count, for the clock was set back
-- since; a little ahead may be the difference between the clocks of two machines.
local function due_of(job, row, now)
	if not row or row.last_run > now + LEASE then
		return 0
	end
	local lease = row.lease_until <= now + 2 * LEASE and row.lease_until or 0
	return math.max(row.last_run + job.seconds, lease)
end

-- Claims a job for this process; false when another was faster, nil and a message when the database fails. The lease
-- ends at `now + LEASE`.
local function claim(job, row, now)
	if not row then
		local made, err = db.exec_soon("INSERT INTO pa_jobs (name) VALUES (?) ON CONFLICT (name) DO NOTHING", job.name)
		if not made then
			return nil, err
		end
	end
	local changes, err = db.exec_soon(
		"UPDATE pa_jobs SET last_run = ?, lease_until = ? WHERE name = ? AND last_run = ? AND lease_until = ?",
		now,
		now + LEASE,
		job.name,
		row and row.last_run or 0,
		row and row.lease_until or 0
	)
	if not changes then
		return nil, err
	end
	return changes == 1
end

local function run(job, lease)
	local ok, result, err = raised.call(job.run)
	local problem = not ok and raised.text(result, err, job.where)
		or result == nil and err ~= nil and raised.shown(err)
		or nil
	problem = problem and log.masked(problem)
	if problem then
		log.error("a job failed", { job = job.name, error = problem, traceback = not ok and err or nil })
	end
	-- The job may have taken so long that another process runs it by now, with a lease of its own.
	db.exec_soon(
		"UPDATE pa_jobs SET lease_until = 0, last_error = ? WHERE name = ? AND lease_until = ?",
		problem,
		job.name,
		lease
	)
end

-- The job that has been due for longest, and since when: a job that takes longer than its interval is always due, and
-- must not keep the others from running.
local function most_overdue(list, by_name, now)
	local first, soonest = nil, math.huge
	for _, job in ipairs(list) do
		local due = due_of(job, by_name[job.name], now)
		if due < soonest then
			first, soonest = job, due
		end
	end
	return first, soonest
end

-- The pause after the database has failed.
local function not_now(err)
	log.error("jobs cannot be run", { error = err })
	return LONGEST
end

local function in_lane(list, lane)
	if not lane then
		return list
	end
	local chosen = {}
	for _, job in ipairs(list) do
		chosen[#chosen + 1] = job.lane == lane and job or nil
	end
	return chosen
end

--- Runs the job that has been due for longest.
---@param list partnerapp.job[]
---@param lane string? only a job of this lane; of any unless given
---@return number? seconds until another may be due: 0 after one has run; nil when there is none to wait for
function jobs.run_due(list, lane)
	list = in_lane(list, lane)
	if not list[1] then
		return nil
	end
	local rows, err = schema.prepare "jobs"
	if rows then
		rows, err = db.query "SELECT name, last_run, lease_until FROM pa_jobs"
	end
	if not rows then
		return not_now(err)
	end
	local by_name, now = {}, sys.now()
	for _, row in ipairs(rows) do
		by_name[row.name] = row
	end
	local job, due = most_overdue(list, by_name, now)
	if due <= now then
		local claimed
		claimed, err = claim(job, by_name[job.name], now)
		if claimed == nil then
			return not_now(err)
		elseif claimed then
			run(job, now + LEASE)
			return 0
		end
	end
	return math.max(0.05, math.min(due - now, LONGEST))
end

--- The lanes of jobs, in the order of their first job.
---@param list partnerapp.job[]
---@return string[]
function jobs.lanes(list)
	local lanes, seen = {}, {}
	for _, job in ipairs(list) do
		if not seen[job.lane] then
			seen[job.lane] = true
			lanes[#lanes + 1] = job.lane
		end
	end
	return lanes
end

return jobs
