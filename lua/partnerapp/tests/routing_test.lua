-- Routes: what is refused when they are defined, which one answers, and the response when none matches.
local call_from_app = require "caller"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local function says(text)
	return function(req)
		local names = {}
		for name, value in pairs(req.params) do
			names[#names + 1] = name .. "=" .. value
		end
		table.sort(names)
		return reply.text(text .. (names[1] and " " .. table.concat(names, " ") or ""))
	end
end

testing.case("a duplicate route names both places", function(t)
	local app = partnerapp.new({})
	local function define(text)
		app:get("/twice", says(text))
	end
	call_from_app(define, "one")
	local err = t.raises(function()
		call_from_app(define, "two")
	end, "GET /twice is already defined at caller.lua:")
	t.match(err, "^caller.lua:%d+: ")
end)

testing.case("parameters of other names do not make another route", function(t)
	local app = partnerapp.new({})
	app:get("/a/:one", says("one"))
	t.raises(function()
		app:get("/a/:two", says("two"))
	end, "already defined")
	app:post("/a/:two", says("post"))
end)

testing.case("paths that cannot be routed raise", function(t)
	local app = partnerapp.new({})
	for _, path in ipairs({ "", "a", "/a/:", "/a/*", "/a/:b-c", "/*rest/more", "/a/:1" }) do
		t.raises(function()
			app:get(path, says("x"))
		end, nil, path)
	end
	t.raises(function()
		app:get(nil, says("x"))
	end)
	t.raises(function()
		app:get("/x")
	end, "a handler must be a function")
end)

testing.case("reserved paths raise", function(t)
	local app = partnerapp.new({})
	for _, path in ipairs({
		"/healthz",
		"/readyz",
		"/metrics",
		"/events",
		"/events/acme",
		"/dashboard",
		"/dashboard/x",
		"/dashboard/:x",
	}) do
		t.raises(function()
			app:get(path, says("x"))
		end, "reserved", path)
		t.raises(function()
			app:post(path, says("x"))
		end, "reserved", path)
	end
	app:get("/healthzy", says("x"))
	app:get("/eventsource", says("x"))
end)

testing.case("a reserved path without a route is not found", function(t)
	local client = testing.client(partnerapp.new({}))
	for _, path in ipairs({ "/events", "/events/acme", "/metrics/x", "/static", "/readyz/" }) do
		t.equal(client:get(path).status, 404, path)
		t.equal(client:options(path).status, 404, path)
	end
end)

testing.case("the library's own routes take GET only, and name it in Allow", function(t)
	local client = testing.client(partnerapp.new({}))
	for _, path in ipairs({ "/readyz", "/metrics", "/static/partnerapp.css" }) do
		t.equal(client:post(path).status, 405, path)
		t.equal(client:delete(path).headers.allow, "GET, HEAD, OPTIONS", path)
		t.equal(client:options(path).headers.allow, "GET, HEAD, OPTIONS", path)
		t.equal(client:head(path).status, 200, path)
		t.equal(client:get(path).status, 200, path)
	end
end)

testing.case("the library's own routes answer where the app has none", function(t)
	local app = partnerapp.new({})
	local seen = {}
	app:after(function(req)
		seen[#seen + 1] = req.path
	end)
	app:get("/static/partnerapp.css", says("the app's"))
	app:post("/static/own.css", says("sent"))
	local client = testing.client(app)
	t.equal(client:get("/static/partnerapp.css").body, "the app's")
	t.equal(client:post("/static/own.css").body, "sent")
	t.contains(client:get("/static/own.css").body, "teal")
	t.equal(client:delete("/static/own.css").headers.allow, "OPTIONS, POST")
	t.same(seen, { "/static/partnerapp.css", "/static/own.css", "/static/own.css", "/static/own.css" })
end)

testing.case("unknown options and fields raise", function(t)
	t.raises(function()
		partnerapp.new({ destinaton = "x" })
	end, "unknown option 'destinaton': did you mean 'destination'?")
	t.raises(function()
		partnerapp.new({ env = "x" })
	end, "option 'env' must be a table")
	local app = partnerapp.new({})
	t.raises(function()
		return app.instals
	end, "an app has no 'instals': did you mean 'installs'?")
	t.raises(function()
		app:post("/x", says("x"), { crsf = false })
	end, "unknown option 'crsf': did you mean 'csrf'?")
end)

testing.case("a static segment beats a parameter and that beats the rest", function(t)
	local app = partnerapp.new({})
	app:get("/a/*rest", says("rest"))
	app:get("/a/:id", says("id"))
	app:get("/a/new", says("new"))
	app:get("/a/:id/edit", says("edit"))
	app:get("/a/b/:c/d", says("deep"))
	local client = testing.client(app)
	local cases = {
		["/a/new"] = "new",
		["/a/5"] = "id id=5",
		["/a/5/edit"] = "edit id=5",
		["/a/5/other"] = "rest rest=5/other",
		["/a/new/edit"] = "edit id=new",
		["/a/b/1/d"] = "deep c=1",
		["/a/b/1/e"] = "rest rest=b/1/e",
		["/a/"] = "rest rest=",
		["/a//edit"] = "rest rest=/edit",
		["/a/5/"] = "rest rest=5/",
	}
	for path, wanted in pairs(cases) do
		t.equal(client:get(path).body, wanted, path)
	end
	t.equal(client:get("/a").status, 404)
end)

testing.case("a route of another method does not hide a parameter's", function(t)
	local app = partnerapp.new({})
	app:get("/a/new", says("new"))
	app:post("/a/:id", says("post"))
	t.equal(testing.client(app):post("/a/new").body, "post id=new")
end)

testing.case("HT-20 a method that is not routed is 405 with Allow", function(t)
	local app = partnerapp.new({})
	app:get("/a", says("a"))
	app:post("/a", says("a"))
	app:delete("/b/:id", says("b"))
	local client = testing.client(app)
	local response = client:put("/a")
	t.equal(response.status, 405)
	t.equal(response.headers.allow, "GET, HEAD, OPTIONS, POST")
	t.equal(client:get("/b/1").status, 405)
	t.equal(client:get("/b/1").headers.allow, "DELETE, OPTIONS")
	t.equal(client:request("PROPFIND", "/a").status, 405)
	t.equal(client:request("PROPFIND", "/none").status, 404)
end)

testing.case("HT-20 OPTIONS is 204 with Allow, and 404 where there is no route", function(t)
	local app = partnerapp.new({})
	app:get("/a", says("a"))
	local client = testing.client(app)
	local response = client:options("/a")
	t.equal(response.status, 204)
	t.equal(response.headers.allow, "GET, HEAD, OPTIONS")
	t.equal(client:options("/none").status, 404)
end)

testing.case("HT-20 HEAD is GET without a body", function(t)
	local app = partnerapp.new({})
	app:get("/a", says("a"))
	app:get("/b/:id", says("b"))
	app:post("/c", says("c"))
	local client = testing.client(app)
	t.equal(client:head("/a").status, 200)
	t.equal(client:head("/a").body, "")
	t.equal(client:head("/b/1").status, 200)
	t.equal(client:head("/c").status, 405)
end)

testing.case("before ends the request when it answers", function(t)
	local app = partnerapp.new({})
	local order = {}
	app:before(function(req)
		order[#order + 1] = "one"
		req.user = "someone"
	end)
	app:before(function(req)
		order[#order + 1] = "two"
		if req.query.stop then
			return reply.text("stopped", 403)
		end
	end)
	app:get("/a", function(req)
		order[#order + 1] = "handler"
		return reply.text(req.user)
	end)
	local client = testing.client(app)
	t.equal(client:get("/a?stop=1").body, "stopped")
	t.equal(client:get("/a").body, "someone")
	t.same(order, { "one", "two", "one", "two", "handler" })
end)

testing.case("mount: an app's routes below a prefix, with its own hooks after the outer ones", function(t)
	local outer, inner = partnerapp.new({}), partnerapp.new({})
	local order = {}
	outer:before(function()
		order[#order + 1] = "outer"
	end)
	inner:before(function()
		order[#order + 1] = "inner"
	end)
	inner:get("/", says("home"))
	inner:get("/x/:id", says("x"))
	outer:get("/y", says("y"))
	outer:mount("/in", inner)
	local client = testing.client(outer)
	t.equal(client:get("/in").body, "home")
	t.equal(client:get("/in/x/7").body, "x id=7")
	t.same(order, { "outer", "inner", "outer", "inner" })
	t.equal(client:get("/y").body, "y")
	t.equal(#order, 5)
	t.raises(function()
		outer:mount("/again", inner)
	end, "mounted already")
	t.raises(function()
		outer:mount("bad/", partnerapp.new({}))
	end, "prefix")
end)

testing.case("mount: a clash names both places", function(t)
	local outer, inner = partnerapp.new({}), partnerapp.new({})
	call_from_app(outer.get, outer, "/in/x", says("x"))
	inner:get("/x", says("x"))
	t.raises(function()
		outer:mount("/in", inner)
	end, "GET /in/x is already defined at caller.lua:")
end)

testing.case("routes lists method, path and place", function(t)
	local app = partnerapp.new({})
	app:get("/a", says("a"))
	call_from_app(app.post, app, "/b/:id", says("b"))
	local list = app:routes()
	t.equal(#list, 2)
	t.equal(list[1].method, "GET")
	t.equal(list[2].path, "/b/:id")
	t.match(list[2].where, "^caller.lua:%d+$")
end)

testing.case("after: hooks see every response once, also refused and failed ones, and may change it", function(t)
	local app = partnerapp.new({})
	local seen = {}
	app:after(function(req, response)
		seen[#seen + 1] = req.path .. " " .. response.status
		response.headers["x-seen"] = "yes"
	end)
	app:get("/fine", says("fine"))
	app:get("/refused", function()
		partnerapp.refuse(409, "no")
	end)
	app:get("/broken", function()
		error("broken")
	end)
	local client = testing.client(app)
	for _, path in ipairs({ "/broken", "/refused", "/nowhere", "/fine" }) do
		t.equal(client:get(path).headers["x-seen"], "yes", path)
	end
	t.same(seen, { "/broken 500", "/refused 409", "/nowhere 404", "/fine 200" })
end)

testing.case(
	"after: a hook that fails is a 500, and the app's own hooks come before those it is mounted in",
	function(t)
		local order = {}
		local outer, inner, bad = partnerapp.new({}), partnerapp.new({}), partnerapp.new({})
		outer:after(function()
			order[#order + 1] = "outer"
		end)
		inner:after(function()
			order[#order + 1] = "inner"
		end)
		inner:get("/", says("home"))
		outer:mount("/in", inner)
		t.equal(testing.client(outer):get("/in").body, "home")
		t.same(order, { "inner", "outer" })
		bad:get("/", says("home"))
		bad:after(function()
			error("the hook broke")
		end)
		t.equal(testing.client(bad):get("/").status, 500)
	end
)
