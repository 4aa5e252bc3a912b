-- TO-01: each reader of JSON from others takes what json.decode takes, and says of a malformed text what is wrong and
-- where.
local json_texts = require "partnerapp.tests.json_texts"
local authorization_server = require "partnerapp.oauth.authorization_server"
local http = require "partnerapp.http"
local input = require "partnerapp.actions.input"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local segment = require "partnerapp.segment"
local testing = require "partnerapp.testing"

local API = "https://platform.segmentapis.com/v1beta/"
local AS_JSON = { ["content-type"] = "application/json" }

local function of_server(url, body)
	testing.network { [url] = { body = body, headers = AS_JSON } }
end

-- Each gives whether the text was read, and the message of one that was not.
local READERS = {
	["req.json"] = function(text)
		local app = partnerapp.new {}
		app:post("/x", function(req)
			return reply.json { is_nil = req.json == nil }
		end)
		local client = testing.client(app, { headers = { accept = "application/json" } })
		local response = client:post("/x", { body = text, headers = AS_JSON })
		return response.status == 200, response.status == 400 and response.json().error
	end,
	["answer.json()"] = function(text)
		of_server("GET https://api.example/x", text)
		local value, message, code = http.get("https://api.example/x").json()
		return value ~= nil or code == nil, message
	end,
	["a page of the Config API"] = function(text)
		of_server("GET " .. API .. "workspaces/w", text)
		local value, message = segment
			.new({
				token = function()
					return "t"
				end,
			})
			:get_workspace "workspaces/w"
		local is_other = message == "Segment's answer is not a JSON object"
		return value ~= nil or is_other, message
	end,
	["an answer of a token endpoint"] = function(text)
		of_server("POST https://id.example/token", text)
		local server = { token_url = "https://id.example/token", authentication = "none", is_segment = false }
		local _, message = authorization_server.ask(server, { id = "a", secret = "" }, {})
		return not message:find("not JSON: ", 1, true), message
	end,
	["a body of `partnerapp actions`"] = function(text)
		local value, message, status = input.body { body = text }
		return value ~= nil or message:find("must be a JSON object", 1, true) ~= nil, status == 400 and message
	end,
}

-- Where no text is no body, and where forms may be read too.
local EMPTY = { ["a body of `partnerapp actions`"] = true, ["a page of the Config API"] = true }
local FORMS = { ["an answer of a token endpoint"] = "n_a_form" }

for name, read in pairs(READERS) do
	testing.case("TO-01 what is JSON can be " .. name, function(t)
		for _, row in ipairs(json_texts.readable) do
			local was_read, message = read(row.text)
			t.truthy(was_read, ("%s: %s"):format(row.name, message))
		end
	end)
	testing.case("TO-01 what is no JSON is told of as " .. name .. ", with its place", function(t)
		for _, row in ipairs(json_texts.malformed) do
			if not (EMPTY[name] and not row.text:find "%S") and row.name ~= FORMS[name] then
				local was_read, message = read(row.text)
				t.truthy(not was_read, row.name)
				local line, column, why = row.refuses:match "^(%d+):(%d+): (.*)$"
				t.contains(message, ("line %s, column %s: %s"):format(line, column, why))
			end
		end
	end)
end
