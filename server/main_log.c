#include "main_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

/* One write a line, so that lines of several threads do not mix. A log nobody reads stops nothing. */
static void put(const char *line, int size)
{
    if (size < 0)
        return;
    size_t n = size < LINE_MAX_BYTES ? (size_t)size : LINE_MAX_BYTES - 1;
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written;
}

void log_event(const char *event, const char *members)
{
    struct timespec now;
    struct tm day;
    char line[LINE_MAX_BYTES], date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &day);
    int size = snprintf(line, sizeof line, "{\"time\":\"%s.%03ldZ\",\"event\":\"%.64s\"%s%.900s}\n",
                        date, now.tv_nsec / 1000000, event, members && *members ? "," : "",
                        members ? members : "");
    put(line, size);
}

void log_numbers(const char *event, const char *format, ...)
{
    char members[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(members, sizeof members, format, arguments);
    va_end(arguments);
    log_event(event, members);
}

void log_say(const char *text)
{
    char line[LINE_MAX_BYTES];
    put(line, snprintf(line, sizeof line, "galend: %.1000s\n", text));
}
