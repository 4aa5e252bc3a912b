-- Google Analytics: what is configured on the customer's source. The property to send to is the app's TRACKING_ID.
local destination = require "partnerapp.destination"

return destination.new {
	name = "Google Analytics",
	slug = "google-analytics",
	enable = function(env)
		return {
			enabled = true,
			connection_mode = "CLOUD",
			config = { trackingId = env.TRACKING_ID, anonymizeIp = true },
		}
	end,
}
