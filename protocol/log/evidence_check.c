/*
 * Checking evidence (PROTOCOL.md, "Evidence"; rules V1 and V2). The entries are judged by the same
 * rules as by any reader, only without keys; each thing that is wrong is put to the claim it is about.
 */
#include "evidence_file.h"

#include <stdlib.h>
#include <string.h>

#include "galen/keys.h"
#include "galen/mutation.h"
#include "galen/op.h"

struct checking {
    const struct galen_primitives *primitives;
    const struct evidence_file *file;
    const struct galen_evidence_events *events;
    struct galen_evidence_report *report;
    struct galen_rules *rules;
    bool order_broken; /* told; what hangs on it is not told again */
    bool stuck;        /* a clear body is missing: nothing behind it can be judged */
    struct galen_reader disclosures;
    struct evidence_disclosure disclosure; /* the next one */
    bool discloses;
    struct galen_reader documents;
    struct evidence_documents signed_documents; /* the next ones */
    bool documents_left;
    uint64_t last; /* the index of the entry before */
};

const char *galen_claim_name(uint8_t claim)
{
    static const char *const names[GALEN_CLAIM_COUNT] = {
        [GALEN_CLAIM_PRACTICE] = "practice",
        [GALEN_CLAIM_ORDER] = "order",
        [GALEN_CLAIM_AUTHORSHIP] = "authorship",
        [GALEN_CLAIM_MEMBERSHIP] = "membership",
        [GALEN_CLAIM_COMPLETENESS] = "completeness",
        [GALEN_CLAIM_HEADS] = "heads",
        [GALEN_CLAIM_BODIES] = "bodies",
        [GALEN_CLAIM_CONTENTS] = "contents",
    };
    return claim < GALEN_CLAIM_COUNT ? names[claim] : NULL;
}

bool galen_evidence_holds(const struct galen_evidence_report *report)
{
    bool holds = false;
    for (size_t i = 0; i < GALEN_CLAIM_COUNT; i++) {
        if (report->claims[i] == GALEN_CLAIM_FAILS)
            return false;
        holds |= report->claims[i] == GALEN_CLAIM_HOLDS;
    }
    return holds;
}

/* -- claims ------------------------------------------------------------------------------------- */

static void fail(struct checking *c, uint8_t claim, enum galen_err err, uint64_t index,
                 const struct galen_id *device)
{
    struct galen_finding finding = {.claim = claim, .err = (uint16_t)err, .index = index};
    if (device)
        finding.device = *device;
    if (claim == GALEN_CLAIM_ORDER) {
        if (c->order_broken)
            return;
        c->order_broken = true;
    }
    c->report->claims[claim] = GALEN_CLAIM_FAILS;
    if (c->events && c->events->finding)
        c->events->finding(c->events->context, &finding);
}

/* A claim that nothing has spoken against. */
static void hold(struct checking *c, uint8_t claim)
{
    if (c->report->claims[claim] != GALEN_CLAIM_FAILS)
        c->report->claims[claim] = GALEN_CLAIM_HOLDS;
}

/* The claim that a broken rule of "Judging an entry" is about. */
static uint8_t claim_of(enum galen_err err)
{
    switch (err) {
    case GALEN_ERR_SIGNATURE:
        return GALEN_CLAIM_AUTHORSHIP;
    case GALEN_ERR_CHART:
    case GALEN_ERR_EPOCH:
    case GALEN_ERR_NUMBER:
    case GALEN_ERR_HEAD:
        return GALEN_CLAIM_ORDER;
    case GALEN_ERR_CERTIFICATE:
        return GALEN_CLAIM_PRACTICE;
    default:
        return GALEN_CLAIM_MEMBERSHIP;
    }
}

/* -- entries ------------------------------------------------------------------------------------ */

/* A body that is missing, or is not the one that was signed. */
static void check_body(struct checking *c, uint64_t index, struct galen_entry *entry)
{
    bool was_there = entry->body_state == GALEN_BODY_PRESENT;
    galen_entry_settle_body(c->primitives, entry);
    if (entry->body_state == GALEN_BODY_PRESENT)
        return;
    c->report->withheld++;
    fail(c, GALEN_CLAIM_BODIES, was_there ? GALEN_ERR_FORMAT : GALEN_ERR_WITHHELD, index,
         &entry->header.author);
    if (galen_class_is_clear(entry->header.class))
        c->stuck = true;
}

