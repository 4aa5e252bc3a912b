-- Where Segment's own documents are silent the choice is ours: all such choices, in one place, so that they can be seen
-- and changed. The numbers are those of the README's list.
return {
	A1_state_min_strict = 8, -- --strict refuses a shorter state, as fosite does; otherwise any state will do
	A3_already_installed = { error = "invalid_request", description = "install already exists" },
	A4_not_owner = "access_denied",
	A6_code_seconds = 600,
	A7_renew_by_post = true, -- beside GET
	A8_renewal_names_source = true,
	A10_bad_token = "malformed token",
	A11_token_scopes = { workspace = true, ["workspace:read"] = true },
	A14_lenient_bodies = true, -- single quotes and any Content-Type, unless --strict
	A15_redirect_uris_most = 5,
	A19_requests_per_minute = 200, -- for each token, in fixed minutes
	A21_page_size = 10,
	A21_page_size_catalog = 100,
	A21_page_size_most = 100,
	A28_required_when_enabled = true, -- unless a setting says otherwise, an enabled destination has its required settings
	exchange_expires_in = 3599, -- what Segment's samples show
	renewal_expires_in = 3600,
	token_seconds = 3600,
}
