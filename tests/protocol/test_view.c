/* protocol/view: what there is to see of a home, as JSON. */
#include "support/allocator.h"
#include "support/chart_story.h"
#include "support/meeting.h"
#include "support/visit.h"
#include "view/view.h"

#include "galen/op.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {0xaa, 1};

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static const cJSON *at(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    cr_assert_not_null(item, "no `%s` in %s", name, cJSON_PrintUnformatted(object));
    return item;
}

static void says(const cJSON *object, const char *name, const char *expected)
{
    cr_assert_str_eq(cJSON_GetStringValue(at(object, name)), expected, "%s", name);
}

static void counts(const cJSON *object, const char *name, double expected)
{
    cr_assert(cJSON_IsNumber(at(object, name)), "%s", name);
    cr_assert_eq(at(object, name)->valuedouble, expected, "%s: %.0f", name,
                 at(object, name)->valuedouble);
}

static void is(const cJSON *object, const char *name, bool expected)
{
    cr_assert(cJSON_IsBool(at(object, name)), "%s", name);
    cr_assert_eq(cJSON_IsTrue(at(object, name)), expected, "%s", name);
}

static void names(const cJSON *object, const char *name, const struct galen_id *id)
{
    char digits[HEX_ID];
    id_text(id, digits);
    says(object, name, digits);
}

/* A pharmacist and a patient who belongs to the chart and may read the record. */
static struct visit chart_with_patient(uint64_t seed)
{
    struct visit v = visit_new(seed);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    return v;
}

static struct home *home_of(struct visit *v, const struct chart_device *device)
{
    struct home *home = home_new(v->chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, device);
    home_has_read(home);
    home_start(home);
    return home;
}

static const struct galen_id *account_of(const struct visit *v, const struct chart_device *device)
{
    return &visit_member(v, device)->account;
}

static void name_is(struct visit *v, const struct galen_id *whose, const char *name)
{
    chart_write(v->chart, v->pharmacist, GALEN_KIND_WRITE, "people", whose->bytes, "name", name);
}

static const struct galen_id *chart_of(const struct visit *v)
{
    return galen_rules_chart(v->chart->rules);
}

/* -- charts ----------------------------------------------------------------------------------------- */

Test(view, a_chart_says_its_last_message_and_what_waits)
{
    struct visit v = chart_with_patient(300);
    galen_token token;
    name_is(&v, chart_of(&v), "Maria Sand");
    chart_read_all(v.chart);
    name_is(&v, account_of(&v, v.patient), "Maria");
    chart_operate(v.chart, v.patient,
                  (struct galen_op){.kind = GALEN_KIND_MESSAGE, .content.message = text("first")});
    uint64_t last = chart_operate(v.chart, v.patient,
                                  (struct galen_op){.kind = GALEN_KIND_MESSAGE,
                                                    .content.message = text("Zwei am Morgen, ä")});
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "status", "active");
    chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", medicine, "status", "stopped");
    struct home *home = home_of(&v, v.pharmacist);
    cr_assert_eq(
        galen_engine_message(home->engine, home_now(home), chart_of(&v), text("wait"), token),
        GALEN_OK);
    cJSON *chart = chart_json(home->engine, chart_of(&v));
    names(chart, "chart", chart_of(&v));
    says(chart, "name", "Maria Sand");
    is(chart, "practice", false);
    counts(chart, "entries", (double)v.chart->size);
    counts(chart, "server_entries", (double)v.chart->size);
    counts(chart, "people", 3); /* with the custodian and the administrator's account */
    is(chart, "member", true);
    is(chart, "holder", true);
    is(chart, "current", true);
    counts(chart, "waiting", 1);
    counts(chart, "proposals", 1);
    counts(chart, "conflicts", 0);
    counts(chart, "heard_ms", 0);
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(chart, "stopped"));
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(chart, "withheld"));
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(chart, "visit"));
    const cJSON *message = at(chart, "last");
    counts(message, "index", (double)last);
    names(message, "account", account_of(&v, v.patient));
    says(message, "name", "Maria");
    says(message, "role", "patient");
    says(message, "text", "Zwei am Morgen, ä");
    counts(message, "time_ms",
           (double)galen_log_read(galen_engine_log(home->engine, chart_of(&v)), last)->received_ms);
    cJSON_Delete(chart);
    home_free(home);
    chart_free(v.chart);
}

static uint64_t number_at(const cJSON *list, int i)
{
    return (uint64_t)cJSON_GetNumberValue(cJSON_GetArrayItem(list, i));
}

Test(view, a_chart_says_when_visits_are_planned)
{
    static const uint8_t first[GALEN_RECORD_ID_BYTES] = {1}, second[GALEN_RECORD_ID_BYTES] = {2};
    const char *planned = "2026-12-03T10:00:00Z", *next = "2027-01-07T10:00:00Z";
    struct visit v = chart_with_patient(301);
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "visit", first, "scheduled", planned);
    struct home *home = home_of(&v, v.pharmacist);
    cJSON *chart = chart_json(home->engine, chart_of(&v));
    cr_assert_eq(cJSON_GetArraySize(at(chart, "planned_ms")), 1);
    cr_assert_eq(number_at(at(chart, "planned_ms"), 0), 1796292000000);
    cJSON_Delete(chart);
    home_free(home);
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "visit", first, "started", planned);
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "visit", first, "next_at", next);
    chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "visit", second, "scheduled", planned);
    home = home_of(&v, v.pharmacist);
    chart = chart_json(home->engine, chart_of(&v));
    cr_assert_eq(cJSON_GetArraySize(at(chart, "planned_ms")), 1, "begun, and merely proposed");
    cr_assert_eq(number_at(at(chart, "planned_ms"), 0), 1799316000000);
    cJSON_Delete(chart);
    home_free(home);
    chart_free(v.chart);
}

