/* The easy handle of one request, its callbacks and its headers. */
#include "client/transfer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/stats.h"
#include "client/address.h"
#include "client/url.h"

enum {
	IN_HEADERS_MAX = 256,
	IN_HEADER_BYTES = 64 << 10,
	CONNECTION_SECONDS = 30, /* an idle connection is not used again after that: the peer may be closing it */
	LOW_SPEED_BYTES = 10,    /* a second, */
	LOW_SPEED_SECONDS = 30,  /* for so long: the peer has gone */
	EXPECT_FROM = 1 << 20,   /* bytes of a body from which on curl would wait for a 100 */
	KEPT_BYTES = 64 << 10,   /* a larger buffer is not kept */
	HEADER_LINE_MAX = 8 << 10,
};

struct pa_transfer {
	const struct pa_allow *allow;
	const atomic_bool *cancelled;
	CURL *easy;
	struct pa_buffer lines; /* headers to send, each ended by NUL */
	struct curl_slist list[PA_TRANSFER_HEADERS_MAX + 2];
	size_t line_count;
	struct pa_buffer head, body; /* what came */
	size_t head_bytes, head_lines, lengths;
	size_t bytes_max;
	int64_t deadline_ms;
	int redirects;
	bool prepared;
	bool has_content_type, has_authorization;
	bool once;    /* not idempotent: may be sent once only (SS-11) */
	bool sent;    /* a connection was there to send it on */
	bool allowed; /* private addresses too */
	bool denied, too_large, head_too_large, repeated, malformed;
	CURLcode result;
	char origin[PA_URL_ORIGIN_SIZE];
	char *url; /* of the last redirect; NULL before the first one */
	const char *first_url;
	char message[CURL_ERROR_SIZE];
};

/* Callbacks: never raise, never call Lua. */

