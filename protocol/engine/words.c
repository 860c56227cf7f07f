/*
 * Words about devices: who was revoked, by a signed statement. The server passes them on, and each is
 * judged here as in an entry, so that a server can make none up. While a chart lists such a device nothing
 * is written in it before an epoch entry drops the device with the word as proof (C4). A device whose keys
 * were copied says the word about itself (L6).
 */
#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

static bool is_about_itself(const struct galen_statement *said)
{
    return said->kind == GALEN_STATEMENT_REVOKED && galen_id_equal(&said->signer, &said->subject);
}

static bool is_mine(const struct galen_engine *engine, const struct word *word)
{
    return engine->me.state == GALEN_HOME_MEMBER && is_about_itself(&word->statement) &&
           galen_id_equal(&word->statement.subject, &engine->me.device);
}

static struct word *find(const struct galen_engine *engine, const struct galen_id *subject)
{
    for (size_t i = 0; i < engine->word_count; i++)
        if (galen_id_equal(&engine->words[i].statement.subject, subject))
            return &engine->words[i];
    return NULL;
}

static struct word *own(const struct galen_engine *engine)
{
    struct word *word = find(engine, &engine->me.device);
    return word && is_mine(engine, word) ? word : NULL;
}

static bool is_listed(const struct galen_engine *engine, const struct galen_id *device)
{
    for (size_t i = 0; i < engine->chart_count; i++)
        if (galen_rules_member(galen_log_rules(engine->charts[i]->log), device))
            return true;
    return false;
}

/* Which gives way when there are too many: one that was not judged yet, or else one about a device that
 * belongs nowhere any more; never our own. */
static struct word *dispensable(const struct galen_engine *engine)
{
    struct word *found = NULL;
    for (size_t i = 0; i < engine->word_count; i++) {
        struct word *word = &engine->words[i];
        if (!word->judged)
            return word;
        if (!found && !is_mine(engine, word) && !is_listed(engine, &word->statement.subject))
            found = word;
    }
    return found;
}

/* NULL: no room, or no memory. */
static struct word *add(struct galen_engine *engine, const struct galen_statement *said,
                        const struct galen_chain *chain)
{
    struct word *gone = engine->word_count == WORDS_MAX ? dispensable(engine) : NULL;
    if (engine->word_count == WORDS_MAX && !gone)
        return NULL;
    if (gone)
        *gone = engine->words[--engine->word_count];
    struct word *words = realloc(engine->words, (engine->word_count + 1) * sizeof *words);
    if (!words) {
        engine->outputs.failed = true;
        return NULL;
    }
    engine->words = words;
    words[engine->word_count] = (struct word){.statement = *said, .chain = *chain};
    return &words[engine->word_count++];
}

/* A person whose device it was: staff invite them anew, and they themselves ought to know. */
static void tell(struct galen_engine *engine, const struct chart *chart, const struct word *word)
{
    const struct galen_statement *said = &word->statement;
    const struct galen_member *m =
        galen_rules_ever_member(galen_log_rules(chart->log), &said->subject);
    if (m && is_about_itself(said) &&
        (galen_role_is_staff(engine->me.role) || galen_id_equal(&m->account, &engine->me.account)))
        event(engine, (struct galen_event){.kind = GALEN_EVENT_SHUT_OUT,
                                           .chart = chart->id,
                                           .device = said->subject,
                                           .account = m->account,
                                           .number = said->at_ms});
}

static enum galen_err judge(const struct galen_engine *engine, uint64_t now_ms,
                            const struct chart *chart, const struct word *word)
{
    if (!GALEN_CHECKED(WORD))
        return GALEN_OK;
    return galen_rules_judge_statement(galen_log_rules(chart->log), &word->statement, &word->chain,
                                       server_time(engine, now_ms));
}

void words_judge(struct galen_engine *engine, uint64_t now_ms, const struct chart *chart)
{
    bool any = false;
    for (size_t i = 0; i < engine->word_count; i++) {
        struct word *word = &engine->words[i];
        const struct galen_member *m =
            galen_rules_member(galen_log_rules(chart->log), &word->statement.subject);
        if (word->judged || !m || judge(engine, now_ms, chart, word) != GALEN_OK)
            continue;
        word->judged = any = true;
        tell(engine, chart, word);
    }
    if (any)
        save_words(engine);
}

