/* A curl easy handle, its options and its callbacks. */
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
	ANSWER_HEADERS_MAX = 256,
	ANSWER_HEADER_BYTES = 64 << 10,
	CONNECTION_SECONDS = 30, /* a connection that was idle for longer is not used again: the peer may be closing it */
	LOW_SPEED_BYTES = 10,    /* an answer with fewer bytes a second, */
	LOW_SPEED_SECONDS = 30,  /* for so many seconds, is a timeout */
	KEPT_BYTES = 64 << 10,   /* a larger buffer is not kept for the next transfer */
};

/* Why a callback of ours made curl fail. */
enum stopped {
	NOT_STOPPED,
	DENIED,         /* the address is private */
	TOO_LARGE,      /* the body */
	HEAD_TOO_LARGE, /* the headers */
	MALFORMED,      /* two Content-Lengths */
	REPEATED,       /* curl would send it a second time, and it must arrive only once (SS-11) */
};

struct pa_transfer {
	const struct pa_allow *allow;
	const atomic_bool *cancelled;
	CURL *easy;
	struct pa_header_lines *lines; /* to send */
	struct pa_buffer head, body;   /* of the answer */
	size_t head_bytes, head_lines; /* of all its blocks: interim answers too */
	size_t lengths;                /* Content-Length lines of the last block */
	size_t bytes_max;
	int64_t deadline_ms; /* of pa_clock_ms */
	int redirects;       /* that may still be followed */
	bool prepared;
	bool once;    /* not idempotent: may be sent once only (SS-11) */
	bool sent;    /* curl had a connection and began to send */
	bool allowed; /* private addresses too */
	enum stopped stopped;
	CURLcode result;
	char origin[PA_URL_ORIGIN_SIZE];
	char *url; /* of the last redirect; NULL before the first one */
	const char *first_url;
	char message[CURL_ERROR_SIZE];
};

/* Callbacks of curl */

static size_t on_body(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	if (length > transfer->bytes_max - transfer->body.length) {
		transfer->stopped = TOO_LARGE;
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

/* Two Content-Length lines make the end of the answer ambiguous; curl would use one of them (RFC 9112 6.3). */
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
	if (transfer->head_bytes > ANSWER_HEADER_BYTES || transfer->head_lines > ANSWER_HEADERS_MAX) {
		transfer->stopped = HEAD_TOO_LARGE;
		return CURL_WRITEFUNC_ERROR;
	}
	if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		transfer->head.length = 0; /* the lines before were those of an interim answer */
		transfer->lengths = 0;
		return length;
	}
	if (is_second_length(transfer, bytes, length)) {
		transfer->stopped = MALFORMED;
		return CURL_WRITEFUNC_ERROR;
	}
	size_t begin = transfer->head.length;
	if (pa_buffer_add(&transfer->head, bytes, length) < 0)
		return CURL_WRITEFUNC_ERROR;
	blank_controls(transfer->head.at + begin, length);
	return length;
}

