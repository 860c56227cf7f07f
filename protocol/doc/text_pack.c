#include "text_pack.h"

#include <stdlib.h>
#include <string.h>

enum {
    SYMBOLS = 256,
    BITS_MAX = 12,
    HASH_BITS = 15,
    MATCH_MIN = 4,
    CHAIN_MAX = 32,
    STREAMS = 4, /* literals; how many of them; how long a repetition is; how far back it stands */
};

/* ---- Bits ---------------------------------------------------------------------------------------- */

/* Lengths of a code for these frequencies: Huffman's, by merging the two rarest again and again; where one
 * becomes too long, frequencies are made more alike. */
static void find_lengths(const size_t counts[SYMBOLS], uint8_t lengths[SYMBOLS])
{
    size_t weight[2 * SYMBOLS], scaled[SYMBOLS];
    uint16_t parent[2 * SYMBOLS];
    memcpy(scaled, counts, sizeof scaled);
    for (;;) {
        size_t nodes = SYMBOLS, left = 0, longest = 0;
        bool open[2 * SYMBOLS] = {false};
        for (size_t i = 0; i < SYMBOLS; i++) {
            weight[i] = scaled[i];
            open[i] = scaled[i] > 0;
            left += open[i];
        }
        memset(lengths, 0, SYMBOLS);
        while (left > 1) {
            size_t a = 2 * SYMBOLS, b = 2 * SYMBOLS;
            for (size_t i = 0; i < nodes; i++) {
                if (!open[i])
                    continue;
                if (a == 2 * SYMBOLS || weight[i] < weight[a]) {
                    b = a;
                    a = i;
                } else if (b == 2 * SYMBOLS || weight[i] < weight[b]) {
                    b = i;
                }
            }
            open[a] = open[b] = false;
            weight[nodes] = weight[a] + weight[b];
            open[nodes] = true;
            parent[a] = parent[b] = (uint16_t)nodes++;
            left--;
        }
        for (size_t i = 0; i < SYMBOLS; i++) {
            size_t length = 0;
            for (size_t at = i; scaled[i] > 0 && nodes > SYMBOLS && at + 1 < nodes; at = parent[at])
                length++;
            if (scaled[i] > 0 && length == 0)
                length = 1; /* the only one there is */
            lengths[i] = (uint8_t)length;
            longest = length > longest ? length : longest;
        }
        if (longest <= BITS_MAX)
            return;
        for (size_t i = 0; i < SYMBOLS; i++)
            scaled[i] = (scaled[i] + 1) / 2;
    }
}

/* The codes, shorter ones first and symbols in order. False: no code has these lengths. */
static bool find_codes(const uint8_t lengths[SYMBOLS], uint16_t codes[SYMBOLS])
{
    uint32_t next = 0;
    for (unsigned bits = 1; bits <= BITS_MAX; bits++) {
        for (size_t i = 0; i < SYMBOLS; i++)
            if (lengths[i] == bits)
                codes[i] = (uint16_t)next++;
        if (next > 1u << bits)
            return false;
        next <<= 1;
    }
    return true;
}

/* count u32, then, unless it is 0: lengths, 4 bits each, bits<V> */
static void write_stream(struct galen_writer *w, const struct galen_writer *stream)
{
    size_t counts[SYMBOLS] = {0};
    uint8_t lengths[SYMBOLS];
    uint16_t codes[SYMBOLS] = {0};
    uint64_t bits = 0;
    unsigned held = 0;
    galen_write_u32(w, (uint32_t)stream->size);
    if (stream->size == 0)
        return;
    for (size_t i = 0; i < stream->size; i++)
        counts[stream->at[i]]++;
    find_lengths(counts, lengths);
    (void)find_codes(lengths, codes);
    for (size_t i = 0; i < SYMBOLS; i += 2)
        galen_write_u8(w, (uint8_t)(lengths[i] << 4 | lengths[i + 1]));
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < stream->size; i++) {
        uint8_t symbol = stream->at[i];
        bits = bits << lengths[symbol] | codes[symbol];
        held += lengths[symbol];
        while (held >= 8) {
            held -= 8;
            galen_write_u8(w, (uint8_t)(bits >> held));
        }
    }
    if (held > 0)
        galen_write_u8(w, (uint8_t)(bits << (8 - held)));
    galen_write_end(w, mark);
}

/* What the next BITS_MAX bits begin with. */
struct entry {
    uint8_t symbol, length; /* 0: no code */
};

