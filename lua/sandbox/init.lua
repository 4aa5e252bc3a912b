-- The sandbox: a local Segment for those who have no app there. Both of its hosts on one port: OAuth as ORY Hydra
-- speaks it, the Config API v1beta, the event intake, and a control API below /_sandbox/. An app like any other, on the
-- public library alone.
local partnerapp = require "partnerapp"
local body = require "body"
local errors = require "errors"
local faults = require "faults"
local intake = require "intake"
local login = require "login"
local plans = require "tracking_plans"
local record = require "record"

local app = partnerapp.new {
	name = "sandbox",
	env = { SANDBOX_AUTO_CONSENT = "", SANDBOX_STRICT = "", SANDBOX_NO_RATE_LIMIT = "" },
}

require("store").prepare()
body.strict = app.env.SANDBOX_STRICT == "1"
require("rate").off = app.env.SANDBOX_NO_RATE_LIMIT == "1"

app:before(faults.before)
app:before(body.before)
app:after(record.note)
app:after(faults.after)
login.routes(app)
plans.routes(app)
intake.routes(app)

for _, part in ipairs {
	"status",
	"authorize",
	"consent",
	"token",
	"renewal",
	"access_tokens",
	"apps",
	"workspaces",
	"sources",
	"schema_config",
	"source_connections",
	"destinations",
	"filters",
	"metrics",
	"catalog_api",
	"control",
	"unrouted",
} do
	require(part)(app)
end

app:every(1, "retries", require("retries").run_due)
app:failed(errors.shape)

return app
