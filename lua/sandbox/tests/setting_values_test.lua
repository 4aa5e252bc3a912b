-- Which values fit a setting of the catalog.
local setting_values = require "api.setting_values"
local testing = require "partnerapp.testing"

testing.case("a number keeps to its limits and choices", function(t)
	for _, case in ipairs {
		{ { min = 1, max = 10 }, 1 },
		{ { min = 1, max = 10 }, 10.5, "must be from 1 to 10" },
		{ { min = 0.5 }, 0.25, "must be at least 0.5" },
		{ { min = 0.5 }, 1e9 },
		{ { max = 2 }, 3, "must be at most 2" },
		{ { max = 2 }, -3 },
		{ { options = { 0.5, 2 } }, 2.0 },
		{ { options = { 0.5, 2 } }, 1, "must be one of 0.5, 2" },
		{ {}, "2", "must be a number" },
	} do
		local setting = case[1]
		setting.type = "NUMBER"
		t.equal(setting_values.problem(setting, case[2]), case[3])
	end
end)
