/* What people write in a chart: whole values, words in texts that others are at, too, answers, choices; and what they
 * take back. */
#include "story.h"

#include "support/any_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 8
#define LONG     400 /* bytes of a text, from which on more is deleted than typed */

/* -- regimens --------------------------------------------------------------------------------------- */

/* All that somebody wrote, each in one operation. */
struct regimens {
    struct galen_bytes *at;
    size_t count, room;
};

static const struct galen_field *regimen_field(void)
{
    return galen_field(galen_document(GALEN_DOC_PMR), GALEN_PMR_REGIMEN);
}

static bool was_written(const struct world *world, struct galen_bytes value)
{
    const struct regimens *all = world->regimens;
    bool found = value.size == 0; /* cleared */
    for (size_t i = 0; all && i < all->count && !found; i++)
        found = galen_bytes_equal(all->at[i], value);
    return found;
}

static void note_regimen(struct world *world, struct galen_bytes value)
{
    if (was_written(world, value))
        return;
    if (!world->regimens)
        world->regimens = calloc(1, sizeof *world->regimens);
    struct regimens *all = world->regimens;
    uint8_t *bytes = malloc(value.size);
    if (!all || !bytes)
        abort();
    memcpy(bytes, value.at, value.size);
    if (all->count == all->room) {
        all->room = 2 * all->room + 16;
        all->at = realloc(all->at, all->room * sizeof *all->at);
        if (!all->at)
            abort();
    }
    all->at[all->count++] = (struct galen_bytes){bytes, value.size};
}

void edits_free(struct world *world)
{
    for (size_t i = 0; world->regimens && i < world->regimens->count; i++)
        free((uint8_t *)world->regimens->at[i].at);
    if (world->regimens)
        free(world->regimens->at);
    free(world->regimens);
}

static void watch_regimen(struct world *world, const struct node *node, struct galen_bytes value)
{
    if (!was_written(world, value))
        world_fail(world, "%s is shown a regimen that nobody wrote", node->name);
}

void edits_watch(struct world *world, const struct node *node, bool history)
{
    const struct galen_docs *docs =
        node->engine ? galen_engine_docs(node->engine, &world->chart) : NULL;
    for (size_t i = 0; docs && i < galen_docs_record_count(docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_PMR, i);
        for (size_t k = 0; k < galen_record_value_count(record, GALEN_PMR_REGIMEN); k++)
            watch_regimen(world, node, galen_record_value(record, GALEN_PMR_REGIMEN, k).value);
        for (size_t k = 0; history && k < galen_record_history_count(record, GALEN_PMR_REGIMEN);
             k++)
            watch_regimen(world, node, galen_record_history(record, GALEN_PMR_REGIMEN, k).value);
        for (size_t k = 0; k < galen_record_proposal_count(record); k++) {
            const struct galen_proposal *p = galen_record_proposal(record, k);
            for (size_t f = 0; f < galen_proposal_field_count(p); f++)
                if (galen_proposal_field(p, f).field == GALEN_PMR_REGIMEN)
                    watch_regimen(world, node, galen_proposal_field(p, f).value);
        }
    }
}

/* -- values ----------------------------------------------------------------------------------------- */

/* One part of a regimen that is shown becomes another. */
static bool change_regimen(struct world *world, struct node *node, const struct galen_write *write,
                           struct galen_writer *value)
{
    static const char *const doses[] = {"1", "2", "3", "5"}, *const drugs[] = {"Ama", "Bebe"};
    struct chance *chance = &world->chance;
    struct galen_value regimen;
    const struct galen_record *record = galen_docs_record(
        galen_engine_docs(node->engine, &world->chart), write->doc, write->record);
    size_t count = record ? galen_record_value_count(record, GALEN_PMR_REGIMEN) : 0;
    if (count == 0)
        return false;
    struct galen_said said =
        galen_record_value(record, GALEN_PMR_REGIMEN, chance_below(chance, count));
    if (said.value.size == 0 || galen_value_read(regimen_field(), said.value, &regimen) != GALEN_OK)
        return false;
    struct galen_bytes *parts = regimen.as.regimen.parts;
    switch (chance_below(chance, 3)) {
    case 0:
        parts[GALEN_REGIMEN_DRUG] = story_text(drugs[chance_below(chance, 2)]);
        break;
    case 1:
        parts[GALEN_REGIMEN_DOSE] = story_text(doses[chance_below(chance, 4)]);
        break;
    default:
        regimen.as.regimen.as_needed = !regimen.as.regimen.as_needed;
        break;
    }
    return galen_value_write(value, regimen_field(), &regimen) == GALEN_OK;
}