static bool shown_later(struct galen_reader items, uint64_t index)
{
    struct evidence_item item;
    while (evidence_next_item(&items, &item)) {
        if (item.index == index)
            return true;
    }
    return false;
}

/* In a whole file, entry after entry; in another, ascending, each proven to stand in the history. */
static void check_place(struct checking *c, const struct evidence_item *item,
                        const struct galen_reader *rest)
{
    const struct evidence_file *file = c->file;
    const struct galen_id *author = &item->entry.header.author;
    uint64_t expected = c->report->shown;
    if (file->whole) {
        if (item->index != expected && !c->order_broken)
            fail(c, GALEN_CLAIM_ORDER,
                 item->index > expected && !shown_later(*rest, expected) ? GALEN_ERR_WITHHELD
                                                                         : GALEN_ERR_NUMBER,
                 expected, NULL);
        return;
    }
    uint8_t leaf[GALEN_HASH_BYTES];
    if (expected > 0 && item->index <= c->last)
        fail(c, GALEN_CLAIM_ORDER, GALEN_ERR_NUMBER, item->index, author);
    galen_entry_leaf(c->primitives, &item->entry, leaf);
    bool proven = galen_tree_check_inclusion(c->primitives, item->index, file->size, leaf,
                                             file->root, item->proof) == GALEN_OK;
    if ((GALEN_CHECKED(EVIDENCE_PROOF) && !proven) || item->entry.header.head_size > item->index)
        fail(c, GALEN_CLAIM_ORDER, GALEN_ERR_HEAD, item->index, author);
}

static void next_documents(struct checking *c)
{
    c->documents_left = evidence_next_documents(&c->documents, &c->signed_documents);
}

/* Documents that belong to no sign-off that is opened before this index. */
static void check_documents_before(struct checking *c, uint64_t index)
{
    for (; c->documents_left && c->signed_documents.index < index; next_documents(c))
        fail(c, GALEN_CLAIM_CONTENTS, GALEN_ERR_STATE, c->signed_documents.index, NULL);
}

/* An opened sign-off is a pharmacist's; what it is about, if it is shown: only its author could have named this hash. */
static void check_documents(struct checking *c, uint64_t index, const struct galen_entry *entry,
                            struct galen_bytes plain)
{
    struct galen_op op;
    uint8_t hash[GALEN_HASH_BYTES];
    if (galen_op_read(plain, entry->header.class, &op) != GALEN_OK || op.kind != GALEN_KIND_SIGN)
        return;
    /* Whoever signed without being somebody who signs made no version. */
    const struct galen_member *author = galen_rules_member(c->rules, &entry->header.author);
    if (GALEN_CHECKED(EVIDENCE_SIGNER) && !c->stuck &&
        (!author || author->role != GALEN_ROLE_PHARMACIST))
        fail(c, GALEN_CLAIM_CONTENTS, GALEN_ERR_ROLE, index, &entry->header.author);
    if (!c->documents_left || c->signed_documents.index != index)
        return;
    c->primitives->sha256(&c->signed_documents.documents, 1, hash);
    if (GALEN_CHECKED(EVIDENCE_SIGNED) && memcmp(hash, op.content.sign.hash, sizeof hash) != 0)
        fail(c, GALEN_CLAIM_CONTENTS, GALEN_ERR_SIGNED, index, &entry->header.author);
    else if (c->events && c->events->documents)
        c->events->documents(c->events->context, index, c->signed_documents.documents);
    next_documents(c);
}

static void check_disclosure(struct checking *c, uint64_t index, const struct galen_entry *entry)
{
    struct galen_writer plain;
    while (c->discloses && c->disclosure.index < index) { /* of an entry that is not shown */
        fail(c, GALEN_CLAIM_CONTENTS, GALEN_ERR_STATE, c->disclosure.index, NULL);
        c->discloses = evidence_next_disclosure(&c->disclosures, &c->disclosure);
    }
    if (!c->discloses || c->disclosure.index != index)
        return;
    galen_writer_init(&plain);
    enum galen_err err = galen_class_is_clear(entry->header.class)
                             ? GALEN_ERR_CLASS
                             : galen_entry_open(entry, c->disclosure.secret, &plain);
    if (err != GALEN_OK) {
        fail(c, GALEN_CLAIM_CONTENTS, err, index, &entry->header.author);
    } else {
        hold(c, GALEN_CLAIM_CONTENTS);
        c->report->opened++;
        if (c->events && c->events->opened)
            c->events->opened(c->events->context, index, entry, galen_written(&plain));
        check_documents(c, index, entry, galen_written(&plain));
    }
    galen_writer_wipe(&plain);
    c->discloses = evidence_next_disclosure(&c->disclosures, &c->disclosure);
}

