/* A stack of zlib's streams. */
#include "client/unpack.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
	AT_ONCE = 16 << 10,
	GZIP_OR_ZLIB = 15 + 32, /* windows of zlib's inflateInit2 */
	RAW = -15,
};

struct pa_unpack_layer {
	z_stream stream;
	bool is_gzip, has_begun, has_ended;
	size_t out; /* bytes that came out */
};

struct sink {
	int (*take)(void *context, const char *bytes, size_t length);
	void *context;
};

void pa_unpack_reset(struct pa_unpack *unpack, size_t bytes_max)
{
	while (unpack->count > 0) {
		struct pa_unpack_layer *layer = unpack->layers[--unpack->count];
		if (layer->has_begun)
			inflateEnd(&layer->stream);
		free(layer);
	}
	unpack->bytes_max = bytes_max;
}

static int add(struct pa_unpack *unpack, bool is_gzip)
{
	if (unpack->count == PA_UNPACK_LAYERS)
		return PA_UNPACK_FAILED;
	struct pa_unpack_layer *layer = calloc(1, sizeof *layer);
	if (!layer)
		return PA_UNPACK_FAILED;
	layer->is_gzip = is_gzip;
	unpack->layers[unpack->count++] = layer;
	return 0;
}

int pa_unpack_add(struct pa_unpack *unpack, struct pa_span value)
{
	size_t at = 0;

	while (at < value.length) {
		size_t begin = at;
		while (at < value.length && value.at[at] != ',')
			at++;
		struct pa_span word = pa_text_trim((struct pa_span){value.at + begin, at - begin});
		at++;
		if (word.length == 0 || pa_text_is(word, "identity"))
			continue;
		bool is_gzip = pa_text_is(word, "gzip") || pa_text_is(word, "x-gzip");
		if ((!is_gzip && !pa_text_is(word, "deflate")) || add(unpack, is_gzip) < 0)
			return PA_UNPACK_FAILED;
	}
	return 0;
}

/* "deflate" is zlib's format (RFC 9110 8.4.1.2); some servers leave its two bytes out. */
static int begin(struct pa_unpack_layer *layer, unsigned char first)
{
	bool is_raw = !layer->is_gzip && ((first & 0x0f) != 8 || first >> 4 > 7);

	layer->has_begun = inflateInit2(&layer->stream, is_raw ? RAW : GZIP_OR_ZLIB) == Z_OK;
	return layer->has_begun ? 0 : PA_UNPACK_FAILED;
}

/* After the end of gzip data more of it may follow (RFC 1952 2.2), as programs write that pack in parts. */
static int begin_again(struct pa_unpack_layer *layer)
{
	if (!layer->is_gzip || layer->stream.next_in[0] != 0x1f || inflateReset(&layer->stream) != Z_OK)
		return PA_UNPACK_FAILED;
	layer->has_ended = false;
	return 0;
}

/* Through the layers below `count`, the highest of them first. */
static int pass(struct pa_unpack *unpack, size_t count, const char *bytes, size_t length, const struct sink *sink)
{
	char out[AT_ONCE];

	if (count == 0)
		return sink->take(sink->context, bytes, length) < 0 ? PA_UNPACK_TOO_LARGE : 0;
	struct pa_unpack_layer *layer = unpack->layers[count - 1];
	z_stream *stream = &layer->stream;
	if (length > 0 && !layer->has_begun && begin(layer, (unsigned char)bytes[0]) < 0)
		return PA_UNPACK_FAILED;
	stream->next_in = (const unsigned char *)bytes;
	stream->avail_in = (unsigned)length; /* curl gives at most 16 KiB at once */
	bool is_full = false;                /* zlib may have more to give */
	while (stream->avail_in > 0 || is_full) {
		if (layer->has_ended && begin_again(layer) < 0)
			return PA_UNPACK_FAILED;
		stream->next_out = (unsigned char *)out;
		stream->avail_out = sizeof out;
		int result = inflate(stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return PA_UNPACK_FAILED;
		size_t got = sizeof out - stream->avail_out;
		layer->has_ended = result == Z_STREAM_END;
		is_full = got == sizeof out && !layer->has_ended;
		/* Also between the layers: what comes out there may be endless and give nothing. */
		if (got > unpack->bytes_max - layer->out)
			return PA_UNPACK_TOO_LARGE;
		layer->out += got;
		int passed = got > 0 ? pass(unpack, count - 1, out, got, sink) : 0;
		if (passed < 0)
			return passed;
		if (got == 0 && result == Z_BUF_ERROR)
			break;
	}
	return 0;
}

int pa_unpack_bytes(struct pa_unpack *unpack, const char *bytes, size_t length,
	int (*sink)(void *context, const char *bytes, size_t length), void *context)
{
	const struct sink to = {.take = sink, .context = context};

	return pass(unpack, unpack->count, bytes, length, &to);
}

bool pa_unpack_is_whole(const struct pa_unpack *unpack)
{
	bool is_empty = unpack->count > 0 && !unpack->layers[unpack->count - 1]->has_begun;

	for (size_t i = 0; i < unpack->count && !is_empty; i++)
		if (!unpack->layers[i]->has_ended)
			return false;
	return true;
}
