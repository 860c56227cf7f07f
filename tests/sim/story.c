/*
 * A practice's days, by chance: founding, invitations, messages, edits, proposals, devices added,
 * lost and restored, in weather that the seed decides.
 */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDGES 1800 /* about as many as a story has */

struct node *story_waited; /* for the conditions below */

static bool is_member(struct world *world)
{
    (void)world;
    return story_waited->engine && galen_engine_state(story_waited->engine) == GALEN_HOME_MEMBER;
}

/* Everything this home was asked for is in the log, or was given back. A crash may take the event
 * with it, so the outbox is what counts. */
bool story_all_done(struct world *world)
{
    bool waiting = false;
    for (size_t i = 0; i < world->asked_count; i++)
        waiting = waiting || (world->asked[i].outcome == OUTCOME_WAITING &&
                              world->asked[i].node == story_waited->number);
    return !waiting || (story_waited->engine && galen_engine_online(story_waited->engine, 1) &&
                        galen_engine_waiting(story_waited->engine, NULL) == 0);
}

bool story_chart_is_current(struct world *world)
{
    return story_waited->engine && galen_engine_current(story_waited->engine, &world->chart);
}

bool story_wait_for(struct world *world, struct node *node, bool (*done)(struct world *),
                    const char *what)
{
    story_waited = node;
    world_run(world, PATIENCE_MS, done);
    if (!done(world))
        world_fail(world, "%s: %s did not happen in ten minutes", node->name, what);
    return !world->failure[0];
}

/* A node that is awake. */
bool story_up(struct world *world, struct node *node)
{
    for (int i = 0; i < 600 && !node->engine && !world->failure[0]; i++)
        world_run(world, 500, NULL);
    return node->engine != NULL;
}

struct galen_bytes story_text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

/* -- how people come in ----------------------------------------------------------------------------- */

static void join(struct world *world, struct node *node, struct galen_bytes link)
{
    /* A home that was killed before it had kept the link is given it again. */
    for (int i = 0; i < 20 && story_up(world, node); i++) {
        if (galen_engine_state(node->engine) != GALEN_HOME_EMPTY)
            break;
        enum galen_err err = galen_engine_join(node->engine, node_now(node), link);
        if (err != GALEN_OK)
            world_fail(world, "%s cannot join: %s", node->name, galen_err_name(err));
        node_pump(node);
    }
    story_wait_for(world, node, is_member, "joining");
}

/* A request was taken back by a crash before it was on the disk: a person asks again. */
bool story_was_made(const struct world *world, const galen_token token)
{
    for (size_t i = 0; i < world->asked_count; i++)
        if (memcmp(world->asked[i].token, token, GALEN_OP_ID_BYTES) == 0)
            return world->asked[i].outcome != OUTCOME_NEVER_MADE;
    return false;
}

static struct node *story_sought;

static bool sees_sought(struct world *world)
{
    const struct galen_log *log =
        story_waited->engine ? galen_engine_log(story_waited->engine, &world->chart) : NULL;
    return log && galen_rules_member(galen_log_rules(log), &story_sought->device);
}

bool story_sees(struct world *world, struct node *by, struct node *whom)
{
    story_sought = whom;
    return story_wait_for(world, by, sees_sought, "seeing a member");
}

void story_insist(struct world *world, struct node *by, struct node *whom,
                  bool (*ask)(struct world *world, struct node *by, struct node *whom))
{
    for (int i = 0; i < TRIES && story_up(world, by); i++)
        if (ask(world, by, whom))
            return;
}

bool story_invited(struct world *world, struct node *by, enum galen_role role,
                   const struct galen_id *chart, const char *name, struct galen_writer *link)
{
    for (int i = 0; i < TRIES && story_up(world, by); i++) {
        galen_token token;
        struct galen_id none = {0};
        if (chart && !story_wait_for(world, by, story_chart_is_current, "reading the chart"))
            return false;
        galen_writer_clear(link);
        enum galen_err err = galen_engine_invite(by->engine, node_now(by), role, chart,
                                                 story_text(name), link, token);
        if (err != GALEN_OK) {
            world_fail(world, "%s cannot invite %s: %s", by->name, name, galen_err_name(err));
            return false;
        }
        world_ask(world, by, ASKED_OTHER, chart ? chart : &none, token, name);
        node_pump(by);
        if (story_was_made(world, token))
            return story_wait_for(world, by, story_all_done, "inviting");
    }
    return false;
}

