-- What a customer sets, what an event becomes, and what is configured on the customer's source.
-- `partnerapp try --watch` shows what an event becomes at each save. Nothing is sent.
local destination = require "partnerapp.destination"
local path = destination.path -- { ["@path"] = … } in short

return destination.new {
	name = "Google Analytics",
	slug = "google-analytics",
	settings = {
		{ "tracking_id", type = "string", label = "Tracking ID", required = true },
	},
	-- What every request begins with.
	extend_request = function()
		return { base_url = "https://www.google-analytics.com" }
	end,
	actions = {
		{
			"event",
			title = "Send an event",
			trigger = 'type = "track"',
			fields = {
				{ "name", type = "string", label = "Event", required = true, default = path "$.event" },
				{ "client", type = "string", label = "Client", default = path "$.anonymousId" },
				{ "value", type = "number", label = "Value", default = path "$.properties.total" },
			},
			perform = function(request, data)
				local payload = data.payload
				return request:post("/collect", {
					form = {
						v = 1,
						t = "event",
						tid = data.settings.tracking_id,
						cid = payload.client,
						ec = "All",
						ea = payload.name,
						ev = payload.value,
					},
				})
			end,
		},
	},
	enable = function(env)
		return { enabled = true, connection_mode = "CLOUD", config = { trackingId = env.TRACKING_ID } }
	end,
}
