-- A destination whose fields have values of every type as their defaults.
local destination = require "partnerapp.destination"

return destination.new {
	name = "Herald",
	slug = "herald",
	actions = {
		{
			"announce",
			trigger = 'type = "screen"',
			fields = {
				{ "place", type = "string", default = "the roof" },
				{ "count", type = "string", default = "2" },
				{ "loud", type = "boolean", default = false },
				{ "marks", type = "string", multiple = true, default = { "a" } },
			},
			perform = function(request, data)
				return request:post("https://herald.example/announce", { json = data.payload })
			end,
		},
	},
}
