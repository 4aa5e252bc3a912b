/* Names, and how values follow them. */
#include "traffic/credentials.h"

#include <string.h>
#include <strings.h>

#include "base/mask.h"

enum { NAME_MAX_BYTES = 48, TAG_MAX = 2048, PAIR_MAX = 1024 };

/* Names without '_' and '-', in lower case. */

/* What the end of a name says. */
static const char *const endings[] = {"accesstoken", "refreshtoken", "idtoken", "authtoken", "oauthtoken",
	"sessiontoken", "subjecttoken", "actortoken", "csrftoken", "xsrftoken", "clientsecret", "apisecret", "appsecret",
	"webhooksecret", "secretkey", "privatekey", "apikey", "accesskey", "password", "passwd", "passphrase",
	"codeverifier", "assertion", "devicecode", NULL};

/* Whole names. */
static const char *const wholes[] = {
	"token", "secret", "pwd", "csrf", "authenticitytoken", "samlresponse", "authorization", "credentials", NULL};

/* Parameters of OAuth that in JSON are usually something else: the code of an error, the state of a thing. */
static const char *const ambiguous[] = {"code", "state", NULL};

/* What a text with those has when it is of OAuth. */
static const char *const companions[] = {
	"grant_type", "redirect_uri", "code_verifier", "code_challenge", "response_type", NULL};

/* What is in the name of a setting at Segment (".../config/apiKey") when it is a secret: as in segment.public. */
static const char *const setting_words[] = {"key", "secret", "token", "password", "appgroup", "hook", NULL};

/* Headers whose whole value is a credential, besides those whose names are as above. */
static const char *const headers[] = {"proxyauthorization", "dpop", "authentication", "xauth", "xapitoken", "xtoken",
	"xsecret", "xauthkey", "privatetoken", "xvaulttoken", "xgoogapikey", "xamzsecuritytoken", "ocpapimsubscriptionkey",
	"functionskey", NULL};