/* Called after DNS and before the connection: refuses private addresses (SS-03). */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct pa_transfer *transfer = context;

	(void)purpose;
	if (!transfer->allowed && pa_address_is_private(&address->addr)) {
		transfer->stopped = DENIED;
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

/* Called before the request is sent on a connection, new or kept. curl calls it a second time when a kept connection
 * closed without an answer: only an idempotent request is sent again. */
static int on_connected(void *context, char *ip, char *local_ip, int port, int local_port)
{
	struct pa_transfer *transfer = context;

	(void)local_ip, (void)port, (void)local_port;
	if (!transfer->allowed && is_private_text(ip)) {
		transfer->stopped = DENIED;
		return CURL_PREREQFUNC_ABORT;
	}
	if (transfer->sent && transfer->once) {
		transfer->stopped = REPEATED;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->sent = true;
	return CURL_PREREQFUNC_OK;
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
	pa_header_lines_free(transfer->lines);
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
	transfer->lines = pa_header_lines_new();
	if (!transfer->easy || !transfer->lines) {
		pa_transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

void pa_transfer_reset(struct pa_transfer *transfer)
{
	pa_header_lines_reset(transfer->lines);
	pa_buffer_reset(&transfer->head, KEPT_BYTES);
	pa_buffer_reset(&transfer->body, KEPT_BYTES);
	free(transfer->url);
	transfer->url = NULL;
	transfer->head_bytes = transfer->head_lines = 0;
	transfer->prepared = transfer->sent = false;
	transfer->stopped = NOT_STOPPED;
	transfer->message[0] = '\0';
}

/* Setting up */

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
	transfer->redirects = get || head ? options->redirects : 0;
	transfer->once = true;
	for (size_t i = 0; idempotent[i]; i++)
		if (is_method(method, idempotent[i]))
			transfer->once = false;
	return result == CURLE_OK ? 0 : pa_error_set(error, "http", "not enough memory");
}

static int add_headers(struct pa_header_lines *lines, const struct pa_transfer_options *options, struct pa_error *error)
{
	for (size_t i = 0; i < options->header_count; i++)
		if (pa_header_lines_add(lines, options->headers[i][0], options->headers[i][1], error) < 0)
			return -1;
	if (options->user.at && pa_header_lines_add_basic(lines, options->user, options->password, error) < 0)
		return -1;
	return options->bearer.at ? pa_header_lines_add_bearer(lines, options->bearer, error) : 0;
}

int pa_transfer_prepare(struct pa_transfer *transfer, const struct pa_transfer_options *options, struct pa_error *error)
{
	CURL *easy = transfer->easy;

	if (add_headers(transfer->lines, options, error) < 0)
		return -1;
	if (set_url(transfer, options->url.at, options->url.length, error) < 0 || set_method(transfer, options, error) < 0)
		return -1;
	transfer->first_url = options->url.at;
	transfer->bytes_max = options->bytes_max;
	transfer->deadline_ms = pa_clock_ms() + options->timeout_ms;
	transfer->result = CURLE_ABORTED_BY_CALLBACK; /* until pa_transfer_end */
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, pa_header_lines_list(transfer->lines, options->body));
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
	char *copy = strdup(target); /* curl frees its own when the next hop begins */
	if (!copy || set_url(transfer, copy, strlen(copy), &ignored) < 0) {
		free(copy);
		return false;
	}
	if (strcmp(before, transfer->origin) != 0) /* another origin gets none of the request's headers (SS-04) */
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, left);
	free(transfer->url);
	transfer->url = copy;
	transfer->redirects--;
	transfer->sent = false;
	transfer->stopped = NOT_STOPPED;
	transfer->head.length = transfer->body.length = transfer->head_bytes = transfer->head_lines = 0;
	return true;
}

/* Answers and errors */

static const char *code_of(CURLcode result)
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
		return pa_error_set(error, "cancelled", "the server is stopping");
	switch (transfer->stopped) {
	case REPEATED:
		return pa_error_set(error, "bad_response", "%s closed the connection before it answered", transfer->origin);
	case MALFORMED:
		return pa_error_set(error, "bad_response", "%s sent two Content-Lengths", transfer->origin);
	case TOO_LARGE:
		return pa_error_set(error, "too_large", "the answer is larger than %zu bytes", transfer->bytes_max);
	case HEAD_TOO_LARGE:
		return pa_error_set(error, "too_large", "the answer has more than %d headers or %d bytes of them",
			ANSWER_HEADERS_MAX, ANSWER_HEADER_BYTES);
	case DENIED: /* of one address; curl may have connected to another one of the same name */
		if (transfer->result != CURLE_COULDNT_CONNECT && transfer->result != CURLE_ABORTED_BY_CALLBACK)
			break;
		return pa_error_set(error, "denied",
			"%s is at a private address: add it to HTTP_ALLOW if calls to it are right", transfer->origin);
	case NOT_STOPPED:
		break;
	}
	if (transfer->result == CURLE_OUT_OF_MEMORY) /* curl's code for a header line that is too long, too */
		return pa_error_set(error, "too_large", "a header of the answer is too long, or memory ran out");
	return pa_error_set(error, code_of(transfer->result), "%.300s",
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