static enum galen_role staff_role(const struct node *node)
{
    return node->engine ? galen_engine_role(node->engine) : GALEN_ROLE_PATIENT;
}

/* Refusals that pass by themselves, as those of a server whose disk fails, come before the last word. */
static bool is_refused_as_used(struct world *world)
{
    (void)world;
    return story_waited->refused == GALEN_ERR_REPLACED;
}

static struct node *staff_told;

static bool staff_are_told(struct world *world)
{
    (void)world;
    return staff_told->links_again > 0;
}

/* Somebody else opens a link that was used: refused, says why, and staff are told (I4). */
static void open_again(struct world *world, struct node *staff, const struct galen_writer *link)
{
    struct node *thief = world_node(world, "thief");
    uint32_t server_crash = world->weather.server_crash;
    thief->removed = true;              /* belongs to nobody */
    if (chance_in(&world->chance, 300)) /* the server often dies, or its disk fails, meanwhile */
        world->weather.server_crash = 300;
    for (int i = 0; i < TRIES && story_up(world, thief) && thief->refused != GALEN_ERR_REPLACED;
         i++) {
        if (galen_engine_state(thief->engine) == GALEN_HOME_EMPTY &&
            galen_engine_join(thief->engine, node_now(thief), galen_written(link)) != GALEN_OK)
            world_fail(world, "a used link does not look like a link");
        node_pump(thief);
        story_waited = thief;
        world_run(world, PATIENCE_MS, is_refused_as_used);
    }
    world->weather.server_crash = server_crash;
    if (!world->failure[0] && thief->refused != GALEN_ERR_REPLACED)
        world_fail(world, "a used link was opened again: %s", galen_err_name(thief->refused));
    if (thief->engine && galen_engine_state(thief->engine) == GALEN_HOME_MEMBER)
        world_fail(world, "a thief came in with a used link");
    node_crash(thief);
    thief->restart_ms = UINT64_MAX;
    staff_told = staff;
    if (!world->failure[0] && staff && galen_role_is_staff(staff_role(staff))) {
        world_run(world, PATIENCE_MS, staff_are_told);
        if (staff->links_again == 0)
            world_fail(world, "%s was not told that a used link was opened", staff->name);
    }
}

static struct node *invite(struct world *world, struct node *by, enum galen_role role,
                           const struct galen_id *chart, const char *name)
{
    struct galen_writer link;
    galen_writer_init(&link);
    struct node *node = NULL;
    if (story_invited(world, by, role, chart, name, &link)) {
        node = world_node(world, name);
        join(world, node, galen_written(&link));
        if (!world->failure[0] && chart && chance_in(&world->chance, 150))
            open_again(world, by, &link);
    }
    galen_writer_wipe(&link);
    return world->failure[0] ? NULL : node;
}

static bool made_link(struct world *world, struct node *by, enum galen_purpose purpose,
                      struct galen_writer *link)
{
    for (int i = 0; i < TRIES && story_up(world, by); i++) {
        galen_token token;
        galen_writer_clear(link);
        if (galen_engine_further_device(by->engine, node_now(by), purpose, link, token) != GALEN_OK)
            return false;
        world_ask(world, by, ASKED_OTHER, &world->chart, token, "a further device");
        node_pump(by);
        if (story_was_made(world, token))
            return story_wait_for(world, by, story_all_done, "a further device");
    }
    return false;
}

static void loses_phone(struct node *node)
{
    node_crash(node);
    node->restart_ms = UINT64_MAX;
    node->removed = true;
}

/* A code or a sheet of `by` becomes a further home; a sheet may be used a second time. */
void story_further(struct world *world, struct node *by, enum galen_purpose purpose,
                   const char *name, bool loses)
{
    struct galen_writer link;
    galen_writer_init(&link);
    if (made_link(world, by, purpose, &link)) {
        if (loses) { /* its phone lies in the river */
            loses_phone(by);
        }
        struct node *fresh = world_node(world, name);
        join(world, fresh, galen_written(&link));
        if (purpose == GALEN_PURPOSE_SHEET && !world->failure[0] &&
            chance_in(&world->chance, 300)) {
            loses_phone(fresh);
            join(world, world_node(world, "again"), galen_written(&link));
        } else if (purpose == GALEN_PURPOSE_CODE && !world->failure[0]) {
            open_again(world, by, &link);
        }
    }
    galen_writer_wipe(&link);
}

