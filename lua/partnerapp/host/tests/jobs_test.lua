-- App:every: a due job runs once, and a job that fails does not stop the others.
local db = require "partnerapp.db"
local jobs = require "partnerapp.host.jobs"
local json = require "partnerapp.json"
local partnerapp = require "partnerapp"
local testing = require "partnerapp.testing"

local count = 0

-- A name that no other case uses: the database has every job.
local function name()
	count = count + 1
	return "job-" .. count
end

-- An app with one job, and how often it has run.
local function app_with(seconds, run)
	local app, ran = partnerapp.new({}), { count = 0 }
	ran.name = name()
	app:every(seconds, ran.name, function()
		ran.count = ran.count + 1
		return run and run()
	end)
	return app, ran
end

-- Runs all that is due; the seconds until more is.
local function run_all(app)
	for _ = 1, 20 do
		local seconds = jobs.run_due(app._jobs)
		if seconds > 0 then
			return seconds
		end
	end
	error("it never ends")
end

testing.case("a job with a wrong interval, name or function fails when the app loads", function(t)
	local app = partnerapp.new({})
	for _, case in ipairs({
		{ 0.5, "a", print, "from 1 on" },
		{ 0 / 0, "a", print, "from 1 on" },
		{ "60", "a", print, "from 1 on" },
		{ math.huge, "a", print, "from 1 on" },
		{ 60, "a b", print, "letters" },
		{ 60, "", print, "letters" },
		{ 60, 5, print, "letters" },
		{ 60, "a", nil, "must be a function" },
	}) do
		t.raises(function()
			app:every(case[1], case[2], case[3])
		end, case[4])
	end
	app:every(60, "a", print)
	t.raises(function()
		app:every(30, "a", print)
	end, "'a' is already defined at")
end)

testing.case("a job that the database does not let begin waits a minute, as all do then", function(t)
	local app, ran = app_with(60)
	local native = require "native.db"
	assert(require("partnerapp.store.schema").prepare "jobs")
	assert(native.exec "CREATE TRIGGER no_job BEFORE UPDATE ON pa_jobs BEGIN SELECT RAISE(ABORT, 'not now'); END")
	local seconds = jobs.run_due(app._jobs)
	assert(native.exec "DROP TRIGGER no_job")
	t.equal(seconds, 60)
	t.equal(ran.count, 0)
	t.equal(jobs.run_due(app._jobs), 0)
	t.equal(ran.count, 1)
end)

testing.case("a job with a wrong lane fails when the app loads", function(t)
	local app = partnerapp.new({})
	for _, case in ipairs({
		{ { lane = "a b" }, "a lane's name" },
		{ { lane = "" }, "a lane's name" },
		{ { lane = ("x"):rep(101) }, "a lane's name" },
		{ { lane = 5 }, "option 'lane' must be a string" },
		{ { lanes = "x" }, "unknown option 'lanes'" },
		{ "x", "options must be a table, not a string" },
	}) do
		t.raises(function()
			app:every(60, "a", print, case[1])
		end, case[2])
	end
	t.same(jobs.lanes(app._jobs), {})
	app:every(60, "a", print, { lane = "x" })
	t.raises(function()
		app:every(60, "a", print, { lane = "y" })
	end, "'a' is already defined at")
end)

testing.case("a lane without a job has no next time", function(t)
	t.equal(jobs.run_due({}), nil)
	t.equal(jobs.run_due({}, "jobs"), nil)
	local app = app_with(60)
	t.equal(jobs.run_due(app._jobs, "none"), nil)
	t.equal(jobs.run_due(app._jobs, "jobs"), 0)
end)

