/* Marks the bytes of secrets, then copies the others. */
#include "traffic/redact.h"

#include <string.h>

#include "base/base64.h"
#include "base/mask.h"
#include "base/openssl.h"
#include "traffic/credentials.h"
#include "traffic/views.h"

enum {
	NEEDLES_MAX = 64,
	NEEDLE_MIN = 8, /* bytes of a credential that is looked for elsewhere in its exchange */
	NEEDLE_BYTES = 16384,
};

/* What is known of one exchange while it is worked on. */
struct work {
	const struct pa_entry *entry;
	struct pa_buffer marks[PA_ENTRY_TEXTS]; /* a byte for each of a text: not 0 where a secret is */
	/* credentials that were found, to look for them in all texts */
	char bytes[NEEDLE_BYTES];
	struct pa_span needles[NEEDLES_MAX];
	size_t needle_count, bytes_used;
};

/* One text, or a part of it, that is looked at. */
struct look {
	struct work *work;
	unsigned char *marks;
	bool is_form;
	const struct pa_view *view; /* the one that credentials are found in */
};

/* Marking */

static void mark(const struct look *look, size_t from, size_t to)
{
	size_t begin = pa_views_place(look->view, from), end = pa_views_place(look->view, to);

	memset(look->marks + begin, 1, end - begin);
}

static void mark_secrets(const struct look *look)
{
	const struct pa_span text = look->view->text;

	pa_mask_begin();
	for (size_t at = 0; at < text.length; at++) { /* one secret may begin inside of another */
		size_t length = pa_mask_at(text.at + at, text.length - at);
		if (length > 0)
			mark(look, at, at + length);
	}
	pa_mask_end();
}

static void add_needle(struct work *work, struct pa_span bytes)
{
	if (bytes.length < NEEDLE_MIN || work->needle_count == NEEDLES_MAX ||
		bytes.length > sizeof work->bytes - work->bytes_used)
		return;
	for (size_t i = 0; i < work->needle_count; i++)
		if (pa_text_equal(work->needles[i], bytes))
			return;
	char *copy = work->bytes + work->bytes_used;
	memcpy(copy, bytes.at, bytes.length);
	work->bytes_used += bytes.length;
	work->needles[work->needle_count++] = (struct pa_span){copy, bytes.length};
}

static void found(void *context, size_t from, size_t to)
{
	const struct look *look = context;

	mark(look, from, to);
	add_needle(look->work, (struct pa_span){look->view->text.at + from, to - from});
}

static void look_at_view(void *context, const struct pa_view *view)
{
	struct look *look = context;

	look->view = view;
	mark_secrets(look);
	pa_credentials_find(view->text, look->is_form && !view->map, found, look);
}

static void look_for_needles(void *context, const struct pa_view *view)
{
	struct look *look = context;
	const struct work *work = look->work;

	look->view = view;
	for (size_t i = 0; i < work->needle_count && view->text.length > 0; i++) {
		const struct pa_span needle = work->needles[i];
		const char *at = view->text.at, *end = at + view->text.length;
		while ((at = memmem(at, (size_t)(end - at), needle.at, needle.length)) != NULL) {
			mark(look, (size_t)(at - view->text.at), (size_t)(at - view->text.at) + needle.length);
			at += needle.length;
		}
	}
}

/* Heads */

/* The next line of a head from *at on, without its end. False at the end. */
static bool next_line(struct pa_span head, size_t *at, struct pa_span *line)
{
	if (*at >= head.length)
		return false;
	size_t end = *at;
	while (end < head.length && head.at[end] != '\n' && head.at[end])
		end++;
	*line = (struct pa_span){head.at + *at, end - *at};
	if (line->length > 0 && line->at[line->length - 1] == '\r')
		line->length--;
	*at = end + 1;
	return true;
}

/* The name of a line, and its value. False for a line that is none, such as the one with the status. */
static bool split_line(struct pa_span line, struct pa_span *name, struct pa_span *value)
{
	const char *colon = line.length > 0 ? memchr(line.at, ':', line.length) : NULL;

	if (!colon || !pa_text_is_token((struct pa_span){line.at, (size_t)(colon - line.at)}))
		return false;
	*name = (struct pa_span){line.at, (size_t)(colon - line.at)};
	*value = pa_text_trim((struct pa_span){colon + 1, line.length - name->length - 1});
	return true;
}

static struct pa_span header_of(struct pa_span head, const char *wanted)
{
	struct pa_span line, name, value;

	for (size_t at = 0; next_line(head, &at, &line);)
		if (split_line(line, &name, &value) && pa_text_is(name, wanted))
			return value;
	return (struct pa_span){0};
}

