/* Entries that no honest engine makes, each against one rule, with a member's real keys. */
#ifndef GALEN_SIM_HOSTILE_ENTRIES_H
#define GALEN_SIM_HOSTILE_ENTRIES_H

#include "world.h"

#include "engine/state.h"

enum attack_kind {
    /* what the server sees */
    ATTACK_SIGNATURE,
    ATTACK_AUTHOR,
    ATTACK_NUMBER_AGAIN,
    ATTACK_NUMBER_SKIPPED,
    ATTACK_OLD_HEAD,
    ATTACK_WRONG_ROOT,
    ATTACK_HEAD_AHEAD,
    ATTACK_EPOCH,
    ATTACK_BODY,
    ATTACK_CHART,
    ATTACK_CLASS,
    ATTACK_CERTIFICATE,
    ATTACK_FORGED_ROLE,
    ATTACK_DROP_OTHER,
    ATTACK_DROP_CUSTODIAN,
    /* what readers see */
    ATTACK_SEAL,
    ATTACK_HISTORY_SEAL,
    ATTACK_EPOCH_COMMITMENT,
    ATTACK_COMMITMENT,
    ATTACK_SALT,
    ATTACK_ANOTHERS,
    ATTACK_SEALED_BODY,
    ATTACK_PADDING,
    /* what the documents see */
    ATTACK_OPERATION_AGAIN,
    ATTACK_OTHERS_OPERATION,
    ATTACK_BASE_AHEAD,
    ATTACK_BASE_SUNK,
    ATTACK_FIELD,
    ATTACK_SPLICE,
    ATTACK_REGIMEN,
    ATTACK_ANSWER,
    ATTACK_SIGN,
    ATTACK_SIGN_HASH,
    ATTACK_SIGN_BEHIND,
    ATTACK_IDENTITY,
    ATTACK_KIND_CLASS,
    ATTACK_TEXT,
    ATTACK_NEWER,
    ATTACK_KINDS
};

enum answerer { SERVER, READER, DOCUMENTS };

/* Who must see it, and what they must call it. */
struct attack_rule {
    const char *name;
    uint8_t who;   /* enum answerer */
    uint16_t says; /* enum galen_err; OK: it counts */
};
extern const struct attack_rule attack_rules[ATTACK_KINDS];

/* What an entry is made with. */
struct forge {
    struct world *world;
    struct node *node;
    struct chart *chart;
    const struct galen_log *log;
    const struct galen_member *me;
    uint32_t number;
    struct galen_header header;
    struct galen_writer body, whole;
    bool spoil_signature;
};

/** Looks for what an entry by this node can be made with. False: it cannot write now. Wiped either way. */
bool find_forge(struct world *world, struct node *node, struct forge *f);
void forge_wipe(struct forge *f);
/** Makes the entry of this kind into f->whole. False: it cannot be made now. */
bool forge_entry(struct forge *f, uint8_t kind);

#endif
