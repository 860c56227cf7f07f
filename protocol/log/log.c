/* One chart's log: entries in, what became of them out (PROTOCOL.md, "Judging an entry"). */
#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

bool log_grow(void **at, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room < 8 ? 8 : *room + *room / 2;
    if (more > SIZE_MAX / size)
        return false;
    void *grown = malloc(more * size);
    if (!grown)
        return false;
    if (count > 0) {
        memcpy(grown, *at, count * size);
        galen_wipe(*at, count * size);
    }
    free(*at);
    *at = grown;
    *room = more;
    return true;
}

struct galen_log *galen_log_new(const struct galen_public_keys *practice,
                                const struct galen_device_secrets *self)
{
    struct galen_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    const struct galen_primitives *primitives = galen_sodium_primitives();
    log->rules = galen_rules_new(primitives, practice);
    if (!log->rules) {
        free(log);
        return NULL;
    }
    struct galen_public_keys keys;
    memcpy(keys.sign, self->sign_public, sizeof keys.sign);
    memcpy(keys.seal, self->seal_public, sizeof keys.seal);
    log->self = *self;
    log->self_id = galen_device_id(primitives, &keys);
    log->pair = NO_PAIR;
    return log;
}

void galen_log_free(struct galen_log *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < log->epoch_count; i++)
        epoch_wipe(&log->epochs[i]);
    if (log->pair_count > 0)
        galen_wipe(log->pairs, log->pair_count * sizeof *log->pairs);
    keys_wipe(&log->kept);
    free(log->epochs);
    free(log->pairs);
    free(log->reads);
    free(log->heads);
    galen_rules_free(log->rules);
    galen_wipe(log, sizeof *log);
    free(log);
}

const struct galen_rules *galen_log_rules(const struct galen_log *log)
{
    return log->rules;
}

const struct galen_id *galen_log_self(const struct galen_log *log)
{
    return &log->self_id;
}

uint64_t galen_log_size(const struct galen_log *log)
{
    return log->read_count;
}

const struct galen_read *galen_log_read(const struct galen_log *log, uint64_t index)
{
    return index < log->read_count ? &log->reads[index] : NULL;
}

/* -- judging one entry -------------------------------------------------------------------------- */

static void add_facts(const struct galen_member *author, struct galen_read *read)
{
    if (!author)
        return;
    read->account = author->account;
    read->role = author->role;
    read->purpose = author->purpose;
}

static struct galen_read describe(const struct galen_log *log, const struct galen_entry *entry,
                                  enum galen_err verdict)
{
    const struct galen_header *header = &entry->header;
    struct galen_read read = {.index = log->read_count,
                              .received_ms = entry->received_ms,
                              .author = header->author,
                              .number = header->number,
                              .epoch = header->epoch,
                              .head_size = header->head_size,
                              .class = header->class,
                              .state = verdict == GALEN_OK ? GALEN_READ_CLEAR : GALEN_READ_VOID,
                              .why = (uint16_t)verdict,
                              .judged = (uint16_t)verdict};
    add_facts(galen_rules_member(log->rules, &header->author), &read);
    return read;
}

/* The record opens as a whole, with the identity check (I5); a part of it would mislead. */
static bool record_is_closed(const struct galen_log *log, const struct galen_header *header)
{
    const struct galen_member *self = galen_rules_member(log->rules, &log->self_id);
    return header->class == GALEN_CLASS_RECORD && self && !self->holder;
}