void words_heard(struct galen_engine *engine, uint64_t now_ms,
                 const struct galen_frame_statement *frame)
{
    const struct galen_statement *said = &frame->statement;
    if (engine->me.state != GALEN_HOME_MEMBER || said->kind != GALEN_STATEMENT_REVOKED ||
        galen_id_equal(&said->subject, &engine->me.device))
        return;
    struct word *known = find(engine, &said->subject);
    if (known && known->judged)
        return;
    if (known)
        *known = (struct word){.statement = *said, .chain = frame->chain};
    else if (!add(engine, said, &frame->chain))
        return;
    /* What is about somebody of whom nothing was read yet waits for that. */
    for (size_t i = 0; i < engine->chart_count; i++)
        words_judge(engine, now_ms, engine->charts[i]);
    commit(engine);
}

void words_in_log(struct galen_engine *engine, const struct chart *chart,
                  const struct galen_entry *entry)
{
    static const struct galen_chain none;
    struct galen_epoch_body *body = malloc(sizeof *body);
    if (!body) {
        engine->outputs.failed = true;
        return;
    }
    bool any = false;
    size_t count = galen_epoch_body_read(entry->body, body) == GALEN_OK ? body->statement_count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct galen_statement *said = &body->statements[i];
        struct word *known = find(engine, &said->subject);
        if (!is_about_itself(said) || galen_id_equal(&said->subject, &engine->me.device) ||
            galen_id_equal(&said->subject, &entry->header.author) || (known && known->judged))
            continue;
        if (!known)
            known = add(engine, said, &none);
        if (!known)
            continue;
        *known = (struct word){.statement = *said, .judged = true};
        any = true;
        tell(engine, chart, known);
    }
    if (any)
        save_words(engine);
    free(body);
}

/* -- who is to be dropped --------------------------------------------------------------------------- */

const struct word *words_against(const struct galen_engine *engine, uint64_t now_ms,
                                 const struct chart *chart, const struct galen_id *device)
{
    const struct word *word = find(engine, device);
    const struct galen_member *m = galen_rules_member(galen_log_rules(chart->log), device);
    bool droppable = word && word->judged && m && m->role != GALEN_ROLE_CUSTODIAN &&
                     !galen_id_equal(device, &engine->me.device);
    return droppable && judge(engine, now_ms, chart, word) == GALEN_OK ? word : NULL;
}

const struct galen_member *words_listed(const struct galen_engine *engine, uint64_t now_ms,
                                        const struct chart *chart)
{
    for (size_t i = 0; i < engine->word_count; i++) {
        const struct galen_id *subject = &engine->words[i].statement.subject;
        if (words_against(engine, now_ms, chart, subject))
            return galen_rules_member(galen_log_rules(chart->log), subject);
    }
    return NULL;
}

/* What a device has said of itself, here or in this log. */
static const struct galen_statement *said_of_itself(const struct galen_engine *engine,
                                                    const struct chart *chart,
                                                    const struct galen_member *m)
{
    const struct word *word = find(engine, &m->device);
    if (word && word->judged && is_about_itself(&word->statement))
        return &word->statement;
    const struct galen_statement *known =
        galen_rules_statement(galen_log_rules(chart->log), &m->device, &m->account);
    return known && is_about_itself(known) ? known : NULL;
}

static uint64_t admitted_ms(const struct chart *chart, const struct galen_member *m)
{
    for (uint64_t i = 0; i < galen_log_size(chart->log); i++) {
        const struct galen_read *read = galen_log_read(chart->log, i);
        if (read->class == GALEN_CLASS_EPOCH && read->state == GALEN_READ_CLEAR &&
            read->epoch + 1 == m->since_epoch)
            return read->received_ms;
    }
    return 0;
}

bool words_let_in(const struct galen_engine *engine, const struct chart *chart,
                  const struct galen_member *member)
{
    const struct galen_rules *rules = galen_log_rules(chart->log);
    const struct galen_member *at = member;
    for (size_t i = 0; i < GALEN_MEMBERS_MAX; i++) {
        const struct galen_member *by = galen_rules_ever_member(rules, &at->issuer);
        if (!by || !galen_id_equal(&by->account, &member->account))
            return false;
        const struct galen_statement *said = said_of_itself(engine, chart, by);
        if (said && admitted_ms(chart, at) >= said->at_ms)
            return true;
        at = by;
    }
    return false;
}

