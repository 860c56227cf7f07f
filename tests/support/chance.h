/* Chance from a seed: the same seed, the same sequence, on every machine. */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *chance);
uint64_t chance_below(struct chance *chance, uint64_t n); /* 0 .. n-1 */
bool chance_in(struct chance *chance, uint64_t thousandths);
void chance_fill(struct chance *chance, void *out, size_t n);

#endif
