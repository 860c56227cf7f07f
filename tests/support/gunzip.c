#include "support/gunzip.h"

#include <stdlib.h>
#include <string.h>

enum { LITERALS = 288, DISTANCES = 32, BITS = 15 };

struct stream {
    const uint8_t *at;
    size_t left;
    uint32_t held;
    unsigned count;
    bool failed;
    uint8_t *out;
    size_t size, room;
};

static unsigned bits(struct stream *s, unsigned n)
{
    while (s->count < n) {
        s->failed |= s->left == 0;
        s->held |= (uint32_t)(s->left > 0 ? *s->at : 0) << s->count;
        s->at += s->left > 0;
        s->left -= s->left > 0;
        s->count += 8;
    }
    unsigned value = s->held & ((1u << n) - 1);
    s->held >>= n;
    s->count -= n;
    return value;
}

static void put(struct stream *s, uint8_t byte)
{
    if (s->size + 1 >= s->room) {
        s->room = s->room * 2 + 4096;
        uint8_t *more = realloc(s->out, s->room);
        if (more == NULL)
            abort();
        s->out = more;
    }
    s->out[s->size++] = byte;
}

/* A canonical code: how many symbols have each length, and the symbols in order. */
struct code {
    uint16_t counts[BITS + 1], symbols[LITERALS];
};

static void make_code(struct code *code, const uint8_t *lengths, size_t n)
{
    uint16_t next[BITS + 2] = {0};
    memset(code, 0, sizeof *code);
    for (size_t i = 0; i < n; i++)
        code->counts[lengths[i]]++;
    code->counts[0] = 0;
    for (size_t i = 1; i <= BITS; i++)
        next[i + 1] = (uint16_t)(next[i] + code->counts[i]);
    for (size_t i = 0; i < n; i++)
        if (lengths[i] != 0)
            code->symbols[next[lengths[i]]++] = (uint16_t)i;
}

static unsigned symbol(struct stream *s, const struct code *code)
{
    int value = 0, first = 0, place = 0;
    for (unsigned length = 1; length <= BITS; length++) {
        value |= (int)bits(s, 1);
        int count = code->counts[length];
        if (value - count < first)
            return code->symbols[place + value - first];
        place += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    s->failed = true;
    return 256;
}

static void read_codes(struct stream *s, struct code *literals, struct code *distances)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[LITERALS + DISTANCES] = {0}, first[19] = {0};
    unsigned n = bits(s, 5) + 257, m = bits(s, 5) + 1, k = bits(s, 4) + 4, i = 0;
    struct code code;
    for (unsigned c = 0; c < k; c++)
        first[order[c]] = (uint8_t)bits(s, 3);
    make_code(&code, first, 19);
    while (i < n + m && !s->failed) {
        unsigned what = symbol(s, &code), times = 1;
        uint8_t length = (uint8_t)what;
        if (what == 16) {
            length = i > 0 ? lengths[i - 1] : 0;
            times = 3 + bits(s, 2);
        } else if (what >= 17) {
            length = 0;
            times = what == 17 ? 3 + bits(s, 3) : 11 + bits(s, 7);
        }
        while (times-- > 0 && i < n + m)
            lengths[i++] = length;
    }
    make_code(literals, lengths, n);
    make_code(distances, lengths + n, m);
}

static void fixed_codes(struct code *literals, struct code *distances)
{
    uint8_t lengths[LITERALS];
    for (size_t i = 0; i < LITERALS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    make_code(literals, lengths, LITERALS);
    memset(lengths, 5, DISTANCES);
    make_code(distances, lengths, 30);
}

static void inflate(struct stream *s, const struct code *literals, const struct code *distances)
{
    static const uint16_t length_base[29] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                             15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                             67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint16_t distance_base[30] = {
        1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
        193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    while (!s->failed) {
        unsigned what = symbol(s, literals);
        if (what < 256) {
            put(s, (uint8_t)what);
            continue;
        }
        if (what == 256 || what > 285)
            return;
        what -= 257;
        unsigned extra = what < 8 || what == 28 ? 0 : (what - 4) / 4;
        size_t length = length_base[what] + bits(s, extra);
        unsigned far = symbol(s, distances);
        size_t distance =
            far > 29 ? SIZE_MAX : distance_base[far] + bits(s, far < 4 ? 0 : far / 2 - 1);
        if (distance > s->size) {
            s->failed = true;
            return;
        }
        while (length-- > 0)
            put(s, s->out[s->size - distance]);
    }
}

static void stored(struct stream *s)
{
    s->held = s->count = 0;
    unsigned size = bits(s, 16);
    (void)bits(s, 16);
    while (size-- > 0 && !s->failed)
        put(s, (uint8_t)bits(s, 8));
}

/* The header's fields that may be there (RFC 1952 section 2.3). */
static void skip_header(struct stream *s)
{
    s->failed = bits(s, 8) != 0x1f || bits(s, 8) != 0x8b || bits(s, 8) != 8;
    unsigned flags = bits(s, 8);
    for (int i = 0; i < 6; i++)
        (void)bits(s, 8);
    if (flags & 4)
        for (unsigned n = bits(s, 16); n > 0 && !s->failed; n--)
            (void)bits(s, 8);
    for (unsigned flag = 8; flag <= 16; flag <<= 1)
        if (flags & flag)
            while (bits(s, 8) != 0 && !s->failed)
                ;
    if (flags & 2)
        (void)bits(s, 16);
}

struct galen_bytes gunzip(struct galen_bytes in)
{
    struct stream s = {.at = in.at, .left = in.size};
    struct code literals, distances;
    skip_header(&s);
    for (bool last = false; !last && !s.failed;) {
        last = bits(&s, 1);
        unsigned kind = bits(&s, 2);
        if (kind == 0) {
            stored(&s);
            continue;
        }
        if (kind == 1)
            fixed_codes(&literals, &distances);
        else
            read_codes(&s, &literals, &distances);
        inflate(&s, &literals, &distances);
        s.failed |= kind == 3;
    }
    if (s.failed) {
        free(s.out);
        return (struct galen_bytes){NULL, 0};
    }
    put(&s, 0);
    return (struct galen_bytes){s.out, s.size - 1};
}