Test(view, a_chart_says_whom_to_call)
{
    struct visit v = chart_with_patient(302);
    name_is(&v, account_of(&v, v.pharmacist), "Paula");
    for (int i = 0; i < 2; i++)
        chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "people",
                    (i ? account_of(&v, v.pharmacist) : account_of(&v, v.patient))->bytes, "phone",
                    i ? "555-0100" : "555-0199");
    struct home *home = home_of(&v, v.pharmacist);
    cJSON *chart = chart_json(home->engine, chart_of(&v));
    const cJSON *reach = at(chart, "reach");
    cr_assert_eq(cJSON_GetArraySize(reach), 1, "staff, once each");
    names(cJSON_GetArrayItem(reach, 0), "account", account_of(&v, v.pharmacist));
    says(cJSON_GetArrayItem(reach, 0), "name", "Paula");
    says(cJSON_GetArrayItem(reach, 0), "role", "pharmacist");
    says(cJSON_GetArrayItem(reach, 0), "phone", "555-0100");
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(reach, 0), "hours"));
    cJSON_Delete(chart);
    home_free(home);
    chart_free(v.chart);
}

/* The used link's device belongs to the chart no longer; its person does. */
Test(view, a_used_link_that_was_opened_again_is_said_of_the_chart_and_of_the_person)
{
    struct visit v = chart_with_patient(310);
    struct home *home = home_of(&v, v.pharmacist);
    const struct galen_rules *rules = galen_log_rules(galen_engine_log(home->engine, chart_of(&v)));
    for (int round = 0; round < 2; round++) {
        cJSON *chart = chart_json(home->engine, chart_of(&v));
        cJSON *patient =
            member_json(home->engine, chart_of(&v), galen_rules_member(rules, &v.patient->id));
        cJSON *self =
            member_json(home->engine, chart_of(&v), galen_rules_member(rules, &v.pharmacist->id));
        cr_assert_null(cJSON_GetObjectItemCaseSensitive(self, "link_again_ms"));
        if (round == 0) {
            cr_assert_null(cJSON_GetObjectItemCaseSensitive(chart, "link_again_ms"));
            cr_assert_null(cJSON_GetObjectItemCaseSensitive(patient, "link_again_ms"));
        } else {
            counts(chart, "link_again_ms", 1700000000000);
            counts(patient, "link_again_ms", 1700000000000);
        }
        cJSON_Delete(chart);
        cJSON_Delete(patient);
        cJSON_Delete(self);
        struct galen_writer w;
        galen_writer_init(&w);
        struct galen_frame frame = {.type = GALEN_FRAME_NOTICE};
        frame.as.notice = (struct galen_frame_notice){GALEN_NOTICE_LINK_OPENED_AGAIN, *chart_of(&v),
                                                      v.patient->id, 1700000000000};
        galen_frame_write(&w, &frame);
        galen_engine_received(home->engine, home_now(home), GALEN_CONNECTION_LOG,
                              galen_written(&w));
        galen_writer_wipe(&w);
    }
    home_free(home);
    chart_free(v.chart);
}

/* What is written to a newcomer before they may read the record is not their last message. */
Test(view, a_message_that_cannot_be_opened_is_not_the_last)
{
    struct visit v = visit_new(301);
    struct chart_device *other = chart_person(v.chart, "other", GALEN_ROLE_CAREGIVER, v.pharmacist);
    chart_operate(v.chart, v.pharmacist,
                  (struct galen_op){.kind = GALEN_KIND_MESSAGE, .content.message = text("secret")});
    chart_add(v.chart, v.pharmacist, other, false);
    struct home *home = home_of(&v, other);
    cJSON *chart = chart_json(home->engine, chart_of(&v));
    is(chart, "holder", false);
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(chart, "last"));
    cJSON_Delete(chart);
    home_free(home);
    chart_free(v.chart);
}

Test(view, members_say_what_they_have_verified_and_when)
{
    struct visit v = chart_with_patient(302);
    struct galen_head head;
    chart_read_all(v.chart);
    galen_log_sign_head(v.patient->log, v.chart->now_ms + 5, &head);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_writer heads, w;
    galen_writer_init(&heads);
    galen_writer_init(&w);
    galen_head_write(&heads, &head);
    struct galen_frame frame = {.type = GALEN_FRAME_HEADS};
    frame.as.heads.chart = *chart_of(&v);
    frame.as.heads.heads = galen_written(&heads);
    galen_frame_write(&w, &frame);
    galen_engine_received(home->engine, home_now(home), GALEN_CONNECTION_LOG, galen_written(&w));
    const struct galen_rules *rules = galen_log_rules(galen_engine_log(home->engine, chart_of(&v)));
    cJSON *patient =
        member_json(home->engine, chart_of(&v), galen_rules_member(rules, &v.patient->id));
    names(patient, "device", &v.patient->id);
    says(patient, "role", "patient");
    says(patient, "purpose", "device");
    is(patient, "self", false);
    is(patient, "holder", true);
    counts(patient, "verified", (double)head.size);
    counts(patient, "heard_ms", (double)(v.chart->now_ms + 5));
    cJSON *self =
        member_json(home->engine, chart_of(&v), galen_rules_member(rules, &v.pharmacist->id));
    is(self, "self", true);
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(self, "heard_ms"));
    cJSON *chart = chart_json(home->engine, chart_of(&v));
    counts(chart, "heard_ms", (double)(v.chart->now_ms + 5));
    cJSON_Delete(chart);
    cJSON_Delete(patient);
    cJSON_Delete(self);
    galen_writer_wipe(&heads);
    galen_writer_wipe(&w);
    home_free(home);
    chart_free(v.chart);
}

