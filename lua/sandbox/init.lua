-- The sandbox: a local Segment for those who have no app there. Both of its hosts on one port: OAuth as ORY Hydra
-- speaks it, the Config API v1beta, the event intake, and a control API below /_sandbox/. An app like any other, on the
-- public library alone.
local body = require "api.body"
local errors = require "errors"
local faults = require "control.faults"
local intake = require "events.intake"
local login = require "oauth.login"
local partnerapp = require "partnerapp"
local plans = require "api.tracking_plans"
local rate_limit = require "api.rate_limit"
local request_log = require "control.request_log"
local retries = require "events.retries"
local store = require "store"

local app = partnerapp.new {
	name = "sandbox",
	env = { SANDBOX_AUTO_CONSENT = "", SANDBOX_STRICT = "", SANDBOX_NO_RATE_LIMIT = "" },
}

store.prepare()
body.strict = app.env.SANDBOX_STRICT == "1"
rate_limit.off = app.env.SANDBOX_NO_RATE_LIMIT == "1"

app:before(faults.before)
app:before(body.before)
app:after(request_log.note)
app:after(faults.after)
login.routes(app)
plans.routes(app)
intake.routes(app)

for _, part in ipairs {
	"pages.home",
	"oauth.authorize",
	"oauth.consent",
	"oauth.token",
	"api.renewal",
	"api.access_tokens",
	"api.apps",
	"api.workspaces",
	"api.sources",
	"api.schema_config",
	"api.source_connections",
	"api.destinations",
	"api.filters",
	"api.metrics",
	"api.catalog",
	"control.api",
	"api.unrouted",
} do
	require(part)(app)
end

app:every(1, "retries", retries.run_due)
app:failed(errors.shape)

return app
