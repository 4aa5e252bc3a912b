/* Calls out over libcurl: the only file that includes curl. */
#include "http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../message.h"
#include "../stats.h"
#include "address.h"
#include "native.h"

enum {
	IDLE_MAX = 256, /* handles kept, each with its connections */
	CONNECTIONS_PER_HANDLE = 4,
	TOTAL_MS = 15000,
	TOTAL_MS_MAX = 60000,
	CONNECT_MS = 5000,
	BYTES_MAX = 2 << 20,
	HEADER_BYTES_MAX = 64 << 10,
	REDIRECTS_MAX = 5,
	AT_ONCE_MAX = 16,
	EXPECT_FROM = 1 << 20, /* from here on curl would wait for a 100 */
};

struct pa_http {
	pthread_mutex_t mutex;
	CURL *idle[IDLE_MAX]; /* the most recently used last: its connections are the warmest */
	size_t idle_count;
	char *allow;
	atomic_bool cancelled;
};

/* One request on its way. */
struct transfer {
	struct pa_http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct pa_buffer head, body;
	size_t bytes_max;
	bool allowed, denied, too_large;
	int redirects;
	char url[2048];
	char message[CURL_ERROR_SIZE];
	CURLcode result;
};

/* The requests of one call from Lua. */
struct call {
	struct pa_http *http;
	CURLM *multi;
	size_t count;
	struct transfer transfers[AT_ONCE_MAX];
};

/* Callbacks: never raise, never call Lua. */

static size_t on_body(char *bytes, size_t one, size_t length, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (transfer->body.length + length > transfer->bytes_max) {
		transfer->too_large = true;
		return 0;
	}
	return pa_buffer_add(&transfer->body, bytes, length) < 0 ? 0 : length;
}

static size_t on_header(char *bytes, size_t one, size_t length, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		transfer->head.length = 0; /* the block before was an interim answer's */
		return length;
	}
	if (transfer->head.length + length > HEADER_BYTES_MAX) {
		transfer->too_large = true;
		return 0;
	}
	return pa_buffer_add(&transfer->head, bytes, length) < 0 ? 0 : length;
}

/* The address is known here, after DNS and before the connection (SS-03). */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;

	(void)purpose;
	if (!transfer->allowed && pa_address_is_private(&address->addr)) {
		transfer->denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer *transfer = context;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load_explicit(&transfer->http->cancelled, memory_order_relaxed);
}

/* Handles */

static CURL *new_handle(void)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_PER_HANDLE);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "partnerapp/" PARTNERAPP_VERSION);
	return easy;
}

static CURL *take_handle(struct pa_http *http)
{
	CURL *easy = NULL;

	pthread_mutex_lock(&http->mutex);
	if (http->idle_count > 0)
		easy = http->idle[--http->idle_count];
	pthread_mutex_unlock(&http->mutex);
	return easy ? easy : new_handle();
}

static void give_handle(struct pa_http *http, CURL *easy)
{
	pthread_mutex_lock(&http->mutex);
	bool keep = http->idle_count < IDLE_MAX;
	if (keep)
		http->idle[http->idle_count++] = easy;
	pthread_mutex_unlock(&http->mutex);
	if (!keep)
		curl_easy_cleanup(easy);
}

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct pa_http *pa_http_open(const char *allow, struct pa_error *error)
{
	struct pa_http *http = calloc(1, sizeof *http);

	pthread_once(&library_once, start_library);
	if (!http || !(http->allow = strdup(allow))) {
		free(http);
		pa_error_set(error, "http", "not enough memory");
		return NULL;
	}
	pthread_mutex_init(&http->mutex, NULL);
	return http;
}

void pa_http_cancel(struct pa_http *http)
{
	atomic_store(&http->cancelled, true);
}

void pa_http_close(struct pa_http *http)
{
	if (!http)
		return;
	for (size_t i = 0; i < http->idle_count; i++)
		curl_easy_cleanup(http->idle[i]);
	pthread_mutex_destroy(&http->mutex);
	free(http->allow);
	free(http);
}

/* Whether the list of origins names this one. */
static bool allows(const struct pa_http *http, const char *origin)
{
	size_t length = strlen(origin);

	for (const char *at = http->allow; *at;) {
		size_t word = strcspn(at, " ");
		if ((word == 1 && *at == '*') || (word == length && strncmp(at, origin, length) == 0))
			return true;
		at += word;
		at += strspn(at, " ");
	}
	return false;
}

/* URLs */

