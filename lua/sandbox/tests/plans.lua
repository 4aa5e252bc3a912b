-- Steps of the tests of tracking plans.
local json = require "partnerapp.json"
local segment = require "tests.segment"

local plans = {}

plans.RULES = {
	events = json.array {
		{
			name = "Bought",
			version = 1,
			rules = {
				type = "object",
				properties = {
					properties = {
						type = "object",
						required = json.array { "price" },
						properties = {
							price = { type = "number", minimum = 0 },
							plan = { type = json.array { "string", "null" }, enum = json.array { "pro", "free" } },
							tags = { type = "array", items = { type = "string", maxLength = 3 } },
						},
					},
				},
			},
		},
	},
	identify = {
		properties = { traits = { properties = { email = { type = "string", minLength = 3 } } } },
	},
	group = { properties = { traits = { properties = { employees = { type = "integer", maximum = 99 } } } } },
	global = { properties = { context = { properties = { app = { type = "object" } } } } },
}

-- Gives the source js a tracking plan with those rules, and a schema configuration.
function plans.connect(client, token, rules, config)
	local status, made = segment.call(client, token, "POST", "workspaces/business/tracking-plans", {
		tracking_plan = { display_name = "Plan", rules = rules },
	})
	assert(status == 200, made.error)
	status, made = segment.call(client, token, "POST", made.name .. "/source-connections", { source_name = segment.JS })
	assert(status == 200, made.error)
	local paths = json.array {}
	for name in pairs(config) do
		paths[#paths + 1] = "schema_config." .. name
	end
	status, made = segment.call(client, token, "PATCH", segment.JS .. "/schema-config", {
		schema_config = config,
		update_mask = { paths = paths },
	})
	assert(status == 200, made.error)
end

return plans
