-- Google Analytics: the property to send to is the app's TRACKING_ID.
return function(env)
	return {
		enabled = true,
		connection_mode = "CLOUD",
		config = { trackingId = env.TRACKING_ID, anonymizeIp = true },
	}
end
