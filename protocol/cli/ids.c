#include "cli.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_SHOWN 8

/* -- all ids of this home --------------------------------------------------------------------------- */

struct list {
    struct galen_id *at;
    size_t count, room;
    bool failed;
};

/* An account has the id of its first device: the same id stands in the list once. */
static void list_add(struct list *list, const struct galen_id *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (galen_id_equal(&list->at[i], id))
            return;
    if (list->count == list->room) {
        size_t room = list->room * 2 + 64;
        struct galen_id *at = realloc(list->at, room * sizeof *at);
        if (!at) {
            list->failed = true;
            return;
        }
        list->at = at;
        list->room = room;
    }
    list->at[list->count++] = *id;
}

/* Whoever is in the call or at its door: guests belong to no chart. */
static void list_call(struct cli *cli, struct list *list)
{
    struct galen_call_view view;
    galen_engine_call(cli->engine, &view);
    for (size_t i = 0; i < view.participant_count; i++)
        list_add(list, &view.participants[i].device);
    for (size_t i = 0; i < view.knocking_count; i++)
        list_add(list, &view.knocking[i].device);
}

static struct list list_ids(struct cli *cli, const struct galen_id *chart, unsigned kinds)
{
    struct list list = {0};
    for (size_t c = 0; c < galen_engine_chart_count(cli->engine); c++) {
        const struct galen_id *id = galen_engine_chart_at(cli->engine, c);
        if (kinds & ID_CHART)
            list_add(&list, id);
        if (chart && !galen_id_equal(chart, id))
            continue;
        const struct galen_rules *rules = galen_log_rules(galen_engine_log(cli->engine, id));
        for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
            const struct galen_member *m = galen_rules_member_at(rules, i);
            if (kinds & ID_ACCOUNT)
                list_add(&list, &m->account);
            if (kinds & ID_DEVICE)
                list_add(&list, &m->device);
        }
    }
    if (kinds & ID_DEVICE)
        list_call(cli, &list);
    return list;
}

static size_t same_digits(const struct galen_id *a, const struct galen_id *b)
{
    for (size_t i = 0; i < GALEN_ID_BYTES; i++)
        if (a->bytes[i] != b->bytes[i])
            return 2 * i + ((a->bytes[i] ^ b->bytes[i]) < 16 ? 1 : 0);
    return 2 * GALEN_ID_BYTES;
}

void id_short(struct cli *cli, const struct galen_id *id, char out[HEX_ID])
{
    size_t need = SHORT_ID_DIGITS;
    struct list list = list_ids(cli, NULL, ID_CHART | ID_ACCOUNT | ID_DEVICE);
    for (size_t i = 0; i < list.count; i++) {
        size_t same = same_digits(&list.at[i], id);
        if (same < 2 * GALEN_ID_BYTES && same >= need)
            need = same + 1;
    }
    free(list.at);
    id_text(id, out);
    out[need] = 0;
}

/* -- what a person typed ---------------------------------------------------------------------------- */

static bool begins_with(const uint8_t *id, const uint8_t *prefix, int count)
{
    size_t n = (size_t)count;
    return memcmp(id, prefix, n / 2) == 0 && (n % 2 == 0 || id[n / 2] >> 4 == prefix[n / 2] >> 4);
}

static const char *kind_word(unsigned kinds)
{
    return kinds == ID_CHART ? "chart" : kinds == ID_DEVICE ? "device" : "person";
}

static int only_chart(struct cli *cli, struct galen_id *out)
{
    size_t found = 0;
    for (size_t c = 0; c < galen_engine_chart_count(cli->engine); c++) {
        const struct galen_id *id = galen_engine_chart_at(cli->engine, c);
        if (galen_id_equal(id, galen_engine_practice_chart(cli->engine)))
            continue;
        *out = *id;
        found++;
    }
    if (found == 1)
        return CLI_OK;
    return cli_fail(cli, GALEN_ERR_CHART,
                    "`.` means the only chart, and this home has %zu. See `galen "
                    "chart list`.",
                    found);
}

static int say_ambiguous(struct cli *cli, const char *text, unsigned kinds, const struct list *list,
                         const uint8_t *prefix, int count)
{
    char candidates[1024] = "";
    size_t used = 0, shown = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!begins_with(list->at[i].bytes, prefix, count) || shown++ >= CANDIDATES_SHOWN)
            continue;
        char id[HEX_ID];
        id_text(&list->at[i], id);
        int n = snprintf(candidates + used, sizeof candidates - used, "\n  %.20s", id);
        used += n > 0 && (size_t)n < sizeof candidates - used ? (size_t)n : 0;
    }
    return cli_fail(cli, GALEN_ERR_USAGE, "`%s` begins more than one %s. Type more of it:%s%s",
                    text, kind_word(kinds), candidates, shown > CANDIDATES_SHOWN ? "\n  …" : "");
}

/* Who is known elsewhere may be missing where they are looked for: that place is named. */
static int say_unknown(struct cli *cli, const char *text, unsigned kinds,
                       const struct galen_id *chart)
{
    char id[HEX_ID];
    if (kinds == ID_CHART)
        return cli_fail(cli, GALEN_ERR_CHART,
                        "No chart that this home knows begins with `%s`. See `galen chart list`.",
                        text);
    if (!chart)
        return cli_fail(cli, GALEN_ERR_NOT_MEMBER,
                        "No %s that this home knows begins with `%s`. See `galen chart members`.",
                        kind_word(kinds), text);
    bool practice = galen_id_equal(chart, galen_engine_practice_chart(cli->engine));
    id_short(cli, chart, id);
    return cli_fail(cli, GALEN_ERR_NOT_MEMBER,
                    "No %s of %s begins with `%s`. See `galen chart members %s`.", kind_word(kinds),
                    practice ? "the practice" : "this chart", text, practice ? "practice" : id);
}