static size_t on_body(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	if (length > transfer->bytes_max - transfer->body.length) {
		transfer->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return pa_buffer_add(&transfer->body, bytes, length) < 0 ? CURL_WRITEFUNC_ERROR : length;
}

/* A bare CR or another control byte inside a value is a space (RFC 9110 5.5). */
static void blank_controls(char *line, size_t length)
{
	while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
}

/* With two Content-Length lines the end of the answer is ambiguous; curl would take one of them (RFC 9112 6.3). */
static bool is_second_length(struct pa_transfer *transfer, const char *line, size_t length)
{
	if (length < 15 || strncasecmp(line, "Content-Length:", 15) != 0)
		return false;
	transfer->lengths++;
	return transfer->lengths > 1;
}

static size_t on_header(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	transfer->head_bytes += length;
	transfer->head_lines++;
	if (transfer->head_bytes > IN_HEADER_BYTES || transfer->head_lines > IN_HEADERS_MAX) {
		transfer->head_too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		transfer->head.length = 0; /* the lines so far were those of an interim answer */
		transfer->lengths = 0;
		return length;
	}
	if (is_second_length(transfer, bytes, length)) {
		transfer->malformed = true;
		return CURL_WRITEFUNC_ERROR;
	}
	size_t begin = transfer->head.length;
	if (pa_buffer_add(&transfer->head, bytes, length) < 0)
		return CURL_WRITEFUNC_ERROR;
	blank_controls(transfer->head.at + begin, length);
	return length;
}

/* The address is known here, after DNS and before the connection (SS-03). */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct pa_transfer *transfer = context;

	(void)purpose;
	if (!transfer->allowed && pa_address_is_private(&address->addr)) {
		transfer->denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool is_private_text(const char *ip)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		return pa_address_is_private((struct sockaddr *)&v4);
	return inet_pton(AF_INET6, ip, &v6.sin6_addr) != 1 || pa_address_is_private((struct sockaddr *)&v6);
}

/* Called before the request is sent on a connection, new or kept; a second time when a kept connection closed without
 * an answer. Sending again is right only for what may arrive twice. */
static int on_connected(void *context, char *ip, char *local_ip, int port, int local_port)
{
	struct pa_transfer *transfer = context;

	(void)local_ip, (void)port, (void)local_port;
	if (!transfer->allowed && is_private_text(ip)) {
		transfer->denied = true;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->repeated = transfer->sent && transfer->once;
	transfer->sent = true;
	return transfer->repeated ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* Making and emptying */

static CURL *new_easy(struct pa_transfer *transfer)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a deadline does not wait for a name server */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_SECONDS);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "partnerapp/" PARTNERAPP_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	return easy;
}

void pa_transfer_free(struct pa_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	pa_buffer_free(&transfer->lines);
	pa_buffer_free(&transfer->head);
	pa_buffer_free(&transfer->body);
	free(transfer->url);
	free(transfer);
}

struct pa_transfer *pa_transfer_new(const struct pa_allow *allow, const atomic_bool *cancelled)
{
	struct pa_transfer *transfer = calloc(1, sizeof *transfer);

	if (!transfer)
		return NULL;
	transfer->allow = allow;
	transfer->cancelled = cancelled;
	transfer->easy = new_easy(transfer);
	if (!transfer->easy) {
		free(transfer);
		return NULL;
	}
	return transfer;
}

void pa_transfer_reset(struct pa_transfer *transfer)
{
	if (transfer->lines.length > 0)
		explicit_bzero(transfer->lines.at, transfer->lines.length); /* credentials are among them */
	pa_buffer_reset(&transfer->lines, KEPT_BYTES);
	pa_buffer_reset(&transfer->head, KEPT_BYTES);
	pa_buffer_reset(&transfer->body, KEPT_BYTES);
	free(transfer->url);
	transfer->url = NULL;
	transfer->line_count = transfer->head_bytes = transfer->head_lines = 0;
	transfer->prepared = transfer->has_content_type = transfer->has_authorization = false;
	transfer->sent = transfer->denied = transfer->too_large = transfer->head_too_large = transfer->repeated =
		transfer->malformed = false;
	transfer->message[0] = '\0';
}

/* Setting up */

static bool is_reserved(struct pa_span name)
{
	static const char *const reserved[] = {"Connection", "Content-Length", "Expect", "Host", "Keep-Alive",
		"Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", NULL};

	for (size_t i = 0; reserved[i]; i++)
		if (pa_text_is(name, reserved[i]))
			return true;
	return false;
}

static int check_header(struct pa_transfer *transfer, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	if (!pa_text_is_token(name) || name.length > 255)
		return pa_error_set(error, "usage", "'%.*s' is not a header name", (int)(name.length & 63), name.at);
	if (is_reserved(name))
		return pa_error_set(
			error, "usage", "the header %.*s is set by the client, not by a request", (int)name.length, name.at);
	if (!pa_text_is_field_value(value) || value.length > HEADER_LINE_MAX)
		return pa_error_set(
			error, "usage", "the value of header %.*s is too long or has a control byte", (int)name.length, name.at);
	if (pa_text_is(name, "Authorization")) {
		if (transfer->has_authorization)
			return pa_error_set(error, "usage", "a request has one Authorization only");
		transfer->has_authorization = true;
	}
	transfer->has_content_type |= pa_text_is(name, "Content-Type");
	return 0;
}

static int add_header(struct pa_transfer *transfer, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	struct pa_buffer *lines = &transfer->lines;

	if (check_header(transfer, name, value, error) < 0)
		return -1;
	/* A name and ';' is how curl is told to send an empty value. */
	if (pa_buffer_add(lines, name.at, name.length) < 0 ||
		pa_buffer_add(lines, value.length > 0 ? ": " : ";", value.length > 0 ? 2 : 1) < 0 ||
		pa_buffer_add(lines, value.at, value.length) < 0 || pa_buffer_add(lines, "", 1) < 0)
		return pa_error_set(error, "http", "not enough memory");
	transfer->line_count++;
	return 0;
}

/* The lines as the list that curl wants, and what curl must be kept from adding. */
static struct curl_slist *list_of(struct pa_transfer *transfer, const struct pa_transfer_options *options)
{
	static char no_content_type[] = "Content-Type:", no_expect[] = "Expect:";
	size_t count = 0;

	for (char *at = transfer->lines.at; count < transfer->line_count; at += strlen(at) + 1)
		transfer->list[count++].data = at;
	if (options->body.at && !transfer->has_content_type)
		transfer->list[count++].data = no_content_type;
	if (options->body.length >= EXPECT_FROM)
		transfer->list[count++].data = no_expect;
	for (size_t i = 0; i < count; i++)
		transfer->list[i].next = i + 1 < count ? &transfer->list[i + 1] : NULL;
	return count > 0 ? transfer->list : NULL;
}

static int set_url(struct pa_transfer *transfer, const char *text, size_t length, struct pa_error *error)
{
	char origin[PA_URL_ORIGIN_SIZE];
	const char *problem = pa_url_origin(text, length, origin);

	if (problem)
		return pa_error_set(error, "usage", "%s", problem);
	memcpy(transfer->origin, origin, sizeof origin);
	transfer->allowed = pa_allow_has(transfer->allow, origin);
	if (curl_easy_setopt(transfer->easy, CURLOPT_URL, text) != CURLE_OK)
		return pa_error_set(error, "http", "not enough memory");
	return 0;
}

static bool is_method(struct pa_span method, const char *name)
{
	return pa_text_equal(method, pa_text_span(name));
}

static int set_method(struct pa_transfer *transfer, const struct pa_transfer_options *options, struct pa_error *error)
{
	static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", NULL};
	struct pa_span method = options->method, body = options->body;
	CURL *easy = transfer->easy;
	bool get = is_method(method, "GET"), head = is_method(method, "HEAD"), post = is_method(method, "POST");

	if (!pa_text_is_token(method) || is_method(method, "CONNECT"))
		return pa_error_set(error, "usage", "a request's method must be a token");
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
	transfer->redirects = get || head ? options->redirects : 0;
	transfer->once = true;
	for (size_t i = 0; idempotent[i]; i++)
		if (is_method(method, idempotent[i]))
			transfer->once = false;
	return result == CURLE_OK ? 0 : pa_error_set(error, "http", "not enough memory");
}

int pa_transfer_prepare(struct pa_transfer *transfer, const struct pa_transfer_options *options, struct pa_error *error)
{
	CURL *easy = transfer->easy;

	for (size_t i = 0; i < options->header_count; i++)
		if (add_header(transfer, options->headers[i][0], options->headers[i][1], error) < 0)
			return -1;
	if (set_url(transfer, options->url.at, options->url.length, error) < 0 || set_method(transfer, options, error) < 0)
		return -1;
	transfer->first_url = options->url.at;
	transfer->bytes_max = options->bytes_max;
	transfer->deadline_ms = pa_clock_ms() + options->timeout_ms;
	transfer->result = CURLE_ABORTED_BY_CALLBACK; /* until it ends */
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list_of(transfer, options));
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, options->compressed ? "gzip, deflate" : NULL);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_ms);
	transfer->prepared = true;
	return 0;
}

