/*
 * A hostile member: real keys and a real place in the chart, and entries that no honest engine makes.
 * What the server can see it must refuse by name; what only readers can see they must find void, all
 * in the same way; and nothing of it may disturb the others.
 */
#include "hostile_entries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTACKS_MAX   64
#define FIRST_REQUEST 0x80000000u

static uint64_t tried[ATTACK_KINDS], named[ATTACK_KINDS];

struct attack {
    uint8_t kind;
    bool answered, accepted;
    bool
        certain; /* all earlier ones were answered, and read if accepted: the number is as it seems */
    uint16_t err;
    uint32_t request;
    uint8_t signed_header[GALEN_SIGNED_HEADER_BYTES];
};

struct member_plot {
    size_t node;
    struct attack attacks[ATTACKS_MAX];
    size_t count;
};

/* -- the plot ----------------------------------------------------------------------------------- */

void member_plot_begin(struct world *world)
{
    struct member_plot *plot = calloc(1, sizeof *plot);
    if (!plot)
        abort();
    plot->node = (size_t)chance_below(&world->chance, world->node_count);
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[plot->node];
        struct forge f;
        bool found = !node->removed && find_forge(world, node, &f);
        if (found)
            break;
        plot->node = (plot->node + 1) % world->node_count;
    }
    world->member_plot = plot;
    world->nodes[plot->node].hostile = true;
    world_say(world, "%s is hostile from now on", world->nodes[plot->node].name);
}

void member_plot_free(struct world *world)
{
    free(world->member_plot);
    world->member_plot = NULL;
}

/* Its own engine takes what it did for the work of a clone, and is told to forget that. */
static void calm(struct forge *f)
{
    if (f->chart->stopped == GALEN_OK)
        return;
    f->chart->stopped = GALEN_OK;
    node_cut(f->node);
}

static bool find_entry(const struct node *node, const struct galen_id *chart,
                       const struct attack *attack, uint64_t *index)
{
    const struct galen_log *log = galen_engine_log(node->engine, chart);
    for (*index = 0; log && *index < galen_log_size(log); (*index)++) {
        uint8_t leaf[GALEN_HASH_BYTES];
        const struct galen_entry entry = {
            .received_ms = galen_log_read(log, *index)->received_ms,
            .signed_header = {attack->signed_header, sizeof attack->signed_header}};
        galen_entry_leaf(galen_sodium_primitives(), &entry, leaf);
        if (memcmp(leaf, galen_tree_leaf(galen_rules_tree(galen_log_rules(log)), *index),
                   sizeof leaf) == 0)
            return true;
    }
    return false;
}

static bool is_certain(const struct forge *f)
{
    const struct member_plot *plot = f->world->member_plot;
    bool certain = true;
    for (size_t i = 0; i < plot->count; i++) {
        uint64_t index;
        const struct attack *before = &plot->attacks[i];
        certain = certain && before->answered &&
                  (!before->accepted || find_entry(f->node, &f->world->chart, before, &index));
    }
    return certain;
}

static void strike(struct forge *f, uint8_t kind)
{
    struct member_plot *plot = f->world->member_plot;
    struct attack *attack = &plot->attacks[plot->count];
    *attack = (struct attack){.kind = kind, .request = FIRST_REQUEST + (uint32_t)plot->count};
    attack->certain = is_certain(f);
    memcpy(attack->signed_header, f->whole.at, sizeof attack->signed_header);
    struct galen_frame frame = {.type = GALEN_FRAME_APPEND,
                                .as.append = {attack->request, galen_written(&f->whole)}};
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, &frame);
    if (node_send(f->node, GALEN_CONNECTION_LOG, galen_written(&w))) {
        plot->count++;
        tried[kind]++;
        world_say(f->world, "%s tries: %s", f->node->name, attack_rules[kind].name);
    }
    galen_writer_wipe(&w);
}

void member_plot_step(struct world *world)
{
    struct member_plot *plot = world->member_plot;
    struct forge f;
    if (!plot || plot->count == ATTACKS_MAX)
        return;
    struct node *node = &world->nodes[plot->node];
    if (find_forge(world, node, &f)) {
        calm(&f);
        uint8_t kind = (uint8_t)chance_below(&world->chance, ATTACK_KINDS);
        if (galen_engine_current(node->engine, &world->chart) &&
            galen_engine_waiting(node->engine, NULL) == 0 && forge_entry(&f, kind))
            strike(&f, kind);
        else if (chance_in(&world->chance, 300))
            story_say(world, node); /* and now and then something true */
        node_pump(node);
    }
    forge_wipe(&f);
}

