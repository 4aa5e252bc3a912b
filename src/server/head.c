/* Status lines, dates and default headers. */
#include "server/head.h"

#include <string.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{100, "Continue"},
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{426, "Upgrade Required"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

const char *pa_head_reason(int status)
{
	static const char *const classes[] = {"Informational", "Success", "Redirect", "Client Error", "Server Error"};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return status >= 100 && status <= 599 ? classes[status / 100 - 1] : "Unknown";
}

bool pa_head_is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static int add(struct pa_buffer *out, const char *text)
{
	return pa_buffer_add(out, text, strlen(text));
}

static int add_number(struct pa_buffer *out, size_t number)
{
	char digits[24], *at = digits + sizeof digits;

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	return pa_buffer_add(out, at, (size_t)(digits + sizeof digits - at));
}

static const char *date_now(struct pa_date *date)
{
	time_t now = time(NULL);

	if (now != date->second) {
		struct tm calendar;
		gmtime_r(&now, &calendar);
		strftime(date->text, sizeof date->text, "%a, %d %b %Y %H:%M:%S GMT", &calendar);
		date->second = now;
	}
	return date->text;
}

static int add_page_defaults(struct pa_buffer *out, unsigned has)
{
	int failed = 0;

	if (!(has & PA_HAS_CSP)) /* the same as lua/partnerapp/web/policy.lua makes */
		failed |= add(out, "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; "
						   "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n");
	if (!(has & PA_HAS_OPENER_POLICY))
		failed |= add(out, "Cross-Origin-Opener-Policy: same-origin\r\n");
	if (!(has & PA_HAS_PERMISSIONS_POLICY))
		failed |= add(out, "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=()\r\n");
	return failed;
}

/* Headers of every response, each unless the script set it. */
static int add_defaults(struct pa_buffer *out, unsigned has, bool https)
{
	int failed = add(out, "X-Content-Type-Options: nosniff\r\n");

	if (!(has & PA_HAS_CACHE_CONTROL))
		failed |= add(out, "Cache-Control: no-store\r\n");
	if (!(has & PA_HAS_REFERRER_POLICY))
		failed |= add(out, "Referrer-Policy: no-referrer\r\n");
	if (https)
		failed |= add(out, "Strict-Transport-Security: max-age=31536000\r\n");
	return has & PA_HAS_HTML ? failed | add_page_defaults(out, has) : failed;
}

int pa_head_write(
	struct pa_buffer *out, struct pa_date *date, const char *request_id, bool https, const struct pa_response *response)
{
	int failed = 0;

	out->length = 0;
	failed |= add(out, "HTTP/1.1 ");
	failed |= add_number(out, (size_t)response->status);
	failed |= add(out, " ");
	failed |= add(out, pa_head_reason(response->status));
	failed |= add(out, "\r\nDate: ");
	failed |= add(out, date_now(date));
	failed |= add(out, "\r\n");
	if (response->headers.length > 0)
		failed |= pa_buffer_add(out, response->headers.at, response->headers.length);
	failed |= add_defaults(out, response->has, https);
	failed |= add(out, "X-Request-Id: ");
	failed |= add(out, request_id);
	failed |= add(out, response->close ? "\r\nConnection: close\r\n" : "\r\nConnection: keep-alive\r\n");
	if (!pa_head_is_bodiless(response->status)) {
		failed |= add(out, "Content-Length: ");
		failed |= add_number(out, response->body.length);
		failed |= add(out, "\r\n");
	}
	return failed | add(out, "\r\n");
}
