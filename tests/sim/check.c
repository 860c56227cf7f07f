/* What must hold once everything has healed. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MS (15 * 60 * 1000)
#define HEADS_MS  6000

static bool counts(const struct node *node)
{
    return node->engine && !node->removed && !node->hostile &&
           galen_engine_state(node->engine) == GALEN_HOME_MEMBER;
}

static bool everybody_current(struct world *world)
{
    uint64_t size = 0;
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (node->removed || node->hostile || node_stopped(node, &world->chart))
            continue;
        if (!counts(node))
            return false;
        const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
        if (!log)
            continue;
        if (!galen_engine_current(node->engine, &world->chart) ||
            galen_engine_withheld(node->engine, &world->chart) != GALEN_NO_ENTRY ||
            galen_engine_waiting(node->engine, NULL) > 0)
            return false;
        if (size == 0)
            size = galen_log_size(log);
        if (galen_log_size(log) != size)
            return false;
    }
    return true;
}

static bool belongs(const struct world *world, const struct node *node)
{
    const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
    return log && galen_rules_member(galen_log_rules(log), galen_engine_device(node->engine));
}

static void write_versions(const struct galen_docs *docs, struct galen_writer *w)
{
    for (size_t i = 0; i < galen_docs_version_count(docs); i++) {
        struct galen_version version = galen_docs_version_at(docs, i);
        galen_write_u64(w, version.index);
        galen_write_u64(w, version.superseded);
    }
}

/* All who belong see one history, and those who see all of it the same documents. */
static void check_equal(struct world *world)
{
    const struct node *first = NULL, *first_holder = NULL;
    uint8_t root[32], other[32];
    struct galen_writer documents, others;
    galen_writer_init(&documents);
    galen_writer_init(&others);
    for (size_t i = 0; i < world->node_count && !world->failure[0]; i++) {
        const struct node *node = &world->nodes[i];
        if (!counts(node) || node_stopped(node, &world->chart) || !belongs(world, node))
            continue;
        const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
        const struct galen_tree *tree = galen_rules_tree(galen_log_rules(log));
        if (!galen_tree_root_at(tree, galen_log_size(log), first ? other : root))
            world_fail(world, "%s has no root", node->name);
        if (first && memcmp(root, other, sizeof root) != 0)
            world_fail(world, "%s and %s end in different histories", first->name, node->name);
        if (!first)
            first = node;
        if (!galen_log_is_holder(log))
            continue;
        struct galen_writer *w = first_holder ? &others : &documents;
        galen_writer_clear(w);
        for (size_t d = 0; d < galen_document_count; d++)
            if (!galen_docs_write_canonical(galen_engine_docs(node->engine, &world->chart),
                                            galen_documents[d].id, w))
                abort();
        write_versions(galen_engine_docs(node->engine, &world->chart), w);
        if (first_holder && !galen_bytes_equal(galen_written(&documents), galen_written(&others)))
            world_fail(world, "%s and %s end in different documents", first_holder->name,
                       node->name);
        if (!first_holder)
            first_holder = node;
        for (uint64_t k = 0; k < galen_log_size(log); k++)
            if (galen_log_read(log, k)->state == GALEN_READ_LOCKED)
                world_fail(world, "%s holds the record and cannot read entry %llu", node->name,
                           (unsigned long long)k);
    }
    if (!first_holder && !world->server_plot)
        world_fail(world, "nobody is left to read the chart");
    galen_writer_wipe(&documents);
    galen_writer_wipe(&others);
}

/* -- signed versions -------------------------------------------------------------------------------- */

/* What a version is about: the record and the plan, not who belongs here, nor what a patient or staff note
 * beside them. */
static bool is_signed(uint8_t doc)
{
    return doc != GALEN_DOC_PEOPLE && doc != GALEN_DOC_JOURNAL && doc != GALEN_DOC_VISIT &&
           doc != GALEN_DOC_CHECKIN;
}

/* By the definition: the first operation that counts and says something about the record. */
static uint64_t changed_since(const struct galen_docs *docs, uint64_t base, uint64_t size)
{
    for (uint64_t i = base; i < size; i++) {
        struct galen_docs_item item;
        if (!galen_docs_item(docs, i, &item))
            continue;
        bool newer = item.verdict.err == GALEN_ERR_UNKNOWN_KIND && item.kind != GALEN_KIND_SIGN;
        bool about =
            item.verdict.counts && item.record != NULL && is_signed(galen_record_doc(item.record));
        if (newer || about)
            return i;
    }
    return GALEN_NO_ENTRY;
}

