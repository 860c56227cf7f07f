/*
 * Build switches that take one check out each (-DGALEN_MUTATION=NAME at configure time), so that
 * tests/mutation can show that a named test notices. In every ordinary build the value is 1.
 */
#ifndef GALEN_MUTATION_H
#define GALEN_MUTATION_H

#define GALEN_MUTATION_SECOND(a, b, ...) b
#define GALEN_MUTATION_PICK(...)         GALEN_MUTATION_SECOND(__VA_ARGS__, 1, 0)
#define GALEN_MUTATION_MARK_1            0, 0
#define GALEN_MUTATION_JOIN(a, b)        a##b
#define GALEN_MUTATION_MARK(v)           GALEN_MUTATION_PICK(GALEN_MUTATION_JOIN(GALEN_MUTATION_MARK_, v))

/** 1, or 0 in a build with -DGALEN_WITHOUT_<name>=1. For use inside `if` conditions. */
#define GALEN_CHECKED(name) GALEN_MUTATION_MARK(GALEN_WITHOUT_##name)

#endif
