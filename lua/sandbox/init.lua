-- The sandbox: a local Segment for those who have no app there. Both of its hosts on one port: OAuth as ORY Hydra speaks
-- it, the Config API v1beta, and a control API below /_sandbox/. An app like any other, on the public library alone.
local partnerapp = require "partnerapp"
local errors = require "errors"
local record = require "record"

local app = partnerapp.new {
	name = "sandbox",
	env = { SANDBOX_AUTO_CONSENT = "", SANDBOX_STRICT = "", SANDBOX_NO_RATE_LIMIT = "" },
}

require("store").prepare()

app:before(record.note)

for _, part in ipairs {
	"status",
	"authorize",
	"login",
	"consent",
	"token",
	"renewal",
	"access_tokens",
	"apps",
	"workspaces",
	"sources",
	"destinations",
	"catalog_api",
	"control",
} do
	require(part)(app)
end

app:failed(function(req, status, message)
	record.note_unrouted(req, status)
	return errors.shape(req, status, message)
end)

return app