struct url {
	CURLU *parsed;
	char *scheme, *host, *port, *path, *query, *fragment;
	char origin[320];
};

static void free_url(struct url *url)
{
	curl_free(url->scheme);
	curl_free(url->host);
	curl_free(url->port);
	curl_free(url->path);
	curl_free(url->query);
	curl_free(url->fragment);
	curl_url_cleanup(url->parsed);
}

static bool is_default_port(const struct url *url)
{
	return strcmp(url->port, strcmp(url->scheme, "https") == 0 ? "443" : "80") == 0;
}

/* Takes a URL apart, strictly. NULL when fine, else why not; free it either way. */
static const char *read_url(const char *text, size_t length, struct url *url)
{
	char *user = NULL, *password = NULL;

	*url = (struct url){0};
	if (length == 0 || length >= sizeof((struct transfer *)0)->url)
		return "a URL must have 1 to 2047 bytes";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f || text[i] == '\\')
			return "a URL must have no white space, control byte or backslash";
	url->parsed = curl_url();
	if (!url->parsed || curl_url_set(url->parsed, CURLUPART_URL, text, 0) != CURLUE_OK)
		return "not a URL with a scheme and a host";
	curl_url_get(url->parsed, CURLUPART_SCHEME, &url->scheme, 0);
	curl_url_get(url->parsed, CURLUPART_HOST, &url->host, 0);
	curl_url_get(url->parsed, CURLUPART_PORT, &url->port, CURLU_DEFAULT_PORT);
	curl_url_get(url->parsed, CURLUPART_PATH, &url->path, 0);
	curl_url_get(url->parsed, CURLUPART_QUERY, &url->query, 0);
	curl_url_get(url->parsed, CURLUPART_FRAGMENT, &url->fragment, 0);
	curl_url_get(url->parsed, CURLUPART_USER, &user, 0);
	curl_url_get(url->parsed, CURLUPART_PASSWORD, &password, 0);
	bool with_user = user || password;
	curl_free(user);
	curl_free(password);
	if (!url->scheme || (strcmp(url->scheme, "http") != 0 && strcmp(url->scheme, "https") != 0))
		return "a URL must begin with http:// or https://";
	if (with_user)
		return "a URL must have no user name or password in it";
	if (!url->host || !url->host[0] || !url->port || !url->path || strlen(url->host) > 255)
		return "not a URL with a scheme and a host";
	for (char *at = url->host; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at | 0x20);
	bool plain = is_default_port(url);
	snprintf(url->origin, sizeof url->origin, "%s://%s%s%s", url->scheme, url->host, plain ? "" : ":",
		plain ? "" : url->port);
	return NULL;
}

/* Setting up a transfer from the table at `index`. Raises for what is of the wrong type. 0, or -1 with *error. */

static const char *string_field(lua_State *L, int index, const char *name, size_t *length)
{
	const char *text = NULL;

	if (lua_getfield(L, index, name) != LUA_TNIL) {
		text = lua_tolstring(L, -1, length);
		if (!text)
			luaL_error(L, "a request's %s must be a text", name);
	}
	return text; /* the value stays on the stack */
}

static lua_Number number_field(lua_State *L, int index, const char *name, lua_Number otherwise)
{
	lua_getfield(L, index, name);
	lua_Number number = luaL_optnumber(L, -1, otherwise);
	lua_pop(L, 1);
	return number;
}

static int add_header(struct transfer *transfer, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	char line[8192];

	if (!pa_is_token(name))
		return pa_error_set(error, "usage", "'%.*s' is no header name", (int)(name.length & 63), name.at);
	if (!pa_is_field_value(value))
		return pa_error_set(error, "usage", "the value of header %.*s has a control byte", (int)name.length, name.at);
	/* A name and ';' is how curl is told to send an empty value. */
	int length = snprintf(line, sizeof line, value.length ? "%.*s: %.*s" : "%.*s;%.*s", (int)name.length, name.at,
		(int)value.length, value.at);
	if (length < 0 || (size_t)length >= sizeof line)
		return pa_error_set(error, "usage", "header %.*s is too long", (int)name.length, name.at);
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);
	explicit_bzero(line, (size_t)length);
	if (!longer)
		return pa_error_set(error, "http", "not enough memory");
	transfer->headers = longer;
	return 0;
}

