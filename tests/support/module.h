/*
 * The module (protocol/wasm) compiled for this machine, and a host for it: a pharmacist's home with the
 * practice's chart, in which a colleague is, and a patient's chart with a medicine, a proposal and a
 * message. What goes wrong here, and not in what is tested, aborts.
 */
#ifndef TESTS_MODULE_H
#define TESTS_MODULE_H

#include "support/disk.h"
#include "wasm/galen_wasm.h"

#define MODULE_PAIRS_MAX  400
#define MODULE_EVENTS_MAX 64
#define MODULE_NOW        1767225700000.0

struct module_pair {
    char key[DISK_KEY_MAX];
    struct galen_writer sealed;
};

struct module_host {
    struct chart *own, *patients;
    struct chart_device *ann[2], *bob[2], *patient; /* as either chart has them */
    uint64_t proposal;                              /* its entry */
    struct module_pair disk[MODULE_PAIRS_MAX];      /* ascending */
    size_t pair_count;
    size_t commits, unsaved, sent;
    char events[MODULE_EVENTS_MAX][24]; /* names, in order */
    size_t event_count;
};

extern const uint8_t module_store_key[GALEN_WASM_STORE_KEY_BYTES];

struct module_host *module_new(void);
void module_free(struct module_host *host); /* closes it, too */
/** Loads all pairs (0: none) and starts. */
void module_open(struct module_host *host);
void module_open_empty(struct module_host *host);
/** Its disk is as it was at first. Only while the module is closed. */
void module_forget(struct module_host *host);
/** The first error that a pair gave. */
enum galen_err module_load(const struct module_host *host);
/** Carries out all that goes out. */
void module_drain(struct module_host *host);
/** Takes note of an event, whose value must be JSON. */
void module_note(struct module_host *host, const struct galen_out *out);
bool module_told(const struct module_host *host, const char *event);
/** Asks with bytes that end where they end, so that reading on is found. */
const struct galen_reply *module_ask(const void *json, size_t size);
/** Replies to be JSON, of an error with its words, end here; in a buffer that the next call uses. */
const char *module_said(const struct galen_reply *reply);
/**
 * `pattern` with $chart, $own (charts), $patient, $bob (accounts), $self (device), $proposal, $medicine
 * (record) and $link filled in; to be freed.
 */
char *module_fill(const struct module_host *host, const char *pattern);

#endif