/* Opens the sealed body of an entry that keeps the clear rules. MEMORY is the only error. */
static enum galen_err read_body(const struct galen_log *log, const struct galen_entry *entry,
                                struct galen_read *read, struct galen_writer *plain)
{
    const struct log_epoch *epoch = epoch_at(log, entry->header.epoch);
    uint8_t secret[GALEN_KEY_BYTES];
    enum galen_err err = GALEN_OK;
    read->state = GALEN_READ_OPEN;
    if (!epoch || epoch->state == EPOCH_UNUSABLE) {
        err = GALEN_ERR_UNUSABLE;
    } else if (epoch->state == EPOCH_LOCKED ||
               (GALEN_CHECKED(RECORD_CLOSED) && record_is_closed(log, &entry->header))) {
        read->state = GALEN_READ_LOCKED;
    } else if (entry->body_state != GALEN_BODY_PRESENT) {
        read->state = GALEN_READ_WITHHELD;
    } else {
        entry_secret(epoch->key, &entry->header, secret);
        err = galen_entry_open(entry, secret, plain);
        galen_wipe(secret, sizeof secret);
    }
    if (err == GALEN_ERR_MEMORY)
        return err;
    if (err != GALEN_OK)
        read->state = GALEN_READ_VOID;
    read->why = (uint16_t)err;
    return GALEN_OK;
}

/* -- taking the next ---------------------------------------------------------------------------- */

/* What an entry changes, made before anything is. */
struct step {
    struct galen_entry entry;
    enum galen_err verdict;
    bool opened; /* the plaintext is known from before */
    struct galen_read read;
    struct log_epoch epoch; /* of an accepted epoch entry */
    uint8_t history_key[GALEN_SEAL_KEY_BYTES];
    bool weak_pair;
};

static bool author_holds(const struct galen_log *log, const struct step *step)
{
    const struct galen_id *author = &step->entry.header.author;
    const struct galen_member *member = galen_rules_member(log->rules, author);
    if (member)
        return member->holder;
    for (size_t i = 0; i < step->epoch.member_count; i++) { /* in a first entry */
        if (galen_id_equal(&step->epoch.members[i].device, author))
            return step->epoch.members[i].holder;
    }
    return false;
}

static enum galen_err prepare(const struct galen_log *log, struct step *step,
                              struct galen_writer *plain)
{
    const struct galen_entry *entry = &step->entry;
    if (step->verdict != GALEN_OK)
        return GALEN_OK;
    if (step->opened) {
        step->read.state = GALEN_READ_OPEN;
        return GALEN_OK;
    }
    if (class_is_sealed(entry->header.class))
        return read_body(log, entry, &step->read, plain);
    if (entry->header.class != GALEN_CLASS_EPOCH)
        return GALEN_OK;
    enum galen_err err = epoch_read(entry, &step->epoch, step->history_key);
    if (err == GALEN_OK && keys_are_kept(log) && !keys_fit(log, step->epoch.link_count))
        err = GALEN_ERR_FORMAT;
    step->weak_pair = !author_holds(log, step);
    return err;
}

static bool reserve(struct galen_log *log)
{
    return log_grow((void **)&log->reads, &log->read_room, log->read_count, sizeof *log->reads) &&
           log_grow((void **)&log->epochs, &log->epoch_room, log->epoch_count,
                    sizeof *log->epochs) &&
           log_grow((void **)&log->pairs, &log->pair_room, log->pair_count, sizeof *log->pairs);
}

/* After the rules have taken the entry; cannot fail. */
static void take_effect(struct galen_log *log, struct step *step)
{
    if (galen_rules_epoch(log->rules) > log->epoch_count) {
        if (step->verdict == GALEN_OK)
            epoch_begin(log, &step->epoch, step->history_key, step->weak_pair);
        else
            epoch_begin_void(log);
    }
    if (step->verdict == GALEN_OK &&
        step->read.role == 0) /* a first entry makes its author a member */
        add_facts(galen_rules_ever_member(log->rules, &step->read.author), &step->read);
    log->reads[log->read_count++] = step->read;
    heads_catch_up(log);
}

