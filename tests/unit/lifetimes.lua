-- The cases of lifetimes_test.c: each uses one native module with values that nothing else holds, and raises when a
-- result is wrong. A case may run many times in one state, also after a run that memory ended. Where a case takes a
-- number, it is how many things it does at once.
local native, origin, raw_request, read_response, logged = ...

local cases = {}

-- A new string, too long for Lua to keep it only once.
local function fresh(text)
	return table.concat { text, ("-"):rep(64), text }
end

-- A table that makes each field anew, and garbage, when it is read.
local function lazy(fields)
	return setmetatable({}, {
		__index = function(_, name)
			local make = fields[name]
			local value = make and make()
			for i = 1, 4 do
				fresh("garbage" .. i)
			end
			return value
		end,
	})
end

local function equal(got, wanted, what)
	if got ~= wanted then
		error(("%s: %s, not %s"):format(what or "got", tostring(got), tostring(wanted)), 2)
	end
end

local function has(text, part)
	if not text:find(part, 1, true) then
		error(("%s is not in %s"):format(part, text), 2)
	end
end

local function raises(call, part)
	local ok, message = pcall(call)
	if not ok and message == "not enough memory" then
		error(message, 0)
	end
	equal(ok, false, "a raise")
	has(message, part)
end

-- A request whose fields are all made when native.http reads them, and what the upstream must get of them.
local function make_request(i)
	local own = "request" .. i
	local parts = {
		("PAT" .. "CH /%s\n"):format(fresh(own)),
		("x-%s: %s\n"):format(fresh "string", fresh(own)),
		("x-%s: %d.5\n"):format(fresh "number", i),
		("x-%s: %s\n"):format(fresh "list", fresh(own)),
		("x-%s: %d\n"):format(fresh "list", i),
		("x-%s: %s\n"):format(fresh "list", fresh "last"),
	}
	local function json()
		return native.json.encode { field = fresh(own) }
	end
	local function form()
		return "field=" .. native.http.escape(fresh(own .. "&="))
	end
	local fields = {
		url = function()
			return origin .. "/" .. fresh(own)
		end,
		method = function()
			return "PAT" .. "CH"
		end,
		body = i % 2 == 0 and json or form,
		timeout = function()
			return "5" .. "0"
		end,
		headers = function()
			return {
				["x-" .. fresh "string"] = fresh(own),
				["x-" .. fresh "number"] = i + 0.5,
				["x-" .. fresh "list"] = { fresh(own), i, fresh "last" },
			}
		end,
	}
	parts[#parts + 1] = fields.body()
	if i % 3 == 0 then
		function fields.bearer()
			return fresh(own)
		end
		parts[#parts + 1] = ("Authorization: Bearer %s\n"):format(fresh(own))
	elseif i % 3 == 1 then
		function fields.basic()
			return { fresh(own), i }
		end
		parts[#parts + 1] = ("Authorization: Basic %s\n"):format(native.crypto.base64(fresh(own) .. ":" .. i))
	end
	return lazy(fields), parts
end

local function check(answer, i, parts)
	equal(answer.error, nil, "error")
	equal(answer.status, 200)
	equal(answer.url, origin .. "/" .. fresh("request" .. i))
	for _, part in ipairs(parts) do
		has(answer.body, part)
	end
end

cases["http.all"] = function(count)
	local requests, parts = {}, {}
	for i = 1, count do
		requests[i], parts[i] = make_request(i)
	end
	local answers = native.http.all(requests)
	equal(#answers, count)
	for i, answer in ipairs(answers) do
		check(answer, i, parts[i])
	end
end

cases["http.request"] = function()
	local one, parts = make_request(1)
	check(native.http.request(one), 1, parts)
end

-- A weak table does not hold its lists. One that is collected before the call reads it is not sent.
cases["http.request weak"] = function()
	local headers = setmetatable({}, { __mode = "v" })
	for i = 1, 4 do
		headers["x-" .. i] = { fresh("value" .. i), i + 0.5 }
	end
	local answer = assert(native.http.request { url = origin .. "/", headers = headers })
	for i = 1, 4 do
		if answer.body:find(("x-%d: "):format(i), 1, true) then
			has(answer.body, ("x-%d: %s\n"):format(i, fresh("value" .. i)))
			has(answer.body, ("x-%d: %d.5\n"):format(i, i))
		end
	end
end

cases["http.parse_url"] = function()
	local url = assert(native.http.parse_url(fresh "https://Example.com:8443/" .. "?a=b#c"))
	equal(url.host, "example.com")
	equal(url.path:sub(1, 9), "/--------")
	equal(native.http.parse_url(fresh "x"), nil)
	equal(native.http.parse_date "Sun, 06 Nov 1994 08:49:37 GMT", 784111777)
	equal(native.http.escape(fresh "&"), ("%%26%s%%26"):format(("-"):rep(64)))
end

local function rows_of(table_name)
	return assert(native.db.row("SELECT count(*) AS n FROM " .. table_name)).n
end

cases.db = function()
	local db = native.db
	assert(db.exec "CREATE TABLE IF NOT EXISTS things (name TEXT, bytes BLOB, number REAL, flag INTEGER)")
	assert(db.exec "DELETE FROM things")
	for i = 1, 3 do
		local changes, row = db.exec(
			fresh "INSERT INTO things VALUES (?, ?, ?, ?) RETURNING name /*" .. "*/",
			fresh("name" .. i),
			db.blob(fresh("bytes" .. i)),
			i + 0.5,
			i == 2
		)
		equal(changes, 1)
		equal(row.name, fresh("name" .. i))
	end
	local rows = assert(db.query("SELECT * FROM things WHERE name > ? ORDER BY name", ("na" .. "me"):rep(1)))
	equal(#rows, 3)
	for i, row in ipairs(rows) do
		equal(row.name, fresh("name" .. i))
		equal(row.bytes, fresh("bytes" .. i))
		equal(row.number, i + 0.5)
		equal(row.flag, i == 2 and 1 or 0)
	end
	raises(function()
		db.query("SELECT ?", lazy {})
	end, "native.db.blob expected")
	raises(function()
		db.query("SELECT ?, ?", fresh "one")
	end, "has 2 `?`, but 1 values were given")
end

cases["db.transaction"] = function()
	local db = native.db
	assert(db.exec "CREATE TABLE IF NOT EXISTS seats (name TEXT)")
	assert(db.exec "DELETE FROM seats")
	local one, two = db.transaction(function()
		assert(db.exec("INSERT INTO seats VALUES (?)", fresh "first"))
		return fresh "one", fresh "two"
	end)
	equal(one, fresh "one")
	equal(two, fresh "two")
	raises(function()
		db.transaction(function()
			assert(db.exec("INSERT INTO seats VALUES (?)", fresh "second"))
			error(fresh "raised")
		end)
	end, fresh "raised")
	raises(function()
		db.transaction(function()
			assert(db.exec("INSERT INTO seats VALUES (?)", fresh "third"))
			db.transaction(error)
		end)
	end, "a transaction inside a transaction")
	raises(function()
		db.transaction(function()
			assert(db.exec("INSERT INTO seats VALUES (?)", fresh "fourth"))
			db.query("SELECT ?", lazy {})
		end)
	end, "native.db.blob expected")
	equal(rows_of "seats", 1)
	assert(db.transaction(function()
		return db.script "INSERT INTO seats VALUES ('fifth'); INSERT INTO seats VALUES ('sixth')"
	end))
	equal(rows_of "seats", 3)
end

cases.crypto = function()
	local crypto = native.crypto
	local text = fresh(("secret"):rep(400))
	equal(#crypto.random(5000), 5000)
	equal(#crypto.digest("sha256", text), 32)
	equal(crypto.hex(crypto.hmac("sha1", fresh "key", text)), crypto.hex(crypto.hmac("sha1", fresh "key", text)))
	equal(crypto.equal(text, fresh(("secret"):rep(400))), true)
	equal(crypto.unbase64(crypto.base64(text)), text)
	equal(crypto.unbase64url(crypto.base64url(text)), text)
	equal(crypto.unbase64(fresh "=" .. text), nil)
	equal(crypto.unseal(crypto.seal(text, fresh "place"), fresh "place"), text)
	equal(crypto.unseal_text(crypto.seal_text(text, fresh "place"), fresh "place"), text)
	equal(crypto.unseal_text(crypto.seal_text(text, fresh "place"), fresh "elsewhere"), nil)
	equal(crypto.unseal_text(fresh "=", fresh "place"), nil)
	equal(#crypto.token(32), 43)
	equal(crypto.keys(), "a")
end

cases.gzip = function()
	local base64 = "H4sIAAAAAAACA6tWSi1LzStRslKKyj+8WqmWiwEA2bLqnRIAAAA="
	equal(native.gzip.decode(native.crypto.unbase64(base64), 18), '{"event":"Zoë"}\n\0')
	equal(native.gzip.decode(native.crypto.unbase64(base64), 17), nil)
	equal(native.gzip.decode(fresh "\x1f\x8b", 18), nil)
end

cases["json.encode"] = function()
	local list = native.json.array()
	for i = 1, 12 do
		list[i] = { [fresh("key" .. i)] = fresh(i .. '"\n'), number = i + 0.5 }
	end
	local text = native.json.encode { list = list, null = native.json.null, yes = true }
	for i = 1, 12 do
		has(text, ('"%s":"%d\\"\\n'):format(fresh("key" .. i), i))
	end
	equal(native.json.encode { fresh "\xff" }, nil)
end

cases["json.decode"] = function()
	local long = fresh "\x7f"
	local value = assert(
		native.json.decode(
			([[{"%s":["%s",1.0,12345678901234567890e0,[],{}],"b":%d}]]):format(fresh "key", long, math.maxinteger)
		)
	)
	equal(value[fresh "key"][1], long)
	equal(math.type(value[fresh "key"][2]), "float")
	equal(native.json.is_array(value[fresh "key"][4]), true)
	equal(value.b, math.maxinteger)
	local names = '\xef\xbb\xbf{"\x7f":1,"a":2,"\\ud83d":[],"2":3,"\\u007f":"%s","1":4,"a":5}'
	value = assert(native.json.decode(names:format(long), { order = true }))
	equal(table.concat(getmetatable(value).__order, " "), "1 2 \x7f a \u{fffd}")
	equal(value["\x7f"], long)
	equal(value.a, 5)
	equal(native.json.decode(names:sub(4):format(long), { order = true, strict = true }), nil)
	equal(native.json.decode(fresh "{"), nil)
end

cases.request = function()
	local request = native.request
	local form = assert(request.parse_form(("%s=%s&a=%%41+b&a=2"):format(fresh "name", fresh "value")))
	equal(form[fresh "name"], fresh "value")
	equal(form.a, "A b")
	equal(request.values(fresh "a=" .. "&a=1&a=2", "a")[3], "2")
	equal(request.parse_form(fresh "a=%00"), nil)
	local cookies = request.parse_cookies(('%s="%s"; a=b'):format(fresh "name", fresh "value"))
	equal(cookies[fresh "name"], fresh "value")
	equal(request.cookie_problem(fresh "name", fresh "val;ue"), "value")
	equal(request.header(raw_request, "x-" .. "twice"), "one, two")
	equal(raw_request.headers["x-twice"], "one, two")
	equal(raw_request.headers.cookie, "a=1; b=2")
	equal(raw_request.path, "/" .. ("path"):rep(20))
end

cases.response = function()
	local headers, body = read_response(lazy {
		status = function()
			return 200
		end,
		headers = function()
			return { [fresh "x-one"] = fresh "value", [fresh "x-list"] = { fresh "first", 2.5 } }
		end,
		body = function()
			return fresh "body"
		end,
	})
	has(headers, ("%s: %s\r\n"):format(fresh "x-one", fresh "value"))
	has(headers, ("%s: %s\r\n"):format(fresh "x-list", fresh "first"))
	has(headers, fresh "x-list" .. ": 2.5\r\n")
	equal(body, fresh "body")
	raises(function()
		read_response(lazy {
			status = function()
				return lazy {}
			end,
		})
	end, "status must be an integer")
end

cases.log = function()
	local function value(text)
		return setmetatable({}, {
			__tostring = function()
				native.log.write("warn", fresh("inside " .. text), { [fresh "field"] = fresh(text) })
				return fresh(text)
			end,
		})
	end
	local fields = {}
	for i = 1, 4 do
		fields[fresh("field" .. i)] = value("value" .. i)
	end
	native.log.write("warn", fresh "outside", fields)
	local lines = logged()
	if lines then -- nil after the first 200 of a second
		has(lines, ('"message":"%s"'):format(fresh "outside"))
		for i = 1, 4 do
			has(lines, ('"message":"%s"'):format(fresh("inside value" .. i)))
			has(lines, ('"%s":"%s"'):format(fresh("field" .. i), fresh("value" .. i)))
		end
	end
	native.log.mask(fresh "hidden")
	equal(native.log.masked(fresh "hidden" .. "!"), "***!")
	equal(native.log.metrics()[1].kind, "counter")
end

cases.shared = function()
	equal(native.shared.put(fresh "name", fresh "value"), true)
	equal(native.shared.get(fresh "name"), fresh "value")
	native.shared.drop(fresh "name")
	equal(native.shared.get(fresh "name"), nil)
end

cases.limit = function()
	equal(math.type(native.limit.take(fresh "key", 1e6, 1e6)), "float")
end

cases.scripts = function()
	local compiled = assert(native.scripts.compile(fresh "return a --", fresh "=name", { a = fresh "value" }))
	equal(compiled(), fresh "value")
	equal(native.scripts.compile(fresh "x", fresh "=name", {}), nil)
	equal(native.scripts.read("app", fresh "name"), nil)
	equal(#native.scripts.list "app", 0)
	equal(native.scripts.rooms()[1].name ~= nil, true)
	has(native.scripts.caller(), "lifetimes.lua")
end

cases.sys = function()
	equal(native.sys.settings().CLIENT_ID, "an id")
	equal(native.sys.server(), "test")
	equal(native.sys.timestamp(0), "1970-01-01T00:00:00.000Z")
	equal(native.sys.env(fresh "NAME"), nil)
	equal(native.sys.sleep(0), true)
end

return cases
