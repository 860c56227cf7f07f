/*
 * A small practice and one chart of it, for tests of the clear rules: people with fixed keys,
 * certificates, and entries drafted against the chart's present state, which a test may bend before
 * they are signed. Seals hold zeros, since the rules open nothing.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "galen/rules.h"

#define SCENE_NOW_MS 1800000000000u /* the clock when a scene begins */

/** A device with its secrets and its certificate. */
struct party {
    uint8_t seed[32];
    struct galen_public_keys keys;
    struct galen_id id;
    struct galen_cert cert;
    const struct party *issuer; /* NULL: the practice key itself */
};

/** Keys made from `number` alone. */
void party_make(struct party *party, unsigned number);
/**
 * Certifies `subject` by `issuer` for `role`: a new account, or the issuer's if `role` is the issuer's
 * own. Valid from an hour before SCENE_NOW_MS for 80 days; scope any for staff and custodian, else
 * `scope` as a chart.
 */
void party_certify(struct party *subject, const struct party *issuer, uint8_t role, uint8_t purpose,
                   const struct galen_id *scope);
/** Signs the certificate again, after a test has changed it. */
void party_certify_again(struct party *subject);
/** The chain from the practice, or (`from_member`) the one certificate by a member. */
void party_chain(const struct party *party, bool from_member, struct galen_chain *chain);
void party_state(const struct party *signer, uint8_t kind, const struct party *subject,
                 const struct party *successor, struct galen_statement *statement);
void party_sign_head(const struct party *signer, struct galen_head *head);

/** The cast. All are certified; who is a member is said beside each. */
struct scene {
    struct galen_rules *rules;
    uint64_t now_ms;
    struct party practice, custodian, administrator; /* the custodian is a member */
    struct party pharmacist;                         /* member: began the chart */
    struct party patient;                            /* member after scene_begin, not a holder */
    struct party other_pharmacist, caregiver, patient_second, invitation, sheet, stranger;

    /* the entry being drafted */
    const struct party *author;
    struct galen_header header;
    struct galen_epoch_body *body; /* for class epoch */
    bool history_by_hand;          /* scene_encode leaves history key and flags alone */
    struct galen_writer clear;     /* the encoded body */
    struct galen_writer bytes;     /* the signed header */
    struct galen_entry entry;
};

/** A chart with custodian, pharmacist (its author) and patient: two entries, epoch 2. */
void scene_begin(struct scene *s);
/** The same cast with an empty chart, and the first entry drafted. */
void scene_begin_empty(struct scene *s);
void scene_end(struct scene *s);

/** Drafts an entry by `author` with the present head, epoch and next number. */
void scene_draft(struct scene *s, const struct party *author, uint8_t class);
/** Drafts an epoch entry that changes nothing yet. */
void scene_draft_epoch(struct scene *s, const struct party *author);
/** Adds a newcomer to the drafted epoch, with a chain from the practice or from a member. */
void scene_add(struct scene *s, const struct party *party, bool from_member, bool holder);
void scene_drop(struct scene *s, const struct party *party);
void scene_set_holder(struct scene *s, const struct party *party, bool holder);
/** Encloses a statement by `signer`; its chain, if `with_chain`. After all newcomers were added. */
void scene_state(struct scene *s, const struct party *signer, uint8_t kind,
                 const struct party *subject, const struct party *successor, bool with_chain);
/** The place of a device in the drafted epoch. */
struct galen_epoch_member *scene_listed(struct scene *s, const struct party *party);

/** Encodes the body, fills in its size and hash, signs: `s->entry` is complete. */
void scene_encode(struct scene *s);
/** Signs the header again as it stands, by the author. */
void scene_sign(struct scene *s);
/** Encodes and judges. */
enum galen_err scene_judge(struct scene *s);
/** Judges and applies what is expected to be accepted. */
void scene_accept(struct scene *s);

/** Complete stories. */
void scene_add_member(struct scene *s, const struct party *author, const struct party *party,
                      bool from_member, bool holder);
void scene_drop_member(struct scene *s, const struct party *author, const struct party *party);

#endif