static enum galen_err check_rules(struct checking *c, uint64_t index,
                                  const struct galen_entry *entry)
{
    const struct galen_id *author = &entry->header.author;
    struct galen_member before; /* the author's facts at the entry's place */
    if (c->stuck)
        return GALEN_OK;
    const struct galen_member *member = galen_rules_member(c->rules, author);
    if (member) {
        before = *member;
        member = &before;
    }
    enum galen_err verdict = galen_rules_judge(c->rules, entry);
    if (verdict == GALEN_ERR_MEMORY)
        return verdict;
    enum galen_err err = galen_rules_apply(c->rules, entry, verdict);
    if (err != GALEN_OK)
        return err;
    /* Behind a break in the order, only signatures can still be judged for themselves. */
    if (verdict != GALEN_OK && (!c->order_broken || claim_of(verdict) == GALEN_CLAIM_AUTHORSHIP))
        fail(c, claim_of(verdict), verdict, index, author);
    if (!member) /* a first entry brings its author */
        member = galen_rules_member(c->rules, author);
    if (c->events && c->events->entry)
        c->events->entry(c->events->context, index, entry, verdict, member);
    return GALEN_OK;
}

static enum galen_err check_entries(struct checking *c)
{
    struct galen_reader items = c->file->items;
    struct evidence_item item;
    enum galen_err err = GALEN_OK;
    while (err == GALEN_OK && evidence_next_item(&items, &item)) {
        check_place(c, &item, &items);
        check_body(c, item.index, &item.entry);
        err = check_rules(c, item.index, &item.entry);
        check_documents_before(c, item.index);
        check_disclosure(c, item.index, &item.entry);
        c->last = item.index;
        c->report->shown++;
    }
    while (c->discloses) {
        fail(c, GALEN_CLAIM_CONTENTS, GALEN_ERR_STATE, c->disclosure.index, NULL);
        c->discloses = evidence_next_disclosure(&c->disclosures, &c->disclosure);
    }
    check_documents_before(c, UINT64_MAX);
    return err;
}

/* What the entries make, against what the file says of itself. */
static void check_whole(struct checking *c)
{
    const struct galen_tree *tree = galen_rules_tree(c->rules);
    const struct evidence_file *file = c->file;
    uint8_t root[GALEN_HASH_BYTES];
    if (!galen_id_equal(galen_rules_chart(c->rules), &file->chart))
        fail(c, GALEN_CLAIM_ORDER, GALEN_ERR_CHART, GALEN_NO_INDEX, NULL);
    if (!file->whole || c->stuck)
        return;
    if (galen_tree_size(tree) < file->size)
        fail(c, GALEN_CLAIM_ORDER, GALEN_ERR_WITHHELD, galen_tree_size(tree), NULL);
    else if (!galen_tree_root_at(tree, file->size, root) || galen_tree_size(tree) != file->size ||
             memcmp(root, file->root, sizeof root) != 0)
        fail(c, GALEN_CLAIM_ORDER, GALEN_ERR_HEAD, GALEN_NO_INDEX, NULL);
}

/* -- heads -------------------------------------------------------------------------------------- */

/* The same as galen_rules_check_head, where the tree is not there but a proof is. */
static enum galen_err check_proven_head(const struct checking *c, const struct evidence_head *head,
                                        const struct galen_member *signer)
{
    const struct evidence_file *file = c->file;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_head_write_unsigned(&w, &head->head);
    enum galen_err err = GALEN_ERR_MEMORY;
    if (w.failed)
        goto out;
    err = GALEN_ERR_SIGNATURE;
    if (!galen_verify(c->primitives, GALEN_SIGN_HEAD, signer->keys.sign, galen_written(&w),
                      head->head.signature))
        goto out;
    err = GALEN_ERR_STATE;
    if (head->head.size > file->size)
        goto out;
    err = galen_tree_check_consistency(c->primitives, head->head.size, head->head.root, file->size,
                                       file->root, head->proof);
    if (err !=
        GALEN_OK) /* of the same size it is another history; else just not shown to be this */
        err = head->head.size == file->size ? GALEN_ERR_FORK : GALEN_ERR_HEAD;
out:
    galen_writer_wipe(&w);
    return err;
}

