-- The two scopes of a whole workspace, each a mount with a client of its own: workspace:read for a report of
-- its sources and destinations (REPORT_CLIENT_ID and REPORT_CLIENT_SECRET), workspace to create a source in it
-- (WORKSPACE_CLIENT_ID and WORKSPACE_CLIENT_SECRET).
local pages = require "pages"
local reply = require "partnerapp.reply"

local MOST = 20 -- sources on the report: each takes a call to Segment

-- The install of a request, when it has a workspace; otherwise nil and a refusal.
local function workspace_of(app, req)
	local install = app.installs:owned(req, req.params.id)
	if not install.workspace then
		return nil, reply.failed(502, "Segment named no workspace with this install's token.")
	end
	return install
end

local function report_of(install)
	local segment, rows = install:segment(), {}
	for source, err in segment:sources(install.workspace) do
		if not source then
			return nil, err
		elseif #rows == MOST then
			rows.more = true
			break
		end
		local destinations
		destinations, err = segment:destinations(source.name):all()
		if not destinations then
			return nil, err
		end
		rows[#rows + 1] = pages.report_row(source, destinations)
	end
	return rows
end

return function(app)
	app:oauth("/auth/report", {
		client = "report",
		scope = "workspace:read",
		installed = function(_, install)
			return reply.redirect("/installs/" .. install.id .. "/report")
		end,
	})

	app:get("/installs/:id/report", function(req)
		local install, refusal = workspace_of(app, req)
		if not install then
			return refusal
		end
		local rows, err = report_of(install)
		if not rows then
			return reply.failed(502, "The report cannot be made: " .. err)
		end
		return reply.view("report", pages.report(install, rows))
	end)

	app:oauth("/auth/workspace", {
		client = "workspace",
		scope = "workspace",
		installed = function(_, install)
			return reply.redirect("/installs/" .. install.id .. "/sources")
		end,
	})

	-- `partnerapp run create_source installs/3 slug=ios kind=ios`
	function app.actions.create_source(install, args)
		return install:segment():create_source(install.workspace, args.slug, args.kind)
	end

	app:get("/installs/:id/sources", function(req)
		local install, refusal = workspace_of(app, req)
		return install and pages.sources(req, install, {}) or refusal
	end)

	app:post("/installs/:id/sources", function(req)
		local install, refusal = workspace_of(app, req)
		if not install then
			return refusal
		end
		local typed = { slug = req.form.slug or "", kind = req.form.kind or "" }
		if not typed.slug:find "^[a-z0-9_-]+$" or not typed.kind:find "^[%w._-]+$" then
			typed.problem = "A source's name has lower-case letters, digits, - and _ only, and it needs a kind."
		else
			local source, err = app.actions.create_source(install, typed)
			typed.created, typed.problem = source and source.name, not source and err or nil
		end
		return pages.sources(req, install, typed)
	end)
end