bool galen_engine_copied_at(const struct galen_engine *engine, const struct galen_id *id, size_t i,
                            struct galen_copied *copied)
{
    const struct chart *chart = chart_find(engine, id);
    size_t found = 0;
    for (size_t w = 0; chart && w < engine->word_count; w++) {
        const struct word *word = &engine->words[w];
        const struct galen_rules *rules = galen_log_rules(chart->log);
        const struct galen_member *m = galen_rules_ever_member(rules, &word->statement.subject);
        if (!word->judged || !m || !is_about_itself(&word->statement) || found++ != i)
            continue;
        *copied = (struct galen_copied){.device = m->device,
                                        .account = m->account,
                                        .role = m->role,
                                        .since_ms = word->statement.at_ms,
                                        .out = !galen_rules_member(rules, &m->device)};
        for (size_t k = 0; k < galen_rules_member_count(rules); k++) {
            const struct galen_member *other = galen_rules_member_at(rules, k);
            copied->back = copied->back || (galen_id_equal(&other->account, &m->account) &&
                                            other->purpose == GALEN_PURPOSE_DEVICE &&
                                            !galen_id_equal(&other->device, &m->device));
        }
        return true;
    }
    return false;
}

/* -- our own ---------------------------------------------------------------------------------------- */

bool galen_engine_is_shut_out(const struct galen_engine *engine, bool *known)
{
    const struct word *word = own(engine);
    if (known)
        *known = word && word->told;
    return word != NULL;
}

/* Since when others write with our keys: what they let in from then on goes with us. */
static uint64_t copied_since(const struct galen_engine *engine, uint64_t now_ms)
{
    uint64_t since = server_time(engine, now_ms);
    for (size_t i = 0; i < engine->chart_count; i++) {
        const struct chart *chart = engine->charts[i];
        uint64_t size = galen_log_size(chart->log);
        if (chart->stopped == GALEN_ERR_CLONED && size > 0)
            since = earlier(since, galen_log_read(chart->log, size - 1)->received_ms);
    }
    return since;
}

void words_say(struct galen_engine *engine)
{
    const struct word *word = own(engine);
    if (!word || !line_ready(engine, GALEN_CONNECTION_LOG))
        return;
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    frame.as.statement.request = engine->word_request = next_request(engine);
    frame.as.statement.statement = word->statement;
    send_frame(engine, GALEN_CONNECTION_LOG, &frame);
}

static void said(struct galen_engine *engine, struct word *word)
{
    if (word->told)
        return;
    word->told = true;
    save_words(engine);
    commit(engine);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_SHUT_OUT,
                                       .device = engine->me.device,
                                       .account = engine->me.account,
                                       .number = word->statement.at_ms});
}

bool words_answered(struct galen_engine *engine, uint32_t request, enum galen_err err)
{
    struct word *word = own(engine);
    if (!word || request == 0 || request != engine->word_request)
        return false;
    engine->word_request = 0;
    if (err == GALEN_OK)
        said(engine, word);
    return true;
}

void words_refused(struct galen_engine *engine, enum galen_err err)
{
    struct word *word = own(engine);
    if (word && err == GALEN_ERR_REVOKED) /* the answer was lost, and it has come there */
        said(engine, word);
}

enum galen_err galen_engine_shut_out(struct galen_engine *engine, uint64_t now_ms)
{
    static const struct galen_chain none;
    if (engine->me.state != GALEN_HOME_MEMBER)
        return GALEN_ERR_STATE;
    if (!own(engine)) {
        struct galen_statement statement = {.kind = GALEN_STATEMENT_REVOKED,
                                            .at_ms = copied_since(engine, now_ms),
                                            .subject = engine->me.device,
                                            .signer = engine->me.device};
        sign_statement(engine, &engine->me.secrets, &statement);
        struct word *word = find(engine, &engine->me.device);
        if (!word)
            word = add(engine, &statement, &none);
        if (!word)
            return GALEN_ERR_MEMORY;
        *word = (struct word){.statement = statement, .judged = true};
        save_words(engine);
        for (size_t i = 0; i < engine->chart_count; i++)
            if (engine->charts[i]->stopped == GALEN_OK) {
                engine->charts[i]->stopped = GALEN_ERR_CLONED;
                save_stopped(engine, engine->charts[i]);
            }
        commit(engine);
    }
    line_want(engine, now_ms, GALEN_CONNECTION_LIVE, false);
    line_want(engine, now_ms, GALEN_CONNECTION_LOG, true); /* at once, whoever else is in */
    words_say(engine);
    return GALEN_OK;
}
