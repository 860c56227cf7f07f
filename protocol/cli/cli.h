/*
 * What the commands share: the command in hand with its home and session; printing; ids and names; input;
 * requests until they are done.
 */
#ifndef GALEN_CLI_CLI_H
#define GALEN_CLI_CLI_H

#include <stdio.h>

#include "arguments.h"
#include "session.h"
#include "view/view.h"

/* What a command ends with; `galen --help` lists them. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* refused by the rules or the server, or it does not hold */
    CLI_USAGE = 2,   /* the command is not one */
    CLI_OFFLINE = 3, /* no connection, or no answer in time; what was asked for is kept */
    CLI_HOME = 4,    /* the home cannot be used: in use, not its key, damaged, nobody's */
    CLI_DANGER = 5,  /* server, practice or history contradict what is known here */
};

#define MESSAGE_HELP "A message is 1 to %u bytes of UTF-8 text, without control characters."
#define IDENTIFIERS_HELP                                                                           \
    "Say in words which two identifiers were checked: a short text, without control characters."

#define MEANING_HELP                                                                               \
    "Say what the signature means: reviewed-with-patient, reviewed-alone or discharge-reconciled."

#define LINK_TEXT_MAX   1024
#define SHORT_ID_DIGITS 8
#define PREFIX_MIN      4
#define INPUT_MAX       (256u * 1024)
#define GOODBYE_MS      1500
#define LOCK_WAIT_MS    5000

struct command;

/* A failure that is answered instead of printed. */
struct captured {
    enum galen_err err;
    char text[2048];
};

struct cli {
    const struct command *command;
    struct arguments args; /* words: what follows the command */
    bool json;
    uint64_t deadline_ms; /* monotonic */
    uint64_t timeout_ms;
    char home[4096], ca[4096], server[GALEN_HOST_NAME_MAX + 8];
    struct home_store *store;
    struct session *session;
    struct galen_engine *engine;
    /* told of each event first; NULL: nobody */
    void (*watch)(void *context, const struct galen_event *event);
    void *watch_context;
    bool stays;                 /* tells all events itself */
    struct galen_event drafted; /* the last DRAFT that was printed: not each key is */
    struct captured *captured;  /* NULL: failures are printed */
};

struct command {
    const char *words;  /* "chart new" */
    const char *args;   /* "CHART [FILE]" */
    size_t least, most; /* how many of them */
    uint64_t options;   /* OPTION_BIT… besides the common ones */
    int (*run)(struct cli *cli);
    const char *summary;
    const char *help;
};

extern const struct command commands[];
extern const size_t command_count;

/* -- help.c ---------------------------------------------------------------------------------------- */

void help_all(void);
void help_command(const struct command *command);

/* -- home and session (run.c) ---------------------------------------------------------------------- */

enum open_mode {
    OPEN_MEMBER, /* a home that belongs to somebody */
    OPEN_GUEST,  /* or to a guest of one visit */
    OPEN_ANY,    /* whatever there is */
    OPEN_MAKE,   /* made if it is not there */
};

/** What options and environment say: --ca, --server, --timeout. CLI_OK, or what to end with (said already). */
GALEN_MUST_USE int cli_settings(struct cli *cli);
/** CLI_OK, or what to end with (said already). */
GALEN_MUST_USE int cli_open(struct cli *cli, enum open_mode mode);
void cli_close(struct cli *cli);
/** Says how a wait ended; gives what to end with. */
int cli_wait_failed(struct cli *cli, enum wait_end end);
/** Waits until `chart` (NULL: all) has been read up to its end; then a while for the server to take what was kept. */
enum wait_end cli_sync(struct cli *cli, const struct galen_id *chart);
/** The same; when it fails, says so, and that what follows is what was known before. */
int cli_sync_to_show(struct cli *cli, const struct galen_id *chart);
/** Waits until a request, and what belongs to it, is done. `index` (or NULL): its entry. */
int cli_finish(struct cli *cli, const struct galen_id *chart, const galen_token token,
               uint64_t *index);
/** Does a request that was not finished wait in the home, to be sent later? */
bool cli_is_kept(struct cli *cli, const galen_token token);
/** Makes a request, which cli_finish is to be called for at once; if it fails against what is known, reads on and tries once more. */
enum galen_err cli_request(struct cli *cli, void *context,
                           enum galen_err (*make)(struct cli *cli, void *context));

/* -- printing (print.c) ---------------------------------------------------------------------------- */

