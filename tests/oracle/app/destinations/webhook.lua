-- Webhook: sends events to a URL of the customer's, alone or in batches, signed with a shared secret.
local crypto = require "partnerapp.crypto"
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"

return destination.new {
	name = "Webhook",
	slug = "webhook",
	settings = { { "shared_secret", type = "password", label = "Shared Secret" } },
	-- The signature is over the data of the event, of the first one in a batch.
	extend_request = function(data)
		local first = data.payload[1] or data.payload
		if not data.settings.shared_secret or not first.data then
			return {}
		end
		local text = json.encode(first.data, { javascript = true })
		return { headers = { ["x-signature"] = crypto.hex(crypto.hmac("sha1", data.settings.shared_secret, text)) } }
	end,
	actions = {
		{
			"send",
			title = "Send",
			trigger = 'type = "track"',
			batch_keys = { "url", "method", "headers" },
			fields = {
				{ "url", type = "string", format = "uri", label = "URL", required = true },
				{
					"method",
					type = "string",
					label = "Method",
					choices = { "POST", "PUT", "PATCH" },
					default = "POST",
					required = true,
				},
				{ "headers", type = "object", label = "Headers", default_object_ui = "keyvalue:only" },
				{ "data", type = "object", label = "Data", default = destination.path "$." },
			},
			perform = function(request, data)
				local payload = data.payload
				local send = request[payload.method:lower()]
				return send(request, payload.url, { headers = payload.headers, json = payload.data })
			end,
			perform_batch = function(request, data)
				local first, list = data.payload[1], json.array {}
				for i, payload in ipairs(data.payload) do
					list[i] = payload.data
				end
				return request[first.method:lower()](request, first.url, { headers = first.headers, json = list })
			end,
		},
	},
}
