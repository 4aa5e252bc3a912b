-- reply.policy: the Content-Security-Policy of a page that needs more than the library allows.
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

testing.case("HT-06 a policy is the library's with the sources that are allowed", function(t)
	t.equal(
		reply.policy {},
		"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
			.. "base-uri 'none'; frame-ancestors 'none'"
	)
	t.equal(
		reply.policy {
			img_src = "https://cdn.example.com",
			script_src = { "https://a.example", "https://b.example:8443" },
			font_src = "https://fonts.example",
			connect_src = "'self'",
		},
		"default-src 'none'; style-src 'self'; script-src 'self' https://a.example https://b.example:8443; "
			.. "img-src 'self' data: https://cdn.example.com; form-action 'self'; base-uri 'none'; "
			.. "frame-ancestors 'none'; connect-src 'self'; font-src https://fonts.example"
	)
	t.contains(reply.policy { form_action = "http://[::1]:8888" }, "form-action 'self' http://[::1]:8888; ")
end)

testing.case("HT-06 a wrong policy raises, and nothing of it reaches the header", function(t)
	for _, case in ipairs {
		{ { image_src = "https://a.example" }, "reply.policy: unknown directive 'image_src': did you mean 'img_src'?" },
		{ { ["img-src"] = "https://a.example" }, "did you mean 'img_src'?" },
		{ { base_uri = "https://a.example" }, "unknown directive 'base_uri'" },
		{ { img_src = "https://a.example; script-src *" }, "cannot be a source" },
		{ { img_src = "https://a.example\r\nX: y" }, "cannot be a source" },
		{ { img_src = { "https://a.example", 5 } }, "'5' cannot be a source" },
		{ { img_src = "" }, "cannot be a source" },
		{ { img_src = true }, "'true' cannot be a source" },
		{ "https://a.example", "a table is expected" },
	} do
		t.raises(function()
			reply.policy(case[1])
		end, case[2])
	end
end)