static int read_header_values(lua_State *L, struct transfer *transfer, struct pa_error *error)
{
	struct pa_span name = {0}, value = {0};
	int key = lua_gettop(L) - 1, given = key + 1;

	if (lua_type(L, key) != LUA_TSTRING)
		luaL_error(L, "a header's name must be a text");
	name.at = lua_tolstring(L, key, &name.length);
	if (lua_isstring(L, given)) {
		value.at = lua_tolstring(L, given, &value.length);
		return add_header(transfer, name, value, error);
	}
	luaL_checktype(L, given, LUA_TTABLE);
	for (lua_Integer i = 1; lua_rawgeti(L, given, i) != LUA_TNIL; i++, lua_settop(L, given)) {
		value.at = luaL_checklstring(L, -1, &value.length);
		if (add_header(transfer, name, value, error) < 0)
			return -1;
	}
	lua_settop(L, given);
	return 0;
}

static int read_headers(lua_State *L, int index, struct transfer *transfer, struct pa_error *error)
{
	static const struct pa_span authorization = {"Authorization", 13};
	size_t length;

	if (lua_getfield(L, index, "headers") != LUA_TNIL) {
		luaL_checktype(L, -1, LUA_TTABLE);
		int table = lua_gettop(L);
		for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 1))
			if (read_header_values(L, transfer, error) < 0)
				return -1;
	}
	const char *bearer = string_field(L, index, "bearer", &length);
	if (!bearer)
		return 0;
	lua_pushfstring(L, "Bearer %s", bearer);
	struct pa_span value = {lua_tostring(L, -1), length + 7};
	return add_header(transfer, authorization, value, error);
}

static int read_body(lua_State *L, int index, struct transfer *transfer, const char *method)
{
	size_t length;
	const char *body = string_field(L, index, "body", &length); /* Lua keeps it: the request table is on the stack */
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (body || strcmp(method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body ? length : 0));
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body ? body : "");
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, body ? "POST" : "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	return body && length > EXPECT_FROM ? 1 : 0;
}

static void read_credentials(lua_State *L, int index, CURL *easy)
{
	if (lua_getfield(L, index, "basic") == LUA_TNIL) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, NULL);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, NULL);
		return;
	}
	luaL_checktype(L, -1, LUA_TTABLE);
	lua_rawgeti(L, -1, 1);
	lua_rawgeti(L, -2, 2);
	curl_easy_setopt(easy, CURLOPT_USERNAME, luaL_checkstring(L, -2));
	curl_easy_setopt(easy, CURLOPT_PASSWORD, luaL_checkstring(L, -1));
}

static int set_url(struct transfer *transfer, const char *text, size_t length, struct pa_error *error)
{
	struct url url;
	const char *problem = read_url(text, length, &url);

	if (!problem) {
		snprintf(transfer->url, sizeof transfer->url, "%s", text);
		transfer->allowed = allows(transfer->http, url.origin);
		curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
	}
	free_url(&url);
	return problem ? pa_error_set(error, "usage", "%s", problem) : 0;
}

static int set_up(lua_State *L, int index, struct transfer *transfer, struct pa_error *error)
{
	CURL *easy = transfer->easy;
	size_t length = 0;

	luaL_checktype(L, index, LUA_TTABLE);
	luaL_checkstack(L, 16, "too many requests");
	const char *url = string_field(L, index, "url", &length);
	if (!url)
		return pa_error_set(error, "usage", "a request needs a url");
	if (set_url(transfer, url, length, error) < 0)
		return -1;
	const char *method = string_field(L, index, "method", &length);
	method = method ? method : "GET";
	if (!pa_is_token((struct pa_span){method, strlen(method)}))
		return pa_error_set(error, "usage", "a request's method must be a token");
	if (read_headers(L, index, transfer, error) < 0)
		return -1;
	if (read_body(L, index, transfer, method) == 1 &&
		add_header(transfer, (struct pa_span){"Expect", 6}, (struct pa_span){"", 0}, error) < 0)
		return -1;
	read_credentials(L, index, easy);
	lua_Number total = number_field(L, index, "timeout", TOTAL_MS / 1e3);
	lua_Number connect = number_field(L, index, "connect_timeout", CONNECT_MS / 1e3);
	if (!(total > 0 && total <= TOTAL_MS_MAX / 1e3) || !(connect > 0))
		return pa_error_set(error, "usage", "a timeout must be more than 0 and at most 60 seconds");
	transfer->bytes_max = (size_t)number_field(L, index, "max_bytes", BYTES_MAX);
	bool safe = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	int redirects = (int)number_field(L, index, "redirects", 0);
	transfer->redirects = !safe ? 0 : redirects < REDIRECTS_MAX ? redirects : REDIRECTS_MAX;
	lua_getfield(L, index, "compressed");
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, lua_toboolean(L, -1) ? "gzip, deflate" : NULL);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(total * 1000));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect * 1000));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	return 0;
}

