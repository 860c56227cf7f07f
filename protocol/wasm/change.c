/* Answers that change something. */
#include "ask.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The token with which DONE, FAILED or HELD comes later. */
static enum galen_err requested(struct asked *a, enum galen_err err, const galen_token token)
{
    if (err != GALEN_OK)
        return err;
    a->answer = cJSON_CreateObject();
    json_hex(a->answer, "token", token, GALEN_OP_ID_BYTES);
    return GALEN_OK;
}

/* -- becoming a device -------------------------------------------------------------------------------- */

enum galen_err change_join(struct asked *a)
{
    return galen_engine_join(a->engine, a->now_ms, a->link);
}

enum galen_err change_lost(struct asked *a)
{
    return galen_engine_join_lost(a->engine, a->now_ms, a->devices, a->device_count);
}

/* -- people ------------------------------------------------------------------------------------------- */

enum galen_err change_chart_new(struct asked *a)
{
    galen_token token;
    struct galen_id chart;
    enum galen_err err =
        requested(a, galen_engine_chart_new(a->engine, a->now_ms, a->name, &chart, token), token);
    if (err == GALEN_OK)
        json_id(a->answer, "chart", &chart);
    return err;
}

/* What a request that gave a link answers; a new person's account has the invitation's id. */
static enum galen_err linked(struct asked *a, enum galen_err err, struct galen_writer *text,
                             const galen_token token, const char *device)
{
    struct galen_link link;
    err = requested(a, err, token);
    if (err == GALEN_OK)
        err = galen_link_look(galen_written(text), &link);
    if (err == GALEN_OK) {
        json_text(a->answer, "link", galen_written(text));
        json_id(a->answer, device, &link.device);
    }
    galen_writer_wipe(text);
    return err;
}

enum galen_err change_invite(struct asked *a)
{
    galen_token token;
    struct galen_writer link;
    galen_writer_init(&link);
    const struct galen_id *chart = a->given & ASK_BIT(ASK_CHART) ? &a->chart : NULL;
    enum galen_err err =
        galen_engine_invite(a->engine, a->now_ms, a->role, chart, a->name, &link, token);
    return linked(a, err, &link, token, "account");
}

enum galen_err change_invite_guest(struct asked *a)
{
    struct galen_link look = {0};
    struct galen_writer link;
    galen_writer_init(&link);
    enum galen_err err = galen_engine_invite_guest(a->engine, a->now_ms, &a->chart, &link);
    if (err == GALEN_OK)
        err = galen_link_look(galen_written(&link), &look);
    if (err == GALEN_OK) {
        a->answer = cJSON_CreateObject();
        json_text(a->answer, "link", galen_written(&link));
        json_number(a->answer, "until_ms", look.until_ms);
    }
    galen_writer_wipe(&link);
    return err;
}

enum galen_err change_further_device(struct asked *a)
{
    galen_token token;
    struct galen_writer link;
    galen_writer_init(&link);
    enum galen_err err =
        galen_engine_further_device(a->engine, a->now_ms, a->purpose, &link, token);
    return linked(a, err, &link, token, "device");
}

enum galen_err change_remove_device(struct asked *a)
{
    galen_token token;
    return requested(a, galen_engine_remove_device(a->engine, a->now_ms, &a->device, token), token);
}

enum galen_err change_shut_out(struct asked *a)
{
    return galen_engine_shut_out(a->engine, a->now_ms);
}

enum galen_err change_add_member(struct asked *a)
{
    galen_token token;
    return requested(
        a, galen_engine_add_member(a->engine, a->now_ms, &a->chart, &a->account, token), token);
}

enum galen_err change_remove_member(struct asked *a)
{
    galen_token token;
    return requested(
        a, galen_engine_remove_member(a->engine, a->now_ms, &a->chart, &a->account, token), token);
}

enum galen_err change_renew(struct asked *a)
{
    galen_token token;
    return requested(a, galen_engine_renew(a->engine, a->now_ms, &a->chart, token), token);
}

enum galen_err change_identify(struct asked *a)
{
    galen_token token;
    return requested(
        a, galen_engine_identify(a->engine, a->now_ms, &a->chart, &a->account, a->check, token),
        token);
}

/* -- writing ------------------------------------------------------------------------------------------ */

enum galen_err change_message(struct asked *a)
{
    galen_token token;
    return requested(a, galen_engine_message(a->engine, a->now_ms, &a->chart, a->text, token),
                     token);
}

/* Of a document that has only one record, that one. */
static void new_record(struct asked *a)
{
    const uint8_t *single = galen_document_single(a->document);
    if (single != NULL)
        memcpy(a->record, single, sizeof a->record);
    else
        randombytes_buf(a->record, sizeof a->record);
}

enum galen_err change_write(struct asked *a)
{
    galen_token token;
    bool proposed = false;
    struct galen_writer write;
    galen_writer_init(&write);
    const struct galen_bytes *was = a->given & ASK_BIT(ASK_WAS) ? &a->was : NULL;
    if (!(a->given & ASK_BIT(ASK_RECORD)))
        new_record(a);
    enum galen_err err = fields_from_json(a->document, a->record, a->fields, &write, a->help);
    if (err == GALEN_OK)
        err = requested(a,
                        galen_engine_write(a->engine, a->now_ms, &a->chart, galen_written(&write),
                                           was, &proposed, token),
                        token);
    if (err == GALEN_OK) {
        json_hex(a->answer, "record", a->record, sizeof a->record);
        cJSON_AddBoolToObject(a->answer, "proposed", proposed);
    }
    galen_writer_wipe(&write);
    return err;
}

