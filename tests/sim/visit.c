/*
 * A visit: staff open it, people knock, some are let in, all speak, some are muted and the others know
 * it; somebody is sent away; the host goes and another takes over. Meanwhile the server sends everything that is said to one who may not
 * hear it.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define STEP_MS     20
#define SPEAK_EVERY 3    /* steps; playout conceals the rest */
#define TALK_STEPS  90   /* one stretch of talk */
#define HEARD_MIN   8    /* frames everybody must have heard of a stretch on a fair day */
#define SETTLE_MS   1500 /* keys of the last generation are good for one second more (R3) */

static uint64_t held, shut_out, drafts, mutes;

void visits_report(void)
{
    fprintf(stderr,
            "  visits: %llu heard by all, %llu ears shut out that could hear before, %llu drafts "
            "shown, %llu mutes known to others\n",
            (unsigned long long)held, (unsigned long long)shut_out, (unsigned long long)drafts,
            (unsigned long long)mutes);
}

static bool takes_part(const struct world *world, const struct node *node)
{
    const struct galen_log *log =
        node->engine ? galen_engine_log(node->engine, &world->chart) : NULL;
    return log && !node->removed && !node->hostile && node->live &&
           galen_rules_member(galen_log_rules(log), &node->device);
}

static uint64_t heard(const struct node *node)
{
    return node->engine ? galen_engine_call_stats(node->engine).received : 0;
}

static bool is_fair(const struct world *world)
{
    const struct weather *w = &world->weather;
    return !w->cut && !w->silence && !w->crash && !w->server_crash && !w->offline && !w->delay_ms &&
           !world->crash_edge;
}

/* Whom the host lets in this time: drawn once for each home. */
struct guests {
    bool welcome[NODES_MAX];
    bool there[NODES_MAX]; /* its line was up when the visit began */
    bool muted[NODES_MAX];
    bool hosted; /* and so was the host's */
};

static bool is_inside(const struct world *world, const struct guests *guests, size_t i)
{
    return guests->hosted && takes_part(world, &world->nodes[i]) && guests->welcome[i] &&
           guests->there[i];
}

static struct node *node_of(struct world *world, const struct galen_id *device)
{
    for (size_t i = 0; i < world->node_count; i++)
        if (galen_id_equal(&world->nodes[i].device, device))
            return &world->nodes[i];
    return NULL;
}

static void open_doors(struct world *world, const struct guests *guests)
{
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *staff = &world->nodes[i];
        size_t count = staff->knocker_count;
        staff->knocker_count = 0;
        for (size_t k = 0; k < count && takes_part(world, staff); k++) {
            const struct node *who = node_of(world, &staff->knockers[k]);
            if (who && guests->welcome[who->number])
                (void)!galen_engine_admit(staff->engine, node_now(staff), &staff->knockers[k],
                                          true);
            node_pump(staff);
        }
    }
}

static void say_draft(struct world *world, struct node *node)
{
    char words[TEXT_MAX];
    uint8_t record[16] = {1};
    const struct galen_document *document =
        &galen_documents[chance_below(&world->chance, galen_document_count)];
    uint16_t field = (uint16_t)(1 + chance_below(&world->chance, document->field_count));
    if (world->drafts >= DRAFTS_MAX / 2)
        return;
    snprintf(words, sizeof words, "draft %llu", (unsigned long long)++world->drafts);
    (void)!galen_engine_draft(node->engine, &world->chart, document->id, record, field,
                              story_text(words));
}

/* Everybody knocks who knows of the visit, and speaks and listens who is in it. */
static void talk(struct world *world, struct guests *guests, size_t steps)
{
    static int16_t pcm[GALEN_VOICE_SAMPLES], sound[GALEN_VOICE_SAMPLES];
    uint8_t packet[GALEN_VOICE_BYTES];
    for (size_t i = 0; i < GALEN_VOICE_SAMPLES; i++)
        sound[i] = (int16_t)((i % 96) * 200);
    for (size_t step = 0; step < steps && !world->failure[0]; step++) {
        for (size_t i = 0; i < world->node_count; i++) {
            struct node *node = &world->nodes[i];
            if (!takes_part(world, node))
                continue;
            if (step % 10 == 0)
                (void)!galen_engine_knock(node->engine, node_now(node), &world->chart);
            if (node->engine && (step + i) % SPEAK_EVERY == 0 &&
                galen_talk_encode(node->talk, sound, packet) == GALEN_OK)
                (void)!galen_engine_speak(node->engine, node_now(node), packet);
            if (node->engine && step % 40 == 7)
                say_draft(world, node);
            node_pump(node);
            if (node->talk)
                galen_talk_take(node->talk, node_now(node), pcm, GALEN_VOICE_SAMPLES);
        }
        open_doors(world, guests);
        world_run(world, STEP_MS, NULL);
    }
}

