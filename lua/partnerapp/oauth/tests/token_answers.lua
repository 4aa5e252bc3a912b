-- Token answers as the documentation of each provider prints them, tokens shortened: the provider and what is special,
-- the answer's status, media type and body, and what should come of it (TO-03). Changes of the mount's server are last.
--
-- Of `given`: what the install should have. `life` is in seconds, nil for a token that does not expire. `renews` is the
-- refresh token, nil for none.
local answers = {}

local JSON, FORM, TEXT =
	"application/json; charset=utf-8", "application/x-www-form-urlencoded; charset=utf-8", "text/plain"

-- A token of so many bytes, as Microsoft's are for a user of many groups.
local function long(bytes)
	return ("eyJ0eXAiOiJKV1QiLCJub25jZSI6I"):rep(bytes // 29 + 1):sub(1, bytes)
end

answers.given = {
	-- { provider, status, type, body, { token, scope, life, renews } }
	{
		"GitHub: a form, and it does not expire",
		200,
		FORM,
		"access_token=gho_16C7e42F292c6912E7710c838347Ae178B4a&scope=repo%2Cgist&token_type=bearer",
		{ token = "gho_16C7e42F292c6912E7710c838347Ae178B4a", scope = "repo gist" },
	},
	{
		"GitHub: JSON, scopes with commas",
		200,
		JSON,
		[[{"access_token":"gho_16C7e42F292c6912E7710c838347Ae178B4a","scope":"repo,gist","token_type":"bearer"}]],
		{ token = "gho_16C7e42F292c6912E7710c838347Ae178B4a", scope = "repo gist" },
	},
	{
		"GitHub App: expires, an empty scope",
		200,
		JSON,
		[[{"access_token":"ghu_16C7e42F292c69C2E7","expires_in":28800,"refresh_token":"ghr_1B4a2e77838347a7E420ce178F2E7c",
		"refresh_token_expires_in":15897600,"scope":"","token_type":"bearer"}]],
		{
			token = "ghu_16C7e42F292c69C2E7",
			scope = "asked",
			life = 28800,
			renews = "ghr_1B4a2e77838347a7E420ce178F2E7c",
		},
	},
	{
		"Slack: ok, token_type bot, does not expire",
		200,
		JSON,
		[[{"ok":true,"access_token":"xoxb-17653672481-19874698323","token_type":"bot","scope":"commands,incoming-webhook",
		"bot_user_id":"U0KRQLJ9H","app_id":"A0KRD7HC3","team":{"name":"Slack Pickleball Team","id":"T9TK3CUKW"},
		"enterprise":{"name":"slack-pickleball","id":"E12345678"},"authed_user":{"id":"U1234","scope":"chat:write",
		"access_token":"xoxp-1234","token_type":"user"}}]],
		{ token = "xoxb-17653672481-19874698323", scope = "commands incoming-webhook" },
	},
	{
		"Slack with token rotation",
		200,
		JSON,
		[[{"ok":true,"access_token":"xoxe.xoxb-1-Mi0yLTEyMzQ","token_type":"bot","scope":"commands","expires_in":43200,
		"refresh_token":"xoxe-1-My0xLTEyMzQ","bot_user_id":"U0KRQLJ9H"}]],
		{ token = "xoxe.xoxb-1-Mi0yLTEyMzQ", scope = "commands", life = 43200, renews = "xoxe-1-My0xLTEyMzQ" },
	},
	{
		"Google: a scope that is a URL",
		200,
		JSON,
		[[{"access_token":"1/fFAGRNJru1FTz70BzhT3Zg","expires_in":3920,"token_type":"Bearer",
		"scope":"https://www.googleapis.com/auth/drive.metadata.readonly","refresh_token":"1//xEoDL4iW3cxlI7yDbSRFYNG"}]],
		{
			token = "1/fFAGRNJru1FTz70BzhT3Zg",
			scope = "https://www.googleapis.com/auth/drive.metadata.readonly",
			life = 3920,
			renews = "1//xEoDL4iW3cxlI7yDbSRFYNG",
		},
	},
	{
		"Microsoft v2: a token of 12 KiB, for a user of many groups",
		200,
		JSON,
		'{"token_type":"Bearer","scope":"https://graph.microsoft.com/Mail.Read offline_access","expires_in":3599,'
			.. '"ext_expires_in":3599,"access_token":"'
			.. long(12288)
			.. '","refresh_token":"M.R3_BAY.-CQAA!*$"}',
		{
			token = long(12288),
			scope = "https://graph.microsoft.com/Mail.Read offline_access",
			life = 3599,
			renews = "M.R3_BAY.-CQAA!*$",
		},
	},
	{
		"Microsoft v1: digits in strings",
		200,
		JSON,
		[[{"access_token":"eyJ0eXAiOiJKV1Qi","token_type":"Bearer","expires_in":"3600","expires_on":"1388444763",
		"resource":"https://service.contoso.com/","refresh_token":"AwABAAAAvPM1","scope":"user_impersonation"}]],
		{ token = "eyJ0eXAiOiJKV1Qi", scope = "user_impersonation", life = 3600, renews = "AwABAAAAvPM1" },
	},
	{
		"Salesforce: no expires_in",
		200,
		JSON,
		[[{"access_token":"00DB0000000TfcR!AQQAQFhoK8vTMg_rKA.esrJ2bCs.OOIjJgl","refresh_token":"5Aep8614iLM.Dq661",
		"signature":"d/SxeYBxH0GSVko0HMgcUxuZy0PA2cDDz1u7g7JtDHw=","scope":"web openid","instance_url":
		"https://mycompany.my.salesforce.com","id":"https://login.salesforce.com/id/00DB0/005B0","token_type":"Bearer",
		"issued_at":"1558553873237"}]],
		{
			token = "00DB0000000TfcR!AQQAQFhoK8vTMg_rKA.esrJ2bCs.OOIjJgl",
			scope = "web openid",
			renews = "5Aep8614iLM.Dq661",
		},
	},
	{
		"HubSpot: scopes in a list of another name",
		200,
		JSON,
		[[{"token_type":"bearer","refresh_token":"e1c8-4b7a","access_token":"CLjn-ImxExIFAAEAQAEY","hub_id":1234567,
		"scopes":["oauth","crm.objects.contacts.read"],"expires_in":1800}]],
		{ token = "CLjn-ImxExIFAAEAQAEY", scope = "asked", life = 1800, renews = "e1c8-4b7a" },
	},
	{
		"Shopify: no token_type",
		200,
		JSON,
		[[{"access_token":"f85632530bf277ec9ac6f649fc327f17","scope":"write_orders,read_customers"}]],
		{ token = "f85632530bf277ec9ac6f649fc327f17", scope = "write_orders read_customers" },
	},
	{
		"Shopify, online: expires without a refresh token",
		200,
		JSON,
		[[{"access_token":"f85632530bf277ec9ac6f649fc327f17","scope":"write_orders","expires_in":86399,
		"associated_user_scope":"write_orders","associated_user":{"id":902541635,"email_verified":true}}]],
		{ token = "f85632530bf277ec9ac6f649fc327f17", scope = "write_orders", life = 86399 },
	},
	{
		"Stripe Connect: a refresh token, and it does not expire",
		200,
		JSON,
		[[{"access_token":"sk_test_4eC39HqLyjWDarjtT1zdp7dc","livemode":false,"refresh_token":"rt_Ao2xYz","token_type":
		"bearer","stripe_publishable_key":"pk_test_TYooMQauvdEDq54NiTphI7jx","stripe_user_id":"acct_1","scope":"express"}]],
		{ token = "sk_test_4eC39HqLyjWDarjtT1zdp7dc", scope = "express", renews = "rt_Ao2xYz" },
	},
	{
		"Zoom",
		200,
		JSON,
		[[{"access_token":"eyJhbGciOiJIUzUxMiJ9","token_type":"bearer","refresh_token":"eyJhbGciOiJIUzI1NiJ9",
		"expires_in":3599,"scope":"user:read:user","api_url":"https://api.zoom.us"}]],
		{ token = "eyJhbGciOiJIUzUxMiJ9", scope = "user:read:user", life = 3599, renews = "eyJhbGciOiJIUzI1NiJ9" },
	},
	{
		"Notion: null for what is not there, no scope, names of its own",
		200,
		JSON,
		[[{"access_token":"secret_e202e8c9","bot_id":"b3414d65","duplicated_template_id":null,"owner":{"workspace":true},
		"workspace_icon":null,"workspace_id":"j565j4d7x3","workspace_name":"Ada's workspace","refresh_token":null,
		"token_type":"bearer"}]],
		{ token = "secret_e202e8c9", scope = "asked" },
		{ token_request = "json" },
	},
	{
		"Atlassian: no token_type in the documentation's example",
		200,
		JSON,
		[[{"access_token":"eyJraWQiOiJmZTM2","expires_in":3600,"scope":"read:jira-work offline_access",
		"refresh_token":"eyJhbGciOiJIUzUx"}]],
		{
			token = "eyJraWQiOiJmZTM2",
			scope = "read:jira-work offline_access",
			life = 3600,
			renews = "eyJhbGciOiJIUzUx",
		},
		{ token_request = "json", authentication = "post" },
	},
	{
		"Dropbox",
		200,
		JSON,
		[[{"access_token":"sl.AbX9y6Fe3AuH5o66-gmJpR032jwAwQPIVVzWXZNkdzcYT02akC2de219dZi6gxYPVnYPrpvISRSf9lxKWJzYL",
		"expires_in":14400,"token_type":"bearer","scope":"account_info.read files.content.read","account_id":
		"dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc","uid":"12345"}]],
		{
			token = "sl.AbX9y6Fe3AuH5o66-gmJpR032jwAwQPIVVzWXZNkdzcYT02akC2de219dZi6gxYPVnYPrpvISRSf9lxKWJzYL",
			scope = "account_info.read files.content.read",
			life = 14400,
		},
	},
	{
		"Box",
		200,
		JSON,
		[[{"access_token":"T9cE5asGnuyYCCqIZFoWjFHvNbvVqHjl","expires_in":3600,"restricted_to":[],"refresh_token":
		"J7rxTiWOHMoSC1isKZKBZWizoRXjkQzig5C6jFgCVJ9bUnsUfGMinKBDLZWP9BgR","token_type":"bearer"}]],
		{
			token = "T9cE5asGnuyYCCqIZFoWjFHvNbvVqHjl",
			scope = "asked",
			life = 3600,
			renews = "J7rxTiWOHMoSC1isKZKBZWizoRXjkQzig5C6jFgCVJ9bUnsUfGMinKBDLZWP9BgR",
		},
	},
	{
		"Facebook",
		200,
		JSON,
		[[{"access_token":"EAACEdEose0cBA","token_type":"bearer","expires_in":5183944}]],
		{ token = "EAACEdEose0cBA", scope = "asked", life = 5183944 },
	},
	{
		"Facebook before 2.3: a form under text/plain",
		200,
		"text/plain; charset=UTF-8",
		"access_token=CAACEdEose0cBA",
		{ token = "CAACEdEose0cBA", scope = "asked" },
	},
	{
		"LinkedIn: no token_type, commas",
		200,
		JSON,
		[[{"access_token":"AQUvlL_DYEzvT2wz1QJiEPeLioeA","expires_in":5184000,"refresh_token":"AQWAft_WjYZKwuWXLC5hQlghgTam",
		"refresh_token_expires_in":31536000,"scope":"email,openid,profile"}]],
		{
			token = "AQUvlL_DYEzvT2wz1QJiEPeLioeA",
			scope = "email openid profile",
			life = 5184000,
			renews = "AQWAft_WjYZKwuWXLC5hQlghgTam",
		},
	},
	{
		"X",
		200,
		JSON,
		[[{"token_type":"bearer","expires_in":7200,"access_token":"Q0Mzb0VhZ0V5dmNXSTEyNER2MFNfVW50RzdXdTN6STFx","scope":
		"tweet.write users.read offline.access","refresh_token":"bWRWa3gzdnk3WHRGU1o0bmRRcTJ5Vkp"}]],
		{
			token = "Q0Mzb0VhZ0V5dmNXSTEyNER2MFNfVW50RzdXdTN6STFx",
			scope = "tweet.write users.read offline.access",
			life = 7200,
			renews = "bWRWa3gzdnk3WHRGU1o0bmRRcTJ5Vkp",
		},
	},
	{
		"Discord",
		200,
		JSON,
		[[{"access_token":"6qrZcUqja7812RVdnEKjpzOL4CvHBFG","token_type":"Bearer","expires_in":604800,"refresh_token":
		"D43f5y0ahjqew82jZ4NViEr2YafMKhue","scope":"identify"}]],
		{
			token = "6qrZcUqja7812RVdnEKjpzOL4CvHBFG",
			scope = "identify",
			life = 604800,
			renews = "D43f5y0ahjqew82jZ4NViEr2YafMKhue",
		},
	},
	{
		"Spotify",
		200,
		JSON,
		[[{"access_token":"NgCXRK...MzYjw","token_type":"Bearer","scope":"user-read-private user-read-email",
		"expires_in":3600,"refresh_token":"NgAagA...Um_SHo"}]],
		{
			token = "NgCXRK...MzYjw",
			scope = "user-read-private user-read-email",
			life = 3600,
			renews = "NgAagA...Um_SHo",
		},
	},
	{
		"Twitch: a list of scopes",
		200,
		JSON,
		[[{"access_token":"rfx2uswqe8l4g1mkagrvg5tv0ks3","expires_in":14124,"refresh_token":"5b93chm6hdve3mycz05z",
		"scope":["channel:moderate","chat:edit"],"token_type":"bearer"}]],
		{
			token = "rfx2uswqe8l4g1mkagrvg5tv0ks3",
			scope = "channel:moderate chat:edit",
			life = 14124,
			renews = "5b93chm6hdve3mycz05z",
		},
	},
	{
		"Mailchimp: expires_in 0 and scope null: does not expire",
		200,
		JSON,
		[[{"access_token":"5c6ccc561059aa386da9d112215bae55","expires_in":0,"scope":null}]],
		{ token = "5c6ccc561059aa386da9d112215bae55", scope = "asked" },
	},
	{
		"Zendesk",
		200,
		JSON,
		[[{"access_token":"gErypPlm4dOVgGRvA1ZzMH5MQ3nLo8bo","token_type":"bearer","scope":"read write"}]],
		{ token = "gErypPlm4dOVgGRvA1ZzMH5MQ3nLo8bo", scope = "read write" },
		{ token_request = "json", authentication = "post" },
	},
	{
		"Intercom: the token twice, no token_type in older answers",
		200,
		JSON,
		[[{"token":"dG9rOjE5ZTRkNWNi","access_token":"dG9rOjE5ZTRkNWNi"}]],
		{ token = "dG9rOjE5ZTRkNWNi", scope = "asked" },
	},
	{
		"Asana",
		200,
		JSON,
		[[{"access_token":"f6ds7fdsa69ags7ag9sd5a","expires_in":3600,"token_type":"bearer","data":{"id":4673218951,"gid":
		"4673218951","name":"Greg Sanchez","email":"gsanchez@example.com"},"refresh_token":"hjkl325hjkl4325hj4kl32fjds"}]],
		{
			token = "f6ds7fdsa69ags7ag9sd5a",
			scope = "asked",
			life = 3600,
			renews = "hjkl325hjkl4325hj4kl32fjds",
		},
	},
	{
		"Linear: ten years and some days, a list of scopes",
		200,
		JSON,
		[[{"access_token":"00a21d8b0c4e2375114e49c067dfb81e","token_type":"Bearer","expires_in":315705599,
		"scope":["read","write"]}]],
		{ token = "00a21d8b0c4e2375114e49c067dfb81e", scope = "read write", life = 315705599 },
	},
	{
		"Figma",
		200,
		JSON,
		[[{"user_id_string":"1234","access_token":"figu_x1y2","token_type":"bearer","expires_in":7776000,"refresh_token":
		"figur_z3"}]],
		{ token = "figu_x1y2", scope = "asked", life = 7776000, renews = "figur_z3" },
	},
	{
		"Instagram: a user id that is a number, permissions in place of a scope",
		200,
		JSON,
		[[{"access_token":"IGQVJWS0lQZA","user_id":17841405793187218,"permissions":["instagram_business_basic"]}]],
		{ token = "IGQVJWS0lQZA", scope = "asked" },
	},
	{
		"PayPal: the scopes are 700 bytes",
		200,
		JSON,
		'{"scope":"'
			.. ("https://uri.paypal.com/services/invoicing "):rep(17)
			.. 'openid","token_type":"Bearer","expires_in":"28800","refresh_token":"R103.iFGP","access_token":"A23AAFt4"}',
		{
			token = "A23AAFt4",
			scope = ("https://uri.paypal.com/services/invoicing "):rep(17) .. "openid",
			life = 28800,
			renews = "R103.iFGP",
		},
	},
	{
		"QuickBooks",
		200,
		JSON,
		[[{"token_type":"bearer","expires_in":3600,"refresh_token":"Q311488394272qbajGfBBcbPBwTpjfLh",
		"x_refresh_token_expires_in":8726400,"access_token":"eyJlbmMiOiJBMTI4Q0JD..SQfNDi"}]],
		{
			token = "eyJlbmMiOiJBMTI4Q0JD..SQfNDi",
			scope = "asked",
			life = 3600,
			renews = "Q311488394272qbajGfBBcbPBwTpjfLh",
		},
	},
	{
		"Xero",
		200,
		JSON,
		[[{"id_token":"eyJhbGciOiJSUzI1NiIs","access_token":"eyJhbGciOiJSUzI1NiIt","expires_in":1800,"token_type":"Bearer",
		"refresh_token":"96a8dffed9dffb3a2bdc","scope":"openid offline_access accounting.transactions"}]],
		{
			token = "eyJhbGciOiJSUzI1NiIt",
			scope = "openid offline_access accounting.transactions",
			life = 1800,
			renews = "96a8dffed9dffb3a2bdc",
		},
	},
	{
		"Bitbucket: scopes in a text of another name",
		200,
		JSON,
		[[{"scopes":"account repository","access_token":"tnYnJc0=","expires_in":7200,"token_type":"bearer","state":
		"authorization_code","refresh_token":"yD9Ps7Kn"}]],
		{ token = "tnYnJc0=", scope = "asked", life = 7200, renews = "yD9Ps7Kn" },
	},
	{
		"Apigee: BearerToken, an empty refresh token, an empty scope, digits in strings, an app_name of its own",
		200,
		JSON,
		[[{"issued_at":"1420262924658","scope":"","app_name":"My App!","refresh_token_issued_at":
		"1420262924658","status":"approved","refresh_token_status":"approved","api_product_list":"[PremiumWeatherAPI]",
		"expires_in":"1799","token_type":"BearerToken","client_id":"5jUAdGv9pBouF0wOH5keAVI35GBtx3dT","access_token":
		"2l4IQtZXbn5WBJdL6EF7uenOWRsi","refresh_token":"","refresh_token_expires_in":"0","refresh_count":"0"}]],
		{ token = "2l4IQtZXbn5WBJdL6EF7uenOWRsi", scope = "asked", life = 1799 },
	},
	{
		"Weibo: JSON under text/plain, five years",
		200,
		"text/plain;charset=UTF-8",
		[[{"access_token":"2.00SLDabc","remind_in":"157679999","expires_in":157679999,"uid":"5678656831"}]],
		{ token = "2.00SLDabc", scope = "asked", life = 157679999 },
	},
	{
		"Strava: athlete and expires_at",
		200,
		JSON,
		[[{"token_type":"Bearer","expires_at":1568775134,"expires_in":21600,"refresh_token":"e5n567567","access_token":
		"a4b945687g","athlete":{"id":134815}}]],
		{ token = "a4b945687g", scope = "asked", life = 21600, renews = "e5n567567" },
	},
	{
		"ClickUp: the access token alone",
		200,
		JSON,
		[[{"access_token":"4001_0f2a"}]],
		{ token = "4001_0f2a", scope = "asked" },
	},
	{
		"TikTok: commas, names of its own",
		200,
		JSON,
		[[{"access_token":"act.example12345","expires_in":86400,"open_id":"afd97af1","refresh_expires_in":31536000,
		"refresh_token":"rft.example12345","scope":"user.info.basic,video.list","token_type":"Bearer"}]],
		{
			token = "act.example12345",
			scope = "user.info.basic video.list",
			life = 86400,
			renews = "rft.example12345",
		},
	},
	{
		"Amazon: | in tokens",
		200,
		JSON,
		[[{"access_token":"Atza|IQEBLjAsAhRmHjNgHpi0U","token_type":"bearer","expires_in":3600,"refresh_token":
		"Atzr|IQEBLzAtAhRPpMJxdwVz2"}]],
		{
			token = "Atza|IQEBLjAsAhRmHjNgHpi0U",
			scope = "asked",
			life = 3600,
			renews = "Atzr|IQEBLzAtAhRPpMJxdwVz2",
		},
	},
	{
		"Sentry: status 201",
		201,
		JSON,
		[[{"token":"b1","refreshToken":"c1","access_token":"b1","refresh_token":"c1","expires_in":28800}]],
		{ token = "b1", scope = "asked", life = 28800, renews = "c1" },
	},
}

local function case(what, status, kind, body, want, changes)
	answers.given[#answers.given + 1] = { what, status, kind, body, want, changes }
end

-- What no documentation prints, but servers send.
case("a fraction of a second", 200, JSON, '{"access_token":"t1","expires_in":3599.9972}', {
	token = "t1",
	scope = "asked",
	life = 3599,
})
case("a fraction in a string", 200, JSON, '{"access_token":"t1","expires_in":"3599.5"}', {
	token = "t1",
	scope = "asked",
	life = 3599,
})
case("JSON under text/html", 200, "text/html; charset=UTF-8", '\r\n{"access_token":"t1"}', {
	token = "t1",
	scope = "asked",
})
case("JSON under the type of a form", 200, FORM, '{"access_token":"t1"}', { token = "t1", scope = "asked" })
case("JSON without a type", 200, nil, '{"access_token":"t1"}', { token = "t1", scope = "asked" })
case("commas with spaces", 200, JSON, '{"access_token":"t1","scope":"a, b,c"}', { token = "t1", scope = "a b c" })
case("an empty list of scopes", 200, JSON, '{"access_token":"t1","scope":[]}', { token = "t1", scope = "asked" })
case("an empty error beside a token", 200, JSON, '{"access_token":"t1","error":""}', { token = "t1", scope = "asked" })
case("expires_in null", 200, JSON, '{"access_token":"t1","expires_in":null}', { token = "t1", scope = "asked" })
case("16 KiB", 200, JSON, '{"access_token":"' .. long(16384) .. '","refresh_token":"' .. long(16384) .. '"}', {
	token = long(16384),
	scope = "asked",
	renews = long(16384),
})
case("a scope of 8 KiB", 200, JSON, '{"access_token":"t1","scope":"' .. ("scope:a,"):rep(1023) .. 'b"}', {
	token = "t1",
	scope = ("scope:a "):rep(1023) .. "b",
})
case("names of Segment's members mean nothing", 200, JSON, '{"access_token":"t1","install_name":"installs/7"}', {
	token = "t1",
	scope = "asked",
})
case("text after JSON in a form", 200, TEXT, "token_type=bearer&access_token=t%2B1&expires_in=60", {
	token = "t+1",
	scope = "asked",
	life = 60,
})

return answers