/* Nobody signed in doubt, nor anything but what stood there, and nothing changed unseen (D4). */
static void check_version(struct world *world, const struct node *node,
                          const struct galen_docs *docs, const struct galen_version *v)
{
    const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
    struct galen_docs *then = galen_docs_as_of(docs, v->base);
    uint8_t hash[GALEN_HASH_BYTES];
    if (!then || !galen_docs_hash(then, hash))
        abort();
    if (galen_docs_conflict_count(then) > 0 || galen_docs_newer_count(then) > 0)
        world_fail(world, "version %u was signed in doubt", v->number);
    if (memcmp(hash, v->hash, sizeof hash) != 0)
        world_fail(world, "version %u is not what stood at entry %llu", v->number,
                   (unsigned long long)v->base);
    if (v->entry->role != GALEN_ROLE_PHARMACIST || v->entry->head_size != v->base)
        world_fail(world, "version %u is not a pharmacist's who had seen everything", v->number);
    for (uint64_t i = v->base; i < v->index; i++) {
        struct galen_docs_item item;
        if (galen_docs_item(docs, i, &item) &&
            galen_id_equal(&item.entry->device, &v->entry->device))
            world_fail(world, "the signer of version %u wrote meanwhile", v->number);
    }
    if (v->superseded != changed_since(docs, v->base, galen_log_size(log)))
        world_fail(world, "version %u is not superseded by what changed first", v->number);
    galen_docs_free(then);
}

static void check_versions(struct world *world)
{
    for (size_t i = 0; i < world->node_count && !world->failure[0]; i++) {
        const struct node *node = &world->nodes[i];
        if (!counts(node) || node_stopped(node, &world->chart) || !belongs(world, node) ||
            !galen_log_is_holder(galen_engine_log(node->engine, &world->chart)))
            continue;
        const struct galen_docs *docs = galen_engine_docs(node->engine, &world->chart);
        for (size_t k = 0; k < galen_docs_version_count(docs) && !world->failure[0]; k++) {
            struct galen_version version = galen_docs_version_at(docs, k);
            check_version(world, node, docs, &version);
        }
    }
}

/* Nobody was ever shown a regimen that was made of two, or of none. */
static void check_regimens(struct world *world)
{
    for (size_t i = 0; i < world->node_count && !world->failure[0]; i++)
        edits_watch(world, &world->nodes[i], true);
}

/* Everybody can give every entry as the server sent it, also what lies on the disk only. */
static void check_records(struct world *world)
{
    for (size_t i = 0; i < world->node_count && !world->failure[0]; i++) {
        struct node *node = &world->nodes[i];
        if (!counts(node) || !node_fetch(node, &world->chart))
            continue;
        const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
        for (uint64_t k = 0; log && k < galen_log_size(log); k++) {
            struct galen_bytes record, plain;
            struct galen_reader r;
            struct galen_entry entry;
            uint8_t leaf[GALEN_HASH_BYTES] = {0};
            bool there = galen_engine_entry(node->engine, &world->chart, k, &record, &plain);
            galen_reader_init(&r, record);
            if (there && galen_entry_read(&r, &entry) == GALEN_OK)
                galen_entry_leaf(galen_sodium_primitives(), &entry, leaf);
            if (memcmp(leaf, galen_tree_leaf(galen_rules_tree(galen_log_rules(log)), k),
                       sizeof leaf) != 0)
                world_fail(world, "%s has lost the record of entry %llu", node->name,
                           (unsigned long long)k);
        }
    }
}

/* How often an operation is in the log and counts. */
static size_t times_in_log(const struct world *world, const struct node *reader,
                           const struct asked *asked)
{
    if (!galen_engine_log(reader->engine, &asked->chart))
        reader = &world->nodes[asked->node]; /* another chart, which only its author reads */
    if (!reader->engine || !galen_engine_log(reader->engine, &asked->chart))
        return 0;
    const struct galen_log *log = galen_engine_log(reader->engine, &asked->chart);
    const struct galen_docs *docs = galen_engine_docs(reader->engine, &asked->chart);
    size_t times = 0;
    for (uint64_t i = 0; i < galen_log_size(log); i++) {
        struct galen_bytes record, plain;
        struct galen_op op;
        struct galen_docs_item item;
        const struct galen_read *read = galen_log_read(log, i);
        if (read->state == GALEN_READ_OPEN &&
            galen_id_equal(&read->account, &world->nodes[asked->node].account) &&
            galen_engine_entry(reader->engine, &asked->chart, i, &record, &plain) &&
            galen_op_read(plain, read->class, &op) == GALEN_OK &&
            memcmp(op.id, asked->token, sizeof op.id) == 0 && galen_docs_item(docs, i, &item) &&
            item.verdict.counts)
            times++;
    }
    return times;
}

/* Two people began a record of one id at once: who may add it had not read yet that it was proposed, and it is for them
 * to look at that first (D2). */
