/* Evidence of a signed version, for somebody who has only the practice's fingerprint (rules V1, V2, D4). */
#include "galen/evidence.h"
#include "galen/signed.h"
#include "support/allocator.h"
#include "support/chart_story.h"
#include "support/exhibit.h"
#include "support/home.h"
#include "support/visit.h"
#include "view/view.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {'m', 'e', 'd'};

struct shown {
    struct visit visit;
    struct home *home;
    struct galen_id practice;
    uint64_t index; /* of the sign-off */
    struct galen_writer file;
};

static struct shown shown_new(uint64_t seed)
{
    struct shown s = {.visit = visit_new(seed)};
    struct chart *chart = s.visit.chart;
    galen_token token;
    uint8_t who[GALEN_RECORD_ID_BYTES];
    memcpy(who, s.visit.pharmacist->id.bytes, sizeof who);
    chart_write(chart, s.visit.pharmacist, GALEN_KIND_WRITE, "people", who, "name", "Paula Pharm");
    chart_write(chart, s.visit.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "regimen",
                "drug=Metformin; dose=1");
    static const char aside[] = "what is none of their business";
    struct galen_op message = {.kind = GALEN_KIND_MESSAGE};
    message.content.message = (struct galen_bytes){(const uint8_t *)aside, sizeof aside - 1};
    chart_operate(chart, s.visit.patient, message);
    s.home = home_new(chart, NULL);
    home_is(s.home, GALEN_HOME_MEMBER, s.visit.pharmacist);
    home_has_read(s.home);
    home_start(s.home);
    s.index = chart->size;
    enum galen_err err =
        galen_engine_sign(s.home->engine, home_now(s.home), galen_rules_chart(chart->rules),
                          s.index, NULL, GALEN_SIGN_WITH_PATIENT, token);
    cr_assert_eq(err, GALEN_OK, "%s", galen_err_name(err));
    home_pump(s.home);
    cr_assert_eq(home_accept(s.home, chart), GALEN_OK);
    home_show(s.home);
    const struct galen_evidence_options options = {.only = true,
                                                   .index = s.index,
                                                   .open = &s.index,
                                                   .open_count = 1,
                                                   .clock_ms = home_now(s.home)};
    galen_writer_init(&s.file);
    cr_assert_eq(
        galen_engine_evidence(s.home->engine, galen_rules_chart(chart->rules), &options, &s.file),
        GALEN_OK);
    s.practice = galen_device_id(galen_sodium_primitives(), &chart->practice);
    return s;
}

static void shown_free(struct shown *s)
{
    galen_writer_wipe(&s->file);
    home_free(s->home);
    chart_free(s->visit.chart);
}

static bool holds(const struct shown *s)
{
    struct galen_evidence_report report;
    return galen_evidence_check(galen_written(&s->file), &s->practice, NULL, &report) == GALEN_OK &&
           galen_evidence_holds(&report) &&
           report.claims[GALEN_CLAIM_CONTENTS] == GALEN_CLAIM_HOLDS;
}

Test(evidence_signed, V2_a_third_party_sees_who_signed_what_and_when_and_nothing_else)
{
    struct shown s = shown_new(200);
    struct galen_evidence_report report;
    enum galen_err err;
    cJSON *json = evidence_json(galen_written(&s.file), &s.practice, &report, &err);
    cr_assert_not_null(json);
    char *text = cJSON_PrintUnformatted(json);
    cr_assert(galen_evidence_holds(&report), "%s", text);
    cr_assert_eq(report.opened, 1);
    static const char *const says[] = {
        "\"kind\":\"sign\"",
        "\"meaning\":\"reviewed-with-patient\"",
        "\"role\":\"pharmacist\"",
        "\"name\":\"Paula Pharm\"",
        "\"hash\":\"",
        "drug=Metformin; dose=1; as_needed=no",
        "\"contents\":\"holds\"",
        "\"membership\":\"holds\"",
    };
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        cr_assert(strstr(text, says[i]), "%s is not in %s", says[i], text);
    cr_assert_null(strstr(text, "none of their business"));
    cr_assert_null(memmem(s.file.at, s.file.size, "none of their business", 22));
    cJSON_free(text);
    cJSON_Delete(json);
    shown_free(&s);
}

