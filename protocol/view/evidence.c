/* What evidence shows, as it is checked. */
#include "view.h"

struct verdict {
    cJSON *findings, *heads, *contents;
    uint64_t index; /* of the entry that was judged last; its author: */
    struct galen_id account;
    uint8_t role; /* 0: no member */
};

const char *claim_state_name(uint8_t state)
{
    return state == GALEN_CLAIM_HOLDS   ? "holds"
           : state == GALEN_CLAIM_FAILS ? "fails"
                                        : "not-shown";
}

/* -- what is told while checking -------------------------------------------------------------------- */

static void on_finding(void *context, const struct galen_finding *finding)
{
    struct verdict *v = context;
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "claim", galen_claim_name(finding->claim));
    cJSON_AddStringToObject(one, "problem", galen_err_name(finding->err));
    if (finding->index != GALEN_NO_INDEX)
        json_number(one, "index", finding->index);
    json_id(one, "device", &finding->device);
    json_append(v->findings, one);
}

static void on_head(void *context, const struct galen_head *head, const struct galen_member *signer)
{
    struct verdict *v = context;
    cJSON *one = cJSON_CreateObject();
    json_id(one, "device", &head->device);
    if (signer) {
        json_id(one, "account", &signer->account);
        cJSON_AddStringToObject(one, "role", galen_role_name(signer->role));
    }
    json_number(one, "size", head->size);
    json_time(one, "clock", head->clock_ms);
    json_append(v->heads, one);
}

static void on_entry(void *context, uint64_t index, const struct galen_entry *entry,
                     enum galen_err verdict, const struct galen_member *author)
{
    struct verdict *v = context;
    (void)entry;
    (void)verdict;
    v->index = index;
    v->account = author ? author->account : (struct galen_id){0};
    v->role = author ? author->role : 0;
}

static void on_opened(void *context, uint64_t index, const struct galen_entry *entry,
                      struct galen_bytes plain)
{
    struct verdict *v = context;
    struct galen_op op;
    cJSON *one = cJSON_CreateObject();
    if (v->index != index) { /* behind what is missing: who its author was is not known */
        v->account = (struct galen_id){0};
        v->role = 0;
    }
    json_number(one, "index", index);
    json_id(one, "device", &entry->header.author);
    json_id(one, "account", &v->account);
    if (v->role != 0)
        cJSON_AddStringToObject(one, "role", galen_role_name(v->role));
    json_time(one, "time", entry->received_ms);
    if (galen_op_read(plain, entry->header.class, &op) == GALEN_OK)
        operation_json(one, &op, NULL);
    json_append(v->contents, one);
}

/* Of the entry that was opened last. */
static void on_documents(void *context, uint64_t index, struct galen_bytes documents)
{
    struct verdict *v = context;
    char name[NAME_TEXT_MAX];
    (void)index;
    cJSON *one = cJSON_GetArrayItem(v->contents, cJSON_GetArraySize(v->contents) - 1);
    if (!one)
        return;
    if (signed_name(documents, &v->account, name))
        cJSON_AddStringToObject(one, "name", name);
    cJSON *shown = signed_json(documents);
    if (shown)
        json_put(one, "documents", shown);
}

/* -- the report ------------------------------------------------------------------------------------- */

static cJSON *report_json(const struct galen_evidence_report *r, struct verdict *v)
{
    cJSON *object = cJSON_CreateObject(), *claims = cJSON_CreateObject();
    cJSON_AddBoolToObject(object, "holds", galen_evidence_holds(r));
    for (uint8_t i = 0; i < GALEN_CLAIM_COUNT; i++)
        cJSON_AddStringToObject(claims, galen_claim_name(i), claim_state_name(r->claims[i]));
    json_put(object, "claims", claims);
    cJSON_AddBoolToObject(object, "whole", r->whole);
    json_id(object, "practice", &r->practice);
    json_id(object, "chart", &r->chart);
    json_number(object, "size", r->size);
    json_hex(object, "root", r->root, sizeof r->root);
    json_number(object, "shown", r->shown);
    if (!r->whole)
        json_number(object, "index", r->index);
    json_number(object, "complete_to", r->complete_to);
    json_number(object, "withheld", r->withheld);
    json_number(object, "opened", r->opened);
    json_put(object, "findings", v->findings);
    json_put(object, "heads", v->heads);
    json_put(object, "contents", v->contents);
    return object;
}

cJSON *evidence_json(struct galen_bytes file, const struct galen_id *practice,
                     struct galen_evidence_report *report, enum galen_err *err)
{
    struct verdict v = {.index = GALEN_NO_INDEX,
                        .findings = cJSON_CreateArray(),
                        .heads = cJSON_CreateArray(),
                        .contents = cJSON_CreateArray()};
    const struct galen_evidence_events events = {
        .context = &v,
        .finding = on_finding,
        .entry = on_entry,
        .head = on_head,
        .opened = on_opened,
        .documents = on_documents,
    };
    *err = galen_evidence_check(file, practice, &events, report);
    if (*err == GALEN_OK)
        return report_json(report, &v);
    cJSON_Delete(v.findings);
    cJSON_Delete(v.heads);
    cJSON_Delete(v.contents);
    return NULL;
}