/* Who signs a head says when, and any number there is; no clock and no screen knows a year of five digits. */
Test(view, a_clock_that_nobody_can_show_is_shown_as_the_last_that_can_be)
{
    static const uint64_t clocks[] = {TIME_TEXT_END_MS, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct visit v = chart_with_patient(319);
        struct galen_head head;
        chart_read_all(v.chart);
        galen_log_sign_head(v.patient->log, clocks[i], &head);
        struct home *home = home_of(&v, v.pharmacist);
        struct galen_writer heads;
        galen_writer_init(&heads);
        galen_head_write(&heads, &head);
        struct galen_frame frame = {.type = GALEN_FRAME_HEADS};
        frame.as.heads.chart = *chart_of(&v);
        frame.as.heads.heads = galen_written(&heads);
        home_hear(home, GALEN_CONNECTION_LOG, &frame);
        const struct galen_rules *rules =
            galen_log_rules(galen_engine_log(home->engine, chart_of(&v)));
        cJSON *patient =
            member_json(home->engine, chart_of(&v), galen_rules_member(rules, &v.patient->id));
        counts(patient, "heard_ms", 253402300799999.0);
        cr_assert_null(cJSON_GetObjectItemCaseSensitive(patient, "heard"));
        cJSON *chart = chart_json(home->engine, chart_of(&v));
        counts(chart, "heard_ms", 253402300799999.0);
        cJSON_Delete(chart);
        cJSON_Delete(patient);
        galen_writer_wipe(&heads);
        home_free(home);
        chart_free(v.chart);
    }
}

/* -- entries and requests --------------------------------------------------------------------------- */

Test(view, entries_of_every_kind)
{
    struct visit v = chart_with_patient(303);
    double clock_ms = (double)v.chart->now_ms;
    uint64_t said = chart_operate(
        v.chart, v.patient,
        (struct galen_op){.kind = GALEN_KIND_MESSAGE, .content.message = text("hello\nyou")});
    uint64_t wrote =
        chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "status", "active");
    uint64_t proposed =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", medicine, "status", "stopped");
    struct galen_op op = {.kind = GALEN_KIND_ANSWER, .content.answer = {proposed, false}};
    uint64_t answered = chart_operate(v.chart, v.pharmacist, op);
    op = (struct galen_op){.kind = GALEN_KIND_IDENTITY};
    op.content.identity.account = *account_of(&v, v.patient);
    op.content.identity.check = text("birthday and address");
    uint64_t identified = chart_operate(v.chart, v.pharmacist, op);
    op = (struct galen_op){.kind = GALEN_KIND_VISIT};
    op.content.visit.visit.bytes[0] = 7;
    op.content.visit.event = GALEN_VISIT_OPENED;
    uint64_t opened = chart_operate(v.chart, v.pharmacist, op);
    struct home *home = home_of(&v, v.pharmacist);
    cJSON *e = entry_json(home->engine, chart_of(&v), 0);
    says(e, "class", "epoch");
    says(e, "state", "clear");
    counts(e, "members", 2);
    cr_assert_eq(cJSON_GetArraySize(at(e, "added")), 2);
    cJSON_Delete(e);
    e = entry_json(home->engine, chart_of(&v), said);
    counts(e, "index", (double)said);
    says(e, "class", "message");
    says(e, "state", "open");
    says(e, "kind", "message");
    says(e, "role", "patient");
    says(e, "text", "hello\nyou");
    counts(e, "clock_ms", clock_ms);
    cr_assert_eq(cJSON_GetArraySize(at(e, "verified_by")), 0);
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(e, "why"));
    cJSON_Delete(e);
    e = entry_json(home->engine, chart_of(&v), wrote);
    says(e, "kind", "write");
    says(e, "doc", "pmr");
    says(e, "record", "aa010000000000000000000000000000");
    says(at(e, "fields"), "status", "active");
    cJSON_Delete(e);
    e = entry_json(home->engine, chart_of(&v), proposed);
    says(e, "kind", "propose");
    cJSON_Delete(e);
    e = entry_json(home->engine, chart_of(&v), answered);
    says(e, "kind", "answer");
    counts(e, "proposal", (double)proposed);
    is(e, "accepted", false);
    cJSON_Delete(e);
    e = entry_json(home->engine, chart_of(&v), identified);
    says(e, "kind", "identity");
    names(e, "subject", account_of(&v, v.patient));
    says(e, "text", "birthday and address");
    cJSON_Delete(e);
    e = entry_json(home->engine, chart_of(&v), opened);
    says(e, "kind", "visit");
    says(e, "visit_event", "opened");
    cJSON_Delete(e);
    cr_assert_null(entry_json(home->engine, chart_of(&v), v.chart->size));
    home_free(home);
    chart_free(v.chart);
}

Test(view, requests_wait_in_order_with_what_they_say)
{
    struct visit v = chart_with_patient(304);
    struct home *home = home_of(&v, v.patient);
    struct galen_waiting waiting;
    struct galen_writer write;
    char why[DOC_WHY_MAX], digits[HEX_ID];
    galen_token first, second, third;
    bool proposed;
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    galen_writer_init(&write);
    cr_assert_eq(fields_from_text(galen_document_named("pmr"), medicine, text("status=stopped"),
                                  &write, why),
                 GALEN_OK);
    const struct galen_id *id = chart_of(&v);
    cr_assert_eq(galen_engine_message(home->engine, 1000, id, text("one"), first), GALEN_OK);
    cr_assert_eq(
        galen_engine_write(home->engine, 2000, id, galen_written(&write), NULL, &proposed, second),
        GALEN_OK);
    cr_assert_eq(galen_engine_renew(home->engine, 3000, id, third), GALEN_OK);
    cr_assert(galen_engine_waiting_at(home->engine, id, 0, &waiting));
    cJSON *w = waiting_json(home->engine, &waiting);
    hex_text(first, sizeof first, digits);
    says(w, "token", digits);
    names(w, "chart", id);
    is(w, "held", false);
    counts(w, "composed_ms", 1000);
    says(w, "kind", "message");
    says(w, "text", "one");
    cJSON_Delete(w);
    cr_assert(galen_engine_waiting_at(home->engine, id, 1, &waiting));
    w = waiting_json(home->engine, &waiting);
    counts(w, "composed_ms", 2000);
    says(w, "kind", "propose");
    says(w, "doc", "pmr");
    says(at(w, "fields"), "status", "stopped");
    cJSON_Delete(w);
    cr_assert(galen_engine_waiting_at(home->engine, id, 2, &waiting));
    w = waiting_json(home->engine, &waiting);
    hex_text(third, sizeof third, digits);
    says(w, "token", digits);
    says(w, "kind", "members");
    counts(w, "composed_ms", 0);
    cJSON_Delete(w);
    cr_assert_not(galen_engine_waiting_at(home->engine, id, 3, &waiting));
    struct galen_id strange = {{1}};
    cr_assert_not(galen_engine_waiting_at(home->engine, &strange, 0, &waiting));
    galen_writer_wipe(&write);
    home_free(home);
    chart_free(v.chart);
}