Test(evidence_signed, V1_a_flipped_byte_in_each_part_shows, .timeout = 120)
{
    struct shown s = shown_new(201);
    cr_assert(holds(&s));
    const uint8_t *magic = memmem(s.file.at, s.file.size, GALEN_SIGNED_MAGIC, 15);
    cr_assert_not_null(magic);
    size_t documents = (size_t)(magic - s.file.at);
    for (size_t i = documents; i < s.file.size; i++) {
        struct galen_evidence_report report;
        s.file.at[i] ^= 1;
        enum galen_err err =
            galen_evidence_check(galen_written(&s.file), &s.practice, NULL, &report);
        cr_assert_eq(err, GALEN_OK);
        cr_assert_eq(report.claims[GALEN_CLAIM_CONTENTS], GALEN_CLAIM_FAILS, "byte %zu", i);
        s.file.at[i] ^= 1;
    }
    /* The practice's keys, entries, heads and the secret come before. */
    for (size_t i = 0; i < documents; i += 3) {
        s.file.at[i] ^= 1;
        cr_assert_not(holds(&s), "byte %zu", i);
        s.file.at[i] ^= 1;
    }
    cr_assert(holds(&s));
    shown_free(&s);
}

/* A patient's client that obeys nobody signs; no reader takes it for a version, and no third party does. */
Test(evidence_signed, V2_a_sign_off_by_nobody_who_signs_is_shown_as_none)
{
    struct visit visit = visit_new(203);
    struct galen_op op = {.kind = GALEN_KIND_SIGN};
    op.content.sign.meaning = GALEN_SIGN_WITH_PATIENT;
    op.content.sign.schema = GALEN_SCHEMA_VERSION;
    uint64_t index = visit.chart->size;
    chart_operate(visit.chart, visit.patient, op);
    struct shown s = {.home = home_new(visit.chart, NULL)};
    home_is(s.home, GALEN_HOME_MEMBER, visit.pharmacist);
    home_has_read(s.home);
    home_start(s.home);
    const struct galen_id *id = galen_rules_chart(visit.chart->rules);
    cr_assert_eq(galen_docs_version_count(galen_engine_docs(s.home->engine, id)), 0);
    const struct galen_evidence_options options = {.only = true,
                                                   .index = index,
                                                   .open = &index,
                                                   .open_count = 1,
                                                   .clock_ms = home_now(s.home)};
    struct galen_evidence_report report;
    galen_writer_init(&s.file);
    cr_assert_eq(galen_engine_evidence(s.home->engine, id, &options, &s.file), GALEN_OK);
    s.practice = galen_device_id(galen_sodium_primitives(), &visit.chart->practice);
    cr_assert_eq(galen_evidence_check(galen_written(&s.file), &s.practice, NULL, &report),
                 GALEN_OK);
    cr_assert_eq(report.opened, 1);
    cr_assert_eq(report.claims[GALEN_CLAIM_CONTENTS], GALEN_CLAIM_FAILS);
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&s.file);
    home_free(s.home);
    chart_free(visit.chart);
}

/* -- reading what was signed ------------------------------------------------------------------------ */

Test(evidence_signed, what_was_signed_is_read_to_its_end_or_refused)
{
    struct shown s = shown_new(202);
    const struct galen_docs *docs =
        galen_engine_docs(s.home->engine, galen_rules_chart(s.visit.chart->rules));
    struct galen_writer w;
    struct galen_signed in;
    struct galen_signed_record record;
    galen_writer_init(&w);
    cr_assert(galen_docs_write_signed(docs, &w));
    cr_assert_eq(galen_signed_read(galen_written(&w), &in), GALEN_OK);
    cr_assert_eq(in.schema, GALEN_SCHEMA_VERSION);
    cr_assert(galen_signed_next(&in, &record));
    cr_assert_eq(record.doc, GALEN_DOC_PMR);
    cr_assert_arr_eq(record.id, medicine, sizeof medicine);
    struct galen_reader said = {0};
    struct galen_signed_value value;
    cr_assert(galen_signed_next_value(&record, &said, &value));
    cr_assert_eq(value.field, GALEN_PMR_REGIMEN);
    cr_assert_eq(value.role, GALEN_ROLE_PHARMACIST);
    cr_assert_not(galen_signed_next_value(&record, &said, &value));
    cr_assert(galen_signed_next(&in, &record));
    cr_assert_eq(record.doc, GALEN_DOC_PEOPLE);
    w.at[0] ^= 1;
    cr_assert_eq(galen_signed_read(galen_written(&w), &in), GALEN_ERR_FORMAT, "not such bytes");
    w.at[0] ^= 1;
    for (size_t cut = 0; cut < w.size; cut++) {
        uint8_t *exact = cut > 0 ? w.at : NULL;
        enum galen_err err = galen_signed_read((struct galen_bytes){exact, cut}, &in);
        /* Cut behind a whole document it is another, shorter one. */
        cr_assert(err == GALEN_ERR_FORMAT || cut == 17 || !galen_signed_next(&in, &record) ||
                      record.doc == GALEN_DOC_PMR,
                  "%zu", cut);
    }
    galen_writer_wipe(&w);
    shown_free(&s);
}

