/* A curl easy handle, its options and its callbacks. */
#include "client/transfer.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stats.h"
#include "client/address.h"
#include "client/easy.h"
#include "client/method.h"
#include "client/origins.h"
#include "client/receiver.h"

/* Why a callback of ours made curl fail. */
enum stopped {
	NOT_STOPPED,
	DENIED,    /* the address is private */
	REPEATED,  /* curl would send it a second time, and it must arrive only once (SS-11) */
	UNPROXIED, /* the proxy answered in the place of the origin: it wants another user or password */
	STALE,     /* on the kept connection something came unasked, which would be taken for the answer (RT-14) */
};

/* How a hop reaches its origin. */
enum way {
	DIRECT,
	JUDGING, /* a proxy will be asked: curl resolves the host first, and is given no socket for its addresses */
	PROXIED, /* the addresses that curl connects to are the proxy's */
};

struct pa_transfer {
	const struct pa_transfer_rules *rules;
	CURL *easy;
	struct pa_header_lines *lines; /* to send */
	struct pa_receiver receiver;   /* of the answer */
	long timeout_ms;               /* for all of it */
	int64_t deadline_ms;           /* of pa_clock_ms */
	int redirects;                 /* that may still be followed */
	bool prepared;
	bool once;      /* not idempotent: may be sent once only (SS-11) */
	bool sent;      /* curl had a connection and began to send */
	bool is_kept;   /* it was sent on a connection that others use or used: the peer may have closed that meanwhile */
	bool is_fresh;  /* this hop has a new connection */
	int local_port; /* of the connection; 0 before it is sent */
	bool answered;  /* by a redirect */
	bool allowed;   /* private addresses too */
	enum way way;
	const char *proxy; /* of this hop; NULL: none */
	enum stopped stopped;
	CURLcode result;
	struct pa_origins origins;
	char origin[PA_URL_ORIGIN_SIZE]; /* of this hop */
	char *url;                       /* of the last redirect; NULL before the first one */
	struct pa_transfer_request asked;
	char message[CURL_ERROR_SIZE];
};

/* Callbacks of curl */

static size_t on_body(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	return pa_receiver_body(&transfer->receiver, bytes, length) < 0 ? CURL_WRITEFUNC_ERROR : length;
}

static size_t on_header(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	if (length > 7 && memcmp(bytes, "HTTP/1.", 7) == 0)
		pa_connections_answered(transfer->rules->connections, transfer->local_port);
	return pa_receiver_head(&transfer->receiver, bytes, length) < 0 ? CURL_WRITEFUNC_ERROR : length;
}

