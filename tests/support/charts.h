/*
 * One chart with real keys: a practice, its devices, the server's log, and each device's own reading
 * of it. Everything comes from a seed and a clock of its own, so a test is the same every time. What
 * goes wrong here, and not in what is tested, aborts.
 */
#ifndef TESTS_CHARTS_H
#define TESTS_CHARTS_H

#include "galen/log.h"
#include "galen/op.h"

#define CHART_DEVICES_MAX 40

struct chart_device {
    const char *name;
    uint8_t material[GALEN_KEY_BYTES]; /* what `secrets` follow from */
    struct galen_device_secrets secrets;
    struct galen_public_keys keys;
    struct galen_id id;
    struct galen_chain chain; /* what admits it */
    struct galen_log *log;    /* what it has read */
    uint64_t opened;          /* entries whose plaintext it was given */
};

struct chart_entry {
    struct galen_writer record; /* as stored */
    struct galen_writer plain;  /* what its author sealed; empty for others */
    enum galen_err verdict;     /* the server's rules */
};

struct chart {
    uint64_t seed;
    uint64_t now_ms;
    struct galen_device_secrets practice_secrets;
    struct galen_public_keys practice;
    struct galen_rules *rules; /* the server's, by OpenSSL */
    size_t device_count;
    struct chart_device devices[CHART_DEVICES_MAX];
    size_t size, room;
    struct chart_entry *entries;
    struct chart_device *admin, *custodian; /* not members by themselves: chart_start adds both */
};

struct chart *chart_new(uint64_t seed);
void chart_free(struct chart *chart);

/** The next bytes of the chart's random stream. */
void chart_random(struct chart *chart, void *out, size_t n);
uint64_t chart_below(struct chart *chart, uint64_t n);
struct galen_epoch_random chart_epoch_random(struct chart *chart);

/** A person's first device, certified by `issuer` (NULL: the practice) but no member yet. */
struct chart_device *chart_person(struct chart *chart, const char *name, enum galen_role role,
                                  struct chart_device *issuer);
/** The same as an invitation, and what then takes its place or is the account's next device. */
struct chart_device *chart_invitation(struct chart *chart, const char *name, enum galen_role role,
                                      struct chart_device *issuer);
/** A further device of the issuer's account. */
struct chart_device *chart_next_device(struct chart *chart, const char *name,
                                       enum galen_purpose purpose, struct chart_device *issuer);
/**
 * An interpreter's device for a visit, by a link that `issuer` certified for a day: its chain is both. A test may
 * bend a certificate and have it signed again.
 */
struct chart_device *chart_guest(struct chart *chart, const char *name, struct chart_device *issuer,
                                 const struct galen_id *visit);
void chart_sign_cert(const struct galen_device_secrets *issuer, struct galen_cert *cert);
/** A statement signed by `signer` (NULL: the practice). */
struct galen_statement chart_statement(struct chart *chart, enum galen_statement_kind kind,
                                       const struct chart_device *signer,
                                       const struct chart_device *subject,
                                       const struct chart_device *successor);

/** The first entry, by `author`, who is staff, with the custodian and whoever else. */
void chart_start(struct chart *chart, struct chart_device *author, struct chart_device **others,
                 size_t other_count);
/** header ‖ signature ‖ body<V> becomes the next record; returns what the server's rules say of it. */
enum galen_err chart_append(struct chart *chart, struct galen_bytes entry);
/** The author's next number. */
uint32_t chart_number(const struct chart *chart, const struct chart_device *author);

/** Reads what is new to the device; bodies it may not have yet are not sent, as a server does. */
void chart_read(struct chart *chart, struct chart_device *device);
/** After it became a holder: asks for all that was locked. */
void chart_read_again(struct chart *chart, struct chart_device *device);
void chart_read_all(struct chart *chart); /* members only */
/** Gives a link's device the keys of its secret, certified by `issuer` again. Before it is added. */
void chart_use_secret(struct chart *chart, struct chart_device *link,
                      const struct chart_device *issuer, const uint8_t secret[16]);
/** A reader with this device's keys that starts anew. */
void chart_forget(struct chart *chart, struct chart_device *device);
struct galen_entry chart_entry_at(const struct chart *chart, uint64_t index);
enum galen_read_state chart_state(const struct chart_device *device, uint64_t index);

/** The author seals a text and it is appended; returns its index. */
uint64_t chart_say(struct chart *chart, struct chart_device *author, const char *text);
/** The author seals an operation (clock, and id and base unless it has one, are filled in); returns its
 *  index. One of a kind that this version does not know is of class record. */
uint64_t chart_operate(struct chart *chart, struct chart_device *author, struct galen_op op);
/** One field of a record, in plain text form; as a proposal, too. */
uint64_t chart_write(struct chart *chart, struct chart_device *author, enum galen_kind kind,
                     const char *document, const uint8_t record[GALEN_RECORD_ID_BYTES],
                     const char *field, const char *value);
/** The author writes an epoch entry, which must be accepted. */
void chart_change(struct chart *chart, struct chart_device *author,
                  const struct galen_epoch_change *change);
void chart_add(struct chart *chart, struct chart_device *author, struct chart_device *newcomer,
               bool holder);
void chart_drop(struct chart *chart, struct chart_device *author, const struct chart_device *gone);
void chart_make_holder(struct chart *chart, struct chart_device *author,
                       const struct chart_device *device);
void chart_renew(struct chart *chart, struct chart_device *author);
/** `fresh` takes the invitation's place, as the invitation writes it. */
void chart_redeem(struct chart *chart, struct chart_device *invitation, struct chart_device *fresh);

/* -- by hand: what no honest device writes -------------------------------------------------------- */

/** A header by `author` at the present place of the chart; its commitment is zeros. */
struct galen_header chart_header(struct chart *chart, const struct chart_device *author,
                                 uint8_t class);
/** Signs and appends; size and hash of the body are filled in. */
enum galen_err chart_append_signed(struct chart *chart, const struct chart_device *author,
                                   struct galen_header *header, struct galen_bytes body);
/** Drafts an epoch entry without appending it, and gives its header and body to be spoiled. */
void chart_draft(struct chart *chart, struct chart_device *author,
                 const struct galen_epoch_change *change, const struct galen_epoch_random *random,
                 struct galen_header *header, struct galen_epoch_body *body);
enum galen_err chart_append_epoch(struct chart *chart, const struct chart_device *author,
                                  struct galen_header *header, const struct galen_epoch_body *body);

#endif
