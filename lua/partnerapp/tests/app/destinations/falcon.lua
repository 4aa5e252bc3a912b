-- A destination with OAuth, for the tests of testing.try.
local destination = require "partnerapp.destination"

return destination.new {
	name = "Falcon",
	slug = "falcon",
	authentication = { scheme = "oauth2" },
	extend_request = function(data)
		return { base_url = "https://falcon.example", bearer = data.auth.access_token }
	end,
	refresh_access_token = function(request, data)
		local answer = request:post("/token", { form = { refresh_token = data.auth.refresh_token } })
		return { access_token = answer.data.access_token }
	end,
	actions = {
		{
			"fly",
			trigger = 'type = "track"',
			perform = function(request)
				return request:post "/fly"
			end,
		},
	},
}