static enum galen_err check_head(struct checking *c, const struct evidence_head *head)
{
    const struct galen_head *said = &head->head;
    const struct galen_member *signer = galen_rules_ever_member(c->rules, &said->device);
    enum galen_err err = GALEN_ERR_NOT_MEMBER;
    if (!galen_id_equal(&said->chart, galen_rules_chart(c->rules)))
        err = GALEN_ERR_CHART;
    else if (signer)
        err = c->file->whole ? galen_rules_check_head(c->rules, said)
                             : check_proven_head(c, head, signer);
    if (err == GALEN_ERR_MEMORY || c->stuck)
        return err == GALEN_ERR_MEMORY ? err : GALEN_OK;
    if (err == GALEN_ERR_HEAD && c->file->whole) /* signed well: that is no forgery but a fork */
        err = GALEN_ERR_FORK;
    if (err == GALEN_OK) {
        hold(c, GALEN_CLAIM_HEADS);
        c->report->heads++;
        if (c->file->whole && said->size > c->report->complete_to)
            c->report->complete_to = said->size;
        if (c->events && c->events->head)
            c->events->head(c->events->context, said, signer);
    } else if (err == GALEN_ERR_STATE) {
        fail(c, GALEN_CLAIM_COMPLETENESS, err, said->size, &said->device);
    } else {
        fail(c, GALEN_CLAIM_HEADS, err, said->size, &said->device);
    }
    return GALEN_OK;
}

static enum galen_err check_heads(struct checking *c)
{
    struct galen_reader heads = c->file->heads;
    struct evidence_head head;
    enum galen_err err = GALEN_OK;
    while (err == GALEN_OK && evidence_next_head(&heads, &head))
        err = check_head(c, &head);
    return err;
}

/* -- the verdict -------------------------------------------------------------------------------- */

/* What is claimed once nothing has spoken against it. */
static void conclude(struct checking *c)
{
    const struct galen_evidence_report *report = c->report;
    if (c->stuck) /* the rest could not be judged, so it is not claimed */
        return;
    hold(c, GALEN_CLAIM_AUTHORSHIP);
    if (report->withheld == 0)
        hold(c, GALEN_CLAIM_BODIES);
    if (c->order_broken)
        return;
    hold(c, GALEN_CLAIM_PRACTICE);
    hold(c, GALEN_CLAIM_MEMBERSHIP);
    /* Where one entry stands is known through a head that somebody signed, else nobody said it. */
    if (c->file->whole || report->heads > 0)
        hold(c, GALEN_CLAIM_ORDER);
    if (report->complete_to > 0)
        hold(c, GALEN_CLAIM_COMPLETENESS);
}

static enum galen_err check_all(struct checking *c)
{
    c->disclosures = c->file->disclosures;
    c->discloses = evidence_next_disclosure(&c->disclosures, &c->disclosure);
    c->documents = c->file->documents;
    next_documents(c);
    enum galen_err err = check_entries(c);
    if (err != GALEN_OK)
        return err;
    check_whole(c);
    err = check_heads(c);
    if (err == GALEN_OK)
        conclude(c);
    return err;
}

enum galen_err galen_evidence_check(struct galen_bytes bytes, const struct galen_id *practice,
                                    const struct galen_evidence_events *events,
                                    struct galen_evidence_report *report)
{
    struct evidence_file file;
    *report = (struct galen_evidence_report){0};
    enum galen_err err = evidence_read(bytes, &file);
    if (err != GALEN_OK)
        return err;
    struct checking c = {
        .primitives = galen_sodium_primitives(), .file = &file, .events = events, .report = report};
    report->whole = file.whole;
    report->index = file.index;
    report->practice = galen_device_id(c.primitives, &file.practice);
    report->chart = file.chart;
    report->size = file.size;
    memcpy(report->root, file.root, sizeof report->root);
    if (GALEN_CHECKED(EVIDENCE_PRACTICE) && !galen_id_equal(&report->practice, practice)) {
        fail(&c, GALEN_CLAIM_PRACTICE, GALEN_ERR_CERTIFICATE, GALEN_NO_INDEX, &report->practice);
        return GALEN_OK;
    }
    c.rules = galen_rules_new(c.primitives, &file.practice);
    if (!c.rules)
        return GALEN_ERR_MEMORY;
    if (!file.whole)
        galen_rules_allow_gaps(c.rules);
    err = check_all(&c);
    galen_rules_free(c.rules);
    return err;
}