bool member_plot_answer(struct world *world, struct link *link, struct galen_bytes bytes)
{
    struct member_plot *plot = world->member_plot;
    struct galen_frame frame;
    if (!plot || link->node != plot->node || bytes.size == 0 ||
        (bytes.at[0] != GALEN_FRAME_REFUSED && bytes.at[0] != GALEN_FRAME_APPENDED) ||
        galen_frame_read(bytes, &frame) != GALEN_OK)
        return true;
    bool refused = frame.type == GALEN_FRAME_REFUSED;
    uint32_t request = refused ? frame.as.refused.request : frame.as.appended.request;
    if (request < FIRST_REQUEST || request - FIRST_REQUEST >= plot->count)
        return true;
    struct attack *attack = &plot->attacks[request - FIRST_REQUEST];
    attack->answered = true;
    attack->accepted = !refused;
    attack->err = refused ? frame.as.refused.err : GALEN_ERR_OK;
    world_say(world, "the server answers: %s", galen_err_name(attack->err));
    return false;
}

/* -- what must have come of it ------------------------------------------------------------------ */

/* What the weather, or another entry that came in between, may be the answer to anything. */
static bool is_passing(uint16_t err)
{
    return err == GALEN_ERR_EPOCH || err == GALEN_ERR_NOT_MEMBER || err == GALEN_ERR_LIMIT ||
           err == GALEN_ERR_STORE || err == GALEN_ERR_DISK_FULL || err == GALEN_ERR_SHUTDOWN ||
           err == GALEN_ERR_NUMBER; /* that of the attack before, which is still to be read */
}

/* The epoch that a log was in where this entry stands. */
static uint32_t epoch_at(const struct galen_log *log, uint64_t index)
{
    uint32_t epoch = 0;
    for (uint64_t i = 0; i < index; i++) {
        const struct galen_read *read = galen_log_read(log, i);
        if (read->class == GALEN_CLASS_EPOCH && read->state == GALEN_READ_CLEAR)
            epoch = read->epoch + 1;
    }
    return epoch;
}

/* Somebody began the next epoch while an entry that names it was on its way: the server cannot find
 * anything wrong with that, and readers see that it was sealed under another key. */
static bool is_overtaken(const struct world *world, const struct attack *attack)
{
    for (size_t i = 0; attack->kind == ATTACK_EPOCH && i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        uint64_t index;
        if (!node->engine || !find_entry(node, &world->chart, attack, &index))
            continue;
        const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
        return galen_log_read(log, index)->epoch == epoch_at(log, index);
    }
    return false;
}

static void check_documents(struct world *world, const struct node *node,
                            const struct attack *attack, uint64_t index)
{
    struct galen_docs_item item;
    uint16_t says = attack_rules[attack->kind].says;
    bool found = galen_docs_item(galen_engine_docs(node->engine, &world->chart), index, &item);
    bool hidden = says == GALEN_ERR_CLASS || says == GALEN_ERR_FORMAT;
    bool counts = says == GALEN_ERR_OK || says == GALEN_ERR_UNKNOWN_KIND;
    if (found == hidden || (found && (item.verdict.err != says || item.verdict.counts != counts)))
        world_fail(world, "%s's documents say %s of %s", node->name,
                   found ? galen_err_name(item.verdict.err) : "nothing",
                   attack_rules[attack->kind].name);
}

