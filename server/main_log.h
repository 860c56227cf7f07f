/*
 * The log: one JSON object a line on standard error, of a time, an event and its numbers. Nothing that
 * names a person, an address or a content has a way in here.
 */
#ifndef GALEN_SERVER_MAIN_LOG_H
#define GALEN_SERVER_MAIN_LOG_H

/** `members` are further members of the object ("\"count\":3"), or empty. Any thread. */
void log_event(const char *event, const char *members);
/** The same with a format, cut off at 400 bytes: never part of an escape. */
void log_numbers(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** A line in plain words for the person who started galend: "galend: …". */
void log_say(const char *text);

#endif