/* L4: the one that waits for its person's word says so. */
Test(view, L4_what_is_held_says_so)
{
    struct visit v = chart_with_patient(305);
    struct home *home = home_of(&v, v.patient);
    struct galen_waiting waiting;
    galen_token token;
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    home_pump(home);
    cr_assert_eq(
        galen_engine_message(home->engine, home_now(home), chart_of(&v), text("for us two"), token),
        GALEN_OK);
    home_pump(home);
    struct chart_device *third =
        chart_person(v.chart, "third", GALEN_ROLE_PRESCRIBER, v.pharmacist);
    chart_add(v.chart, v.pharmacist, third, true);
    home_crash(home);
    home_start(home);
    cr_assert_eq(home->events[GALEN_EVENT_HELD], 1);
    cr_assert(galen_engine_waiting_at(home->engine, chart_of(&v), 0, &waiting));
    cJSON *w = waiting_json(home->engine, &waiting);
    is(w, "held", true);
    cJSON_Delete(w);
    home_free(home);
    chart_free(v.chart);
}

/* -- documents -------------------------------------------------------------------------------------- */

Test(view, a_record_with_conflict_proposal_and_history)
{
    struct visit v = chart_with_patient(306);
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "status", "active");
    uint64_t second =
        chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "status", "on-hold");
    uint64_t proposal =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", medicine, "status", "stopped");
    struct home *home = home_of(&v, v.patient);
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(home->engine, chart_of(&v)), GALEN_DOC_PMR, medicine);
    cr_assert_not_null(record);
    cJSON *r = record_json(home->engine, chart_of(&v), record);
    says(r, "doc", "pmr");
    says(r, "state", "present");
    counts(r, "conflicts", 0);
    const cJSON *status = at(at(r, "fields"), "status");
    says(status, "value", "on-hold");
    is(status, "conflict", false);
    const cJSON *said = cJSON_GetArrayItem(at(status, "values"), 0);
    counts(said, "number", 1);
    counts(said, "index", (double)second);
    says(said, "role", "pharmacist");
    const cJSON *p = cJSON_GetArrayItem(at(r, "proposals"), 0);
    counts(p, "index", (double)proposal);
    says(p, "state", "pending");
    says(at(p, "fields"), "status", "stopped");
    cJSON_Delete(r);
    cJSON *history = history_json(home->engine, chart_of(&v), record, GALEN_PMR_STATUS);
    cr_assert_eq(cJSON_GetArraySize(history), 2);
    says(cJSON_GetArrayItem(history, 0), "value", "active");
    is(cJSON_GetArrayItem(history, 0), "current", false);
    counts(cJSON_GetArrayItem(history, 1), "number", 2);
    says(cJSON_GetArrayItem(history, 1), "value", "on-hold");
    is(cJSON_GetArrayItem(history, 1), "current", true);
    cJSON_Delete(history);
    history = history_json(home->engine, chart_of(&v), record, GALEN_PMR_REASON);
    cr_assert_eq(cJSON_GetArraySize(history), 0);
    cJSON_Delete(history);
    home_free(home);
    chart_free(v.chart);
}

/* What stands in the way of a signature is text, and ends with what to do, whatever people call their medicines. */
Test(view, what_keeps_from_signing_is_whole_however_long_the_names_are)
{
    static const uint8_t stay[GALEN_RECORD_ID_BYTES] = {0xbb};
    struct visit v = chart_with_patient(310);
    char regimen[600], help[SIGN_HELP_MAX];
    for (uint8_t i = 0; i < 7; i++) {
        uint8_t record[GALEN_RECORD_ID_BYTES] = {0xaa, i};
        size_t used = (size_t)snprintf(regimen, sizeof regimen, "drug=%.*s", i, "aaaaaaa");
        for (size_t k = 0; k < 250; k++, used += 2)
            memcpy(regimen + used, "é", 3);
        chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "pmr", record, "regimen", regimen);
    }
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "visit", stay, "type", "discharge");
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "visit", stay, "started",
                "2026-03-14T09:00:00Z");
    struct home *home = home_of(&v, v.pharmacist);
    sign_help(home->engine, chart_of(&v), NULL, GALEN_SIGN_DISCHARGE, GALEN_ERR_UNDECIDED, help);
    cr_assert(galen_text_ok(text(help)), "%s", help);
    cr_assert(strstr(help, "aaaaé"), "the fifth: %s", help);
    cr_assert_str_eq(help + strlen(help) - strlen("Then sign."), "Then sign.", "%s", help);
    home_free(home);
    chart_free(v.chart);
}