int find_id(struct cli *cli, const char *text, unsigned kinds, const struct galen_id *chart,
            struct galen_id *out)
{
    uint8_t prefix[GALEN_ID_BYTES];
    if (kinds == ID_CHART && strcmp(text, ".") == 0)
        return only_chart(cli, out);
    if (kinds == ID_CHART && strcmp(text, "practice") == 0) {
        *out = *galen_engine_practice_chart(cli->engine);
        return galen_id_is_none(out) ? cli_fail(cli, GALEN_ERR_ROLE, NULL) : CLI_OK;
    }
    int count = hex_read(text, prefix, sizeof prefix);
    if (count < PREFIX_MIN)
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "`%s` is not the id of a %s: give at least %d of its hexadecimal digits.",
                        text, kind_word(kinds), PREFIX_MIN);
    struct list list = list_ids(cli, chart, kinds);
    size_t found = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (!begins_with(list.at[i].bytes, prefix, count))
            continue;
        *out = list.at[i];
        found++;
    }
    int status = CLI_OK;
    if (list.failed)
        status = cli_fail(cli, GALEN_ERR_MEMORY, NULL);
    else if (found > 1)
        status = say_ambiguous(cli, text, kinds, &list, prefix, count);
    else if (found == 0)
        status = say_unknown(cli, text, kinds, chart);
    free(list.at);
    return status;
}

/* Whether a chart with this beginning is known without asking the server. */
static bool is_known(struct cli *cli, const char *text)
{
    uint8_t prefix[GALEN_ID_BYTES];
    int count = hex_read(text, prefix, sizeof prefix);
    if (strcmp(text, "practice") == 0 || count < PREFIX_MIN)
        return strcmp(text, ".") != 0 || galen_engine_chart_count(cli->engine) > 0;
    for (size_t c = 0; c < galen_engine_chart_count(cli->engine); c++)
        if (begins_with(galen_engine_chart_at(cli->engine, c)->bytes, prefix, count))
            return true;
    return false;
}

int chart_argument(struct cli *cli, size_t i, struct galen_id *chart)
{
    /* Somebody may have added us to it since. If the line is down, what is known decides. */
    if (!is_known(cli, cli->args.words[i]))
        (void)cli_sync(cli, NULL);
    return find_id(cli, cli->args.words[i], ID_CHART, NULL, chart);
}

int record_named(struct cli *cli, const char *text, const struct galen_id *chart,
                 const struct galen_document *document, uint8_t out[GALEN_RECORD_ID_BYTES])
{
    const uint8_t *single = galen_document_single(document);
    if (strcmp(text, "new") != 0)
        return find_record(cli, text, chart, document->id, out);
    if (single != NULL)
        memcpy(out, single, GALEN_RECORD_ID_BYTES);
    else
        randombytes_buf(out, GALEN_RECORD_ID_BYTES);
    return CLI_OK;
}

int find_record(struct cli *cli, const char *text, const struct galen_id *chart, uint8_t doc,
                uint8_t out[GALEN_RECORD_ID_BYTES])
{
    const struct galen_docs *docs = galen_engine_docs(cli->engine, chart);
    uint8_t prefix[GALEN_RECORD_ID_BYTES];
    int count = hex_read(text, prefix, sizeof prefix);
    size_t found = 0;
    if (count < PREFIX_MIN)
        return cli_fail(
            cli, GALEN_ERR_USAGE,
            "`%s` is not the id of a record: give at least %d of its hexadecimal digits, or "
            "`new`.",
            text, PREFIX_MIN);
    for (size_t i = 0; docs && i < galen_docs_record_count(docs, doc); i++) {
        const uint8_t *id = galen_record_id(galen_docs_record_at(docs, doc, i));
        if (!begins_with(id, prefix, count))
            continue;
        memcpy(out, id, GALEN_RECORD_ID_BYTES);
        found++;
    }
    if (found == 1)
        return CLI_OK;
    if (found > 1)
        return cli_fail(
            cli, GALEN_ERR_USAGE,
            "`%s` begins more than one record. Type more of it; `galen doc get` lists them.", text);
    if (count == 2 * GALEN_RECORD_ID_BYTES) { /* a record of one's own making */
        memcpy(out, prefix, GALEN_RECORD_ID_BYTES);
        return CLI_OK;
    }
    return cli_fail(cli, GALEN_ERR_VALUE, "No record begins with `%s`. `galen doc get` lists them.",
                    text);
}

/* -- names ------------------------------------------------------------------------------------------ */

void shown_name(struct cli *cli, const struct galen_id *chart, const struct galen_id *whose,
                char out[NAME_TEXT_MAX])
{
    name_of(cli->engine, chart, whose, out);
    if (out[0] == 0) {
        char id[HEX_ID];
        id_short(cli, whose, id);
        snprintf(out, NAME_TEXT_MAX, "?%s", id);
    }
}
