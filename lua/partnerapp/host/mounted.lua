-- Mounts the dashboard around an app. What that takes is loaded at the first request for it.
local mounted = {}

--- Has requests below /dashboard answered by the dashboard over this app.
---@param app partnerapp.app
function mounted.attach(app)
	rawset(app, "_dashboard", function(req)
		return require("partnerapp.host.dashboard").serve(app, req)
	end)
end

return mounted