/* More wait than are shown: of the newest it is worked out what they would say, of the others how they change it. */
Test(view, of_many_proposals_that_wait_the_newest_say_what_they_would_say)
{
    struct visit v = chart_with_patient(308);
    struct home *home = home_of(&v, v.patient);
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, GALEN_DOC_MAP, 'm', "topic", "walking");
    for (uint8_t i = 0; i < PROPOSALS_SHOWN_MAX + 2; i++) {
        struct person who = {(uint8_t)(100 + i), (uint8_t)(100 + i), GALEN_ROLE_CAREGIVER};
        story_propose(&s, &who, 1, GALEN_DOC_MAP, 'm', "topic",
                      "walking more and more"); /* replaced */
        story_propose(&s, &who, 1, GALEN_DOC_MAP, 'm', "topic", "walking more");
    }
    uint64_t accepted = story_propose(&s, &pat, 1, GALEN_DOC_MAP, 'm', "topic", "walks");
    story_answer(&s, &ana, s.size, accepted, true);
    uint64_t contested = story_propose(&s, &cara, s.size, GALEN_DOC_MAP, 'm', "topic", "walkers");
    uint64_t seen = s.size;
    story_answer(&s, &ana, seen, contested, false);
    story_answer(&s, &ben, seen, contested, true);
    cJSON *r = record_json(home->engine, chart_of(&v), story_record(&s, GALEN_DOC_MAP, 'm'));
    const cJSON *proposals = at(r, "proposals"), *p = cJSON_GetArrayItem(proposals, 0);
    cr_assert_eq(cJSON_GetArraySize(proposals), PROPOSALS_SHOWN_MAX + 4);
    for (int i = 0; i < PROPOSALS_SHOWN_MAX + 4; i++, p = p->next) {
        bool later = i < 3, over = i == PROPOSALS_SHOWN_MAX + 2;
        cr_assert_eq(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(p, "later")), later, "%d", i);
        says(at(p, "fields"), "topic",
             over                           ? "@4 -3 +s"
             : later                        ? "@7 -0 + more"
             : i == PROPOSALS_SHOWN_MAX + 3 ? "walkers"
                                            : "walkers more");
    }
    cJSON_Delete(r);
    story_end(&s);
    home_free(home);
    chart_free(v.chart);
}

/* Staff may still accept it, and read what they would accept. */
Test(view, of_what_was_declined_in_no_present_record_it_is_said_what_it_would_say)
{
    struct visit v = chart_with_patient(312);
    struct home *home = home_of(&v, v.patient);
    struct story s;
    story_begin(&s);
    uint64_t record = story_propose(&s, &pat, 0, GALEN_DOC_PMR, 'm', "regimen", "drug=Metformin");
    story_write(&s, &pat, s.size, GALEN_DOC_PMR, 'm', "effects", "dizzy");
    uint64_t proposal =
        story_propose(&s, &drew, s.size, GALEN_DOC_PMR, 'm', "effects", "dizzy at noon");
    story_answer(&s, &ana, s.size, record, false);
    story_answer(&s, &ana, s.size, proposal, false);
    cJSON *r = record_json(home->engine, chart_of(&v), story_record(&s, GALEN_DOC_PMR, 'm'));
    says(r, "state", "declined");
    const cJSON *p = cJSON_GetArrayItem(at(r, "proposals"), 1);
    says(p, "state", "declined");
    says(at(p, "fields"), "effects", "dizzy at noon");
    cJSON_Delete(r);
    story_end(&s);
    home_free(home);
    chart_free(v.chart);
}

/* Where there is no memory to work out what a text would say, nothing is shown in its place. */
Test(view, what_a_text_would_say_is_whole_or_lost)
{
    struct visit v = chart_with_patient(311);
    struct home *home = home_of(&v, v.patient);
    struct story s;
    bool failed = true;
    story_begin(&s);
    story_write(&s, &ana, 0, GALEN_DOC_MAP, 'm', "topic", "walking");
    story_write(&s, &ben, 1, GALEN_DOC_MAP, 'm', "topic", "daily walking");
    story_propose(&s, &pat, 1, GALEN_DOC_MAP, 'm', "topic", "walking more");
    json_watch();
    for (size_t nth = 1; failed; nth++) {
        allocator_fail(nth);
        cJSON *r = record_json(home->engine, chart_of(&v), story_record(&s, GALEN_DOC_MAP, 'm'));
        failed = allocator_failed();
        allocator_fail(0);
        if (json_whole()) {
            says(at(at(r, "fields"), "topic"), "value", "daily walking");
            says(at(cJSON_GetArrayItem(at(r, "proposals"), 0), "fields"), "topic",
                 "daily walking more");
        }
        cJSON_Delete(r);
    }
    story_end(&s);
    home_free(home);
    chart_free(v.chart);
}

/* Of a text: what each edit changed in it, for everybody. */
Test(view, the_history_of_a_text_says_who_changed_what)
{
    static const struct {
        const char *name, *gone, *came;
        double at;
        bool current;
    } said[] = {
        {"first", "", "pain", 0, false},
        {"at once, behind it", "", " at night", 4, false},
        {"at once, in front", "p", "r", 0, true},
    };
    struct visit v = chart_with_patient(309);
    struct home *home = home_of(&v, v.patient);
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, GALEN_DOC_PMR, 'm', "reason", "pain");
    story_write(&s, &ana, 1, GALEN_DOC_PMR, 'm', "reason", "pain at night");
    story_write(&s, &ben, 1, GALEN_DOC_PMR, 'm', "reason", "rain");
    cJSON *history = history_json(home->engine, chart_of(&v), story_record(&s, GALEN_DOC_PMR, 'm'),
                                  GALEN_PMR_REASON);
    cr_assert_eq(cJSON_GetArraySize(history), 3);
    for (int i = 0; i < 3; i++) {
        const cJSON *one = cJSON_GetArrayItem(history, i), *changes = at(one, "changes");
        counts(one, "number", i + 1);
        says(one, "role", "pharmacist");
        is(one, "current", said[i].current);
        cr_assert_null(cJSON_GetObjectItemCaseSensitive(one, "value"), "%s", said[i].name);
        cr_assert_eq(cJSON_GetArraySize(changes), 1, "%s", said[i].name);
        const cJSON *change = cJSON_GetArrayItem(changes, 0);
        counts(change, "at", said[i].at);
        says(change, "gone", said[i].gone);
        says(change, "came", said[i].came);
    }
    cJSON_Delete(history);
    story_end(&s);
    home_free(home);
    chart_free(v.chart);
}

