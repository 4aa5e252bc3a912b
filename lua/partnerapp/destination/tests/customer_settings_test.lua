-- The values of a destination's settings when it is tried.
local customer_settings = require "partnerapp.destination.customer_settings"
local destination = require "partnerapp.destination"
local testing = require "partnerapp.testing"
local validation = require "partnerapp.destination.validation"

local function acme(...)
	return destination.new { name = "Acme", slug = "acme", settings = { ... } }
end

testing.case("a required setting of any type has a stand-in that is valid", function(t)
	local one = acme(
		{ "api_key", type = "password", label = "Key", required = true },
		{
			"region",
			type = "string",
			label = "Region",
			required = true,
			choices = { { value = "eu", label = "EU" }, "us" },
		},
		{ "project", type = "number", label = "Project", required = true },
		{ "port", type = "number", label = "Port", required = true, minimum = 1024, maximum = 2048 },
		{ "share", type = "number", label = "Share", required = true, maximum = 0.5 },
		{ "strict", type = "boolean", label = "Strict", required = true },
		{ "url", type = "string", label = "URL", required = true, format = "uri" },
		{ "owner", type = "string", label = "Owner", required = true, format = "email" },
		{ "note", type = "string", label = "Note" }
	)
	local values = customer_settings.values(one, nil, true)
	t.same(values, {
		api_key = "test-api_key",
		region = "eu",
		project = 1,
		port = 1024,
		share = 0.5,
		strict = false,
		url = "https://test-url.example",
		owner = "test-owner@example.com",
	})
	t.truthy(validation.validate(one.settings_schema, values))
	t.same(customer_settings.missing(one, values), {})
end)

testing.case("without stand-ins the required settings that are missing are named, as .env has them", function(t)
	local key = { "apiKey", type = "password", label = "Key", required = true }
	local one = acme(key, { "note", type = "string", label = "Note" })
	t.same(customer_settings.missing(one, customer_settings.values(one)), { { name = "apiKey", env = "ACME_API_KEY" } })
end)