static void found(struct world *world, struct node *node)
{
    uint8_t practice[32], custodian[32];
    chance_fill(&world->chance, practice, sizeof practice);
    chance_fill(&world->chance, custodian, sizeof custodian);
    for (int i = 0; i < 50 && !world->failure[0]; i++) { /* a person tries again after a crash */
        if (!story_up(world, node))
            return;
        if (galen_engine_state(node->engine) == GALEN_HOME_MEMBER)
            return;
        enum galen_err err = galen_engine_found(node->engine, node_now(node), story_text("sim:1"),
                                                story_text(world->token), practice, custodian,
                                                story_text("Ada Admin"));
        if (err != GALEN_OK)
            world_fail(world, "founding: %s", galen_err_name(err));
        node_pump(node);
        story_waited = node;
        world_run(world, 60000, is_member);
    }
}

/* -- what people do --------------------------------------------------------------------------------- */

void story_say(struct world *world, struct node *node)
{
    char words[TEXT_MAX];
    galen_token token;
    snprintf(words, sizeof words, "message %zu of %s", world->asked_count, node->name);
    if (galen_engine_message(node->engine, node_now(node), &world->chart, story_text(words),
                             token) == GALEN_OK)
        world_ask(world, node, ASKED_MESSAGE, &world->chart, token, words);
}

static void renew(struct world *world, struct node *node)
{
    galen_token token;
    if (galen_engine_renew(node->engine, node_now(node), &world->chart, token) == GALEN_OK)
        world_ask(world, node, ASKED_OTHER, &world->chart, token, "renew");
}

static void act(struct world *world)
{
    struct node *node = &world->nodes[chance_below(&world->chance, world->node_count)];
    if (!node->engine || node->removed || node->hostile ||
        galen_engine_state(node->engine) != GALEN_HOME_MEMBER ||
        !galen_engine_log(node->engine, &world->chart))
        return;
    switch (chance_below(&world->chance, 10)) {
    case 0:
    case 1:
    case 2:
    case 3:
        story_say(world, node);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        story_edit(world, node);
        break;
    case 8:
        edits_decide(world, node);
        break;
    default:
        if (chance_in(&world->chance, 300))
            renew(world, node);
        break;
    }
    node_pump(node);
}

void story_live_on(struct world *world, size_t acts)
{
    for (size_t i = 0; i < acts && !world->failure[0]; i++) {
        act(world);
        server_plot_step(world);
        member_plot_step(world);
        world_run(world, chance_below(&world->chance, 2500), NULL);
    }
}

/* -- the story -------------------------------------------------------------------------------------- */

static bool identify(struct world *world, struct node *by, struct node *whom)
{
    galen_token token;
    const struct galen_id account = whom->account;
    if (galen_id_is_none(&account) || !story_sees(world, by, whom))
        return true;
    enum galen_err err = galen_engine_identify(by->engine, node_now(by), &world->chart, &account,
                                               story_text("name and date of birth"), token);
    if (err != GALEN_OK) {
        world_fail(world, "identify: %s", galen_err_name(err));
        return true;
    }
    world_ask(world, by, ASKED_OTHER, &world->chart, token, "identify");
    node_pump(by);
    return story_was_made(world, token);
}

static bool practice_is_current(struct world *world)
{
    (void)world;
    return story_waited->engine &&
           galen_engine_current(story_waited->engine,
                                galen_engine_practice_chart(story_waited->engine));
}

bool story_made_chart(struct world *world, struct node *by, struct galen_id *chart)
{
    for (int i = 0; i < TRIES && story_up(world, by); i++) {
        galen_token token;
        if (!story_wait_for(world, by, practice_is_current, "reading the practice's chart"))
            return false;
        enum galen_err err = galen_engine_chart_new(by->engine, node_now(by),
                                                    story_text("Pat Example"), chart, token);
        if (err != GALEN_OK) {
            world_fail(world, "new chart: %s", galen_err_name(err));
            return false;
        }
        world_ask(world, by, ASKED_OTHER, chart, token, "chart");
        node_pump(by);
        if (story_was_made(world, token))
            return true;
    }
    return false;
}

static void new_chart(struct world *world, struct node *by)
{
    if (story_made_chart(world, by, &world->chart))
        story_wait_for(world, by, story_chart_is_current, "the new chart");
}