/* An entry whose body is settled and whose verdict is known. */
static enum galen_err take(struct galen_log *log, struct step *step, struct galen_read *read,
                           struct galen_writer *plain)
{
    size_t start = plain->size;
    step->read = describe(log, &step->entry, step->verdict);
    enum galen_err err = prepare(log, step, plain);
    if (err == GALEN_OK && !reserve(log))
        err = GALEN_ERR_MEMORY;
    if (err == GALEN_OK)
        err = galen_rules_apply(log->rules, &step->entry, step->verdict);
    if (err != GALEN_OK) {
        epoch_wipe(&step->epoch);
        plain->size = plain->size > start ? start : plain->size;
        return err;
    }
    take_effect(log, step);
    *read = step->read;
    return GALEN_OK;
}

enum galen_err galen_log_add(struct galen_log *log, const struct galen_entry *entry,
                             struct galen_read *read, struct galen_writer *plain)
{
    struct step step = {.entry = *entry};
    galen_entry_settle_body(galen_sodium_primitives(), &step.entry);
    step.verdict = galen_rules_judge(log->rules, &step.entry);
    if (step.verdict == GALEN_ERR_MEMORY || step.verdict == GALEN_ERR_WITHHELD)
        return step.verdict;
    return take(log, &step, read, plain);
}

enum galen_err galen_log_restore(struct galen_log *log, const struct galen_entry *entry,
                                 uint16_t judged, bool opened, struct galen_read *read,
                                 struct galen_writer *plain)
{
    struct step step = {.entry = *entry, .verdict = (enum galen_err)judged, .opened = opened};
    if (judged >= GALEN_ERR_COUNT || judged == GALEN_ERR_MEMORY || judged == GALEN_ERR_WITHHELD)
        return GALEN_ERR_STATE;
    if (opened && (judged != GALEN_OK || !class_is_sealed(entry->header.class)))
        return GALEN_ERR_STATE;
    if (!opened)
        galen_entry_settle_body(galen_sodium_primitives(), &step.entry);
    return take(log, &step, read, plain);
}

enum galen_err galen_log_restore_opened(struct galen_log *log, const struct galen_read *was,
                                        const uint8_t leaf[GALEN_HASH_BYTES],
                                        struct galen_read *read)
{
    if (!class_is_sealed(was->class))
        return GALEN_ERR_STATE;
    struct galen_read known = {.index = log->read_count,
                               .received_ms = was->received_ms,
                               .author = was->author,
                               .number = was->number,
                               .epoch = was->epoch,
                               .head_size = was->head_size,
                               .class = was->class,
                               .state = GALEN_READ_OPEN};
    const struct galen_author author = {was->author, was->number, was->head_size};
    add_facts(galen_rules_member(log->rules, &was->author), &known);
    enum galen_err err =
        reserve(log) ? galen_rules_restore(log->rules, &author, leaf) : GALEN_ERR_MEMORY;
    if (err != GALEN_OK)
        return err;
    log->reads[log->read_count++] = *read = known;
    return GALEN_OK;
}

enum galen_err galen_log_open_again(struct galen_log *log, uint64_t index,
                                    const struct galen_entry *entry, struct galen_read *read,
                                    struct galen_writer *plain)
{
    uint8_t leaf[GALEN_HASH_BYTES];
    if (index >= log->read_count)
        return GALEN_ERR_STATE;
    galen_entry_leaf(galen_sodium_primitives(), entry, leaf);
    if (memcmp(leaf, galen_tree_leaf(galen_rules_tree(log->rules), index), sizeof leaf) != 0)
        return GALEN_ERR_HEAD;
    struct galen_entry seen = *entry;
    galen_entry_settle_body(galen_sodium_primitives(), &seen);
    struct galen_read now = log->reads[index];
    bool opens = now.state == GALEN_READ_LOCKED || now.state == GALEN_READ_WITHHELD ||
                 (now.state == GALEN_READ_OPEN && seen.body_state == GALEN_BODY_PRESENT);
    if (opens) {
        enum galen_err err = read_body(log, &seen, &now, plain);
        if (err != GALEN_OK)
            return err;
    }
    log->reads[index] = *read = now;
    return GALEN_OK;
}