static int begin(struct call *call, struct transfer *transfer, struct pa_error *error)
{
	transfer->http = call->http;
	transfer->easy = take_handle(call->http);
	if (!transfer->easy)
		return pa_error_set(error, "http", "not enough memory");
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_XFERINFODATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->message);
	return 0;
}

static void end_transfer(struct transfer *transfer)
{
	if (transfer->easy) {
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
		curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
		give_handle(transfer->http, transfer->easy);
	}
	curl_slist_free_all(transfer->headers);
	pa_buffer_free(&transfer->head);
	pa_buffer_free(&transfer->body);
}

static void end_call(void *held)
{
	struct call *call = held;

	for (size_t i = 0; i < call->count; i++) {
		if (call->multi && call->transfers[i].easy)
			curl_multi_remove_handle(call->multi, call->transfers[i].easy);
		end_transfer(&call->transfers[i]);
	}
	curl_multi_cleanup(call->multi);
	free(call);
}

/* Results */

static int fail(const struct transfer *transfer, struct pa_error *error)
{
	const char *word = "http", *text = transfer->message[0] ? transfer->message : curl_easy_strerror(transfer->result);

	if (transfer->denied)
		return pa_error_set(
			error, "denied", "%.200s leads to a private address, which HTTP_ALLOW does not name", transfer->url);
	if (transfer->too_large)
		return pa_error_set(error, "too_large", "the answer is larger than %zu bytes", transfer->bytes_max);
	switch (transfer->result) {
	case CURLE_OPERATION_TIMEDOUT:
		word = "timeout";
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		word = "dns";
		break;
	case CURLE_COULDNT_CONNECT:
		word = "connect";
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
		word = "tls";
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_UNSUPPORTED_PROTOCOL:
		word = "bad_response";
		break;
	case CURLE_ABORTED_BY_CALLBACK:
		word = "cancelled";
		break;
	case CURLE_URL_MALFORMAT:
		word = "usage";
		break;
	default:
		break;
	}
	return pa_error_set(error, word, "%.300s", text);
}

/* One header line into the table on top: names in lower case, values of one name joined. */
static void push_header(lua_State *L, const char *line, size_t length)
{
	char name[256];
	const char *colon = memchr(line, ':', length);
	size_t name_length = colon ? (size_t)(colon - line) : 0;

	if (name_length == 0 || name_length >= sizeof name)
		return;
	for (size_t i = 0; i < name_length; i++)
		name[i] = (char)(line[i] >= 'A' && line[i] <= 'Z' ? line[i] | 0x20 : line[i]);
	const char *value = colon + 1, *end = line + length;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	lua_pushlstring(L, name, name_length);
	lua_pushvalue(L, -1);
	if (lua_rawget(L, -3) == LUA_TSTRING) {
		bool cookie = name_length == 10 && memcmp(name, "set-cookie", 10) == 0;
		lua_pushstring(L, cookie ? "\n" : ", ");
		lua_pushlstring(L, value, (size_t)(end - value));
		lua_concat(L, 3);
	} else {
		lua_pop(L, 1);
		lua_pushlstring(L, value, (size_t)(end - value));
	}
	lua_rawset(L, -3);
}

static void push_response(lua_State *L, const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, status);
	lua_setfield(L, -2, "status");
	lua_createtable(L, 0, 8);
	for (size_t at = 0; at < transfer->head.length;) {
		const char *line = transfer->head.at + at;
		const char *newline = memchr(line, '\n', transfer->head.length - at);
		size_t length = newline ? (size_t)(newline - line) + 1 : transfer->head.length - at;
		push_header(L, line, length);
		at += length;
	}
	lua_setfield(L, -2, "headers");
	lua_pushlstring(L, transfer->body.at ? transfer->body.at : "", transfer->body.length);
	lua_setfield(L, -2, "body");
	lua_pushstring(L, transfer->url);
	lua_setfield(L, -2, "url");
}

