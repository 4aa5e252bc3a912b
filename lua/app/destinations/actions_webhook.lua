-- Webhook: sends events to a URL of the customer's, alone or in batches, signed with a shared secret. The names of the
-- setting, the action and its fields are those of Segment's own destination: a mapping of the one is one of the other.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local signature = require "partnerapp.signature"

-- Refuses the headers that Segment refuses before it sends anything: the event is not tried again. The largest
-- character of a value is U+00FF.
local function check_headers(headers)
	for name, value in pairs(headers or {}) do
		if not name:find "^[%w!#$%%&'*+.^_`|~-]+$" then
			destination.errors.payload_validation(("'%s' cannot be the name of a header"):format(name))
		elseif type(value) == "string" and (value:find "[\0-\8\10-\31\127]" or value:find "[\xc4-\xff]") then
			destination.errors.payload_validation(("header %s: '%s' cannot be sent"):format(name, value))
		end
	end
end

-- One request to where the payload says.
local function send(request, payload, body)
	check_headers(payload.headers)
	return request:request(payload.method, payload.url, { headers = payload.headers, json = body })
end

return destination.new {
	name = "Webhook",
	slug = "actions-webhook",
	settings = {
		{
			"sharedSecret",
			type = "password",
			label = "Shared Secret",
			description = "When it is set, the header X-Signature has the HMAC-SHA1 of the body in hex, made with it.",
		},
	},
	-- What is signed is the data of the event; of a batch that of the first event.
	extend_request = function(data)
		local first, secret = data.payload[1] or data.payload, data.settings.sharedSecret
		if not secret or secret == "" or not first.data then
			return {}
		end
		local text = assert(json.encode(first.data, { javascript = true }))
		return { headers = { ["X-Signature"] = signature.of(text, secret) } }
	end,
	actions = {
		{
			"send",
			title = "Send",
			description = "Sends an HTTP request.",
			fields = {
				{
					"url",
					type = "string",
					format = "uri",
					label = "URL",
					description = "Where the data is sent.",
					required = true,
				},
				{
					"method",
					type = "string",
					label = "Method",
					description = "The method of the request.",
					choices = { "POST", "PUT", "PATCH" },
					default = "POST",
					required = true,
				},
				{
					"batch_size",
					type = "number",
					label = "Batch Size",
					description = "How many events are sent together at most; 0 leaves it to Segment.",
					required = false,
					default = 0,
				},
				{
					"headers",
					type = "object",
					label = "Headers",
					description = "Headers of each request, in ASCII.",
					default_object_ui = "keyvalue:only",
				},
				{
					"data",
					type = "object",
					label = "Data",
					description = "What is sent, as JSON.",
					default = destination.path "$.",
				},
				{
					"batch_keys",
					type = "string",
					label = "Batch Keys",
					description = "Events are sent together when they have the same values in these fields.",
					multiple = true,
					required = false,
					unsafe_hidden = true,
					default = { "url", "method", "headers" },
				},
			},
			perform = function(request, data)
				return send(request, data.payload, data.payload.data)
			end,
			perform_batch = function(request, data)
				local list = json.array {}
				for i, payload in ipairs(data.payload) do
					list[i] = payload.data or json.null
				end
				return send(request, data.payload[1], list)
			end,
		},
	},
}