static bool make_table(const uint8_t lengths[SYMBOLS], struct entry table[1 << BITS_MAX])
{
    uint16_t codes[SYMBOLS] = {0};
    if (!find_codes(lengths, codes))
        return false;
    memset(table, 0, sizeof(struct entry) << BITS_MAX);
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (lengths[i] == 0)
            continue;
        unsigned free_bits = BITS_MAX - lengths[i];
        for (size_t k = 0; k < (size_t)1 << free_bits; k++)
            table[((size_t)codes[i] << free_bits) + k] = (struct entry){(uint8_t)i, lengths[i]};
    }
    return true;
}

static bool read_bits(struct galen_bytes in, const struct entry table[1 << BITS_MAX], uint8_t *out,
                      size_t count)
{
    uint64_t bits = 0;
    unsigned held = 0;
    size_t at = 0, left = in.size * 8;
    for (size_t i = 0; i < count; i++) {
        while (held <= 48) { /* behind the end come zeros, of which none may be used */
            bits = bits << 8 | (at < in.size ? in.at[at] : 0);
            at++;
            held += 8;
        }
        const struct entry *entry = &table[bits >> (held - BITS_MAX) & ((1 << BITS_MAX) - 1)];
        if (entry->length == 0 || entry->length > left)
            return false;
        held -= entry->length;
        left -= entry->length;
        out[i] = entry->symbol;
    }
    return left < 8;
}

/* A stream, which is the caller's. */
static enum galen_err read_stream(struct galen_reader *r, size_t most, struct galen_bytes *stream)
{
    uint8_t lengths[SYMBOLS];
    *stream = (struct galen_bytes){NULL, galen_read_u32(r)};
    if (stream->size == 0)
        return r->failed ? GALEN_ERR_FORMAT : GALEN_OK;
    for (size_t i = 0; i < SYMBOLS; i += 2) {
        uint8_t two = galen_read_u8(r);
        lengths[i] = two >> 4;
        lengths[i + 1] = two & 15;
        if (lengths[i] > BITS_MAX || lengths[i + 1] > BITS_MAX)
            return GALEN_ERR_FORMAT;
    }
    struct galen_bytes bits = galen_read_vector(r, GALEN_VECTOR_MAX);
    /* No code is shorter than a bit. */
    if (r->failed || stream->size > most || stream->size > bits.size * 8)
        return GALEN_ERR_FORMAT;
    struct entry *table = malloc(sizeof *table << BITS_MAX);
    uint8_t *out = malloc(stream->size);
    enum galen_err err = table == NULL || out == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    if (err == GALEN_OK &&
        (!make_table(lengths, table) || !read_bits(bits, table, out, stream->size)))
        err = GALEN_ERR_FORMAT;
    free(table);
    if (err != GALEN_OK)
        free(out);
    else
        stream->at = out;
    return err;
}

/* ---- Numbers: seven bits a byte, the lowest first ------------------------------------------------ */

void pack_number(struct galen_writer *w, uint32_t n)
{
    for (; n > 0x7f; n >>= 7)
        galen_write_u8(w, (uint8_t)(n | 0x80));
    galen_write_u8(w, (uint8_t)n);
}

uint32_t unpack_number(struct galen_reader *r)
{
    uint32_t n = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = galen_read_u8(r);
        if (shift == 28 && byte > 0x0f)
            r->failed = true;
        n |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return n;
    }
    r->failed = true;
    return 0;
}

/* ---- Repetitions --------------------------------------------------------------------------------- */

struct finder {
    struct galen_bytes bytes;
    uint32_t *last;   /* by hash: where such four bytes stood last, + 1 */
    uint32_t *before; /* for each place: where such stood before it, + 1 */
};

static uint32_t hash_at(const uint8_t *at)
{
    uint32_t four;
    memcpy(&four, at, sizeof four);
    return four * 2654435761u >> (32 - HASH_BITS);
}

static void note(struct finder *f, size_t at)
{
    if (f->bytes.size - at < MATCH_MIN)
        return;
    uint32_t hash = hash_at(f->bytes.at + at);
    f->before[at] = f->last[hash];
    f->last[hash] = (uint32_t)at + 1;
}

static size_t find_match(const struct finder *f, size_t at, size_t *from)
{
    size_t best = 0, left = f->bytes.size - at;
    if (left < MATCH_MIN)
        return 0;
    uint32_t place = f->last[hash_at(f->bytes.at + at)];
    for (int i = 0; i < CHAIN_MAX && place > 0; i++, place = f->before[place - 1]) {
        size_t length = 0;
        const uint8_t *one = f->bytes.at + place - 1, *other = f->bytes.at + at;
        while (length < left && one[length] == other[length])
            length++;
        if (length > best) {
            best = length;
            *from = place - 1;
        }
    }
    return best >= MATCH_MIN ? best : 0;
}