/* Prepares the next hop of a redirect. True when there is one to go. */
static bool follow(struct transfer *transfer)
{
	char *target = NULL, before[sizeof transfer->url];
	struct pa_error error;

	if (transfer->result != CURLE_OK || transfer->redirects == 0 ||
		curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || !target)
		return false;
	struct url old = {0}, new = {0};
	memcpy(before, transfer->url, sizeof before);
	bool same = !read_url(before, strlen(before), &old) && !read_url(target, strlen(target), &new) &&
				strcmp(old.origin, new.origin) == 0;
	free_url(&old);
	free_url(&new);
	if (set_url(transfer, target, strlen(target), &error) < 0)
		return false;
	if (!same) { /* credentials and whatever else was meant for the first origin stay there (SS-04) */
		curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, NULL);
		curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, NULL);
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
	}
	transfer->redirects--;
	transfer->head.length = transfer->body.length = 0;
	return true;
}

static void count(const struct transfer *transfer)
{
	pa_stats_add(PA_STAT_UPSTREAM_CALLS, 1);
	if (transfer->result != CURLE_OK)
		pa_stats_add(PA_STAT_UPSTREAM_FAILED, 1);
}

static struct call *push_call(lua_State *L)
{
	struct pa_http *http = pa_native_services(L)->http;
	void **box = pa_native_box(L, end_call);
	struct call *call = *box = calloc(1, sizeof *call);

	if (!call)
		luaL_error(L, "not enough memory");
	call->http = http;
	return call;
}

static int l_request(lua_State *L)
{
	struct pa_error error;

	lua_settop(L, 1);
	struct call *call = push_call(L);
	struct transfer *transfer = &call->transfers[0];
	call->count = 1;
	if (begin(call, transfer, &error) < 0 || set_up(L, 1, transfer, &error) < 0)
		return pa_native_fail_with(L, &error);
	pa_native_wait_begin(L);
	do
		transfer->result = curl_easy_perform(transfer->easy);
	while (follow(transfer));
	pa_native_wait_end(L);
	count(transfer);
	if (transfer->result != CURLE_OK) {
		fail(transfer, &error);
		return pa_native_fail_with(L, &error);
	}
	push_response(L, transfer);
	return 1;
}

/* Several at once */

static void finish_messages(struct call *call, int *left)
{
	CURLMsg *message;
	int queued;

	while ((message = curl_multi_info_read(call->multi, &queued))) {
		struct transfer *transfer = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		for (size_t i = 0; i < call->count; i++)
			if (call->transfers[i].easy == message->easy_handle)
				transfer = &call->transfers[i];
		if (!transfer)
			continue;
		transfer->result = message->data.result;
		curl_multi_remove_handle(call->multi, transfer->easy);
		if (follow(transfer) && curl_multi_add_handle(call->multi, transfer->easy) == CURLM_OK)
			continue;
		--*left;
	}
}

static void perform_all(struct call *call, int left)
{
	int running;

	while (left > 0) {
		if (curl_multi_perform(call->multi, &running) != CURLM_OK)
			return;
		finish_messages(call, &left);
		if (left > 0 && running > 0)
			curl_multi_poll(call->multi, NULL, 0, 1000, NULL);
	}
}

static void push_failure(lua_State *L, const struct pa_error *error)
{
	lua_createtable(L, 0, 2);
	lua_pushstring(L, error->text);
	lua_setfield(L, -2, "error");
	lua_pushstring(L, error->code);
	lua_setfield(L, -2, "code");
}