static const cJSON *field_in(const cJSON *schema, const char *document, const char *name)
{
    const cJSON *d, *f;
    cJSON_ArrayForEach(d, schema)
    {
        if (strcmp(cJSON_GetStringValue(at(d, "name")), document) != 0)
            continue;
        cJSON_ArrayForEach(f, at(d, "fields"))
        {
            if (strcmp(cJSON_GetStringValue(at(f, "name")), name) == 0)
                return f;
        }
    }
    cr_assert_fail("no field %s.%s", document, name);
    return NULL;
}

Test(view, D2_the_schema_says_what_a_role_may_do)
{
    static const struct {
        enum galen_role role;
        const char *status, *taken_as;
    } cases[] = {{GALEN_ROLE_PHARMACIST, "direct", "direct"},
                 {GALEN_ROLE_PATIENT, "propose", "direct"},
                 {GALEN_ROLE_PRESCRIBER, "propose", "propose"},
                 {GALEN_ROLE_INTERPRETER, "none", "none"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *schema = schema_json(&galen_words_en, cases[i].role);
        cr_assert_eq(cJSON_GetArraySize(schema), (int)galen_document_count);
        const cJSON *status = field_in(schema, "pmr", "status");
        says(status, "access", cases[i].status);
        says(field_in(schema, "pmr", "taken_as"), "access", cases[i].taken_as);
        says(status, "kind", "choice");
        counts(status, "number", GALEN_PMR_STATUS);
        says(cJSON_GetArrayItem(at(status, "options"), 0), "name",
             galen_field(galen_document(GALEN_DOC_PMR), GALEN_PMR_STATUS)->options[0]);
        cJSON_Delete(schema);
    }
    cJSON *whole = schema_json(&galen_words_en, GALEN_ROLE_PRESCRIBER);
    const cJSON *symptom = field_in(whole, "journal", "symptom");
    says(symptom, "kind", "number");
    counts(symptom, "min", 0);
    counts(symptom, "max", 10);
    says(symptom, "takes", "a whole number from 0 to 10");
    says(symptom, "help", "0 is not at all, 10 is as bad as it can be.");
    cr_assert(cJSON_IsTrue(at(symptom, "theirs")));
    says(field_in(whole, "dtp", "answer"), "access", "direct");
    says(field_in(whole, "dtp", "finding"), "access", "none");
    cr_assert(cJSON_IsFalse(at(field_in(whole, "dtp", "answer"), "theirs")));
    says(field_in(whole, "dtp", "medicine"), "refers", "pmr");
    const cJSON *profile = cJSON_GetArrayItem(whole, 3), *journal = cJSON_GetArrayItem(whole, 5);
    says(profile, "record", "00000000000000000000000000000001");
    says(profile, "plain", "About me");
    says(journal, "adds", "propose");
    cJSON_Delete(whole);
    whole = schema_json(&galen_words_en, GALEN_ROLE_CAREGIVER);
    says(cJSON_GetArrayItem(whole, 5), "adds", "direct");
    cJSON_Delete(whole);
    for (size_t d = 0; d < galen_document_count; d++)
        for (size_t i = 0; i < galen_documents[d].field_count; i++) {
            cJSON *schema = schema_json(&galen_words_en, GALEN_ROLE_PATIENT);
            const char *kind = cJSON_GetStringValue(
                at(field_in(schema, galen_documents[d].name, galen_documents[d].fields[i].name),
                   "kind"));
            cr_assert_str_neq(kind, "unknown");
            cJSON_Delete(schema);
        }
}

/* -- the home --------------------------------------------------------------------------------------- */

Test(view, a_home_says_who_it_is_and_an_empty_one_that_it_is_nobody)
{
    struct visit v = chart_with_patient(307);
    name_is(&v, account_of(&v, v.pharmacist), "Dr. Ines Ohm");
    struct home *home = home_of(&v, v.pharmacist);
    cJSON *h = home_json(home->engine);
    says(h, "state", "member");
    says(h, "host", "galen.example:443");
    names(h, "device", &v.pharmacist->id);
    names(h, "account", account_of(&v, v.pharmacist));
    says(h, "role", "pharmacist");
    says(h, "name", "Dr. Ines Ohm");
    says(h, "practice_chart", "");
    is(at(h, "online"), "log", true);
    is(at(h, "online"), "live", false);
    cJSON_Delete(h);
    home_free(home);
    home = home_new(v.chart, NULL);
    struct galen_engine_config config = {0};
    home->engine = galen_engine_new(&config);
    h = home_json(home->engine);
    says(h, "state", "empty");
    says(h, "host", "");
    says(h, "device", "");
    says(h, "role", "");
    says(h, "name", "");
    cJSON_Delete(h);
    home_free(home);
    chart_free(v.chart);
}

Test(view, a_link_says_where_it_leads_and_what_it_is)
{
    struct visit v = chart_with_patient(308);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_writer text_of_link;
    struct galen_link link;
    galen_token token;
    galen_writer_init(&text_of_link);
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    cr_assert_eq(galen_engine_invite(home->engine, home_now(home), GALEN_ROLE_CAREGIVER,
                                     chart_of(&v), text("Cara"), &text_of_link, token),
                 GALEN_OK);
    cr_assert_eq(galen_link_look(galen_written(&text_of_link), &link), GALEN_OK);
    cr_assert(galen_bytes_equal(link.host, text("galen.example:443")));
    cr_assert(galen_id_equal(&link.practice, galen_engine_practice(home->engine)));
    /* The device is the one that the chart is about to admit. */
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    home_pump(home);
    home_crash(home);
    home_start(home);
    for (int i = 0; i < 2; i++) { /* the name, then the invitation */
        cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
        home_show(home);
    }
    cr_assert_not_null(galen_rules_member(v.chart->rules, &link.device));
    /* Cut at each byte it is no link. */
    for (size_t n = 0; n < text_of_link.size; n++)
        cr_assert_eq(galen_link_look((struct galen_bytes){text_of_link.at, n}, &link),
                     GALEN_ERR_FORMAT, "%zu bytes", n);
    cr_assert_eq(galen_link_look(text("https:///join#"), &link), GALEN_ERR_FORMAT);
    /* Its host means no other than it shows. */
    static const char *const strange[] = {"a@b.example",  "a.example/x",     "a.example?x",
                                          "a\\b.example", "a b.example",     "a\x1b[2J",
                                          "a\n.example",  "\xc3\xa9.example"};
    const uint8_t *rest = text_of_link.at + strlen("https://galen.example:443");
    size_t rest_size = text_of_link.size - strlen("https://galen.example:443");
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct galen_writer w;
        galen_writer_init(&w);
        galen_write(&w, "https://", 8);
        galen_write(&w, strange[i], strlen(strange[i]));
        galen_write(&w, rest, rest_size);
        cr_assert_eq(galen_link_look(galen_written(&w), &link), GALEN_ERR_FORMAT, "%s", strange[i]);
        galen_writer_wipe(&w);
    }
    galen_writer_wipe(&text_of_link);
    home_free(home);
    chart_free(v.chart);
}

