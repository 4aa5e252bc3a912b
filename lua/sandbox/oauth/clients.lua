-- OAuth clients: the apps that are registered.
local crypto = require "partnerapp.crypto"
local db = require "partnerapp.db"
local json = require "partnerapp.json"
local store = require "store"
local uuid = require "uuid"

local clients = {}

local function from_row(row)
	if row then
		row.redirect_uris = store.decode(row.redirect_uris)
		row.details = store.decode(row.details)
		row.public = row.public == 1
		row.below_workspace = row.below_workspace == 1
	end
	return row or nil
end

--- The client of that id.
---@param client_id string
---@return table? client a row of the table clients, decoded
function clients.find(client_id)
	return from_row(db.row("SELECT * FROM clients WHERE client_id = ?", client_id))
end

local function by_identity(identity)
	return from_row(db.row("SELECT * FROM clients WHERE identity = ?", identity))
end

local INSERT = [[INSERT INTO clients (n, client_id, secret, scope, public, redirect_uris, display_name, workspace,
	below_workspace, details, identity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]]

--- Registers an app. With `identity` the same app is found again instead of made twice. Call it in a transaction.
---@param app table scope, redirect_uris, public, display_name, workspace (the owner's slug), below_workspace, details
---@param identity string?
---@return table client
function clients.register(app, identity)
	local known = identity and by_identity(identity)
	if known then
		return known
	end
	local client_id = uuid()
	store.insert(
		INSERT,
		store.number "clients",
		client_id,
		store.random(12),
		app.scope,
		app.public ~= false,
		store.encode(json.array(app.redirect_uris)),
		app.display_name,
		app.workspace,
		app.below_workspace or false,
		store.encode(app.details or {}),
		identity
	)
	return identity and by_identity(identity) or clients.find(client_id)
end

local function form_decode(text)
	return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
		return string.char(tonumber(digits, 16))
	end))
end

local function with_secret(client_id, secret)
	local row = db.row("SELECT n, client_id, secret, scope FROM clients WHERE client_id = ?", client_id)
	return row and crypto.equal(row.secret, secret) and row or nil
end

--- The client whose credentials a request carries: Basic, plain or form-encoded (RFC 6749 2.3.1), or in the form. As in
--- fosite, a header that is not Basic does not count, and a client_id without a secret counts as a wrong secret.
---@param req table
---@param form table<string, string>?
---@return table? client n, client_id, scope
---@return boolean given whether the request has credentials
function clients.authenticate(req, form)
	local user, password = req:basic()
	if not user and form and (form.client_id or "") ~= "" then
		user, password = form.client_id, form.client_secret or ""
	end
	if not user then
		return nil, false
	end
	local client = with_secret(user, password)
	if not client and (user .. password):find("[%%+]") then
		client = with_secret(form_decode(user), form_decode(password))
	end
	return client, true
end

return clients