static bool is_given_back(const struct world *world, const struct node *reader,
                          const struct asked *asked)
{
    const struct galen_record *record = galen_docs_record(
        galen_engine_docs(reader->engine, &world->chart), asked->doc, asked->record);
    return asked->err == GALEN_ERR_PROPOSED && record && galen_record_proposal_count(record) > 0;
}

/* Nothing that was said to be done is missing, nothing is there twice, nothing went silently. */
static void check_asked(struct world *world)
{
    const struct node *reader = NULL;
    for (size_t i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (counts(node) && !node_stopped(node, &world->chart) && belongs(world, node) &&
            galen_log_is_holder(galen_engine_log(node->engine, &world->chart)))
            reader = node;
    }
    for (size_t i = 0; reader && i < world->asked_count && !world->failure[0]; i++) {
        const struct asked *asked = &world->asked[i];
        const struct node *node = &world->nodes[asked->node];
        if (asked->kind == ASKED_OTHER || node->hostile || node_stopped(node, &asked->chart))
            continue;
        size_t times = times_in_log(world, reader, asked);
        if (times > 1)
            world_fail(world, "'%s' is in the log %zu times", asked->text, times);
        if (asked->outcome == OUTCOME_DONE && times == 0)
            world_fail(world, "'%s' was done and is not in the log", asked->text);
        if (asked->outcome == OUTCOME_FAILED && times == 1)
            world_fail(world, "'%s' failed (%s) and is in the log", asked->text,
                       galen_err_name(asked->err));
        if (asked->outcome == OUTCOME_FAILED && !node->removed && !world->server_plot &&
            !is_given_back(world, reader, asked))
            world_fail(world, "'%s' failed: %s", asked->text, galen_err_name(asked->err));
        if (asked->outcome == OUTCOME_WAITING && times == 0 && !node->removed)
            world_fail(world, "'%s' was lost", asked->text);
    }
}

static bool has_read(const struct node *node, const struct asked *asked)
{
    const struct galen_log *log = galen_engine_log(node->engine, &asked->chart);
    for (uint64_t i = 0; log && i < galen_log_size(log); i++) {
        struct galen_bytes record, plain;
        struct galen_op op;
        const struct galen_read *read = galen_log_read(log, i);
        if (read->state == GALEN_READ_OPEN &&
            galen_engine_entry(node->engine, &asked->chart, i, &record, &plain) &&
            galen_op_read(plain, read->class, &op) == GALEN_OK &&
            memcmp(op.id, asked->token, sizeof op.id) == 0)
            return true;
    }
    return false;
}

/* Nobody reads what was written after their removal was in the log. */
static void check_removed(struct world *world, const struct node *node)
{
    if (!node->removed || node->asked_before == 0 || !node->engine)
        return;
    for (size_t i = node->asked_before; i < world->asked_count; i++)
        if (world->asked[i].node != node->number && has_read(node, &world->asked[i]))
            world_fail(world, "%s was removed and reads '%s'", node->name, world->asked[i].text);
}

/* Who was removed reads nothing that came after; who came reads nothing from before, unless holder. */
static void check_secrets(struct world *world)
{
    for (size_t i = 0; i < world->node_count && !world->failure[0]; i++) {
        const struct node *node = &world->nodes[i];
        const struct galen_log *log =
            node->engine ? galen_engine_log(node->engine, &world->chart) : NULL;
        if (!log)
            continue;
        check_removed(world, node);
        const struct galen_rules *rules = galen_log_rules(log);
        const struct galen_member *me =
            galen_rules_member(rules, galen_engine_device(node->engine));
        for (uint64_t k = 0; k < galen_log_size(log); k++) {
            const struct galen_read *read = galen_log_read(log, k);
            if (read->state != GALEN_READ_OPEN)
                continue;
            if (!me && node->removed && read->epoch >= galen_rules_epoch(rules) &&
                galen_log_epoch_key(log, read->epoch) == NULL)
                world_fail(world, "%s was removed and reads entry %llu", node->name,
                           (unsigned long long)k);
            if (me && !me->holder && read->epoch < me->since_epoch)
                world_fail(world, "%s reads entry %llu from before they came", node->name,
                           (unsigned long long)k);
        }
    }
}

/* -- at every moment -------------------------------------------------------------------------------- */

static bool contradicts(const struct node *node, struct galen_bytes heads)
{
    struct galen_reader r;
    struct galen_head head;
    bool found = false;
    galen_reader_init(&r, heads);
    while (r.left > 0 && galen_head_read(&r, &head) == GALEN_OK) {
        const struct galen_log *log = galen_engine_log(node->engine, &head.chart);
        found = found || (log && galen_log_size(log) > 0 &&
                          galen_rules_check_head(galen_log_rules(log), &head) == GALEN_ERR_HEAD);
    }
    return found;
}

