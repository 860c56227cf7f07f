#include "galen/crypto.h"
#include "galen/mutation.h"

#include <string.h>

#define MARKER 0x80

static size_t bits_of(size_t n)
{
    size_t bits = 0;
    for (; n > 0; n >>= 1)
        bits++;
    return bits;
}

/* Padmé: as many of the low bits are zero as leave log2(log2 n) + 1 significant ones. */
static size_t padme(size_t n)
{
    size_t exponent = bits_of(n) - 1;
    size_t significant = bits_of(exponent);
    size_t low = ((size_t)1 << (exponent - significant)) - 1;
    return (n + low) & ~low;
}

size_t galen_padded_size(size_t n)
{
    if (n < GALEN_PAD_MIN)
        return GALEN_PAD_MIN;
    if (n >= GALEN_VECTOR_MAX)
        return 0;
    size_t padded = padme(n + 1);
    return padded <= GALEN_VECTOR_MAX ? padded : 0;
}

void galen_pad(struct galen_writer *w, size_t start)
{
    static const uint8_t zeros[GALEN_PAD_MIN];
    if (w->failed)
        return;
    size_t target = galen_padded_size(w->size - start);
    if (target == 0) {
        w->failed = true;
        return;
    }
    galen_write_u8(w, MARKER);
    while (!w->failed && w->size - start < target) {
        size_t left = target - (w->size - start);
        galen_write(w, zeros, left < sizeof zeros ? left : sizeof zeros);
    }
}

/* All ones if `v` is zero, else all zeros; without a branch. */
static size_t mask_zero(size_t v)
{
    return (size_t)0 - (size_t)(1 ^ ((v | (0 - v)) >> (sizeof v * 8 - 1)));
}

bool galen_unpad(struct galen_bytes padded, struct galen_bytes *plain)
{
    *plain = (struct galen_bytes){0};
    if (padded.size > GALEN_VECTOR_MAX)
        return false;
    size_t searching = ~(size_t)0; /* all ones until the last byte that is not zero */
    size_t at = 0;
    uint8_t found = 0;
    for (size_t i = padded.size; i-- > 0;) {
        size_t hit = searching & ~mask_zero(padded.at[i]);
        at |= hit & i;
        found = (uint8_t)(found | (hit & padded.at[i]));
        searching &= ~hit;
    }
    if (GALEN_CHECKED(PADDING) && (found != MARKER || galen_padded_size(at) != padded.size))
        return false;
    *plain = (struct galen_bytes){padded.at, at};
    return true;
}