static void find_all(struct finder *f, size_t known, struct galen_writer streams[STREAMS])
{
    size_t at = known, literals = known;
    for (size_t i = 0; i < known; i++)
        note(f, i);
    while (at < f->bytes.size) {
        size_t from = 0, later = 0, length = find_match(f, at, &from);
        note(f, at);
        if (length > 0 && at + 1 < f->bytes.size && length < 32 &&
            find_match(f, at + 1, &later) > length + 1)
            length = 0; /* a longer one begins with the next */
        if (length == 0) {
            at++;
            continue;
        }
        galen_write(&streams[0], f->bytes.at + literals, at - literals);
        pack_number(&streams[1], (uint32_t)(at - literals));
        pack_number(&streams[2], (uint32_t)(length - MATCH_MIN));
        pack_number(&streams[3], (uint32_t)(at - from - 1));
        for (size_t i = 1; i < length; i++)
            note(f, at + i);
        at += length;
        literals = at;
    }
    if (at > literals)
        galen_write(&streams[0], f->bytes.at + literals, at - literals);
}

void pack_write(struct galen_writer *w, struct galen_bytes bytes, size_t known, bool quick)
{
    struct galen_writer streams[STREAMS];
    struct finder f = {.bytes = bytes};
    f.last = calloc((size_t)1 << HASH_BITS, sizeof *f.last);
    f.before = calloc(bytes.size + 1, sizeof *f.before);
    for (size_t i = 0; i < STREAMS; i++)
        galen_writer_init(&streams[i]);
    if (f.last == NULL || f.before == NULL)
        w->failed = true;
    else
        find_all(&f, known, streams);
    for (size_t i = 0; i < STREAMS; i++) {
        if (streams[i].failed)
            w->failed = true;
        else if (quick)
            galen_write_vector(w, (struct galen_bytes){streams[i].at, streams[i].size});
        else
            write_stream(w, &streams[i]);
        galen_writer_wipe(&streams[i]);
    }
    free(f.last);
    free(f.before);
}

/* Copies forwards, so that what is copied may be part of what it is copied to. */
static void copy(uint8_t *to, size_t distance, size_t length)
{
    const uint8_t *from = to - distance;
    if (distance >= length) {
        memcpy(to, from, length);
        return;
    }
    while (length-- > 0)
        *to++ = *from++;
}

static bool unpack(const struct galen_bytes streams[STREAMS], uint8_t *out, size_t at, size_t size)
{
    struct galen_reader literals, counts, lengths, distances;
    galen_reader_init(&literals, streams[0]);
    galen_reader_init(&counts, streams[1]);
    galen_reader_init(&lengths, streams[2]);
    galen_reader_init(&distances, streams[3]);
    while (counts.left > 0) {
        struct galen_bytes plain = galen_take(&literals, unpack_number(&counts));
        uint32_t length = unpack_number(&lengths), distance = unpack_number(&distances);
        if (literals.failed || counts.failed || lengths.failed || distances.failed ||
            plain.size > size - at)
            return false;
        if (plain.size > 0)
            memcpy(out + at, plain.at, plain.size);
        at += plain.size;
        if (distance >= at || size - at < MATCH_MIN || length > size - at - MATCH_MIN)
            return false;
        copy(out + at, (size_t)distance + 1, (size_t)length + MATCH_MIN);
        at += (size_t)length + MATCH_MIN;
    }
    if (lengths.left > 0 || distances.left > 0 || literals.left != size - at)
        return false;
    if (literals.left > 0)
        memcpy(out + at, literals.at, literals.left);
    return true;
}

enum galen_err pack_read(struct galen_reader *r, bool quick, uint8_t *out, size_t known,
                         size_t size)
{
    struct galen_bytes streams[STREAMS] = {{NULL, 0}};
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; i < STREAMS && err == GALEN_OK; i++) {
        if (quick)
            streams[i] = galen_read_vector(r, GALEN_VECTOR_MAX);
        else
            err = read_stream(r, 5 * size + 5, &streams[i]);
    }
    if (err == GALEN_OK && (r->failed || !unpack(streams, out, known, size)))
        err = GALEN_ERR_FORMAT;
    for (size_t i = 0; !quick && i < STREAMS; i++)
        free((uint8_t *)streams[i].at);
    return err;
}
