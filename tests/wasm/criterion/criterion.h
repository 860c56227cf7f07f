/*
 * Criterion's macros, as far as Galen's tests use them, for tests that run in WebAssembly, where there are no
 * processes to fork and no jumps. Each test is an export named "test SUITE/NAME"; tests/wasm/run.mjs calls it in an
 * instance of its own. A failed assertion ends the test by an exception of JavaScript's, thrown through the module.
 */
#ifndef TESTS_WASM_CRITERION_H
#define TESTS_WASM_CRITERION_H

#include <stdbool.h>
#include <string.h>

struct criterion_options {
    void (*init)(void);
    void (*fini)(void);
    int signal; /* the test must end by abort */
    double timeout;
};

struct criterion_suite {
    const char *name;
    struct criterion_options options;
    struct criterion_suite *next;
};

void criterion_add(struct criterion_suite *suite);
void criterion_run(const char *suite, struct criterion_options options, void (*body)(void));
/** Says that a check failed, and ends the test if that `is_fatal`. The message begins with a space. */
void criterion_failed(bool is_fatal, const char *file, int line, const char *check,
                      const char *message, ...) __attribute__((format(printf, 5, 6)));
_Noreturn void criterion_skip(const char *message, ...) __attribute__((format(printf, 1, 2)));

#define TestSuite(Suite, ...)                                                                      \
    __attribute__((constructor)) static void criterion_add_##Suite(void)                           \
    {                                                                                              \
        static struct criterion_suite suite = {#Suite, {__VA_ARGS__}, NULL};                       \
        criterion_add(&suite);                                                                     \
    }                                                                                              \
    struct criterion_suite

#define Test(Suite, Name, ...)                                                                     \
    static void criterion_body_##Suite##_##Name(void);                                             \
    __attribute__((export_name("test " #Suite "/" #Name))) void criterion_test_##Suite##_##Name(   \
        void);                                                                                     \
    void criterion_test_##Suite##_##Name(void)                                                     \
    {                                                                                              \
        criterion_run(#Suite, (struct criterion_options){__VA_ARGS__},                             \
                      criterion_body_##Suite##_##Name);                                            \
    }                                                                                              \
    static void criterion_body_##Suite##_##Name(void)

#define CRITERION_CHECK(Fatal, Holds, Check, ...)                                                  \
    do {                                                                                           \
        if (!(Holds))                                                                              \
            criterion_failed(Fatal, __FILE__, __LINE__, Check, " " __VA_ARGS__);                   \
    } while (0)
#define CRITERION_COMPARE(Fatal, A, Op, B, ...)                                                    \
    CRITERION_CHECK(Fatal, (A)Op(B), "(" #A ") " #Op " (" #B ")", __VA_ARGS__)

#define cr_assert(Holds, ...)           CRITERION_CHECK(true, Holds, #Holds, __VA_ARGS__)
#define cr_assert_not(Holds, ...)       CRITERION_CHECK(true, !(Holds), "not " #Holds, __VA_ARGS__)
#define cr_assert_null(At, ...)         CRITERION_COMPARE(true, At, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(At, ...)     CRITERION_COMPARE(true, At, !=, NULL, __VA_ARGS__)
#define cr_assert_eq(A, B, ...)         CRITERION_COMPARE(true, A, ==, B, __VA_ARGS__)
#define cr_assert_neq(A, B, ...)        CRITERION_COMPARE(true, A, !=, B, __VA_ARGS__)
#define cr_assert_lt(A, B, ...)         CRITERION_COMPARE(true, A, <, B, __VA_ARGS__)
#define cr_assert_gt(A, B, ...)         CRITERION_COMPARE(true, A, >, B, __VA_ARGS__)
#define cr_assert_leq(A, B, ...)        CRITERION_COMPARE(true, A, <=, B, __VA_ARGS__)
#define cr_assert_geq(A, B, ...)        CRITERION_COMPARE(true, A, >=, B, __VA_ARGS__)
#define cr_assert_str_eq(A, B, ...)     CRITERION_COMPARE(true, strcmp(A, B), ==, 0, __VA_ARGS__)
#define cr_assert_str_neq(A, B, ...)    CRITERION_COMPARE(true, strcmp(A, B), !=, 0, __VA_ARGS__)
#define cr_assert_arr_eq(A, B, N, ...)  CRITERION_COMPARE(true, memcmp(A, B, N), ==, 0, __VA_ARGS__)
#define cr_assert_arr_neq(A, B, N, ...) CRITERION_COMPARE(true, memcmp(A, B, N), !=, 0, __VA_ARGS__)
#define cr_assert_fail(...)             CRITERION_CHECK(true, false, "fail", __VA_ARGS__)

#define cr_expect(Holds, ...)          CRITERION_CHECK(false, Holds, #Holds, __VA_ARGS__)
#define cr_expect_not(Holds, ...)      CRITERION_CHECK(false, !(Holds), "not " #Holds, __VA_ARGS__)
#define cr_expect_null(At, ...)        CRITERION_COMPARE(false, At, ==, NULL, __VA_ARGS__)
#define cr_expect_not_null(At, ...)    CRITERION_COMPARE(false, At, !=, NULL, __VA_ARGS__)
#define cr_expect_eq(A, B, ...)        CRITERION_COMPARE(false, A, ==, B, __VA_ARGS__)
#define cr_expect_neq(A, B, ...)       CRITERION_COMPARE(false, A, !=, B, __VA_ARGS__)
#define cr_expect_lt(A, B, ...)        CRITERION_COMPARE(false, A, <, B, __VA_ARGS__)
#define cr_expect_gt(A, B, ...)        CRITERION_COMPARE(false, A, >, B, __VA_ARGS__)
#define cr_expect_leq(A, B, ...)       CRITERION_COMPARE(false, A, <=, B, __VA_ARGS__)
#define cr_expect_geq(A, B, ...)       CRITERION_COMPARE(false, A, >=, B, __VA_ARGS__)
#define cr_expect_str_eq(A, B, ...)    CRITERION_COMPARE(false, strcmp(A, B), ==, 0, __VA_ARGS__)
#define cr_expect_str_neq(A, B, ...)   CRITERION_COMPARE(false, strcmp(A, B), !=, 0, __VA_ARGS__)
#define cr_expect_arr_eq(A, B, N, ...) CRITERION_COMPARE(false, memcmp(A, B, N), ==, 0, __VA_ARGS__)
#define cr_expect_arr_neq(A, B, N, ...)                                                            \
    CRITERION_COMPARE(false, memcmp(A, B, N), !=, 0, __VA_ARGS__)
#define cr_expect_fail(...) CRITERION_CHECK(false, false, "fail", __VA_ARGS__)

#define cr_skip_test(...) criterion_skip(" " __VA_ARGS__)

#endif