/* Types a word into what this person sees, somewhere, or takes some of it out; `value` becomes the whole text. */
static bool type(struct world *world, struct node *node, const struct galen_write *write, size_t i,
                 struct galen_writer *value)
{
    struct chance *chance = &world->chance;
    struct galen_writer now;
    char word[WORD_MAX];
    galen_writer_init(&now);
    if (galen_engine_text(node->engine, &world->chart, write, i, false, &now) != GALEN_OK) {
        galen_writer_wipe(&now);
        return false;
    }
    size_t at = chance_below(chance, now.size + 1), gone = 0, letters = 0;
    if (now.size > LONG || chance_in(chance, 200))
        gone = chance_below(chance, now.size - at + 1);
    if (gone == 0 || chance_in(chance, 500))
        letters = 1 + chance_below(chance, WORD_MAX);
    for (size_t k = 0; k < letters; k++)
        word[k] = k == 0 ? ' ' : (char)('a' + chance_below(chance, 26));
    if (now.size > 0)
        galen_write(value, now.at, at);
    galen_write(value, word, letters);
    if (now.size > 0)
        galen_write(value, now.at + at + gone, now.size - at - gone);
    galen_writer_wipe(&now);
    return !value->failed;
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

static bool make_value(struct world *world, struct node *node, const struct galen_write *write,
                       const struct galen_field *field, struct galen_writer *value)
{
    char text[ANY_VALUE_MAX];
    bool ok = true;
    if (field->kind == GALEN_VALUE_TEXT && galen_engine_docs(node->engine, &world->chart))
        return type(world, node, write, write->count, value);
    if (field->kind != GALEN_VALUE_REGIMEN || !change_regimen(world, node, write, value)) {
        any_value(field, (uint32_t)world->asked_count, text);
        ok = galen_value_parse(value, field, story_text(text)) == GALEN_OK;
    }
    if (field->kind == GALEN_VALUE_REGIMEN)
        note_regimen(world, galen_written(value));
    return ok;
}

/* A few records of each document, so that people meet in them. */
void story_edit(struct world *world, struct node *node)
{
    const struct galen_document *document;
    uint64_t fields = pick_fields(world, &document);
    char words[TEXT_MAX];
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
        write.fields[write.count].field = n;
        if (!chance_in(&world->chance, 50)) /* else it is cleared */
            ok = make_value(world, node, &write, galen_field(document, n), value) && ok;
        write.fields[write.count++].value = galen_written(value);
    }
    galen_token token;
    bool proposed;
    galen_write_encode(&whole, &write);
    if (!ok || whole.failed)
        abort();
    if (galen_engine_write(node->engine, node_now(node), &world->chart, galen_written(&whole), NULL,
                           &proposed, token) == GALEN_OK) {
        struct asked *asked = world_ask(world, node, ASKED_WRITE, &world->chart, token, words);
        asked->doc = write.doc;
        memcpy(asked->record, write.record, sizeof asked->record);
    }
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
static void choose_in(struct world *world, struct node *node, const struct galen_record *record)
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    struct galen_write write = {.doc = document->id};
    struct galen_writer whole;
    galen_token token;
    bool proposed;
    memcpy(write.record, galen_record_id(record), sizeof write.record);
    for (uint16_t field = 1; field <= document->field_count; field++)
        if (field != document->order && galen_record_value_count(record, field) > 1)
            write.fields[write.count++] =
                (struct galen_write_field){field, galen_record_value(record, field, 0).value};
    galen_writer_init(&whole);
    if (write.count > 0)
        galen_write_encode(&whole, &write);
    if (whole.size > 0 &&
        galen_engine_write(node->engine, node_now(node), &world->chart, galen_written(&whole), NULL,
                           &proposed, token) == GALEN_OK)
        world_ask(world, node, ASKED_WRITE, &world->chart, token, "choice");
    galen_writer_wipe(&whole);
}

static void choose(struct world *world, struct node *node)
{
    for (size_t d = 0; d < galen_document_count; d++) {
        uint8_t doc = galen_documents[d].id;
        const struct galen_docs *docs = galen_engine_docs(node->engine, &world->chart);
        for (size_t i = 0; i < galen_docs_record_count(docs, doc); i++)
            choose_in(world, node, galen_docs_record_at(docs, doc, i));
    }
}

static void sign(struct world *world, struct node *node)
{
    galen_token token;
    uint8_t meaning = (uint8_t)(1 + chance_below(&world->chance, GALEN_SIGN_DISCHARGE));
    uint64_t seen = galen_log_size(galen_engine_log(node->engine, &world->chart));
    enum galen_err err =
        galen_engine_sign(node->engine, node_now(node), &world->chart, seen, NULL, meaning, token);
    if (err == GALEN_ERR_CONFLICT)
        choose(world, node);
    if (err == GALEN_OK)
        world_ask(world, node, ASKED_OTHER, &world->chart, token, "sign");
}

/* What was not sent yet is dropped when it is taken back, so nobody misses it. */
static void forget_unsent(struct world *world, const galen_token undo)
{
    for (size_t i = 0; i < world->asked_count; i++) {
        galen_token takes_back;
        galen_undo_id(world->asked[i].token, takes_back);
        if (memcmp(takes_back, undo, sizeof takes_back) == 0)
            world->asked[i].kind = ASKED_OTHER;
    }
}

/* Takes back what this person wrote last, or makes it stand again. */
static void take_back(struct world *world, struct node *node)
{
    struct galen_undo_look look;
    galen_token token;
    if (galen_engine_undo_look(node->engine, &world->chart, &look) != GALEN_OK)
        return;
    bool again = look.redo_err == GALEN_OK && chance_in(&world->chance, 400);
    bool goes = again || look.undo_err == GALEN_OK, waits = !again && look.waits;
    memcpy(token, again ? look.redo.op.id : look.undo.op.id, sizeof token);
    galen_undo_look_wipe(&look);
    if (!goes || galen_engine_undo(node->engine, node_now(node), &world->chart, token) != GALEN_OK)
        return;
    world_say(world, "%s %s", node->name, again ? "makes stand again" : "takes back");
    if (waits)
        forget_unsent(world, token);
    else
        world_ask(world, node, ASKED_OTHER, &world->chart, token, again ? "redo" : "undo");
}

void edits_decide(struct world *world, struct node *node)
{
    enum galen_role role = galen_engine_role(node->engine);
    if (chance_in(&world->chance, 300))
        take_back(world, node);
    else if (galen_docs_may_sign(role) && chance_in(&world->chance, 600))
        sign(world, node);
    else if (galen_docs_may_answer(role))
        answer(world, node);
}
