-- Templates: what raises and where, what is escaped, layouts and parts.
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"
local view = require "partnerapp.web.view"

testing.case("an undefined name raises with the view's line", function(t)
	t.raises(function()
		view.render("undefined", { name = "x" })
	end, "views/undefined.html:2: undefined 'nmae'")
end)

testing.case("an expression that is nil raises with the view's line", function(t)
	t.raises(function()
		view.render("missing", { thing = {} })
	end, "views/missing.html:3: {{ thing.missing }} is nil")
	t.raises(function()
		view.render("part", { name = {} })
	end, "{{ name }} is a table")
end)

testing.case("views that do not compile raise with file and line", function(t)
	local cases = {
		unended = "views/unended.html:",
		unclosed = "views/unclosed.html:3: '{{' is never closed",
		syntax = "views/syntax.html:2:",
		lost = "there is no view 'nowhere'",
		nowhere = "there is no view 'nowhere'",
		["../init"] = "there is no view",
	}
	for name, wanted in pairs(cases) do
		t.raises(function()
			view.render(name, { x = 1 })
		end, wanted, name)
	end
end)

testing.case("a name of a room is looked for in that room only", function(t)
	for name, wanted in pairs({
		["partnerapp/none"] = "there is no view 'partnerapp/none' (partnerapp/views/none.html)",
		["partnerapp/part"] = "there is no view 'partnerapp/part'",
		["partnerapp/../part"] = "there is no view",
		["partnerapp/"] = "there is no view 'partnerapp/' (partnerapp/views/.html)",
		["partnerapp//layout"] = "there is no view",
		["dashboard/layout"] = "there is no view 'dashboard/layout' (views/dashboard/layout.html)",
	}) do
		t.raises(function()
			view.render(name, { name = "x" })
		end, wanted, name)
	end
	local html = view.render("partnerapp/refusal", { title = "T", message = "m", status = 404, request_id = "id" })
	t.lacks(html, "hidden", "views/partnerapp/refusal.html of the app is not it")
	t.lacks(html, 'class="own"', "nor is the app's layout around it")
	t.contains(html, "<title>T</title>")
	t.raises(function()
		view.render("in_room")
	end, "there is no view 'partnerapp/part'")
end)

testing.case(
	"an app's views/layout.html is the layout of the library's pages too, but for those about errors",
	function(t)
		local failing = require "failing"
		t.contains(testing.client(failing()):get("/refuse").body, 'class="own"')
		t.lacks(testing.client(failing()):get("/raise").body, 'class="own"')
		local app = failing()
		app:get("/torn", function()
			return reply.failed(502, "torn")
		end)
		local response = testing.client(app):get("/torn")
		t.equal(response.status, 502, "a layout that fails")
		t.contains(response.body, '<p class="lead">torn</p>')
		t.lacks(response.body, 'class="own"')
	end
)

testing.case("HT-08 {{ }} escapes all five characters", function(t)
	t.equal(
		view.render("part", { name = [[<a href="x" title='y'>&]] }),
		"<i>&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;</i>\n"
	)
end)

testing.case("layout, include, statements, remarks and raw", function(t)
	local html = view.render("greeting", { name = "A&B", items = { "x", 2 }, raw = "<hr>" })
	t.contains(html, "<title>Hi A&amp;B</title>")
	t.contains(html, "<p>A&amp;B</p>")
	t.contains(html, "<li>1: x</li><li>2: 2</li>")
	t.contains(html, "<i>A&amp;B</i>")
	t.contains(html, "<hr>")
	t.lacks(html, "remark")
end)

testing.case("a view cannot change the values it was given", function(t)
	local values = { name = "x", items = {}, raw = "" }
	view.render("greeting", values)
	t.same(values, { name = "x", items = {}, raw = "" })
end)

testing.case("a layout is not carried into the next rendering", function(t)
	view.render("greeting", { name = "x", items = {}, raw = "" })
	t.equal(view.render("part", { name = "x" }), "<i>x</i>\n")
end)

testing.case("the library's layout has title, language, viewport and its style sheet", function(t)
	local response = reply.view("refusal", { title = "<T>", message = "m", status = 404, request_id = "id" }, 404)
	t.equal(response.status, 404)
	t.equal(response.headers["content-type"], "text/html; charset=utf-8")
	t.equal(response.headers["cache-control"], "no-store")
	t.contains(response.body, "<title>&lt;T&gt;</title>")
	t.contains(response.body, '<html lang="en">')
	t.contains(response.body, 'name="viewport"')
	t.contains(response.body, 'href="/static/partnerapp/partnerapp.css?v=')
	for _, inline in ipairs({ "<style", "<script", "style=", "onclick" }) do
		t.lacks(response.body, inline, "HT-08")
	end
end)
