/* What was typed: the command, its words, its options. */
#ifndef GALEN_CLI_ARGUMENTS_H
#define GALEN_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*     id             name               value      what it does                                      */
#define OPTIONS(X)                                                                                 \
    X(HOME, "home", "DIR", "the home: keys and state (default: $GALEN_HOME or ~/.galen)")          \
    X(JSON, "json", NULL, "print JSON: one object a line; errors too, on standard error")          \
    X(HELP, "help", NULL, "explain this command")                                                  \
    X(CA, "ca", "FILE", "trust this authority too (PEM; default: $GALEN_CA)")                      \
    X(SERVER, "server", "URL", "dial this address instead of the one the home remembers")          \
    X(TIMEOUT, "timeout", "SECONDS", "give up after this long (default: 20)")                      \
    X(OFFLINE, "offline", NULL, "make no connection; show and keep what is here")                  \
    X(KEY_FILE, "key-file", "FILE",                                                                \
      "the key that opens the home (default: $GALEN_KEY_FILE or HOME/key)")                        \
    X(PASSPHRASE_FILE, "passphrase-file", "FILE", "a passphrase that opens the home, in a file")   \
    X(TOKEN_FILE, "token-file", "FILE", "the set-up token that the new server wrote")              \
    X(ROLE, "role", "ROLE", "pharmacist, technician, patient, caregiver or prescriber")            \
    X(CHART, "chart", "CHART", "the chart the person is invited to")                               \
    X(LOST, "lost", "WHICH", "a sheet: `all`, `none`, or lost devices with commas between")        \
    X(FOLLOW, "follow", NULL, "go on and print what comes, until Ctrl-C")                          \
    X(FROM, "from", "INDEX", "begin with this entry")                                              \
    X(TO, "to", "FILE", "where to write: a file, or for papers a folder")                          \
    X(ONLY, "only", "INDEX", "only this entry, with what shows who wrote it and where")            \
    X(OPEN, "open", NULL, "disclose the content: of --only, or of all entries")                    \
    X(MANIFEST, "manifest", "FILE", "the manifest of the release that should be served")           \
    X(PRACTICE, "practice", "FINGERPRINT", "the practice's fingerprint (default: the home's)")     \
    X(IN, "in", "WAV", "what is said: 48 kHz, mono, 16 bit")                                       \
    X(OUT, "out", "WAV", "where to write what is heard")                                           \
    X(SECONDS, "seconds", "N", "hang up after this long")                                          \
    X(MUTE, "mute", NULL, "begin muted")                                                           \
    X(ADMIT, "admit", "WHO", "let in who knocks: `all`, or devices with commas between")           \
    X(HELD, "held", "WHAT", "something written before a person joined: `send`, `drop` or `keep`")  \
    X(VERSION, "version", "N", "this signed version; 0: as it is now, not signed")                 \
    X(LIST, "list", NULL, "the current list for another pharmacy or a hospital")                   \
    X(PAPER, "paper", "SIZE", "letter (default) or a4")                                            \
    X(VISIT, "visit", "RECORD", "the record of the visit that the signature belongs to")           \
    X(AT, "at", "WHEN", "as it was after this entry, or on this day: 17, or 2026-03-14")           \
    X(AGAIN, "again", NULL, "make what you took back last stand again")                            \
    X(BEFORE, "before", NULL, "take back what was before a change that cannot be taken back")      \
    X(LOOK, "look", NULL, "only say what it would be")                                             \
    X(NO_LIVE, "no-live", NULL, "without presence, drafts and visits")

enum option {
#define X(id, name, value, help) OPTION_##id,
    OPTIONS(X)
#undef X
        OPTION_COUNT
};

#define OPTION_BIT(id) (1ull << OPTION_##id)
/* Every command takes these. */
#define OPTIONS_COMMON                                                                             \
    (OPTION_BIT(HOME) | OPTION_BIT(JSON) | OPTION_BIT(HELP) | OPTION_BIT(CA) |                     \
     OPTION_BIT(SERVER) | OPTION_BIT(TIMEOUT) | OPTION_BIT(OFFLINE) | OPTION_BIT(KEY_FILE) |       \
     OPTION_BIT(PASSPHRASE_FILE) | OPTION_BIT(HELD))

#define WORDS_MAX 8

struct option_info {
    const char *name, *value, *help;
};
extern const struct option_info option_infos[OPTION_COUNT];

struct arguments {
    size_t word_count;
    const char *words[WORDS_MAX];
    bool given[OPTION_COUNT];
    const char *value[OPTION_COUNT]; /* of options that take one */
};

#define ARGUMENTS_WHY_MAX 400

/**
 * Sorts options from words; "--" ends the options. False: `why` says what is wrong. A link among the
 * arguments is refused: other users of the machine could read it there.
 */
bool arguments_read(int argc, char *const argv[], struct arguments *out,
                    char why[ARGUMENTS_WHY_MAX]);

/** A whole number of at most `max`. */
bool number_read(const char *text, uint64_t max, uint64_t *out);

#endif