Test(view, every_event_has_a_name)
{
    static const uint8_t kinds[] = {
        GALEN_EVENT_ONLINE,     GALEN_EVENT_OFFLINE,    GALEN_EVENT_REFUSED,
        GALEN_EVENT_JOINED,     GALEN_EVENT_LOST_ASKED, GALEN_EVENT_CHART,
        GALEN_EVENT_CURRENT,    GALEN_EVENT_ENTRY,      GALEN_EVENT_REOPENED,
        GALEN_EVENT_DONE,       GALEN_EVENT_FAILED,     GALEN_EVENT_HELD,
        GALEN_EVENT_VERIFIED,   GALEN_EVENT_FORK,       GALEN_EVENT_CLONED,
        GALEN_EVENT_LINK_AGAIN, GALEN_EVENT_SHUT_OUT,   GALEN_EVENT_WITHHELD,
        GALEN_EVENT_CLOCK,      GALEN_EVENT_PRESENCE,   GALEN_EVENT_DRAFT,
        GALEN_EVENT_VISIT,      GALEN_EVENT_KNOCK,      GALEN_EVENT_WAITING,
        GALEN_EVENT_ADMITTED,   GALEN_EVENT_CALL,       GALEN_EVENT_VISIT_ENDED,
        GALEN_EVENT_CALL_FAILED};
    for (size_t i = 0; i < sizeof kinds; i++) {
        cr_assert_not_null(event_name(kinds[i]), "%u", kinds[i]);
        for (size_t k = 0; k < i; k++)
            cr_assert_str_neq(event_name(kinds[i]), event_name(kinds[k]));
    }
    cr_assert_null(event_name(0));
    cr_assert_null(event_name(255));
}

Test(view, events_say_what_their_kind_is_about)
{
    struct visit v = chart_with_patient(309);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_event event = {.kind = GALEN_EVENT_WITHHELD, .chart = *chart_of(&v), .index = 4};
    cJSON *e = event_json(home->engine, &event);
    says(e, "event", "withheld");
    names(e, "chart", chart_of(&v));
    counts(e, "index", 4);
    cJSON_Delete(e);
    event = (struct galen_event){.kind = GALEN_EVENT_LOST_ASKED};
    e = event_json(home->engine, &event);
    cr_assert(cJSON_IsArray(at(e, "devices")));
    cJSON_Delete(e);
    event = (struct galen_event){.kind = GALEN_EVENT_REFUSED,
                                 .purpose = GALEN_CONNECTION_LOG,
                                 .err = GALEN_ERR_REPLACED,
                                 .number = 77};
    e = event_json(home->engine, &event);
    says(e, "line", "log");
    says(e, "error", "already-used");
    counts(e, "used_ms", 77);
    cJSON_Delete(e);
    event = (struct galen_event){.kind = GALEN_EVENT_DRAFT,
                                 .chart = *chart_of(&v),
                                 .device = v.patient->id,
                                 .doc = GALEN_DOC_PMR,
                                 .field = GALEN_PMR_PRESCRIBER,
                                 .number = 1,
                                 .text = text("Dr. Ex")};
    e = event_json(home->engine, &event);
    names(e, "account", account_of(&v, v.patient));
    says(e, "doc", "pmr");
    says(e, "field", "prescriber");
    says(e, "text", "Dr. Ex");
    cr_assert_not(cJSON_HasObjectItem(e, "stopped"));
    cJSON_Delete(e);
    event.number = 0;
    e = event_json(home->engine, &event);
    cr_assert(cJSON_IsTrue(at(e, "stopped")));
    cr_assert_not(cJSON_HasObjectItem(e, "text"));
    cJSON_Delete(e);
    event.number = 1;
    event.field = GALEN_PMR_REASON; /* a text, and nobody types there */
    e = event_json(home->engine, &event);
    cr_assert_not(cJSON_HasObjectItem(e, "text"));
    cr_assert_not(cJSON_HasObjectItem(e, "changes"));
    cJSON_Delete(e);
    home_free(home);
    chart_free(v.chart);
}

struct failing {
    char text[200];
    size_t count;
    size_t on_disk; /* pairs, when it was told */
};

static void watch_failing(void *context, struct home *home, const struct galen_output *output)
{
    struct failing *f = context;
    if (output->kind != GALEN_OUT_EVENT || output->event.kind != GALEN_EVENT_FAILED)
        return;
    cJSON *e = event_json(home->engine, &output->event);
    f->count++;
    f->on_disk = home->pair_count;
    snprintf(f->text, sizeof f->text, "%s", at(e, "text")->valuestring);
    cJSON_Delete(e);
}