static bool is_in(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static bool has_ending(const char *name)
{
	size_t length = strlen(name);

	for (const char *const *ending = endings; *ending; ending++) {
		size_t own = strlen(*ending);
		if (length >= own && strcmp(name + length - own, *ending) == 0)
			return true;
	}
	return false;
}

/* Writes a name without '_' and '-', in lower case. False for one that is too long. */
static bool normalize(struct pa_span name, char out[NAME_MAX_BYTES])
{
	size_t used = 0;

	for (size_t i = 0; i < name.length; i++) {
		if (name.at[i] == '_' || name.at[i] == '-')
			continue;
		if (used == NAME_MAX_BYTES - 1)
			return false;
		out[used++] = pa_text_lower(name.at[i]);
	}
	out[used] = '\0';
	return used > 0;
}

enum kind { NONE, CREDENTIAL, AMBIGUOUS, PAIR };

static enum kind kind_of(struct pa_span name)
{
	char normal[NAME_MAX_BYTES];

	if (name.length < 3 || !normalize(name, normal))
		return NONE;
	if (is_in(ambiguous, normal))
		return AMBIGUOUS;
	if (strcmp(normal, "value") == 0)
		return PAIR;
	return is_in(wholes, normal) || has_ending(normal) ? CREDENTIAL : NONE;
}

/* Scanning */

struct scan {
	struct pa_span text;
	bool is_form, is_oauth;
	pa_credentials_found *found;
	void *context;
};

static char byte_at(const struct scan *scan, size_t at)
{
	return at < scan->text.length ? scan->text.at[at] : '\0';
}

static bool is_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
		   byte == '_' || byte == '-';
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t skip_space(const struct scan *scan, size_t at)
{
	while (at < scan->text.length && is_space(scan->text.at[at]))
		at++;
	return at;
}

/* A secret that the log masks may have bytes at which a value would end. */
static size_t past_secrets(const struct scan *scan, size_t from, size_t to)
{
	pa_mask_begin();
	for (size_t at = from; at < to; at++) {
		size_t length = pa_mask_at(scan->text.at + at, scan->text.length - at);
		if (at + length > to)
			to = at + length;
	}
	pa_mask_end();
	return to;
}

static void tell(const struct scan *scan, size_t from, size_t to)
{
	to = past_secrets(scan, from, to);
	if (to > from)
		scan->found(scan->context, from, to);
}

/* The end of a value in quotes, which begins at `at`. */
static size_t quoted_end(const struct scan *scan, size_t at, char quote)
{
	for (; at < scan->text.length && scan->text.at[at] != quote; at++)
		if (scan->text.at[at] == '\\' && at + 1 < scan->text.length)
			at++;
	return at < scan->text.length ? at : scan->text.length;
}

static size_t bare_end(const struct scan *scan, size_t at, const char *ends)
{
	while (at < scan->text.length && scan->text.at[at] && !strchr(ends, scan->text.at[at]))
		at++;
	return at;
}

static bool is_literal(const struct scan *scan, size_t from, size_t to)
{
	const struct pa_span value = {scan->text.at + from, to - from};

	return pa_text_is(value, "null") || pa_text_is(value, "true") || pa_text_is(value, "false");
}

/* A value after ':', as in JSON and headers; its first byte is at `at`. */
static void tell_member(const struct scan *scan, size_t at)
{
	char first = byte_at(scan, at);

	if (first == '"' || first == '\'') {
		tell(scan, at + 1, quoted_end(scan, at + 1, first));
		return;
	}
	if (first == '{')
		return; /* its members have names of their own */
	size_t to = first == '[' ? bare_end(scan, at, "]") : bare_end(scan, at, ",}]&<\r\n");
	if (!is_literal(scan, at, to))
		tell(scan, at, to);
}

/* A value after '=', as in a query, a form, an attribute. */
static void tell_parameter(const struct scan *scan, size_t at)
{
	char first = byte_at(scan, at);

	if (!scan->is_form && (first == '"' || first == '\''))
		tell(scan, at + 1, quoted_end(scan, at + 1, first));
	else
		tell(scan, at, bare_end(scan, at, scan->is_form ? "&" : "& \t\r\n\"'<>#"));
}

/* The value of a part of a multipart body, whose name ends at `at`. False when it is none. */
static void tell_part(const struct scan *scan, size_t at)
{
	const char *from = memmem(scan->text.at + at, scan->text.length - at, "\r\n\r\n", 4);

	if (!from)
		return;
	size_t begin = (size_t)(from - scan->text.at) + 4;
	const char *end = memmem(scan->text.at + begin, scan->text.length - begin, "\r\n--", 4);
	tell(scan, begin, end ? (size_t)(end - scan->text.at) : scan->text.length);
}

/* The value of a field in HTML, whose name is the one from `from` to `to`, in the same tag. */
static void tell_field(const struct scan *scan, size_t from, size_t to)
{
	size_t begin = from, end = to;

	while (begin > 0 && from - begin < TAG_MAX && scan->text.at[begin] != '<')
		begin--;
	while (end < scan->text.length && end - to < TAG_MAX && scan->text.at[end] != '>')
		end++;
	for (size_t at = begin; at + 6 < end; at++) {
		if (!is_space(scan->text.at[at]) || strncasecmp(scan->text.at + at + 1, "value=", 6) != 0)
			continue;
		tell_parameter(scan, at + 7);
		return;
	}
}

/* What comes before a name: name="…" of HTML and multipart bodies. */
static bool is_named(const struct scan *scan, size_t from)
{
	size_t at = from;

	if (at > 0 && (scan->text.at[at - 1] == '"' || scan->text.at[at - 1] == '\''))
		at--;
	return at >= 5 && strncasecmp(scan->text.at + at - 5, "name=", 5) == 0;
}

/* Whether the value of a member "name" is the name of a secret. */
static bool names_a_secret(struct pa_span value)
{
	const char *slash = memrchr(value.at, '/', value.length);
	struct pa_span last = value;
	char normal[NAME_MAX_BYTES];

	if (slash)
		last = (struct pa_span){slash + 1, value.length - (size_t)(slash + 1 - value.at)};
	if (kind_of(last) == CREDENTIAL)
		return true;
	if (!memmem(value.at, value.length, "/config/", 8) || !normalize(last, normal))
		return false;
	for (const char *const *word = setting_words; *word; word++)
		if (strstr(normal, *word))
			return true;
	return false;
}

/* The string that a member of an object has, which is from `at` to `end`; empty without it, or inside of an object in
 * it. */
static struct pa_span member_of(const struct scan *scan, size_t at, size_t end, const char *member)
{
	for (int depth = 0; at < end; at++) {
		depth += (scan->text.at[at] == '{') - (scan->text.at[at] == '}');
		if (scan->text.at[at] != '"')
			continue;
		size_t begin = at + 1;
		at = quoted_end(scan, begin, '"');
		size_t next = skip_space(scan, at + 1);
		if (depth != 0 || at >= end || byte_at(scan, next) != ':' ||
			!pa_text_is((struct pa_span){scan->text.at + begin, at - begin}, member))
			continue;
		next = skip_space(scan, next + 1);
		if (byte_at(scan, next) == '"')
			return (struct pa_span){scan->text.at + next + 1, quoted_end(scan, next + 1, '"') - next - 1};
	}
	return (struct pa_span){0};
}

/* A member "value" of an object that has the name of the value beside it: {"name": "apiKey", "value": …}. The word is
 * from `from` to before `to`. */
static void look_in_pair(const struct scan *scan, size_t from, size_t to)
{
	size_t begin = from, end = to, colon;
	int depth = 0;

	if (from == 0 || scan->text.at[from - 1] != '"' || byte_at(scan, to) != '"')
		return;
	colon = skip_space(scan, to + 1);
	if (byte_at(scan, colon) != ':')
		return;
	while (begin > 0 && from - begin < PAIR_MAX && depth >= 0) {
		begin--;
		depth += (scan->text.at[begin] == '}') - (scan->text.at[begin] == '{');
	}
	if (depth < 0) /* after the brace */
		begin++;
	for (depth = 0; end < scan->text.length && end - to < PAIR_MAX; end++) {
		depth += (scan->text.at[end] == '{') - (scan->text.at[end] == '}');
		if (depth < 0)
			break;
	}
	const struct pa_span name = member_of(scan, begin, end, "name"), type = member_of(scan, begin, end, "type");
	if ((name.length > 0 && names_a_secret(name)) || pa_text_is(type, "password"))
		tell_member(scan, skip_space(scan, colon + 1));
}

/* A name was found from `from` to before `to`. */
static void look_after(const struct scan *scan, size_t from, size_t to, enum kind kind)
{
	size_t at = to;
	char quote = from > 0 ? scan->text.at[from - 1] : '\0';

	if (kind == PAIR) {
		look_in_pair(scan, from, to);
		return;
	}
	if (is_named(scan, from)) {
		const char *line = memchr(scan->text.at + to, '\n', scan->text.length - to);
		const char *tag = memchr(scan->text.at + to, '>', scan->text.length - to);
		if (line && (!tag || line < tag))
			tell_part(scan, to);
		else
			tell_field(scan, from, to);
		return;
	}
	if (quote == '<' && byte_at(scan, at) == '>') {
		tell(scan, at + 1, bare_end(scan, at + 1, "<"));
		return;
	}
	if (byte_at(scan, at) == ']') /* user[password]=… */
		at++;
	if (byte_at(scan, at) == '=') {
		tell_parameter(scan, at + 1);
		return;
	}
	if (kind == AMBIGUOUS && !scan->is_oauth)
		return;
	if ((quote == '"' || quote == '\'') && byte_at(scan, at) == quote)
		at++;
	at = skip_space(scan, at);
	if (byte_at(scan, at) == ':' && byte_at(scan, at + 1) != '/')
		tell_member(scan, skip_space(scan, at + 1));
}

/* The password of a URL, after its "://" at `at`. */
static void look_in_url(const struct scan *scan, size_t at)
{
	size_t end = bare_end(scan, at, "/?# \t\r\n\"'<>"), host = 0, colon = 0;

	for (size_t i = at; i < end; i++)
		if (scan->text.at[i] == '@')
			host = i;
	for (size_t i = at; i < host && colon == 0; i++)
		if (scan->text.at[i] == ':')
			colon = i + 1;
	if (colon > 0)
		tell(scan, colon, host);
}

static bool has_companion(struct pa_span text)
{
	for (const char *const *name = companions; *name; name++)
		if (text.length > 0 && memmem(text.at, text.length, *name, strlen(*name)))
			return true;
	return false;
}

void pa_credentials_find(struct pa_span text, bool is_form, pa_credentials_found *found, void *context)
{
	const struct scan scan = {text, is_form, has_companion(text), found, context};

	for (size_t at = 0; at < text.length;) {
		if (text.at[at] == ':' && at + 2 < text.length && text.at[at + 1] == '/' && text.at[at + 2] == '/')
			look_in_url(&scan, at + 3);
		if (!is_word(text.at[at])) {
			at++;
			continue;
		}
		size_t from = at;
		while (at < text.length && is_word(text.at[at]))
			at++;
		enum kind kind = kind_of((struct pa_span){text.at + from, at - from});
		if (kind != NONE)
			look_after(&scan, from, at, kind);
	}
}

/* Headers */

/* The values of cookies; of Set-Cookie only the first one is a cookie. */
static void find_cookies(struct pa_span value, bool first_only, pa_credentials_found *found, void *context)
{
	for (size_t at = 0; at < value.length;) {
		const char *end = memchr(value.at + at, ';', value.length - at);
		size_t to = end ? (size_t)(end - value.at) : value.length;
		const char *equals = memchr(value.at + at, '=', to - at);
		size_t from = equals ? (size_t)(equals - value.at) + 1 : at;
		if (to > from)
			found(context, from, to);
		if (first_only)
			return;
		at = to + 1;
		while (at < value.length && value.at[at] == ' ')
			at++;
	}
}

static bool is_credential_header(struct pa_span name)
{
	char normal[NAME_MAX_BYTES];

	return normalize(name, normal) && (is_in(headers, normal) || is_in(wholes, normal) || has_ending(normal));
}

/* The length of the scheme that a value of Authorization begins with, and of the space after it; 0 for an unknown one,
 * which may be a part of the credential. */
static size_t scheme_of(struct pa_span value)
{
	static const char *const schemes[] = {
		"Basic", "Bearer", "Digest", "DPoP", "Token", "Negotiate", "ApiKey", "Hawk", "OAuth", "AWS4-HMAC-SHA256", NULL};
	const char *space = value.length > 0 ? memchr(value.at, ' ', value.length) : NULL;

	for (size_t i = 0; space && schemes[i]; i++)
		if (pa_text_is((struct pa_span){value.at, (size_t)(space - value.at)}, schemes[i]))
			return (size_t)(space - value.at) + 1;
	return 0;
}

void pa_credentials_find_header(struct pa_span name, struct pa_span value, pa_credentials_found *found, void *context)
{
	if (pa_text_is(name, "cookie") || pa_text_is(name, "set-cookie")) {
		find_cookies(value, name.length > 6, found, context);
		return;
	}
	if (!is_credential_header(name))
		return;
	size_t from = scheme_of(value);
	if (value.length > from)
		found(context, from, value.length);
}

struct pa_span pa_credentials_parameter(struct pa_span query, const char *name)
{
	size_t length = strlen(name);

	for (size_t at = 0; at < query.length;) {
		const char *end = memchr(query.at + at, '&', query.length - at);
		size_t to = end ? (size_t)(end - query.at) : query.length;
		if (to - at > length && query.at[at + length] == '=' && memcmp(query.at + at, name, length) == 0)
			return (struct pa_span){query.at + at + length + 1, to - at - length - 1};
		at = to + 1;
	}
	return (struct pa_span){0};
}
