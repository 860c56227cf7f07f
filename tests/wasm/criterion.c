#include <criterion/criterion.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define IMPORT(name) __attribute__((import_module("criterion"), import_name(name)))

/* What run.mjs gives. */
IMPORT("expect_abort") void criterion_expect_abort(void);
IMPORT("failed") void criterion_report_failed(const char *message);
IMPORT("end") _Noreturn void criterion_end(void);
IMPORT("skip") _Noreturn void criterion_report_skipped(const char *message);

enum { MESSAGE_MAX = 4096 };

static struct criterion_suite *suites;

void criterion_add(struct criterion_suite *suite)
{
    suite->next = suites;
    suites = suite;
}

void criterion_run(const char *suite, struct criterion_options options, void (*body)(void))
{
    for (const struct criterion_suite *s = suites; s; s = s->next) {
        if (strcmp(s->name, suite) != 0)
            continue;
        options.init = options.init ? options.init : s->options.init;
        options.fini = options.fini ? options.fini : s->options.fini;
    }
    if (options.init)
        options.init();
    if (options.signal != 0)
        criterion_expect_abort();
    body();
    if (options.fini)
        options.fini();
}

void criterion_failed(bool is_fatal, const char *file, int line, const char *check,
                      const char *message, ...)
{
    char text[MESSAGE_MAX];
    int n = snprintf(text, sizeof text, "%s:%d: %s%s", file, line, check, message[1] ? ":" : "");
    if (message[1] && n > 0 && n < MESSAGE_MAX) {
        va_list values;
        va_start(values, message);
        (void)vsnprintf(text + n, sizeof text - (size_t)n, message, values);
        va_end(values);
    }
    criterion_report_failed(text);
    if (is_fatal)
        criterion_end();
}

void criterion_skip(const char *message, ...)
{
    char text[MESSAGE_MAX];
    va_list values;
    va_start(values, message);
    (void)vsnprintf(text, sizeof text, message + 1, values);
    va_end(values);
    criterion_report_skipped(text);
}
