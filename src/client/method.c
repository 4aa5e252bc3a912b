/* curl has an option for each usual method, and one for the name of others. */
#include "client/method.h"

#include <curl/curl.h>
#include <stddef.h>

static bool is(struct pa_span method, const char *name)
{
	return pa_text_equal(method, pa_text_span(name));
}

int pa_method_set(void *easy, struct pa_span method, struct pa_span body, struct pa_error *error)
{
	bool get = is(method, "GET"), head = is(method, "HEAD"), post = is(method, "POST");

	if (!pa_text_is_token(method) || is(method, "CONNECT"))
		return pa_error_set(error, "usage", "a request's method must be a token like GET, and not CONNECT");
	if (head && body.at)
		return pa_error_set(error, "usage", "a HEAD request has no body");
	if (body.at || post) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.at ? body.at : "");
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	if (head)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	bool custom = !head && !(body.at ? post : get || post);
	CURLcode result = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom ? method.at : NULL);
	return result == CURLE_OK ? 0 : pa_error_set(error, "http", "not enough memory");
}

bool pa_method_is_idempotent(struct pa_span method)
{
	static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", NULL};

	for (size_t i = 0; idempotent[i]; i++)
		if (is(method, idempotent[i]))
			return true;
	return false;
}

bool pa_method_follows(struct pa_span method)
{
	return is(method, "GET") || is(method, "HEAD");
}
