-- Slack: posts a message to a channel, through the incoming webhook that Slack gave for it. The names of the action and
-- of its fields are those of Segment's own Slack destination: a mapping of the one is a mapping of the other.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"

-- As at Segment, where the dot before "com" is any character.
local URL = "^https://[%w.-]+%.slack.com[/%w]+$"

return destination.new {
	name = "Slack",
	slug = "actions-slack",
	actions = {
		{
			"postToChannel",
			title = "Post Message",
			description = "Posts a message to a channel of a Slack workspace.",
			fields = {
				{
					"url",
					type = "string",
					format = "uri",
					label = "Webhook URL",
					description = "The incoming webhook that Slack made for the workspace and the channel.",
					required = true,
				},
				{
					"text",
					type = "text",
					label = "Message",
					description = "The message, with Slack's own marks for bold, links and lists.",
					required = true,
				},
				{
					"channel",
					type = "string",
					label = "Channel",
					description = "Another channel than that of the webhook: general, without #.",
				},
				{
					"username",
					type = "string",
					label = "User",
					description = "The name that the message is from.",
					default = "Segment",
				},
				{
					"icon_url",
					type = "string",
					label = "Icon URL",
					description = "The address of the picture beside the name.",
					default = "https://logo.clearbit.com/segment.com",
				},
			},
			perform = function(request, data)
				local message = data.payload
				if not message.url:find(URL) then
					destination.errors.integration("Invalid Slack URL", "Bad Request", 400)
				end
				return request:post(message.url, {
					json = json.object {
						{ "channel", message.channel },
						{ "text", message.text },
						{ "username", message.username },
						{ "icon_url", message.icon_url },
					},
				})
			end,
		},
	},
}
