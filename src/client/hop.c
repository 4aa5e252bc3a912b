/* Options of curl for the way to an origin, and its callbacks for sockets. */
#include "client/hop.h"

#include <string.h>

#include "client/address.h"
#include "client/header_lines.h"

static bool denies_private(const struct pa_hop *hop)
{
	return hop->way != PA_HOP_PROXIED && !hop->allowed;
}

/* Callbacks of curl */

/* Called after DNS and before the connection: refuses private addresses (SS-03). For a proxy that will be asked it
 * refuses all, so that curl shows each address of the host; the proxy's own address is the operator's choice. */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct pa_hop *hop = context;

	(void)purpose;
	if (denies_private(hop) && pa_address_is_private(&address->addr)) {
		hop->stopped = PA_HOP_DENIED;
		return CURL_SOCKET_BAD;
	}
	if (hop->way == PA_HOP_JUDGING)
		return CURL_SOCKET_BAD;
	int fd = pa_connections_open(hop->connections, address->family, address->socktype, address->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* A connection outlives the transfer that made it. */
static int on_close_socket(void *context, curl_socket_t socket)
{
	return pa_connections_close(context, socket);
}

static int stop(struct pa_hop *hop, enum pa_hop_stopped why)
{
	hop->stopped = why;
	return CURL_PREREQFUNC_ABORT;
}

/* Called before the request is sent on a connection, new or kept. curl calls it a second time when a kept connection
 * closed without an answer, and when the peer refused the stream (HTTP/2: REFUSED_STREAM, or GOAWAY with the id of an
 * older one). Only an idempotent request is sent again. */
static int on_connected(void *context, char *ip, char *local_ip, int port, int local_port)
{
	struct pa_hop *hop = context;

	(void)local_ip, (void)port;
	if (denies_private(hop) && pa_address_is_private_text(ip))
		return stop(hop, PA_HOP_DENIED);
	if (hop->sent && hop->once)
		return stop(hop, PA_HOP_REPEATED);
	enum pa_connections_state state = pa_connections_use(hop->connections, local_port);
	if (state == PA_CONNECTIONS_STALE)
		return stop(hop, PA_HOP_STALE);
	hop->is_kept = state == PA_CONNECTIONS_KEPT;
	hop->local_port = local_port;
	hop->sent = true;
	return CURL_PREREQFUNC_OK;
}

void pa_hop_init(struct pa_hop *hop, CURL *easy, const struct pa_allow *allow, const struct pa_proxy *proxies,
	struct pa_connections *connections)
{
	*hop = (struct pa_hop){.easy = easy, .allow = allow, .proxies = proxies, .connections = connections};
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, hop);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, connections);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, hop);
}

void pa_hop_free(struct pa_hop *hop)
{
	pa_origins_free(&hop->origins);
}

void pa_hop_reset(struct pa_hop *hop)
{
	hop->sent = hop->is_kept = false;
	hop->local_port = 0;
	hop->stopped = PA_HOP_NOT_STOPPED;
}

/* The way to the origin */

static void want_fresh(struct pa_hop *hop, bool fresh)
{
	hop->is_fresh = fresh;
	curl_easy_setopt(hop->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
}

/* Whether each address of a host will be public is asked only where it is not allowed to be private. */
static int set_way(struct pa_hop *hop, enum pa_hop_way way)
{
	bool proxied = way == PA_HOP_PROXIED;

	hop->way = way;
	want_fresh(hop, way == PA_HOP_JUDGING);
	/* For a CONNECT. The request itself has it among its lines. */
	curl_easy_setopt(hop->easy, CURLOPT_USERAGENT, proxied ? PA_HEADER_LINES_USER_AGENT : NULL);
	return curl_easy_setopt(hop->easy, CURLOPT_PROXY, proxied ? hop->proxy : "") == CURLE_OK ? 0 : -1;
}

/* curl takes the URL in parsed form and as the string that it would else make of that form, which takes 15,000
 * instructions. */
static bool give_url(struct pa_hop *hop, const char *text, CURLU *parsed)
{
	return curl_easy_setopt(hop->easy, CURLOPT_CURLU, parsed) == CURLE_OK &&
		   curl_easy_setopt(hop->easy, CURLOPT_URL, text) == CURLE_OK;
}

int pa_hop_set_url(struct pa_hop *hop, const char *text, size_t length, struct pa_error *error)
{
	const struct pa_origins_one *one;
	const char *problem = pa_origins_parse(&hop->origins, text, length, &one);

	if (problem)
		return pa_error_set(error, "usage", "%s", problem);
	const char *origin = strcpy(hop->origin, one->origin);
	/* HTTP/2 where TLS can agree on it: then a connection serves many transfers, which wait for it while it is made. */
	bool secure = strncmp(origin, "https:", 6) == 0;
	curl_easy_setopt(hop->easy, CURLOPT_HTTP_VERSION, (long)(secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(hop->easy, CURLOPT_PIPEWAIT, secure ? 1L : 0L);
	hop->allowed = pa_allow_has(hop->allow, origin);
	hop->proxy = pa_proxy_of(hop->proxies, origin);
	enum pa_hop_way way = !hop->proxy ? PA_HOP_DIRECT : hop->allowed ? PA_HOP_PROXIED : PA_HOP_JUDGING;
	if (!give_url(hop, text, one->parsed) || set_way(hop, way) < 0)
		return pa_error_set(error, "http", "not enough memory");
	return 0;
}

int pa_hop_use_proxy(struct pa_hop *hop)
{
	return set_way(hop, PA_HOP_PROXIED);
}

void pa_hop_use_fresh(struct pa_hop *hop, bool was_sent)
{
	hop->sent = hop->sent && was_sent;
	hop->stopped = PA_HOP_NOT_STOPPED;
	want_fresh(hop, true);
}

void pa_hop_answered(struct pa_hop *hop)
{
	pa_connections_answered(hop->connections, hop->local_port);
}