/* User and password of Basic credentials are secrets by themselves. */
static void learn_basic(struct work *work, struct pa_span value)
{
	char decoded[1024];

	if (value.length < 7 || strncasecmp(value.at, "Basic ", 6) != 0 || value.length - 6 > sizeof decoded)
		return;
	long length = pa_base64_decode(value.at + 6, value.length - 6, false, (unsigned char *)decoded);
	const char *colon = length > 0 ? memchr(decoded, ':', (size_t)length) : NULL;
	if (colon)
		add_needle(work, (struct pa_span){colon + 1, (size_t)(decoded + length - colon - 1)});
	explicit_bzero(decoded, sizeof decoded);
}

static bool look_at_head(struct work *work, int text)
{
	const struct pa_span head = work->entry->texts[text];
	struct pa_span line, name, value;
	bool fine = true;

	for (size_t at = 0; next_line(head, &at, &line);) {
		struct look look = {.work = work};
		if (!split_line(line, &name, &value)) {
			value = line;
		} else { /* a header may be named like a secret */
			look.marks = (unsigned char *)work->marks[text].at + (name.at - head.at);
			look.view = &(const struct pa_view){name, NULL};
			mark_secrets(&look);
		}
		if (value.length == 0)
			continue;
		look.marks = (unsigned char *)work->marks[text].at + (value.at - head.at);
		look.view = &(const struct pa_view){value, NULL};
		if (value.at != line.at) {
			pa_credentials_find_header(name, value, found, &look);
			learn_basic(work, value);
		}
		fine = pa_views_walk(value, look_at_view, &look) && fine;
	}
	return fine;
}

/* Exchanges */

static bool is_head(int text)
{
	return text == PA_ENTRY_REQUEST_HEAD || text == PA_ENTRY_RESPONSE_HEAD;
}

static bool is_form(struct pa_span head)
{
	const struct pa_span type = header_of(head, "content-type");

	return type.length >= 33 && strncasecmp(type.at, "application/x-www-form-urlencoded", 33) == 0;
}

static bool is_packed(struct pa_span head, struct pa_span body)
{
	const struct pa_span coding = header_of(head, "content-encoding");

	if (body.length == 0)
		return false;
	return (coding.length > 0 && !pa_text_is(coding, "identity")) ||
		   (body.length > 2 && memcmp(body.at, "\x1f\x8b", 2) == 0);
}

/* Makes room for the marks of all texts. */
static bool prepare(struct work *work)
{
	for (int i = 0; i < PA_ENTRY_TEXTS; i++) {
		size_t length = work->entry->texts[i].length;
		if (length == 0)
			continue;
		if (pa_buffer_grow(&work->marks[i], length) < 0)
			return false;
		memset(work->marks[i].at, 0, length);
	}
	return true;
}

static bool mark_all(struct work *work)
{
	const struct pa_entry *entry = work->entry;

	for (int i = 0; i < PA_ENTRY_TEXTS; i++) {
		struct look look = {.work = work, .marks = (unsigned char *)work->marks[i].at};
		if (is_head(i) ? !look_at_head(work, i) : false)
			return false;
		if (i == PA_ENTRY_REQUEST_BODY)
			look.is_form = is_form(entry->texts[PA_ENTRY_REQUEST_HEAD]);
		else if (i == PA_ENTRY_RESPONSE_BODY)
			look.is_form = is_form(entry->texts[PA_ENTRY_RESPONSE_HEAD]);
		if (!is_head(i) && entry->texts[i].length > 0 && !pa_views_walk(entry->texts[i], look_at_view, &look))
			return false;
	}
	for (int i = 0; i < PA_ENTRY_TEXTS && work->needle_count > 0; i++) {
		struct look look = {.work = work, .marks = (unsigned char *)work->marks[i].at};
		if (entry->texts[i].length > 0 && !pa_views_walk(entry->texts[i], look_for_needles, &look))
			return false;
	}
	return true;
}

/* Copies a text with *** for each run of marked bytes. Of a body, at most PA_ENTRY_BODY_MAX bytes of the text. */
static bool copy(struct pa_span text, const char *marks, size_t most, struct pa_buffer *out)
{
	size_t length = text.length < most ? text.length : most;

	pa_buffer_reset(out, PA_BUFFER_SMALL);
	for (size_t at = 0; at < length;) {
		size_t from = at;
		while (at < length && !marks[at])
			at++;
		if (pa_buffer_add(out, text.at + from, at - from) < 0)
			return false;
		if (at == length)
			break;
		while (at < length && marks[at])
			at++;
		if (pa_buffer_add(out, "***", 3) < 0)
			return false;
	}
	return true;
}

