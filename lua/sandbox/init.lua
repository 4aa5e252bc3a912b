-- The sandbox: a local Segment for developers who have no app there. It serves the hosts of Segment on one port: OAuth
-- as ORY Hydra speaks it, the Config API v1beta and the event intake; and a control API below /_sandbox/. It is an app
-- on the public library, like any other.
local body = require "api.body"
local faults = require "control.faults"
local partnerapp = require "partnerapp"
local refusals = require "refusals"
local request_log = require "control.request_log"
local retries = require "events.retries"
local settings = require "settings"
local store = require "store"

local app = partnerapp.new {
	name = "sandbox",
	env = { SANDBOX_AUTO_CONSENT = "", SANDBOX_STRICT = "", SANDBOX_NO_RATE_LIMIT = "", SANDBOX_TOKEN = "" },
}

settings.auto_consent = app.env.SANDBOX_AUTO_CONSENT == "1"
settings.strict = app.env.SANDBOX_STRICT == "1"
settings.token = app.env.SANDBOX_TOKEN ~= "" and app.env.SANDBOX_TOKEN or nil
settings.rate_limit = app.env.SANDBOX_NO_RATE_LIMIT ~= "1"
store.prepare()

app:before(faults.before)
app:before(body.before)
app:after(request_log.note)
app:after(faults.after)
app:failed(refusals.shape)

local PARTS = {
	"pages.home",
	"pages.assumptions",
	"pages.story",
	"oauth.login",
	"oauth.authorize",
	"oauth.consent",
	"oauth.token",
	"oauth.removal",
	"api.renewal",
	"api.access_tokens",
	"api.apps",
	"api.workspaces",
	"api.sources",
	"api.schema_config",
	"api.tracking_plans",
	"api.source_connections",
	"api.destinations",
	"api.filters",
	"api.metrics",
	"api.catalog",
	"api.unrouted",
	"events.intake",
	"control.api",
}

for _, part in ipairs(PARTS) do
	require(part)(app)
end

app:every(1, "retries", retries.run_due, { lane = "deliveries" })

return app