static struct weather draw_weather(struct world *world)
{
    struct weather w = {0};
    if (chance_in(&world->chance, 200))
        return w; /* a fair day */
    w.cut = (uint32_t)chance_below(&world->chance, 40);
    w.silence = (uint32_t)chance_below(&world->chance, 15);
    w.crash = (uint32_t)chance_below(&world->chance, 15);
    w.server_crash = (uint32_t)chance_below(&world->chance, 12);
    w.delay_ms = (uint32_t)chance_below(&world->chance, 600);
    w.offline = (uint32_t)chance_below(&world->chance, 15);
    w.clock_jump = (uint32_t)chance_below(&world->chance, 8);
    return w;
}

static bool add_colleague(struct world *world, struct node *by, struct node *whom)
{
    galen_token token;
    const struct galen_id account = whom->account;
    if (galen_id_is_none(&account))
        return true;
    enum galen_err err =
        galen_engine_add_member(by->engine, node_now(by), &world->chart, &account, token);
    if (err != GALEN_OK) {
        world_fail(world, "adding a colleague: %s", galen_err_name(err));
        return true;
    }
    world_ask(world, by, ASKED_OTHER, &world->chart, token, "colleague");
    node_pump(by);
    if (!story_was_made(world, token))
        return false;
    story_wait_for(world, by, story_all_done, "adding a colleague");
    return true;
}

static bool remove_person(struct world *world, struct node *by, struct node *whom)
{
    galen_token token;
    const struct galen_id account = whom->account;
    if (galen_id_is_none(&account) || !story_sees(world, by, whom))
        return true;
    enum galen_err err =
        galen_engine_remove_member(by->engine, node_now(by), &world->chart, &account, token);
    if (err != GALEN_OK) {
        world_fail(world, "removing a person: %s", galen_err_name(err));
        return true;
    }
    return story_removes(world, by, whom, token);
}

void story_run(struct world *world)
{
    /* Somebody is killed at one of the edges between saving, committing and sending. */
    if (chance_in(&world->chance, 500))
        world->crash_edge = 1 + chance_below(&world->chance, EDGES);
    if (chance_in(&world->chance, 400))
        world->weather = draw_weather(world);
    struct node *admin = world_node(world, "admin");
    found(world, admin);
    struct node *ann =
        world->failure[0] ? NULL : invite(world, admin, GALEN_ROLE_PHARMACIST, NULL, "ann");
    struct node *bob = ann ? invite(world, admin, GALEN_ROLE_PHARMACIST, NULL, "bob") : NULL;
    if (!bob)
        return;
    new_chart(world, ann);
    if (world->failure[0])
        return;
    world->weather = draw_weather(world);
    story_insist(world, ann, bob, add_colleague);
    story_live_on(world, 5);
    struct node *pat = invite(world, ann, GALEN_ROLE_PATIENT, &world->chart, "pat");
    if (!pat)
        return;
    story_live_on(world, 8);
    story_insist(world, ann, pat, identify);
    story_live_on(world, 10 + chance_below(&world->chance, 20));
    struct node *cara = NULL;
    if (!world->failure[0] && chance_in(&world->chance, 500))
        cara = invite(world, bob, GALEN_ROLE_CAREGIVER, &world->chart, "cara");
    if (!world->failure[0] && chance_in(&world->chance, 400))
        story_further(world, pat, GALEN_PURPOSE_CODE, "pat2", false);
    story_live_on(world, 10);
    if (!world->failure[0] && chance_in(&world->chance, 300))
        story_further(world, pat, GALEN_PURPOSE_SHEET, "pat3", true);
    if (!world->failure[0] && cara && chance_in(&world->chance, 500))
        story_insist(world, ann, cara, remove_person);
    story_live_on(world, 10 + chance_below(&world->chance, 20));
    if (!world->failure[0] && chance_in(&world->chance, 300))
        visit_run(world, ann);
    if (world->failure[0])
        return;
    story_devices(world, admin, ann, bob, pat);
    if (world->failure[0])
        return;
    /* About half of the stories stay without hostility. */
    world->weather.clock_far = chance_in(&world->chance, 300);
    uint64_t draw = chance_below(&world->chance, 1000);
    if (draw < 270)
        server_plot_begin(world);
    else if (draw < 500)
        member_plot_begin(world);
    story_live_on(world, 20 + chance_below(&world->chance, 25));
}