bool pa_transfer_is_prepared(const struct pa_transfer *transfer)
{
	return transfer->prepared;
}

void *pa_transfer_easy(const struct pa_transfer *transfer)
{
	return transfer->easy;
}

/* Redirects */

bool pa_transfer_end(struct pa_transfer *transfer, int result)
{
	char *target = NULL, before[PA_URL_ORIGIN_SIZE];
	struct pa_error ignored;

	transfer->result = (CURLcode)result;
	if (transfer->result != CURLE_OK || transfer->redirects == 0 ||
		curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || !target)
		return false;
	long left = (long)(transfer->deadline_ms - pa_clock_ms());
	if (left <= 0) {
		transfer->result = CURLE_OPERATION_TIMEDOUT;
		return false;
	}
	memcpy(before, transfer->origin, sizeof before);
	char *copy = strdup(target); /* curl's own is gone with the next transfer */
	if (!copy || set_url(transfer, copy, strlen(copy), &ignored) < 0) {
		free(copy);
		return false;
	}
	if (strcmp(before, transfer->origin) != 0) /* what was meant for the first origin stays there (SS-04) */
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, left);
	free(transfer->url);
	transfer->url = copy;
	transfer->redirects--;
	transfer->sent = false;
	transfer->head.length = transfer->body.length = transfer->head_bytes = transfer->head_lines = 0;
	return true;
}

/* What came of it */

static const char *word_of(CURLcode result)
{
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		return "timeout";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "dns";
	case CURLE_COULDNT_CONNECT:
		return "connect";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return "tls";
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "bad_response";
	case CURLE_URL_MALFORMAT:
		return "usage";
	default:
		return "http";
	}
}

static int explain(const struct pa_transfer *transfer, struct pa_error *error)
{
	if (atomic_load(transfer->cancelled))
		return pa_error_set(error, "cancelled", "the server stops");
	if (transfer->repeated)
		return pa_error_set(error, "bad_response", "%s closed the connection before it answered", transfer->origin);
	if (transfer->denied &&
		(transfer->result == CURLE_COULDNT_CONNECT || transfer->result == CURLE_ABORTED_BY_CALLBACK))
		return pa_error_set(
			error, "denied", "%s leads to a private address, which HTTP_ALLOW does not name", transfer->origin);
	if (transfer->malformed)
		return pa_error_set(error, "bad_response", "%s sent two Content-Lengths", transfer->origin);
	if (transfer->too_large)
		return pa_error_set(error, "too_large", "the answer is larger than %zu bytes", transfer->bytes_max);
	if (transfer->head_too_large)
		return pa_error_set(error, "too_large", "the answer has more than %d headers or %d bytes of them",
			IN_HEADERS_MAX, IN_HEADER_BYTES);
	if (transfer->result == CURLE_OUT_OF_MEMORY) /* this is how curl says it */
		return pa_error_set(error, "too_large", "a header of the answer is too long, or memory ran out");
	return pa_error_set(error, word_of(transfer->result), "%.300s",
		transfer->message[0] ? transfer->message : curl_easy_strerror(transfer->result));
}

int pa_transfer_answer(struct pa_transfer *transfer, struct pa_answer *answer, struct pa_error *error)
{
	pa_stats_add(PA_STAT_UPSTREAM_CALLS, 1);
	if (transfer->result != CURLE_OK) {
		pa_stats_add(PA_STAT_UPSTREAM_FAILED, 1);
		return explain(transfer, error);
	}
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
	answer->head = (struct pa_span){transfer->head.at, transfer->head.length};
	answer->body = (struct pa_span){transfer->body.at, transfer->body.length};
	answer->url = transfer->url ? transfer->url : transfer->first_url;
	return 0;
}