static void refuse(struct home *home)
{
    home_pump(home);
    struct galen_frame no = {.type = GALEN_FRAME_REFUSED,
                             .as.refused = {home->append_request, GALEN_ERR_TOO_LARGE, {{0}}, 0}};
    home_hear(home, GALEN_CONNECTION_LOG, &no);
    home_pump(home);
}

/* Nothing else has it any more, and whoever wrote it may be somewhere else by now. */
Test(view, what_could_not_be_done_is_given_back_in_its_author_s_words)
{
    struct visit v = chart_with_patient(318);
    struct failing f = {.count = 0};
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    bool proposed;
    char why[DOC_WHY_MAX];
    struct galen_writer write;
    home->context = &f;
    home->watch = watch_failing;
    cr_assert_eq(
        galen_engine_message(home->engine, home_now(home), chart_of(&v), text("by noon"), token),
        GALEN_OK);
    refuse(home);
    cr_assert_eq(f.count, 1);
    cr_assert_str_eq(f.text, "by noon");
    cr_assert_eq(f.on_disk, home->pair_count + 1, "a crash before it is told takes nothing away");
    galen_writer_init(&write);
    cr_assert_eq(fields_from_text(galen_document(GALEN_DOC_PMR), medicine,
                                  text("prescriber=Dr. Ex\neffects=dizzy"), &write, why),
                 GALEN_OK);
    cr_assert_eq(galen_engine_write(home->engine, home_now(home), chart_of(&v),
                                    galen_written(&write), NULL, &proposed, token),
                 GALEN_OK);
    refuse(home);
    cr_assert_eq(f.count, 2);
    cr_assert_str_eq(f.text, "prescriber: Dr. Ex\neffects: dizzy");
    galen_writer_wipe(&write);
    home_free(home);
    chart_free(v.chart);
}

/* -- the call --------------------------------------------------------------------------------------- */

Test(view, without_a_call_there_is_none)
{
    struct visit v = chart_with_patient(310);
    struct home *home = home_of(&v, v.pharmacist);
    cJSON *c = call_json(home->engine);
    says(c, "state", "none");
    says(c, "visit", "");
    cr_assert_eq(cJSON_GetArraySize(at(c, "participants")), 0);
    cr_assert_eq(cJSON_GetArraySize(at(c, "knocking")), 0);
    is(c, "muted", false);
    cJSON_Delete(c);
    home_free(home);
    chart_free(v.chart);
}

static const cJSON *first_of(const cJSON *call, const char *list, int count)
{
    cr_assert_eq(cJSON_GetArraySize(at(call, list)), count, "%s", list);
    return cJSON_GetArrayItem(at(call, list), 0);
}

Test(view, a_call_says_who_is_in_it_who_is_muted_and_who_waits)
{
    struct meeting *m = meeting_new(320);
    const struct galen_id *id = galen_rules_chart(m->chart->rules);
    struct galen_engine *of_ann = meeting_engine(m, ANN), *of_ben = meeting_engine(m, BEN);
    m->keeps_door = true;
    meeting_open(m);
    uint64_t knocked_ms = m->chart->now_ms;
    meeting_enter(m, BEN);
    m->chart->now_ms += 7000;
    (void)galen_engine_tick(of_ann, m->chart->now_ms); /* it is told again; it is the same knock */
    meeting_run(m);
    cJSON *c = call_json(of_ann);
    says(c, "state", "admitted");
    names(c, "chart", id);
    names(c, "visit", &m->visit);
    names(c, "host", meeting_device(m, ANN));
    const cJSON *person = first_of(c, "participants", 1);
    names(person, "device", meeting_device(m, ANN));
    says(person, "role", "pharmacist");
    is(person, "self", true);
    is(person, "muted", false);
    person = first_of(c, "knocking", 1);
    names(person, "device", meeting_device(m, BEN));
    says(person, "role", "pharmacist");
    counts(person, "since_ms", (double)knocked_ms);
    cJSON_Delete(c);
    c = call_json(of_ben);
    says(c, "state", "waiting");
    first_of(c, "participants", 0);
    first_of(c, "knocking", 0);
    cJSON_Delete(c);
    cJSON *chart = chart_json(of_ben, id);
    names(at(chart, "visit"), "visit", &m->visit);
    names(at(chart, "visit"), "host", meeting_device(m, ANN));
    cJSON_Delete(chart);
    cr_assert_eq(galen_engine_admit(of_ann, m->chart->now_ms, meeting_device(m, BEN), true),
                 GALEN_OK);
    meeting_run(m);
    galen_engine_mute(of_ben, true);
    meeting_run(m);
    c = call_json(of_ann);
    first_of(c, "knocking", 0);
    first_of(c, "participants", 2);
    person = cJSON_GetArrayItem(at(c, "participants"), 1);
    names(person, "device", meeting_device(m, BEN));
    is(person, "muted", true);
    is(person, "self", false);
    is(c, "muted", false);
    cJSON_Delete(c);
    c = call_json(of_ben);
    says(c, "state", "admitted");
    is(c, "muted", true);
    cJSON_Delete(c);
    meeting_free(m);
}

Test(view, a_time_has_a_text_as_long_as_its_year_has_four_digits)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
                 {1800000000123, "2027-01-15T08:00:00.123Z"},
                 {TIME_TEXT_END_MS - 1, "9999-12-31T23:59:59.999Z"},
                 {TIME_TEXT_END_MS, ""},
                 {564749955919535, ""},
                 {UINT64_MAX, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TIME_TEXT];
        time_text(cases[i].ms, text);
        cr_assert_str_eq(text, cases[i].text);
        cJSON *object = cJSON_CreateObject();
        json_time(object, "at", cases[i].ms);
        cr_assert_eq(cJSON_HasObjectItem(object, "at"), cases[i].text[0] != 0);
        cr_assert_leq(cJSON_GetObjectItem(object, "at_ms")->valuedouble, TIME_TEXT_END_MS - 1);
        cJSON_Delete(object);
    }
}