static int l_all(lua_State *L)
{
	struct pa_error errors[AT_ONCE_MAX];
	bool ready[AT_ONCE_MAX] = {false};
	int left = 0;

	lua_settop(L, 1);
	luaL_checktype(L, 1, LUA_TTABLE);
	size_t wanted = lua_rawlen(L, 1);
	luaL_argcheck(L, wanted <= AT_ONCE_MAX, 1, "more than 16 requests at once");
	struct call *call = push_call(L);
	call->multi = curl_multi_init();
	if (!call->multi)
		return luaL_error(L, "not enough memory");
	luaL_checkstack(L, AT_ONCE_MAX * 12, "too many requests");
	for (size_t i = 0; i < wanted; i++) {
		struct transfer *transfer = &call->transfers[call->count++];
		transfer->result = CURLE_FAILED_INIT;
		lua_rawgeti(L, 1, (lua_Integer)i + 1);
		if (begin(call, transfer, &errors[i]) < 0 || set_up(L, lua_gettop(L), transfer, &errors[i]) < 0)
			continue;
		ready[i] = curl_multi_add_handle(call->multi, transfer->easy) == CURLM_OK;
		left += ready[i];
	}
	pa_native_wait_begin(L);
	perform_all(call, left);
	pa_native_wait_end(L);
	lua_createtable(L, (int)wanted, 0);
	for (size_t i = 0; i < wanted; i++) {
		struct transfer *transfer = &call->transfers[i];
		if (ready[i])
			count(transfer);
		if (ready[i] && transfer->result != CURLE_OK)
			fail(transfer, &errors[i]);
		if (ready[i] && transfer->result == CURLE_OK)
			push_response(L, transfer);
		else
			push_failure(L, &errors[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* URLs and forms for Lua */

static void close_url(void *held)
{
	free_url(held);
	free(held);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
	lua_pushstring(L, text);
	lua_setfield(L, -2, name);
}

static int l_parse_url(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);
	void **box = pa_native_box(L, close_url);
	struct url *url = *box = calloc(1, sizeof *url);

	if (!url)
		return luaL_error(L, "not enough memory");
	const char *problem = memchr(text, '\0', length) ? "a URL must have no NUL" : read_url(text, length, url);
	if (problem)
		return pa_native_fail(L, "usage", "%s", problem);
	lua_createtable(L, 0, 7);
	set_text(L, "scheme", url->scheme);
	set_text(L, "host", url->host);
	lua_pushinteger(L, strtol(url->port, NULL, 10));
	lua_setfield(L, -2, "port");
	set_text(L, "path", url->path);
	set_text(L, "query", url->query);
	set_text(L, "fragment", url->fragment);
	set_text(L, "origin", url->origin);
	return 1;
}

static void add_escaped(luaL_Buffer *out, const char *text, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
			byte == '-' || byte == '.' || byte == '_' || byte == '~') {
			luaL_addchar(out, (char)byte);
			continue;
		}
		luaL_addchar(out, '%');
		luaL_addchar(out, digits[byte >> 4]);
		luaL_addchar(out, digits[byte & 15]);
	}
}

static int l_escape(lua_State *L)
{
	luaL_Buffer out;
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);

	luaL_buffinitsize(L, &out, length * 3);
	add_escaped(&out, text, length);
	luaL_pushresult(&out);
	return 1;
}

static void add_field(lua_State *L, luaL_Buffer *out, int name_index, int value_index)
{
	size_t name_length, value_length;
	const char *name = lua_tolstring(L, name_index, &name_length),
			   *value = lua_tolstring(L, value_index, &value_length);

	if (luaL_bufflen(out) > 0)
		luaL_addchar(out, '&');
	add_escaped(out, name, name_length);
	luaL_addchar(out, '=');
	add_escaped(out, value, value_length);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum { FIELDS_MAX = 256 };

/* Replaces the table at 1 by the list of its pairs, sorted by name. */
static void list_pairs(lua_State *L)
{
	const char *names[FIELDS_MAX];
	size_t count = 0;

	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && count < FIELDS_MAX, 1, "at most 256 named fields");
		names[count++] = lua_tostring(L, -2);
	}
	qsort(names, count, sizeof *names, by_text);
	lua_createtable(L, (int)count, 0);
	for (size_t i = 0; i < count; i++) {
		lua_createtable(L, 2, 0);
		lua_pushstring(L, names[i]);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, 1);
		lua_rawget(L, 1);
		lua_rawseti(L, -2, 2);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_replace(L, 1);
}

static int l_form(lua_State *L)
{
	luaL_Buffer out;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (lua_rawlen(L, 1) == 0)
		list_pairs(L);
	int count = (int)lua_rawlen(L, 1);
	luaL_argcheck(L, count <= FIELDS_MAX, 1, "at most 256 fields");
	luaL_checkstack(L, count * 2 + 8, "too many fields");
	for (int i = 1; i <= count; i++) {
		lua_rawgeti(L, 1, i);
		luaL_checktype(L, -1, LUA_TTABLE);
		lua_rawgeti(L, -1, 1);
		lua_rawgeti(L, -2, 2);
		luaL_argcheck(L, lua_isstring(L, -1) && lua_isstring(L, -2), 1, "names and values must be texts");
		lua_remove(L, -3);
	}
	luaL_buffinit(L, &out);
	for (int i = 0; i < count; i++)
		add_field(L, &out, 2 + 2 * i, 3 + 2 * i);
	luaL_pushresult(&out);
	return 1;
}

int pa_native_open_http(lua_State *L)
{
	static const luaL_Reg functions[] = {{"request", l_request}, {"all", l_all}, {"parse_url", l_parse_url},
		{"escape", l_escape}, {"form", l_form}, {NULL, NULL}};

	pthread_once(&library_once, start_library);
	luaL_newlib(L, functions);
	return 1;
}