/* Copies a head as lines that end with LF. */
static bool copy_head(struct pa_span head, const char *marks, struct pa_buffer *out)
{
	struct pa_buffer line_out = {0};
	struct pa_span line;
	bool fine = true;

	pa_buffer_reset(out, PA_BUFFER_SMALL);
	for (size_t at = 0; fine && next_line(head, &at, &line);)
		if (line.length > 0)
			fine = copy(line, marks + (line.at - head.at), line.length, &line_out) &&
				   pa_buffer_add(out, line_out.at, line_out.length) == 0 && pa_buffer_add(out, "\n", 1) == 0;
	pa_buffer_free(&line_out);
	return fine;
}

/* Flows */

/* The state of the flow that the exchange belongs to: a callback, or the redirect that begins one. */
static struct pa_span state_of(struct pa_span url)
{
	const char *mark = url.length > 0 ? memchr(url.at, '?', url.length) : NULL;
	struct pa_span query = {0};

	if (mark)
		query = (struct pa_span){mark + 1, url.length - (size_t)(mark - url.at) - 1};
	if (pa_credentials_parameter(query, "code").at || pa_credentials_parameter(query, "error").at ||
		pa_credentials_parameter(query, "response_type").at)
		return pa_credentials_parameter(query, "state");
	return (struct pa_span){0};
}

/* Names the flow by a hash of its state. */
static const char *flow_of(struct pa_redact *redact, const struct pa_entry *entry)
{
	struct pa_openssl *contexts = pa_openssl_of_thread();
	struct pa_span state = state_of(entry->texts[PA_ENTRY_URL]);
	unsigned char digest[32];
	char decoded[1024];

	if (state.length == 0)
		state = state_of(header_of(entry->texts[PA_ENTRY_RESPONSE_HEAD], "location"));
	if (entry->out || state.length == 0 || state.length > sizeof decoded || !contexts)
		return NULL;
	long length = pa_text_decode(state, decoded, true);
	bool hashed = length > 0 && EVP_Digest(decoded, (size_t)length, digest, NULL, contexts->sha256, NULL) == 1;
	explicit_bzero(decoded, sizeof decoded);
	if (!hashed)
		return NULL;
	pa_text_write_hex(digest, 16, redact->flow);
	redact->flow[32] = '\0';
	return redact->flow;
}

/* Rows */

static bool copy_all(struct pa_redact *redact, const struct work *work, struct pa_archive_row *row)
{
	const struct pa_entry *entry = work->entry;

	for (int i = 0; i < PA_ENTRY_TEXTS; i++) {
		const struct pa_span text = entry->texts[i];
		struct pa_buffer *out = &redact->texts[i];
		bool is_body = i == PA_ENTRY_REQUEST_BODY || i == PA_ENTRY_RESPONSE_BODY;
		if (!(is_head(i) ? copy_head(text, work->marks[i].at, out)
						 : copy(text, work->marks[i].at, is_body ? PA_ENTRY_BODY_MAX : text.length, out)))
			return false;
		row->texts[i] = (struct pa_span){out->at, out->length};
	}
	return true;
}

static const char *note_of(size_t size)
{
	return size > PA_ENTRY_BODY_MAX ? "cut" : NULL;
}

/* Leaves a packed body out. */
static const char *unpacked(struct pa_entry *entry, int head, int body, size_t size)
{
	if (!is_packed(entry->texts[head], entry->texts[body]))
		return note_of(size);
	entry->texts[body] = (struct pa_span){0};
	return "packed";
}

int pa_redact_entry(struct pa_redact *redact, const struct pa_entry *entry, struct pa_archive_row *row)
{
	struct pa_entry kept = *entry; /* without packed bodies */
	struct work *work = &(struct work){.entry = &kept};

	*row = (struct pa_archive_row){.entry = entry};
	row->flow = flow_of(redact, entry);
	row->request_note = unpacked(&kept, PA_ENTRY_REQUEST_HEAD, PA_ENTRY_REQUEST_BODY, entry->request_size);
	row->response_note = entry->out
							 ? note_of(entry->response_size)
							 : unpacked(&kept, PA_ENTRY_RESPONSE_HEAD, PA_ENTRY_RESPONSE_BODY, entry->response_size);
	bool fine = prepare(work) && mark_all(work) && copy_all(redact, work, row);
	for (int i = 0; i < PA_ENTRY_TEXTS; i++)
		pa_buffer_free(&work->marks[i]);
	explicit_bzero(work->bytes, work->bytes_used);
	return fine ? 0 : -1;
}

void pa_redact_free(struct pa_redact *redact)
{
	for (int i = 0; i < PA_ENTRY_TEXTS; i++)
		pa_buffer_free(&redact->texts[i]);
}
