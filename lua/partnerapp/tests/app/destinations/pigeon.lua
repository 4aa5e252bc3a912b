-- A destination for the tests of testing.try.
local destination = require "partnerapp.destination"

return destination.new {
	name = "Pigeon",
	slug = "pigeon",
	settings = {
		{ "loft", type = "string", label = "Loft", required = true },
		{ "speed", type = "number", label = "Speed", default = 5 },
	},
	extend_request = function(data)
		return { base_url = "https://" .. data.settings.loft .. ".pigeon.example" }
	end,
	actions = {
		{
			"carry",
			trigger = 'type = "track"',
			fields = {
				{ "text", type = "string", label = "Text", required = true, default = destination.path "$.event" },
			},
			perform = function(request, data)
				return request:post("/carry", { json = { text = data.payload.text, speed = data.settings.speed } })
			end,
			perform_batch = function(request, data)
				return request:post("/carry-many", { json = data.payload })
			end,
		},
		{
			"call_back",
			perform = function(request)
				return request:post "/call-back"
			end,
		},
	},
}
