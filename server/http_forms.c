#include "http_forms.h"

#include <brotli/decode.h>
#include <limits.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#define PIECE_BYTES 16384
#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib's way to say: a gzip file */

/* What came out is the beginning of what is left of the file; that is behind us then. */
static bool goes_on(struct galen_bytes *left, const uint8_t *piece, size_t size)
{
    if (size > left->size || (size > 0 && memcmp(left->at, piece, size) != 0))
        return false;
    left->at += size;
    left->size -= size;
    return true;
}

static bool gzip_holds(struct galen_bytes packed, struct galen_bytes left)
{
    uint8_t piece[PIECE_BYTES];
    z_stream stream = {.next_in = packed.at};
    if (packed.size > UINT_MAX || inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return false;
    stream.avail_in = (uInt)packed.size;
    int said = Z_OK;
    bool good = true;
    while (good && said == Z_OK) {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        said = inflate(&stream, Z_NO_FLUSH);
        good = goes_on(&left, piece, sizeof piece - stream.avail_out);
    }
    good = good && said == Z_STREAM_END && stream.avail_in == 0 && left.size == 0;
    inflateEnd(&stream);
    return good;
}

static bool brotli_holds(struct galen_bytes packed, struct galen_bytes left)
{
    uint8_t piece[PIECE_BYTES];
    BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderResult said = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    bool good = decoder != NULL;
    while (good && said == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        uint8_t *next = piece;
        size_t room = sizeof piece;
        said = BrotliDecoderDecompressStream(decoder, &packed.size, &packed.at, &room, &next, NULL);
        good = goes_on(&left, piece, sizeof piece - room);
    }
    good = good && said == BROTLI_DECODER_RESULT_SUCCESS && packed.size == 0 && left.size == 0;
    BrotliDecoderDestroyInstance(decoder);
    return good;
}

bool http_form_holds(enum http_coding coding, struct galen_bytes packed, struct galen_bytes plain)
{
    return coding == HTTP_GZIP ? gzip_holds(packed, plain) : brotli_holds(packed, plain);
}
