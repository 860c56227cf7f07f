/*
 * A device whose keys and memory were copied (L6, C4): the copy writes, and lets in a device of its own.
 * The person says so; from then on neither gets in anywhere, and nobody else is the worse for it.
 */
#include "story.h"

#include <stdio.h>
#include <string.h>

static struct node *victim, *copy;

static uint64_t stories, with_thief;

void copies_report(void)
{
    fprintf(stderr, "  copied devices: %llu, of which %llu let another in\n",
            (unsigned long long)stories, (unsigned long long)with_thief);
}

static void copy_disk(struct disk *to, const struct disk *from)
{
    disk_wipe(to);
    for (size_t i = 0; i < from->count; i++) {
        const struct pair *pair = &from->pairs[i];
        disk_save(to, (struct galen_bytes){pair->key, pair->key_size},
                  (struct galen_bytes){pair->value, pair->value_size});
    }
    disk_commit(to);
}

/* The device lies in a drawer while the copy is used. */
static void begin(struct world *world, struct node *whose)
{
    victim = whose;
    copy = world_node(world, "copy");
    node_crash(victim);
    node_crash(copy);
    victim->restart_ms = UINT64_MAX;
    copy_disk(&copy->disk, &victim->disk);
    node_restart(copy);
    victim->hostile = victim->removed = true; /* the keys are in two hands */
    copy->hostile = copy->removed = true;
    world_say(world, "%s was copied", victim->name);
}

static bool copy_has_written(struct world *world)
{
    for (size_t i = 0; i < world->asked_count; i++)
        if (world->asked[i].node == copy->number && world->asked[i].outcome == OUTCOME_DONE)
            return true;
    return false;
}

static void copy_writes(struct world *world)
{
    for (int i = 0; i < TRIES && story_up(world, copy) && !copy_has_written(world); i++) {
        story_waited = copy;
        world_run(world, PATIENCE_MS, story_chart_is_current);
        if (!copy->engine)
            continue;
        story_say(world, copy);
        node_pump(copy);
        world_run(world, PATIENCE_MS, copy_has_written);
    }
    if (!world->failure[0] && !copy_has_written(world))
        world_fail(world, "the copy of %s could not write", victim->name);
}

static bool victim_has_stopped(struct world *world)
{
    return victim->engine && node_stopped(victim, &world->chart);
}

static bool is_known(struct world *world)
{
    bool known;
    (void)world;
    return victim->engine && galen_engine_is_shut_out(victim->engine, &known) && known;
}

static void victim_says_so(struct world *world)
{
    victim->restart_ms = world->now_ms;
    if (!story_wait_for(world, victim, victim_has_stopped, "noticing the copy"))
        return;
    for (int i = 0; i < TRIES && story_up(world, victim) && !is_known(world); i++) {
        if (galen_engine_shut_out(victim->engine, node_now(victim)) != GALEN_OK)
            world_fail(world, "%s cannot say that it was copied", victim->name);
        node_pump(victim);
        world_run(world, PATIENCE_MS, is_known);
    }
    if (!world->failure[0] && !is_known(world))
        world_fail(world, "the server does not hear that %s was copied", victim->name);
}

/* Everything that is theirs is out: the device, and what came by the copy. */
static bool staff_have_dropped(struct world *world)
{
    const struct galen_log *log =
        story_waited->engine ? galen_engine_log(story_waited->engine, &world->chart) : NULL;
    if (!log || !galen_engine_current(story_waited->engine, &world->chart))
        return false;
    for (size_t i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (node->hostile && galen_rules_member(galen_log_rules(log), &node->device))
            return false;
    }
    return story_waited->shut_outs > 0;
}

static bool copy_is_refused(struct world *world)
{
    (void)world;
    return copy->refused == GALEN_ERR_REVOKED;
}

static void copy_stays_out(struct world *world)
{
    for (int i = 0; i < TRIES && story_up(world, copy) && copy->refused != GALEN_ERR_REVOKED; i++) {
        galen_engine_awake(copy->engine);
        world_run(world, PATIENCE_MS, copy_is_refused);
    }
    if (!world->failure[0] && copy->refused != GALEN_ERR_REVOKED)
        world_fail(world, "the copy was refused as: %s", galen_err_name(copy->refused));
    if (copy->engine && galen_engine_online(copy->engine, GALEN_CONNECTION_LOG))
        world_fail(world, "the copy is still in");
}

void story_copied(struct world *world, struct node *whose, struct node *staff)
{
    if (whose->removed || whose->hostile || staff->removed || staff->hostile ||
        !story_wait_for(world, whose, story_all_done, "a quiet moment") ||
        !story_sees(world, staff, whose))
        return;
    stories++;
    begin(world, whose);
    copy_writes(world);
    if (!world->failure[0] && chance_in(&world->chance, 500)) {
        size_t first = world->node_count;
        with_thief++;
        story_further(world, copy, GALEN_PURPOSE_CODE, "copy2", false);
        for (size_t i = first; i < world->node_count; i++)
            world->nodes[i].hostile = world->nodes[i].removed = true;
    }
    if (!world->failure[0])
        victim_says_so(world);
    if (!world->failure[0])
        copy_stays_out(world);
    if (world->failure[0] || !story_wait_for(world, staff, staff_have_dropped, "shutting it out"))
        return;
    for (size_t i = 0; i < world->node_count; i++)
        if (world->nodes[i].hostile)
            world->nodes[i].asked_before = world->asked_count;
    story_live_on(world, 6);
}
