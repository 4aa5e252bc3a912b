-- Calls from pages of other origins: only those that an app lists, without credentials (HT-22).

local cors = {}

--- Whether an app lists an origin.
---@param origins string[]
---@param origin string as the browser sent it
---@return boolean
function cors.is_listed(origins, origin)
	for _, allowed in ipairs(origins) do
		if allowed == origin then
			return true
		end
	end
	return false
end

--- Adds the headers that let a listed origin read the response.
---@param origins string[] "https://app.example.com"
---@param req partnerapp.request
---@param response partnerapp.response
function cors.apply(origins, req, response)
	local headers = response.headers or {}
	response.headers = headers
	headers.vary = headers.vary and headers.vary .. ", Origin" or "Origin"
	local origin = req:header("origin")
	if not origin or not cors.is_listed(origins, origin) then
		return
	end
	headers["access-control-allow-origin"] = origin
	if req.method == "OPTIONS" and req:header("access-control-request-method") then
		headers["access-control-allow-methods"] = headers.allow
		headers["access-control-allow-headers"] = "content-type, authorization"
		headers["access-control-max-age"] = "600"
	end
end

return cors
