/* What becomes of devices and links: further ones, removed ones, those that nobody used in time. */
#include "story.h"

#include <stdio.h>
#include <string.h>

bool story_removes(struct world *world, struct node *by, struct node *whom, const galen_token token)
{
    struct asked *asked = world_ask(world, by, ASKED_OTHER, &world->chart, token, "removal");
    node_pump(by);
    if (!story_was_made(world, token))
        return false;
    whom->removed = true;
    if (story_wait_for(world, by, story_all_done, "a removal") && asked->outcome == OUTCOME_DONE)
        whom->asked_before = world->asked_count;
    return true;
}

static bool remove_device(struct world *world, struct node *by, struct node *device)
{
    galen_token token;
    const struct galen_id id = device->device;
    if (by->removed || device->removed || galen_id_is_none(&id) || !story_sees(world, by, device))
        return true;
    enum galen_err err = galen_engine_remove_device(by->engine, node_now(by), &id, token);
    if (err != GALEN_OK) {
        world_fail(world, "removing a device: %s", galen_err_name(err));
        return true;
    }
    return story_removes(world, by, device, token);
}

static struct node *named(struct world *world, const char *name)
{
    for (size_t i = 0; i < world->node_count; i++)
        if (strcmp(world->nodes[i].name, name) == 0)
            return &world->nodes[i];
    return NULL;
}

/* A second patient's chart, in which somebody of the staff writes. */
static void second_chart(struct world *world, struct node *by)
{
    struct galen_id chart;
    if (!story_made_chart(world, by, &chart))
        return;
    for (size_t i = 0; i < 4 && story_up(world, by); i++) {
        char words[TEXT_MAX];
        galen_token token;
        snprintf(words, sizeof words, "elsewhere %zu", world->asked_count);
        if (galen_engine_message(by->engine, node_now(by), &chart, story_text(words), token) ==
            GALEN_OK)
            world_ask(world, by, ASKED_MESSAGE, &chart, token, words);
        node_pump(by);
        world_run(world, chance_below(&world->chance, 2000), NULL);
    }
}

/* -- a link that nobody opens in time (I4) ------------------------------------------------------ */

static bool nothing_expired(struct world *world)
{
    const struct galen_log *log =
        story_waited->engine ? galen_engine_log(story_waited->engine, &world->chart) : NULL;
    if (!log || !galen_engine_current(story_waited->engine, &world->chart))
        return false;
    const struct galen_rules *rules = galen_log_rules(log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if (m->purpose != GALEN_PURPOSE_DEVICE && m->purpose != GALEN_PURPOSE_SHEET &&
            m->issues_until_ms < world->now_ms)
            return false;
    }
    return true;
}

/* As expired, or as nobody's once staff have dropped it. A server that is busy or dying is no answer. */
static bool is_refused_as_late(struct world *world)
{
    (void)world;
    return story_waited->refused == GALEN_ERR_EXPIRED ||
           story_waited->refused == GALEN_ERR_NOT_MEMBER;
}

static void come_late(struct world *world, struct galen_bytes link)
{
    struct node *late = world_node(world, "late");
    late->removed = true; /* belongs to nobody */
    story_waited = late;
    for (int i = 0; i < TRIES && story_up(world, late) && !is_refused_as_late(world); i++) {
        if (galen_engine_state(late->engine) == GALEN_HOME_EMPTY &&
            galen_engine_join(late->engine, node_now(late), link) != GALEN_OK)
            world_fail(world, "an expired link does not look like a link");
        node_pump(late);
        world_run(world, PATIENCE_MS, is_refused_as_late);
    }
    if (late->engine && galen_engine_state(late->engine) == GALEN_HOME_MEMBER)
        world_fail(world, "somebody came in with an expired link");
    if (!world->failure[0] && !is_refused_as_late(world))
        world_fail(world, "an expired link was refused as: %s", galen_err_name(late->refused));
    node_crash(late);
    late->restart_ms = UINT64_MAX;
}

static void expire(struct world *world, struct node *by)
{
    struct galen_writer link;
    galen_writer_init(&link);
    if (story_invited(world, by, GALEN_ROLE_CAREGIVER, &world->chart, "late", &link)) {
        world_say(world, "eight days pass");
        world->now_ms += 8 * GALEN_DAY_MS;
        world_run(world, 30000, NULL);
        if (chance_in(&world->chance, 500))
            come_late(world, galen_written(&link));
        if (!world->failure[0])
            story_wait_for(world, by, nothing_expired, "dropping what has expired");
    }
    galen_writer_wipe(&link);
}

void story_devices(struct world *world, struct node *admin, struct node *ann, struct node *bob,
                   struct node *pat)
{
    struct node *pat2 = named(world, "pat2");
    (void)admin;
    if (pat2 && chance_in(&world->chance, 400))
        story_insist(world, pat, pat2, remove_device);
    if (!world->failure[0] && chance_in(&world->chance, 150))
        second_chart(world, ann);
    if (!world->failure[0] && chance_in(&world->chance, 150))
        story_further(world, ann, GALEN_PURPOSE_CODE, "ann2", false);
    if (!world->failure[0] && chance_in(&world->chance, 120))
        story_further(world, bob, GALEN_PURPOSE_SHEET, "bob2", true);
    if (!world->failure[0] && chance_in(&world->chance, 120))
        expire(world, ann);
    if (!world->failure[0] && chance_in(&world->chance, 250))
        story_copied(world, chance_in(&world->chance, 600) ? pat : bob, ann);
}