/* Who was not let in has heard nothing; on a fair day the others have heard each other. */
static void check_heard(struct world *world, const struct guests *guests)
{
    size_t inside = 0;
    bool all = true;
    for (size_t i = 0; i < world->node_count; i++)
        inside += is_inside(world, guests, i) ? 1 : 0;
    for (size_t i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (!takes_part(world, node))
            continue;
        if (!guests->welcome[i] && heard(node) > 0)
            world_fail(world, "%s was not let in and heard %llu frames", node->name,
                       (unsigned long long)heard(node));
        if (is_inside(world, guests, i) && inside > 1 && heard(node) < HEARD_MIN) {
            all = false;
            if (is_fair(world))
                world_fail(world, "%s was let in and heard only %llu frames", node->name,
                           (unsigned long long)heard(node));
        }
    }
    held += all && inside > 1 ? 1 : 0;
}

static void mute(struct node *node, struct guests *guests, bool muted)
{
    guests->muted[node->number] = muted;
    galen_talk_mute(node->talk, muted);
    galen_engine_mute(node->engine, muted);
    node_pump(node);
}

/* On a fair day everybody in the call knows who of them is muted. */
static void check_mutes(struct world *world, const struct guests *guests)
{
    for (size_t i = 0; i < world->node_count && is_fair(world); i++) {
        const struct node *node = &world->nodes[i];
        for (size_t k = 0; k < world->node_count && is_inside(world, guests, i); k++) {
            const struct node *other = &world->nodes[k];
            if (!is_inside(world, guests, k))
                continue;
            bool muted = galen_engine_participant_muted(node->engine, &other->device);
            if (muted != guests->muted[k])
                world_fail(world, "%s takes %s for %s", node->name, other->name,
                           muted ? "muted" : "not muted");
            mutes += i != k && muted ? 1 : 0;
        }
    }
}

/* Somebody changes their mind in the middle of it. */
static void change_mute(struct world *world, struct guests *guests)
{
    size_t i = (size_t)chance_below(&world->chance, world->node_count);
    if (takes_part(world, &world->nodes[i]))
        mute(&world->nodes[i], guests, !guests->muted[i]);
}

/* Somebody is sent away, and keeps keys, line and everything that is sent to anybody. */
static void send_away(struct world *world, struct node *host, struct guests *guests)
{
    struct node *whom = NULL;
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (node != host && takes_part(world, node) && guests->welcome[i] && heard(node) > 0 &&
            !galen_role_is_staff(galen_engine_role(node->engine)))
            whom = node;
    }
    if (!whom || !takes_part(world, host) ||
        galen_engine_admit(host->engine, node_now(host), &whom->device, false) != GALEN_OK)
        return;
    node_pump(host);
    guests->welcome[whom->number] = false;
    whom->live = false; /* it does not take part, it only listens */
    world->eavesdropper = whom;
    bool knocks = chance_in(&world->chance, 700);
    if (chance_in(&world->chance, 500))
        talk(world, guests, 10); /* else its line may be gone before the word is with the server */
    if (knocks)
        node_cut(whom); /* and knocks once more, on another line */
    talk(world, guests, SETTLE_MS / STEP_MS);
    uint64_t before = heard(whom);
    if (knocks)
        node_cut(whom);
    talk(world, guests, TALK_STEPS);
    /* In bad weather the host may not have drawn new keys yet. */
    if (is_fair(world) && heard(whom) > before)
        world_fail(world, "%s was sent away and heard %llu frames more", whom->name,
                   (unsigned long long)(heard(whom) - before));
    shut_out += is_fair(world) && before > 0 ? 1 : 0;
}