/** Says what went wrong and what to do next; gives the exit status. `format` NULL: the error's help. */
int cli_fail(const struct cli *cli, enum galen_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int cli_fail_as(const struct cli *cli, int status, enum galen_err err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/** Something a person should know that is no failure of this command. */
void cli_warn(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** What somebody wrote that could not be done, as they wrote it. */
void cli_failed(const struct cli *cli, FILE *to, const struct galen_event *e);
/** Leaves nothing in a text that a terminal might obey, in place. */
void plain_text(char *text);
/** What somebody wrote: each further line of it has a mark before it, and never looks like one of ours. */
void print_said(const char *text);
/** Prints an object on a line of its own, and frees it. */
void print_json(cJSON *object);
void local_time_text(uint64_t ms, char out[TIME_TEXT]); /* 2026-03-14 10:26:53 */

/* -- ids and names (ids.c) ------------------------------------------------------------------------- */

/** As few digits as name it alone in this home, at least SHORT_ID_DIGITS. */
void id_short(struct cli *cli, const struct galen_id *id, char out[HEX_ID]);

enum id_kind { ID_CHART = 1, ID_ACCOUNT = 2, ID_DEVICE = 4 };
/**
 * The id that a person typed: a beginning of it, or for charts also `.` (the only one) and `practice`.
 * `chart`: look for members there only; NULL: everywhere. CLI_OK or what to end with (said already).
 */
GALEN_MUST_USE int find_id(struct cli *cli, const char *text, unsigned kinds,
                           const struct galen_id *chart, struct galen_id *out);
/** Words[i] as a chart; reads on if it is not known yet. */
GALEN_MUST_USE int chart_argument(struct cli *cli, size_t i, struct galen_id *chart);
/** 16 bytes of a record by the beginning of its digits. */
GALEN_MUST_USE int find_record(struct cli *cli, const char *text, const struct galen_id *chart,
                               uint8_t doc, uint8_t out[GALEN_RECORD_ID_BYTES]);
/** The same, or `new`: fresh bytes, or the one record of a document that has only one. */
GALEN_MUST_USE int record_named(struct cli *cli, const char *text, const struct galen_id *chart,
                                const struct galen_document *document,
                                uint8_t out[GALEN_RECORD_ID_BYTES]);
/** The name, or else "?" and the short id. */
void shown_name(struct cli *cli, const struct galen_id *chart, const struct galen_id *whose,
                char out[NAME_TEXT_MAX]);

/* -- input (input.c) ------------------------------------------------------------------------------- */

/** All of standard input, 1 to INPUT_MAX bytes; the line feed at the end is left out. */
GALEN_MUST_USE int read_input(struct cli *cli, const char *what, struct galen_writer *out);
/** A link; empty only if it is not needed. */
GALEN_MUST_USE int read_link(struct cli *cli, bool needed, struct galen_writer *out);
/** One line of standard input. */
GALEN_MUST_USE int read_line(struct cli *cli, const char *what, struct galen_writer *out);
/** "https://HOST[:PORT]" into "host:port". */
bool read_url(const char *url, char *out, size_t room);

/** A file of at most `max` bytes, appended (cmd_verify.c). */
GALEN_MUST_USE int read_file(struct cli *cli, const char *path, size_t max,
                             struct galen_writer *out);

/* -- entries (entry_show.c) ------------------------------------------------------------------------ */

void entry_print(struct cli *cli, const struct galen_id *chart, uint64_t index);
/** Prints a document's fields with what they take, for --help. */
void help_fields(void);

/* -- commands -------------------------------------------------------------------------------------- */

int command_practice_init(struct cli *cli);
int command_invite(struct cli *cli);
int command_join(struct cli *cli);
int command_device_add(struct cli *cli);
int command_device_remove(struct cli *cli);
int command_device_shut_out(struct cli *cli);
int command_device_list(struct cli *cli);
int command_sheet(struct cli *cli);
int command_chart_new(struct cli *cli);
int command_chart_list(struct cli *cli);
int command_chart_members(struct cli *cli);
int command_chart_add(struct cli *cli);
int command_chart_remove(struct cli *cli);
int command_chart_renew(struct cli *cli);
int command_chart_papers(struct cli *cli);
int command_chart_log(struct cli *cli);
int command_send(struct cli *cli);
int command_doc_get(struct cli *cli);
int command_doc_findings(struct cli *cli);
int command_doc_set(struct cli *cli);
int command_doc_accept(struct cli *cli);
int command_doc_decline(struct cli *cli);
int command_doc_choose(struct cli *cli);
int command_doc_undo(struct cli *cli);
int command_doc_sign(struct cli *cli);
int command_doc_versions(struct cli *cli);
int command_visit_open(struct cli *cli);
int command_visit_admit(struct cli *cli);
int command_visit_identify(struct cli *cli);
int command_visit_end(struct cli *cli);
int command_call(struct cli *cli);
int command_agent(struct cli *cli);
int command_export(struct cli *cli);
int command_verify(struct cli *cli);
int command_client_verify(struct cli *cli);

#endif
