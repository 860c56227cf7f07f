#include "support/chance.h"

/* splitmix64: every seed gives another run, and the same seed the same. */
uint64_t chance_next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

uint64_t chance_below(struct chance *chance, uint64_t n)
{
    return n == 0 ? 0 : chance_next(chance) % n;
}

bool chance_in(struct chance *chance, uint64_t thousandths)
{
    return chance_below(chance, 1000) < thousandths;
}

void chance_fill(struct chance *chance, void *out, size_t n)
{
    uint8_t *at = out;
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(chance_next(chance) >> 32);
}
