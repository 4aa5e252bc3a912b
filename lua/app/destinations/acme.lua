-- Acme: what a customer sets, and what an event becomes. `partnerapp try acme --watch` shows it at each save.
local destination = require "partnerapp.destination"
local path = destination.path -- { ["@path"] = … } in short

return destination.new {
	name = "Acme",
	slug = "acme",
	settings = {
		{ "api_key", type = "password", label = "API key", required = true },
		{ "region", type = "string", label = "Region", choices = { "us", "eu" }, default = "us" },
	},
	-- What every request begins with.
	extend_request = function(data)
		local base = data.settings.region == "eu" and "https://api.eu.acme.example/v1" or "https://api.acme.example/v1"
		return { base_url = base, bearer = data.settings.api_key }
	end,
	actions = {
		{
			"track",
			title = "Track an event",
			trigger = 'type = "track" and event != "Heartbeat"',
			fields = {
				{ "event", type = "string", label = "Event", required = true, default = path "$.event" },
				{ "user", type = "string", label = "User", default = path "$.userId" },
				{ "properties", type = "object", label = "Properties", default = path "$.properties" },
			},
			perform = function(request, data)
				return request:post("/events", { json = data.payload })
			end,
			perform_batch = function(request, data)
				return request:post("/batch", { json = data.payload })
			end,
		},
	},
	-- What is configured on the customer's source when they press Enable.
	enable = function(env)
		return { enabled = true, connection_mode = "CLOUD", config = { api_key = env.ACME_API_KEY } }
	end,
}