static void check_read(struct world *world, const struct node *node, const struct attack *attack,
                       uint64_t index)
{
    const struct galen_log *log = galen_engine_log(node->engine, &world->chart);
    const struct galen_read *read = galen_log_read(log, index);
    uint16_t says = attack_rules[attack->kind].says;
    bool overtaken = is_overtaken(world, attack);
    if (overtaken)
        says = GALEN_ERR_COMMITMENT;
    if (attack_rules[attack->kind].who == SERVER && !attack->certain)
        return;
    if (attack_rules[attack->kind].who == SERVER && !overtaken) {
        world_fail(world, "%s has an entry in its log that the server should have refused: %s",
                   node->name, attack_rules[attack->kind].name);
    } else if (read->state == GALEN_READ_LOCKED) {
        return;
    } else if (attack_rules[attack->kind].who == DOCUMENTS) {
        if (!galen_log_is_holder(log))
            return; /* who reads a part of the chart cannot tell what came before */
        if (read->state != GALEN_READ_OPEN)
            world_fail(world, "%s cannot read %s", node->name, attack_rules[attack->kind].name);
        else
            check_documents(world, node, attack, index);
    } else if (says != GALEN_ERR_OK && (read->state != GALEN_READ_VOID || read->why != says)) {
        world_fail(world, "%s says %s of %s", node->name, galen_err_name(read->why),
                   attack_rules[attack->kind].name);
    } else if (says == GALEN_ERR_OK && galen_log_epoch_key(log, read->epoch + 1)) {
        world_fail(world, "%s uses an epoch with a bad seal", node->name);
    }
}

void member_plot_check(struct world *world)
{
    struct member_plot *plot = world->member_plot;
    for (size_t a = 0; plot && a < plot->count && !world->failure[0]; a++) {
        const struct attack *attack = &plot->attacks[a];
        if (attack->certain && attack->answered && attack_rules[attack->kind].who == SERVER &&
            ((attack->accepted && !is_overtaken(world, attack)) ||
             (!attack->accepted && attack->err != attack_rules[attack->kind].says &&
              !is_passing(attack->err))))
            world_fail(world, "the server says %s to: %s", galen_err_name(attack->err),
                       attack_rules[attack->kind].name);
        if (attack->answered && !attack->accepted && attack_rules[attack->kind].who != SERVER &&
            !is_passing(attack->err))
            world_fail(world, "the server cannot see %s, and says %s",
                       attack_rules[attack->kind].name, galen_err_name(attack->err));
        bool seen = attack->answered && attack->err == attack_rules[attack->kind].says;
        for (size_t i = 0; i < world->node_count && !world->failure[0]; i++) {
            const struct node *node = &world->nodes[i];
            uint64_t index;
            if (!node->engine || node->hostile || !find_entry(node, &world->chart, attack, &index))
                continue;
            check_read(world, node, attack, index);
            seen = true;
        }
        named[attack->kind] += seen ? 1 : 0;
    }
}

void plots_report(void)
{
    server_plots_report();
    for (size_t i = 0; i < ATTACK_KINDS; i++)
        fprintf(stderr, "  member: %-18s %5llu tried, %5llu named\n", attack_rules[i].name,
                (unsigned long long)tried[i], (unsigned long long)named[i]);
}

/* -- for a complicit server --------------------------------------------------------------------- */

bool member_plot_forge(struct world *world, struct node *member, struct galen_writer *record,
                       enum galen_err *why)
{
    static const uint8_t kinds[] = {
        ATTACK_SIGNATURE,  ATTACK_AUTHOR,         ATTACK_NUMBER_AGAIN, ATTACK_NUMBER_SKIPPED,
        ATTACK_OLD_HEAD,   ATTACK_WRONG_ROOT,     ATTACK_HEAD_AHEAD,   ATTACK_EPOCH,
        ATTACK_CHART,      ATTACK_CLASS,          ATTACK_CERTIFICATE,  ATTACK_FORGED_ROLE,
        ATTACK_DROP_OTHER, ATTACK_DROP_CUSTODIAN, ATTACK_COMMITMENT,   ATTACK_PADDING,
    };
    struct forge f;
    uint8_t kind = kinds[chance_below(&world->chance, sizeof kinds)];
    bool made = find_forge(world, member, &f) && forge_entry(&f, kind);
    if (made) {
        struct galen_reader r;
        struct galen_entry entry;
        galen_reader_init(&r, galen_written(&f.whole));
        made = galen_entry_read_new(&r, &entry) == GALEN_OK;
        entry.received_ms = world->now_ms;
        entry.body_state = GALEN_BODY_PRESENT;
        galen_entry_write(record, &entry);
        /* Who is no member under this name shows by the signature. */
        *why =
            kind == ATTACK_AUTHOR ? GALEN_ERR_SIGNATURE : (enum galen_err)attack_rules[kind].says;
    }
    forge_wipe(&f);
    return made;
}
