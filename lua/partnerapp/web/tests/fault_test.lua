-- What pages and JSON about faults and refusals show: no secret that the log masks, whatever form it has (LG-01).
local crypto = require "native.crypto"
local failing = require "failing"
local fault = require "partnerapp.web.fault"
local log = require "native.log"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local JSON = { accept = "application/json" }
local SECRET = 'tok/en+"of" the=fault'

-- Texts that have the secret inside, by their form.
local function texts()
	log.mask(SECRET)
	return {
		plain = "the token is " .. SECRET,
		percent = "GET /x?token=tok%2Fen%2B%22of%22%20the%3Dfault failed",
		lower = "GET /x?token=tok%2fen%2b%22of%22%20the%3dfault failed",
		json = [[got {"token":"tok/en+\"of\" the=fault"}]],
		slashes = [[got {"token":"tok\/en+\"of\" the=fault"}]],
		basic = "sent Basic " .. crypto.base64("client:" .. SECRET),
		shifted = "sent Basic " .. crypto.base64("a client:" .. SECRET .. ":more"),
		third = "sent Basic " .. crypto.base64("client1:" .. SECRET),
		cut = ("x"):rep(900) .. SECRET:sub(1, 15),
	}
end

-- Pieces of the secret in each of those forms, long enough to be no accident.
local PIECES = {
	"tok/en",
	"tok\\/en",
	"tok%%2[Ff]en",
	"the=fault",
	"the%%3[Dd]fault",
	"dG9rL2Vu",
	"vay9lbisib2Y",
	"b2svZW4rIm9m",
	"&quot;of&quot;",
}

local function is_clean(t, body, what)
	for _, piece in ipairs(PIECES) do
		t.falsy(body:find(piece), what .. ": " .. piece)
	end
	t.contains(body, "***", what)
end

-- An app whose route "/" ends with that text in one way.
local function app_that(way, text)
	local app = partnerapp.new {}
	app:get("/", function()
		if way == "raises" then
			error(text)
		elseif way == "raises deep" then
			local function inner()
				error(text)
			end
			inner()
		elseif way == "returns" then
			return nil, text
		elseif way == "refuses" then
			partnerapp.refuse(403, text)
		elseif way == "replies" then
			return reply.failed(502, text)
		end
		error(setmetatable({}, {
			__tostring = function()
				return text
			end,
		}))
	end)
	return app
end

testing.case("LG-01 the pieces that the cases look for are in the texts", function(t)
	local all = table.concat({ SECRET }, " ")
	for _, text in pairs(texts()) do
		all = all .. " " .. text
	end
	for i = 1, #PIECES - 1 do -- the last one is what a page makes of a quote
		t.truthy(all:find(PIECES[i]), PIECES[i])
	end
end)

for _, way in ipairs { "raises", "raises deep", "raises a table", "returns", "refuses", "replies" } do
	testing.case("LG-01 a handler that " .. way .. " shows no secret, as a page, as JSON, by failed()", function(t)
		for form, text in pairs(texts()) do
			local what = way .. ", " .. form
			local client = testing.client(app_that(way, text))
			is_clean(t, client:get("/").body, what .. ", page")
			is_clean(t, client:get("/", { headers = JSON }).body, what .. ", JSON")
			local shaped = app_that(way, text)
			shaped:failed(function(_, status, message)
				return reply.text(message, status)
			end)
			is_clean(t, testing.client(shaped):get("/").body, what .. ", failed()")
		end
	end)
end

testing.case("LG-01 a page about a fault shows no secret of the source, nor of the address", function(t)
	local app = failing()
	t.contains(testing.client(app):get("/in-source").body, "token-in-the-source-of-the-app")
	log.mask "token-in-the-source-of-the-app"
	local page = testing.client(app):get("/in-source").body
	t.lacks(page, "token-in-the-source-of-the-app")
	t.contains(page, "error &quot;***&quot;")
	app:get("/at/:token", function()
		error "failed"
	end)
	page = testing.client(app):get("/at/token-in-the-source-of-the-app").body
	t.lacks(page, "token-in-the-source-of-the-app")
	t.contains(page, "GET /at/***")
end)

testing.case("HT-24 in production an app that does not load shows nothing of the reason", function(t)
	local request = require("partnerapp.web.request").new {
		method = "GET",
		path = "/",
		headers = {},
		ip = "127.0.0.1",
		id = "test-broken",
	}
	local function shown()
		return fault.broken(request, { message = "init.lua:1: unexpected symbol", traceback = "init.lua:9: here" }).body
	end
	t.contains(shown(), "init.lua:1: unexpected symbol")
	t.contains(shown(), "init.lua:9: here")
	testing.settings { PUBLIC_URL = "https://app.example" }
	t.lacks(shown(), "init.lua")
	t.lacks(shown(), "here")
	t.contains(shown(), "test-broken")
end)

testing.case("RL-01 any message of an app that does not load is shown", function(t)
	local request = require("partnerapp.web.request").new {
		method = "GET",
		path = "/",
		headers = {},
		ip = "127.0.0.1",
		id = "test-broken",
	}
	for message, shown in pairs {
		["init.lua:99999999999999999999: said"] = "init.lua:99999999999999999999: said",
		["init.lua:9: said"] = "init.lua:9: said",
		[""] = "an empty message",
		["\n"] = "an empty message",
	} do
		t.contains(fault.broken(request, { message = message }).body, shown)
	end
end)

testing.case("LG-01 in production too, what a refusal says is masked", function(t)
	testing.settings { PUBLIC_URL = "https://app.example" }
	for form, text in pairs(texts()) do
		is_clean(t, testing.client(app_that("refuses", text)):get("/").body, form)
	end
end)