/* Of a proposal of a text that is how it would change it, against what its author had seen. */
Test(evidence_signed, what_waited_for_an_answer_is_shown_as_it_was_written)
{
    struct story s;
    struct galen_writer w;
    story_begin(&s);
    story_write(&s, &ana, 0, GALEN_DOC_PMR, 'm', "reason", "pain");
    story_write(&s, &ana, 1, GALEN_DOC_PMR, 'm', "reason", "pain, mild");
    story_propose(&s, &pat, 1, GALEN_DOC_PMR, 'm', "reason", "pain at night");
    story_propose(&s, &cara, 2, GALEN_DOC_PMR, 'm', "prescriber", "Dr. Made-Up");
    galen_writer_init(&w);
    cr_assert(galen_docs_write_signed(s.docs, &w));
    cJSON *json = signed_json(galen_written(&w));
    cr_assert_not_null(json);
    char *text = cJSON_PrintUnformatted(json);
    static const char *const says[] = {
        "\"fields\":{\"reason\":[\"pain, mild\"]}",
        "{\"index\":2,\"base\":1,\"fields\":{\"reason\":[\"@4 -0 + at night\"]}}",
        "{\"index\":3,\"base\":2,\"fields\":{\"prescriber\":[\"Dr. Made-Up\"]}}",
    };
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        cr_assert(strstr(text, says[i]), "%s is not in %s", says[i], text);
    cJSON_free(text);
    cJSON_Delete(json);
    galen_writer_wipe(&w);
    story_end(&s);
}

/* The fifth entry, which is opened, is the pharmacist's. Without that which admits the caregiver nothing behind it can be
 * judged, and the last author who could is the patient. */
Test(evidence_signed, V1_what_could_not_be_judged_is_put_in_nobody_s_mouth)
{
    struct exhibit s = exhibit_new(207);
    struct made m = made_of(&s);
    struct galen_evidence_report report;
    enum galen_err err;
    uint8_t secret[GALEN_KEY_BYTES];
    const struct galen_header *header = &m.items[7].entry.header;
    cr_assert(galen_id_equal(&header->author, &s.pharmacist->id));
    cr_assert(galen_log_entry_secret(s.pharmacist->log, header, secret));
    m.items[4].entry.body_state = GALEN_BODY_WITHHELD;
    struct galen_writer file = made_encode(&m);
    file.size -= 2; /* nothing disclosed, no documents */
    size_t list = galen_write_begin(&file);
    galen_write_u64(&file, 7);
    galen_write(&file, secret, sizeof secret);
    galen_write_end(&file, list);
    galen_write_u8(&file, 0);
    cJSON *json = evidence_json(galen_written(&file), &s.practice, &report, &err);
    cr_assert_not_null(json);
    cr_assert_not(galen_evidence_holds(&report));
    const cJSON *said = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "contents"), 0);
    cr_assert_eq(cJSON_GetObjectItem(said, "index")->valuedouble, 7);
    cr_assert_null(cJSON_GetObjectItem(said, "account"));
    cr_assert_null(cJSON_GetObjectItem(said, "role"));
    cJSON_Delete(json);
    galen_writer_wipe(&file);
    chart_free(s.chart);
}
