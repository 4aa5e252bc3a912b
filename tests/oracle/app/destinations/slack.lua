-- Slack: posts a message to a channel, with the webhook that Slack gave for it.
local destination = require "partnerapp.destination"

local URL = "^https://[%w.-]+%.slack.com[/%w]+$"

return destination.new {
	name = "Slack",
	slug = "slack",
	actions = {
		{
			"post_to_channel",
			title = "Post Message",
			trigger = 'type = "track"',
			fields = {
				{ "url", type = "string", format = "uri", label = "Webhook URL", required = true },
				{ "text", type = "text", label = "Message", required = true },
				{ "channel", type = "string", label = "Channel" },
				{ "username", type = "string", label = "User", default = "Segment" },
				{ "icon_url", type = "string", label = "Icon URL", default = "https://logo.clearbit.com/segment.com" },
			},
			perform = function(request, data)
				local message = data.payload
				if not message.url:find(URL) then
					destination.errors.integration("Invalid Slack URL", "Bad Request", 400)
				end
				return request:post(message.url, {
					json = {
						channel = message.channel,
						text = message.text,
						username = message.username,
						icon_url = message.icon_url,
					},
				})
			end,
		},
	},
}