/* Called after DNS and before the connection: refuses private addresses (SS-03). For a proxy that will be asked it
 * refuses all, so that curl shows each address of the host; the proxy's own address is the operator's choice. */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct pa_transfer *transfer = context;

	(void)purpose;
	if (transfer->way != PROXIED && !transfer->allowed && pa_address_is_private(&address->addr)) {
		transfer->stopped = DENIED;
		return CURL_SOCKET_BAD;
	}
	if (transfer->way == JUDGING)
		return CURL_SOCKET_BAD;
	int fd = pa_connections_open(transfer->rules->connections, address->family, address->socktype, address->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* A connection outlives the transfer that made it. */
static int on_close_socket(void *context, curl_socket_t socket)
{
	return pa_connections_close(context, socket);
}

/* Called before the request is sent on a connection, new or kept. curl calls it a second time when a kept connection
 * closed without an answer, and when the peer refused the stream (HTTP/2: REFUSED_STREAM, or GOAWAY with the id of an
 * older one). Only an idempotent request is sent again. */
static int on_connected(void *context, char *ip, char *local_ip, int port, int local_port)
{
	struct pa_transfer *transfer = context;

	(void)local_ip, (void)port;
	if (transfer->way != PROXIED && !transfer->allowed && pa_address_is_private_text(ip)) {
		transfer->stopped = DENIED;
		return CURL_PREREQFUNC_ABORT;
	}
	if (transfer->sent && transfer->once) {
		transfer->stopped = REPEATED;
		return CURL_PREREQFUNC_ABORT;
	}
	enum pa_connections_state state = pa_connections_use(transfer->rules->connections, local_port);
	if (state == PA_CONNECTIONS_STALE) {
		transfer->stopped = STALE;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->is_kept = state == PA_CONNECTIONS_KEPT;
	transfer->local_port = local_port;
	transfer->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* Making and emptying */

static CURL *new_easy(struct pa_transfer *transfer)
{
	CURL *easy = pa_easy_new(transfer->rules->ca_file, transfer->rules->sessions);

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->rules->connections);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
	return easy;
}

void pa_transfer_free(struct pa_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	pa_header_lines_free(transfer->lines);
	pa_receiver_free(&transfer->receiver);
	pa_origins_free(&transfer->origins);
	free(transfer->url);
	free(transfer);
}

struct pa_transfer *pa_transfer_new(const struct pa_transfer_rules *rules)
{
	struct pa_transfer *transfer = calloc(1, sizeof *transfer);

	if (!transfer)
		return NULL;
	transfer->rules = rules;
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
	pa_receiver_reset(&transfer->receiver, 0);
	free(transfer->url);
	transfer->url = NULL;
	transfer->prepared = transfer->sent = transfer->is_kept = transfer->answered = false;
	transfer->local_port = 0;
	transfer->stopped = NOT_STOPPED;
	transfer->message[0] = '\0';
}

/* Setting up */

static void want_fresh(struct pa_transfer *transfer, bool fresh)
{
	transfer->is_fresh = fresh;
	curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
}

/* Whether each address of a host will be public is asked only where it is not allowed to be private. */
static int set_way(struct pa_transfer *transfer, enum way way)
{
	bool proxied = way == PROXIED;

	transfer->way = way;
	want_fresh(transfer, way == JUDGING);
	/* For a CONNECT. The request itself has it among its lines. */
	curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, proxied ? PA_HEADER_LINES_USER_AGENT : NULL);
	return curl_easy_setopt(transfer->easy, CURLOPT_PROXY, proxied ? transfer->proxy : "") == CURLE_OK ? 0 : -1;
}

/* curl takes the URL in parsed form and as the string that it would else make of that form, which takes 15,000
 * instructions. */
static bool give_url(struct pa_transfer *transfer, const char *text, CURLU *parsed)
{
	return curl_easy_setopt(transfer->easy, CURLOPT_CURLU, parsed) == CURLE_OK &&
		   curl_easy_setopt(transfer->easy, CURLOPT_URL, text) == CURLE_OK;
}

static int set_url(struct pa_transfer *transfer, const char *text, size_t length, struct pa_error *error)
{
	const struct pa_origins_one *one;
	const char *problem = pa_origins_parse(&transfer->origins, text, length, &one);

	if (problem)
		return pa_error_set(error, "usage", "%s", problem);
	const char *origin = strcpy(transfer->origin, one->origin);
	/* HTTP/2 where TLS can agree on it: then a connection serves many transfers, which wait for it while it is made. */
	bool secure = strncmp(origin, "https:", 6) == 0;
	curl_easy_setopt(
		transfer->easy, CURLOPT_HTTP_VERSION, (long)(secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, secure ? 1L : 0L);
	transfer->allowed = pa_allow_has(&transfer->rules->allow, origin);
	transfer->proxy = pa_proxy_of(&transfer->rules->proxy, origin);
	enum way way = !transfer->proxy ? DIRECT : transfer->allowed ? PROXIED : JUDGING;
	if (!give_url(transfer, text, one->parsed) || set_way(transfer, way) < 0)
		return pa_error_set(error, "http", "not enough memory");
	return 0;
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
	if (set_url(transfer, options->url.at, options->url.length, error) < 0 ||
		pa_method_set(easy, options->method, options->body, error) < 0)
		return -1;
	transfer->redirects = pa_method_follows(options->method) ? options->redirects : 0;
	transfer->once = !pa_method_is_idempotent(options->method);
	transfer->asked = (struct pa_transfer_request){
		options->url, options->method, options->body, pa_header_lines_bytes(transfer->lines), pa_clock_ms()};
	pa_receiver_reset(&transfer->receiver, options->bytes_max);
	transfer->receiver.unpacks = options->compressed;
	transfer->timeout_ms = options->timeout_ms;
	transfer->deadline_ms = transfer->asked.begun_ms + options->timeout_ms;
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

int64_t pa_transfer_deadline(const struct pa_transfer *transfer)
{
	return transfer->deadline_ms;
}

void *pa_transfer_easy(const struct pa_transfer *transfer)
{
	return transfer->easy;
}

/* Hops */

/* Gives the next hop what is left of the time. False when nothing is. */
static bool set_time_left(struct pa_transfer *transfer)
{
	long left = (long)(transfer->deadline_ms - pa_clock_ms());

	if (left <= 0)
		transfer->result = CURLE_OPERATION_TIMEDOUT;
	else
		curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, left);
	return left > 0;
}

/* The addresses of the host were judged: none is private, or this machine does not know the name, and the proxy may.
 * What the proxy makes of it is the proxy's duty. */
static bool go_through_proxy(struct pa_transfer *transfer)
{
	bool is_judged = transfer->result == CURLE_COULDNT_CONNECT || transfer->result == CURLE_COULDNT_RESOLVE_HOST;

	if (transfer->stopped != NOT_STOPPED || !is_judged || !set_time_left(transfer))
		return false;
	if (set_way(transfer, PROXIED) < 0) {
		transfer->result = CURLE_OUT_OF_MEMORY;
		return false;
	}
	transfer->message[0] = '\0';
	return true;
}

/* Whether a kept connection ended without an answer. curl itself sends again only what a plain end of it took. */
static bool is_unanswered(const struct pa_transfer *transfer)
{
	CURLcode result = transfer->result;
	bool has_ended = result == CURLE_HTTP2 || result == CURLE_HTTP2_STREAM || result == CURLE_RECV_ERROR ||
					 result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING || result == CURLE_PARTIAL_FILE;

	return has_ended && transfer->is_kept && !transfer->once && !pa_receiver_has_begun(&transfer->receiver);
}

/* Whether nothing was sent, because of what had come on the kept connection: over HTTP/2 the word that the peer takes
 * no more requests on it. */
static bool was_left_alone(const struct pa_transfer *transfer)
{
	long bytes = 1;

	if (transfer->stopped == STALE)
		return true;
	return transfer->result == CURLE_HTTP2 && transfer->is_kept && !pa_receiver_has_begun(&transfer->receiver) &&
		   curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes == 0;
}

/* Over a new connection: once, of what was not sent or may be sent twice. */
static bool try_fresh(struct pa_transfer *transfer)
{
	bool was_sent = !was_left_alone(transfer);

	if (transfer->is_fresh || (was_sent && !is_unanswered(transfer)) || !set_time_left(transfer))
		return false;
	transfer->sent = transfer->sent && was_sent;
	want_fresh(transfer, true);
	transfer->stopped = NOT_STOPPED;
	transfer->message[0] = '\0';
	return true;
}

static bool follow_redirect(struct pa_transfer *transfer)
{
	char *target = NULL, before[PA_URL_ORIGIN_SIZE];
	struct pa_error ignored;

	if (transfer->result != CURLE_OK || transfer->redirects == 0 ||
		curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || !target)
		return false;
	if (!set_time_left(transfer))
		return false;
	memcpy(before, transfer->origin, sizeof before);
	char *copy = strdup(target); /* curl frees its own when the next hop begins */
	if (!copy || set_url(transfer, copy, strlen(copy), &ignored) < 0) {
		free(copy);
		return false;
	}
	if (strcmp(before, transfer->origin) != 0) { /* another origin gets none of the request's headers (SS-04) */
		pa_header_lines_reset(transfer->lines);
		curl_easy_setopt(
			transfer->easy, CURLOPT_HTTPHEADER, pa_header_lines_list(transfer->lines, (struct pa_span){0}));
	}
	free(transfer->url);
	transfer->url = copy;
	transfer->redirects--;
	transfer->sent = transfer->is_kept = false;
	transfer->local_port = 0;
	transfer->answered = true;
	transfer->stopped = NOT_STOPPED;
	pa_receiver_reset(&transfer->receiver, transfer->receiver.bytes_max);
	return true;
}

/* What curl calls an answer and is none, and the other way round. */
static CURLcode judge(struct pa_transfer *transfer, CURLcode result)
{
	/* HTTP/2: the stream ended before all of the request was sent. curl may have dropped the end of the answer. */
	if (result == CURLE_HTTP2_STREAM && transfer->receiver.has_head && pa_easy_has_all(transfer->easy))
		result = CURLE_OK;
	if (result != CURLE_OK)
		return result;
	if (pa_receiver_end(&transfer->receiver) < 0)
		return CURLE_WEIRD_SERVER_REPLY;
	/* A 407 to a CONNECT is an error of curl's; one that came through the tunnel is the origin's. */
	if (transfer->way == PROXIED && transfer->receiver.status == 407 && strncmp(transfer->origin, "http:", 5) == 0) {
		transfer->stopped = UNPROXIED;
		return CURLE_PROXY;
	}
	return CURLE_OK;
}

bool pa_transfer_end(struct pa_transfer *transfer, int result)
{
	bool has_next;

	if (transfer->way == JUDGING) {
		transfer->result = (CURLcode)result;
		has_next = go_through_proxy(transfer);
	} else {
		transfer->result = judge(transfer, (CURLcode)result);
		has_next = try_fresh(transfer) || follow_redirect(transfer);
	}
	if (has_next)
		transfer->result = CURLE_ABORTED_BY_CALLBACK; /* until the next end */
	return has_next;
}

/* Answers and errors */

static int explain(const struct pa_transfer *transfer, struct pa_error *error)
{
	if (atomic_load(&transfer->rules->cancelled))
		return pa_error_set(error, "cancelled", "the server is stopping");
	if (transfer->receiver.problem != PA_RECEIVER_FINE)
		return pa_receiver_explain(&transfer->receiver, transfer->origin, error);
	switch (transfer->stopped) {
	case REPEATED:
		return pa_error_set(error, "bad_response",
			transfer->is_kept ? "%s closed the connection before it answered, or refused the request's stream"
							  : "%s refused the request's stream",
			transfer->origin);
	case DENIED: /* of one address; curl may have connected to another one of the same name */
		if (transfer->result != CURLE_COULDNT_CONNECT && transfer->result != CURLE_ABORTED_BY_CALLBACK)
			break;
		return pa_error_set(error, "denied",
			"%s is at a private address: add it to HTTP_ALLOW if calls to it are right", transfer->origin);
	case UNPROXIED:
		return pa_error_set(error, "connect",
			"the proxy made no connection to %s: it answered with status 407, "
			"for it wants another user name or password",
			transfer->origin);
	case STALE: /* not on a new connection */
	case NOT_STOPPED:
		break;
	}
	if (transfer->result == CURLE_OPERATION_TIMEDOUT && !transfer->message[0]) /* the driver ended it, or a hop */
		return pa_error_set(error, "timeout", "Operation timed out after %ld milliseconds", transfer->timeout_ms);
	if (transfer->way == PROXIED && !transfer->sent && transfer->result == CURLE_RECV_ERROR)
		return pa_error_set(error, "connect", "the proxy made no connection to %s: %.300s", transfer->origin,
			transfer->message[0] ? transfer->message : curl_easy_strerror(transfer->result));
	if (transfer->result == CURLE_OUT_OF_MEMORY) /* curl's code for a header line that is too long, too */
		return pa_error_set(error, "too_large", "a header of the answer is too long, or memory ran out");
	return pa_error_set(error, pa_easy_code(transfer->result), "%.300s",
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
	answer->head = (struct pa_span){transfer->receiver.head.at, transfer->receiver.head.length};
	answer->body = (struct pa_span){transfer->receiver.body.at, transfer->receiver.body.length};
	answer->url = transfer->url ? transfer->url : transfer->asked.url.at;
	return 0;
}

struct pa_transfer_request pa_transfer_asked(const struct pa_transfer *transfer)
{
	return transfer->asked;
}

enum pa_transfer_sent pa_transfer_was_sent(const struct pa_transfer *transfer)
{
	if (transfer->answered || (pa_receiver_has_begun(&transfer->receiver) && transfer->stopped != UNPROXIED))
		return PA_TRANSFER_SENT;
	if (!transfer->sent || (transfer->stopped == REPEATED && !transfer->is_kept))
		return PA_TRANSFER_NOT_SENT;
	return PA_TRANSFER_MAYBE_SENT;
}