testing.case("a lane runs its own jobs only, one at a time", function(t)
	local app, ran = partnerapp.new({}), {}
	for i, lane in ipairs({ "slow", false, "slow", "renewals", false }) do
		app:every(60, name(), function()
			ran[#ran + 1] = i
		end, lane and { lane = lane } or nil)
	end
	t.same(jobs.lanes(app._jobs), { "slow", "jobs", "renewals" })
	t.equal(jobs.run_due(app._jobs, "slow"), 0)
	t.same(ran, { 1 })
	t.equal(jobs.run_due(app._jobs, "renewals"), 0)
	t.same(ran, { 1, 4 })
	t.truthy(jobs.run_due(app._jobs, "renewals") > 50)
	t.equal(jobs.run_due(app._jobs, "jobs"), 0)
	t.equal(jobs.run_due(app._jobs, "slow"), 0)
	t.same(ran, { 1, 4, 2, 3 })
	t.equal(jobs.run_due(app._jobs), 0, "without a lane: of any")
	t.same(ran, { 1, 4, 2, 3, 5 })
	t.truthy(jobs.run_due(app._jobs) > 50)
end)

testing.case("a mounted app brings its jobs and their lanes", function(t)
	local outer, inner = partnerapp.new({}), partnerapp.new({})
	inner:every(60, name(), print, { lane = "inner" })
	outer:mount("/in", inner)
	t.same(jobs.lanes(outer._jobs), { "inner" })
end)

testing.case("the host lists the lanes of the app; an app that does not load has none", function(t)
	t.same(require("partnerapp.host").lanes(), {})
	t.equal(require("partnerapp.host").run_due(), nil)
	t.equal(require("partnerapp.host").run_due("jobs"), nil)
	t.same(require("partnerapp.host.broken").lanes(), {})
	t.equal(require("partnerapp.host.broken").run_due("jobs"), nil)
end)

testing.case("a job runs right away, and then every so many seconds", function(t)
	local app, ran = app_with(300)
	local seconds = run_all(app)
	t.equal(ran.count, 1)
	t.truthy(seconds > 59 and seconds <= 60, "it looks again after a minute at most")
	testing.clock.advance(290)
	t.truthy(run_all(app) <= 10)
	t.equal(ran.count, 1)
	testing.clock.advance(11)
	run_all(app)
	t.equal(ran.count, 2)
	testing.clock.advance(3000)
	run_all(app)
	t.equal(ran.count, 3, "what was missed is not made up for")
end)

testing.case("a job that raises or fails is logged, and runs again", function(t)
	for _, run in ipairs({
		function()
			error("the reason")
		end,
		function()
			return nil, "the reason"
		end,
	}) do
		local app, ran = partnerapp.new({}), 0
		app:every(60, name(), function()
			ran = ran + 1
			return run()
		end)
		run_all(app)
		testing.clock.advance(61)
		run_all(app)
		t.equal(ran, 2)
		local text = json.encode(testing.log())
		t.contains(text, "a job failed")
		t.contains(text, "the reason")
	end
end)

testing.case("what a job raises is logged with its place and frames, a table with what is in it", function(t)
	for _, case in ipairs({
		{
			function()
				for _ in ipairs(nil) do
				end
			end,
			"^[%w_/]+%.lua:%d+: attempt to index a nil value$",
		},
		{
			function()
				error({ code = 7 })
			end,
			"^[%w_/]+%.lua:%d+: { code = 7 }$",
		},
		{
			function()
				return nil, { code = 8 }
			end,
			"^{ code = 8 }$",
		},
	}) do
		local app = partnerapp.new({})
		app:every(60, name(), case[1])
		run_all(app)
		local log = testing.log()
		t.match(log[#log].fields.error, case[2])
	end
end)

testing.case("one job that fails does not keep the others from running", function(t)
	local app, ran = app_with(60)
	app:every(60, name(), function()
		error("no")
	end)
	local other = 0
	app:every(60, name(), function()
		other = other + 1
	end)
	run_all(app)
	t.equal(ran.count, 1)
	t.equal(other, 1)
end)

testing.case("a job that is running elsewhere is not begun; when its process died, two minutes later it is", function(t)
	local app, ran
	app, ran = app_with(60, function()
		if ran.count > 1 then
			return true
		end
		testing.clock.advance(90)
		t.truthy(jobs.run_due(app._jobs) > 0, "it is due again, but it runs")
		t.equal(ran.count, 1)
		testing.clock.advance(31)
		run_all(app)
		return true
	end)
	run_all(app)
	t.equal(ran.count, 2)
end)

testing.case("a job that takes longer than its interval does not keep the others from running", function(t)
	local app, other = partnerapp.new({}), 0
	app:every(1, name(), function()
		testing.clock.advance(5)
	end)
	app:every(60, name(), function()
		other = other + 1
	end)
	for _ = 1, 30 do
		jobs.run_due(app._jobs)
	end
	t.equal(other, 3, "at the start and in each minute of the 145 s")
end)

testing.case("a job that took too long does not end the lease of the process that runs it by then", function(t)
	local app, ran = app_with(60, coroutine.yield)
	local function begin()
		local run = coroutine.wrap(jobs.run_due)
		run(app._jobs)
		return run
	end
	local slow = begin()
	testing.clock.advance(121)
	local second = begin()
	t.equal(ran.count, 2)
	slow()
	testing.clock.advance(70)
	t.truthy(jobs.run_due(app._jobs) > 0, "the second one still runs")
	t.equal(ran.count, 2)
	second()
	local third = begin()
	t.equal(ran.count, 3, "when it has ended, it is due")
	third()
end)

testing.case("RT-11 an interval that was shortened, and a clock that was set back, count at once", function(t)
	local app, ran = app_with(86400)
	run_all(app)
	app._jobs[1].seconds = 60
	testing.clock.advance(61)
	run_all(app)
	t.equal(ran.count, 2, "the shorter interval")
	testing.clock.advance(-7200)
	testing.clock.advance(61)
	run_all(app)
	t.equal(ran.count, 3, "not two hours later")
end)

testing.case("the jobs of a mounted app run too", function(t)
	local inner, ran = app_with(60)
	local outer = partnerapp.new({})
	outer:mount("/inner", inner)
	run_all(outer)
	t.equal(ran.count, 1)
end)

testing.case("scripts do not see the table of jobs", function(t)
	t.equal(select(3, db.query("SELECT * FROM pa_jobs")), "denied")
end)

testing.case("an app with more lanes than C has threads for fails when it loads", function(t)
	local app = partnerapp.new()
	for i = 1, 16 do
		app:every(10, "job" .. i, function() end, { lane = "lane" .. i })
	end
	app:every(10, "another", function() end, { lane = "lane1" })
	t.raises(function()
		app:every(10, "job17", function() end, { lane = "lane17" })
	end, "every: 'job17' would be in the 17th lane, and an app has at most 16")
end)
