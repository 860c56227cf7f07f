/*
 * A practice's days, by chance: founding, invitations, messages, edits, proposals, devices added,
 * lost and restored, in weather that the seed decides.
 */
#include "story.h"

#include "support/any_value.h"

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

/* Which fields: half of the time one of a medicine, so that people meet in it; else up to three of
 * any document. */
static uint64_t pick_fields(struct world *world, const struct galen_document **document)
{
    static const uint16_t often[] = {GALEN_PMR_REASON, GALEN_PMR_TAKEN_AS, GALEN_PMR_EFFECTS,
                                     GALEN_PMR_REGIMEN};
    struct chance *chance = &world->chance;
    *document = galen_document(GALEN_DOC_PMR);
    if (chance_in(chance, 500))
        return UINT64_C(1) << (often[chance_below(chance, 4)] - 1);
    *document = &galen_documents[chance_below(chance, galen_document_count)];
    uint64_t fields = 0;
    for (size_t i = 0; i < 3; i++)
        fields |= UINT64_C(1) << chance_below(chance, (*document)->field_count);
    return fields;
}

/* A few records of each document, so that people meet in them. */
void story_edit(struct world *world, struct node *node)
{
    const struct galen_document *document;
    uint64_t fields = pick_fields(world, &document);
    char words[TEXT_MAX], text[ANY_VALUE_MAX];
    struct galen_writer values[3], whole;
    struct galen_write write = {.doc = document->id};
    bool ok = true;
    galen_writer_init(&whole);
    snprintf(words, sizeof words, "%s w%zu by %s", document->name, world->asked_count, node->name);
    memset(write.record, (int)(1 + chance_below(&world->chance, 3)), sizeof write.record);
    if (galen_document_single(document))
        memcpy(write.record, galen_document_single(document), sizeof write.record);
    for (uint16_t n = 1; n <= document->field_count; n++) {
        if ((fields >> (n - 1) & 1) == 0)
            continue;
        struct galen_writer *value = &values[write.count];
        galen_writer_init(value);
        any_value(galen_field(document, n), (uint32_t)world->asked_count, text);
        if (!chance_in(&world->chance, 50)) /* else it is cleared */
            ok = ok &&
                 galen_value_parse(value, galen_field(document, n), story_text(text)) == GALEN_OK;
        write.fields[write.count++] = (struct galen_write_field){n, galen_written(value)};
    }
    galen_token token;
    bool proposed;
    galen_write_encode(&whole, &write);
    if (!ok || whole.failed)
        abort();
    if (galen_engine_write(node->engine, node_now(node), &world->chart, galen_written(&whole), NULL,
                           &proposed, token) == GALEN_OK)
        world_ask(world, node, ASKED_WRITE, &world->chart, token, words);
    for (size_t i = 0; i < write.count; i++)
        galen_writer_wipe(&values[i]);
    galen_writer_wipe(&whole);
}

/* A proposal that waits, of any document; NULL: none. */
static const struct galen_proposal *find_pending(const struct galen_docs *docs)
{
    for (size_t d = 0; docs && d < galen_document_count; d++)
        for (size_t i = 0; i < galen_docs_record_count(docs, galen_documents[d].id); i++) {
            const struct galen_record *record =
                galen_docs_record_at(docs, galen_documents[d].id, i);
            for (size_t k = 0; k < galen_record_proposal_count(record); k++) {
                const struct galen_proposal *p = galen_record_proposal(record, k);
                if (galen_proposal_state(p) == GALEN_PROPOSAL_PENDING)
                    return p;
            }
        }
    return NULL;
}

static void answer(struct world *world, struct node *node)
{
    const struct galen_proposal *p = find_pending(galen_engine_docs(node->engine, &world->chart));
    galen_token token;
    if (p &&
        galen_engine_answer(node->engine, node_now(node), &world->chart, galen_proposal_index(p),
                            chance_in(&world->chance, 700), token) == GALEN_OK)
        world_ask(world, node, ASKED_OTHER, &world->chart, token, "answer");
}

/* Writes the first value of every field in conflict, as a pharmacist who wants to sign would. */
static void choose(struct world *world, struct node *node)
{
    const struct galen_docs *docs = galen_engine_docs(node->engine, &world->chart);
    const struct galen_document *pmr = galen_document(GALEN_DOC_PMR);
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_PMR, i);
        struct galen_write write = {.doc = GALEN_DOC_PMR};
        struct galen_writer whole;
        galen_token token;
        bool proposed;
        memcpy(write.record, galen_record_id(record), sizeof write.record);
        for (uint16_t field = 1; field <= pmr->field_count; field++)
            if (galen_record_value_count(record, field) > 1)
                write.fields[write.count++] =
                    (struct galen_write_field){field, galen_record_value(record, field, 0).value};
        galen_writer_init(&whole);
        if (write.count > 0)
            galen_write_encode(&whole, &write);
        if (whole.size > 0 &&
            galen_engine_write(node->engine, node_now(node), &world->chart, galen_written(&whole),
                               NULL, &proposed, token) == GALEN_OK)
            world_ask(world, node, ASKED_WRITE, &world->chart, token, "choice");
        galen_writer_wipe(&whole);
    }
}

static void sign(struct world *world, struct node *node)
{
    galen_token token;
    uint8_t meaning = (uint8_t)(1 + chance_below(&world->chance, GALEN_SIGN_DISCHARGE));
    enum galen_err err =
        galen_engine_sign(node->engine, node_now(node), &world->chart, NULL, meaning, token);
    if (err == GALEN_ERR_CONFLICT)
        choose(world, node);
    if (err == GALEN_OK)
        world_ask(world, node, ASKED_OTHER, &world->chart, token, "sign");
}

static void renew(struct world *world, struct node *node)
{
    galen_token token;
    if (galen_engine_renew(node->engine, node_now(node), &world->chart, token) == GALEN_OK)
        world_ask(world, node, ASKED_OTHER, &world->chart, token, "renew");
}

/* What was never sent and is taken back is dropped: it is looked for nowhere. */
static void drop_asked(struct world *world, const struct galen_undo *undo)
{
    for (size_t i = 0; i < world->asked_count; i++) {
        uint8_t id[GALEN_OP_ID_BYTES];
        galen_undo_id(world->asked[i].token, id);
        if (memcmp(id, undo->op.id, sizeof id) == 0)
            world->asked[i].kind = ASKED_OTHER;
    }
}

/* Takes back what they wrote last, or makes what they took back stand again. */
static void undo(struct world *world, struct node *node)
{
    struct galen_undo_look look;
    if (galen_engine_undo_look(node->engine, &world->chart, &look) != GALEN_OK)
        return;
    bool again = look.redo_err == GALEN_OK && chance_in(&world->chance, 400);
    const struct galen_undo *what = again ? &look.redo : &look.undo;
    if ((again ? look.redo_err : look.undo_err) == GALEN_OK &&
        galen_engine_undo(node->engine, node_now(node), &world->chart, what->op.id) == GALEN_OK) {
        if (!again && look.waits)
            drop_asked(world, what);
        else
            world_ask(world, node, ASKED_WRITE, &world->chart, what->op.id,
                      again ? "redo" : "undo");
    }
    galen_undo_look_wipe(&look);
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
        if (galen_docs_may_sign(galen_engine_role(node->engine)) && chance_in(&world->chance, 600))
            sign(world, node);
        else if (galen_docs_may_answer(galen_engine_role(node->engine)))
            answer(world, node);
        break;
    default:
        if (chance_in(&world->chance, 300))
            renew(world, node);
        else
            undo(world, node);
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