static bool read_frame(struct galen_bytes bytes, uint8_t type, struct galen_frame *frame)
{
    return bytes.size > 0 && bytes.at[0] == type && galen_frame_read(bytes, frame) == GALEN_OK;
}

/* Has this home kept to what it has sworn to? */
static void check_verified(struct world *world, const struct node *node)
{
    const struct galen_log *log =
        node->engine ? galen_engine_log(node->engine, &world->chart) : NULL;
    uint8_t root[GALEN_HASH_BYTES];
    if (!log || node->hostile || node->verified.size == 0)
        return;
    if (!galen_tree_root_at(galen_rules_tree(galen_log_rules(log)), node->verified.size, root))
        world_fail(world, "%s signed a head of %llu entries and has %llu", node->name,
                   (unsigned long long)node->verified.size,
                   (unsigned long long)galen_log_size(log));
    else if (memcmp(root, node->verified.root, sizeof root) != 0)
        world_fail(world, "%s has another history than the one it signed", node->name);
}

void watch_sent(struct world *world, struct node *node, struct galen_bytes bytes)
{
    struct galen_frame frame;
    if (!read_frame(bytes, GALEN_FRAME_HEAD, &frame) || node->hostile ||
        !galen_id_equal(&frame.as.head.head.chart, &world->chart))
        return;
    check_verified(world, node);
    if (frame.as.head.head.size < node->verified.size)
        world_fail(world, "%s signed a head that shrinks", node->name);
    node->verified.size = frame.as.head.head.size;
    memcpy(node->verified.root, frame.as.head.head.root, sizeof node->verified.root);
}

static bool must_stop;

void watch_before(struct world *world, struct node *node, struct galen_bytes bytes)
{
    struct galen_frame frame;
    (void)world;
    must_stop = read_frame(bytes, GALEN_FRAME_HEADS, &frame) &&
                galen_engine_online(node->engine, GALEN_CONNECTION_LOG) &&
                contradicts(node, frame.as.heads.heads);
}

void watch_after(struct world *world, struct node *node, struct galen_bytes bytes)
{
    struct galen_frame frame;
    if (must_stop && read_frame(bytes, GALEN_FRAME_HEADS, &frame) &&
        !node_stopped(node, &frame.as.heads.chart))
        world_fail(world, "%s was shown a contradicting head and went on", node->name);
    if (read_frame(bytes, GALEN_FRAME_ENTRIES, &frame))
        edits_watch(world, node, false);
}

/* Whoever has stopped must have had a reason. */
static void check_stops(struct world *world)
{
    for (size_t i = 0; i < world->node_count && !world->failure[0]; i++) {
        const struct node *node = &world->nodes[i];
        if (!node->engine || node->hostile)
            continue;
        for (size_t c = 0; c < galen_engine_chart_count(node->engine); c++) {
            const struct galen_id *chart = galen_engine_chart_at(node->engine, c);
            if (!node_stopped(node, chart))
                continue;
            if (!server_plot_may_stop(world, node, chart))
                world_fail(world, "%s stopped for %s without a reason", node->name,
                           galen_err_name(galen_engine_stopped(node->engine, chart)));
        }
        check_verified(world, node);
    }
}

void check_all(struct world *world)
{
    world_heal(world);
    world_run(world, HEADS_MS, NULL); /* heads go round */
    world_run(world, SETTLE_MS, everybody_current);
    world_run(world, HEADS_MS, NULL);               /* and those of what was written meanwhile */
    world_run(world, SETTLE_MS, everybody_current); /* a dead line may have been noticed only now */
    if (!world->failure[0] && !everybody_current(world)) {
        for (size_t i = 0; i < world->node_count; i++) {
            struct node *node = &world->nodes[i];
            const struct galen_log *log =
                node->engine ? galen_engine_log(node->engine, &world->chart) : NULL;
            world_say(world, "%s: %s, %llu entries, %s, %zu wait, last refusal %s", node->name,
                      !node->engine   ? "down"
                      : node->removed ? "removed"
                                      : "up",
                      (unsigned long long)(log ? galen_log_size(log) : 0),
                      node->engine && galen_engine_current(node->engine, &world->chart) ? "current"
                                                                                        : "behind",
                      node->engine ? galen_engine_waiting(node->engine, NULL) : 0,
                      galen_err_name(node->refused));
        }
        world_fail(world, "not everybody has caught up a quarter of an hour after healing");
    }
    if (!world->failure[0])
        check_stops(world);
    if (!world->failure[0])
        check_equal(world);
    if (!world->failure[0])
        check_versions(world);
    if (!world->failure[0])
        check_regimens(world);
    if (!world->failure[0])
        check_records(world);
    if (!world->failure[0])
        check_asked(world);
    if (!world->failure[0])
        check_secrets(world);
    if (!world->failure[0])
        server_plot_check(world);
    if (!world->failure[0])
        member_plot_check(world);
}