enum galen_err change_answer(struct asked *a)
{
    galen_token token;
    return requested(
        a, galen_engine_answer(a->engine, a->now_ms, &a->chart, a->proposal, a->accepted, token),
        token);
}

enum galen_err change_undo(struct asked *a)
{
    return requested(a, galen_engine_undo(a->engine, a->now_ms, &a->chart, a->token), a->token);
}

enum galen_err change_sign(struct asked *a)
{
    galen_token token;
    const uint8_t *visit = a->given & ASK_BIT(ASK_VISIT) ? a->visit : NULL;
    enum galen_err err =
        galen_engine_sign(a->engine, a->now_ms, &a->chart, a->seen, visit, a->meaning, token);
    if (err != GALEN_OK && err != GALEN_ERR_VALUE) {
        char help[SIGN_HELP_MAX];
        sign_help(a->engine, &a->chart, visit, a->meaning, err, help);
        snprintf(a->help, sizeof a->help, "%s", help);
    }
    return requested(a, err, token);
}

enum galen_err change_release(struct asked *a)
{
    return galen_engine_release(a->engine, a->now_ms, a->token, a->send);
}

/* -- live --------------------------------------------------------------------------------------------- */

enum galen_err change_live(struct asked *a)
{
    galen_engine_go_live(a->engine, a->now_ms, a->on);
    return GALEN_OK;
}

/* As one splice against the text that has this tag. */
static enum galen_err say_splice(struct asked *a, struct galen_draft *draft)
{
    struct galen_splice splice = {(uint32_t)a->at, (uint32_t)a->deleted, a->inserted};
    struct galen_writer splices;
    galen_writer_init(&splices);
    galen_splices_write(&splices, &splice, a->deleted > 0 || a->inserted.size > 0);
    memcpy(draft->tag, a->tag, sizeof draft->tag);
    draft->splices = galen_written(&splices);
    enum galen_err err =
        splices.failed ? GALEN_ERR_MEMORY : galen_engine_typing(a->engine, &a->chart, draft);
    galen_writer_wipe(&splices);
    return err;
}

/* As what was made of a text: answers its tag. */
static enum galen_err say_typed(struct asked *a, const struct galen_draft *draft)
{
    uint8_t tag[GALEN_DRAFT_TAG_BYTES];
    enum galen_err err = galen_engine_typed(a->engine, &a->chart, draft, a->was, a->made, tag);
    if (err != GALEN_OK)
        return err;
    a->answer = cJSON_CreateObject();
    json_hex(a->answer, "tag", tag, sizeof tag);
    return GALEN_OK;
}

enum galen_err change_draft(struct asked *a)
{
    static const uint64_t whole = ASK_BIT(ASK_TEXT), typed = ASK_BIT(ASK_WAS) | ASK_BIT(ASK_MADE),
                          splice = ASK_BIT(ASK_TAG) | ASK_BIT(ASK_AT) | ASK_BIT(ASK_DELETED) |
                                   ASK_BIT(ASK_INSERTED),
                          where = ASK_BIT(ASK_CARET) | ASK_BIT(ASK_END);
    const struct galen_field *field = ask_field_named(a);
    uint64_t given = a->given & (whole | typed | splice | where);
    if (!field)
        return GALEN_ERR_USAGE;
    struct galen_draft draft = {.doc = a->document->id,
                                .field = field->number,
                                .caret = (uint32_t)a->caret,
                                .end = (uint32_t)a->end};
    memcpy(draft.record, a->record, sizeof draft.record);
    if (given == whole)
        return galen_engine_draft(a->engine, &a->chart, draft.doc, draft.record, draft.field,
                                  a->text);
    if (given == (typed | where))
        return say_typed(a, &draft);
    if (given == (splice | where))
        return say_splice(a, &draft);
    strcpy(a->help,
           "`draft` needs `text`; or `caret` and `end`, and `was` and `made`, or `tag`, `at`, "
           "`deleted` and `inserted`.");
    return GALEN_ERR_USAGE;
}

enum galen_err change_visit_open(struct asked *a)
{
    struct galen_id visit;
    enum galen_err err = galen_engine_visit_open(a->engine, a->now_ms, &a->chart, &visit);
    if (err != GALEN_OK)
        return err;
    a->answer = cJSON_CreateObject();
    json_id(a->answer, "visit", &visit);
    return GALEN_OK;
}

enum galen_err change_visit_end(struct asked *a)
{
    return galen_engine_visit_end(a->engine, a->now_ms, &a->chart);
}

enum galen_err change_knock(struct asked *a)
{
    struct galen_guest guest;
    if (a->given & ASK_BIT(ASK_CHART))
        return galen_engine_knock(a->engine, a->now_ms, &a->chart);
    if (!galen_engine_guest(a->engine, &guest)) {
        strcpy(a->help, "`knock` needs the field `chart`, except of a guest.");
        return GALEN_ERR_USAGE;
    }
    return galen_id_is_none(&guest.chart) ? GALEN_ERR_NO_VISIT
                                          : galen_engine_knock(a->engine, a->now_ms, &guest.chart);
}

enum galen_err change_admit(struct asked *a)
{
    return galen_engine_admit(a->engine, a->now_ms, &a->device, a->admitted);
}

enum galen_err change_leave(struct asked *a)
{
    galen_engine_leave(a->engine, a->now_ms);
    return GALEN_OK;
}

enum galen_err change_mute(struct asked *a)
{
    galen_engine_mute(a->engine, a->muted);
    return GALEN_OK;
}