/* The host goes; whoever of the staff is there longest takes over (R2). */
static void change_host(struct world *world, struct node *host, struct guests *guests)
{
    uint64_t before[NODES_MAX];
    if (!takes_part(world, host))
        return;
    galen_engine_leave(host->engine, node_now(host));
    host->live = false;
    node_pump(host);
    talk(world, guests, TALK_STEPS);
    size_t staff = 0, inside = 0;
    for (size_t i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        before[i] = heard(node);
        bool in = is_inside(world, guests, i);
        inside += in ? 1 : 0;
        staff += in && galen_role_is_staff(galen_engine_role(node->engine)) ? 1 : 0;
    }
    change_mute(world, guests);
    talk(world, guests, TALK_STEPS);
    if (staff > 0)
        check_mutes(world, guests);
    for (size_t i = 0; i < world->node_count && staff > 0 && inside > 1; i++) {
        const struct node *node = &world->nodes[i];
        if (is_fair(world) && is_inside(world, guests, i) && heard(node) < before[i] + HEARD_MIN)
            world_fail(world, "%s hears nothing since the host has changed", node->name);
    }
}

static void all_leave(struct world *world)
{
    world->eavesdropper = NULL;
    for (size_t i = 0; i < world->node_count; i++)
        drafts += world->nodes[i].drafts_seen;
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        node->live = false;
        if (!node->engine || node->hostile)
            continue;
        galen_engine_leave(node->engine, node_now(node));
        galen_engine_go_live(node->engine, node_now(node), false);
        node_pump(node);
        if (node->talk && galen_talk_stats(node->talk).speakers > 0)
            world_fail(world, "%s left the visit and was not told who speaks no more", node->name);
    }
    world_run(world, 1000, NULL);
}

static void run(struct world *world, struct node *host)
{
    struct guests guests = {0};
    struct galen_id visit;
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        node->live = !node->removed && !node->hostile;
        if (!takes_part(world, node)) {
            node->live = false;
            continue;
        }
        node->knocker_count = 0;
        guests.welcome[i] =
            galen_role_is_staff(galen_engine_role(node->engine)) || chance_in(&world->chance, 650);
        galen_engine_go_live(node->engine, node_now(node), true);
        mute(node, &guests, chance_in(&world->chance, 300));
    }
    world_run(world, 3000, NULL);
    for (size_t i = 0; i < world->node_count; i++)
        guests.there[i] = takes_part(world, &world->nodes[i]) &&
                          galen_engine_online(world->nodes[i].engine, GALEN_CONNECTION_LIVE) &&
                          galen_engine_online(world->nodes[i].engine, GALEN_CONNECTION_LOG);
    guests.hosted = guests.there[host->number];
    if (!takes_part(world, host) ||
        galen_engine_visit_open(host->engine, node_now(host), &world->chart, &visit) != GALEN_OK) {
        all_leave(world);
        return;
    }
    world_say(world, "%s opens a visit", host->name);
    node_pump(host);
    /* Whoever stands before the door is sent all that is said inside. */
    for (size_t i = 0; i < world->node_count; i++)
        if (takes_part(world, &world->nodes[i]) && !guests.welcome[i])
            world->eavesdropper = &world->nodes[i];
    talk(world, &guests, 2 * TALK_STEPS);
    check_heard(world, &guests);
    check_mutes(world, &guests);
    if (chance_in(&world->chance, 600))
        send_away(world, host, &guests);
    if (chance_in(&world->chance, 500))
        change_host(world, host, &guests);
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (takes_part(world, node) && galen_role_is_staff(galen_engine_role(node->engine)))
            (void)!galen_engine_visit_end(node->engine, node_now(node), &world->chart);
        node_pump(node);
    }
    world_run(world, 2000, NULL);
    all_leave(world);
}

void visit_run(struct world *world, struct node *host)
{
    struct weather weather = world->weather;
    if (chance_in(&world->chance, 600))
        door_plot_begin(world);
    if (chance_in(&world->chance, 500))
        world->weather = (struct weather){0};
    if (chance_in(&world->chance, 500))
        world_run(world, 20000, NULL); /* everybody is there */
    run(world, host);
    door_plot_end(world);
    world->weather = weather;
}
