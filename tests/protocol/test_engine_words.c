/*
 * protocol/engine: a device whose keys were copied says so, and what the others make of such words (rules
 * L6 and C4; PROTOCOL.md, "Who may certify whom").
 */
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static struct home *home_of(struct visit *v, const struct chart_device *device)
{
    struct home *home = home_new(v->chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, device);
    home_has_read(home);
    return home;
}

static bool is_member(const struct visit *v, const struct chart_device *device)
{
    return galen_rules_member(v->chart->rules, &device->id) != NULL;
}

static void hear(struct home *home, const struct galen_statement *statement)
{
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    frame.as.statement.statement = *statement;
    home_hear(home, GALEN_CONNECTION_LOG, &frame);
}

static struct galen_statement own_word(struct visit *v, const struct chart_device *device)
{
    return chart_statement(v->chart, GALEN_STATEMENT_REVOKED, device, device, NULL);
}

/* Does what a device awake does by itself, with the server taking all of it. */
static size_t care(struct visit *v, struct home *home)
{
    size_t written = 0;
    for (int i = 0; i < 6; i++) {
        const struct galen_frame ping = {.type = GALEN_FRAME_PING};
        v->chart->now_ms += 6000;
        home_hear(home, GALEN_CONNECTION_LOG, &ping); /* the line is there */
        galen_engine_tick(home->engine, home_now(home));
        home_pump(home);
        if (home->append.size == 0)
            continue;
        cr_assert_eq(home_accept(home, v->chart), GALEN_OK);
        home_show(home);
        written++;
    }
    return written;
}

/* -- the copied device ------------------------------------------------------------------------------ */

struct said {
    size_t count;
    uint32_t request;
    struct galen_statement statement;
};

static void watch(void *context, struct home *home, const struct galen_output *output)
{
    static struct galen_frame frame;
    struct said *said = context;
    (void)home;
    if (output->kind != GALEN_OUT_SEND || galen_frame_read(output->value, &frame) != GALEN_OK ||
        frame.type != GALEN_FRAME_STATEMENT)
        return;
    said->count++;
    said->request = frame.as.statement.request;
    said->statement = frame.as.statement.statement;
}

static void refuse(struct home *home, enum galen_err err)
{
    struct galen_frame frame = {.type = GALEN_FRAME_REFUSED};
    frame.as.refused.err = (uint16_t)err;
    home_hear(home, GALEN_CONNECTION_LOG, &frame);
}

static size_t pairs_of_logs(const struct home *home)
{
    static const char *const firsts[] = {"log/", "out", GALEN_LOADED_LATER};
    size_t count = 0;
    for (size_t i = 0; i < home->pair_count; i++)
        for (size_t k = 0; k < sizeof firsts / sizeof firsts[0]; k++)
            count += strncmp(home->disk[i].key, firsts[k], strlen(firsts[k])) == 0;
    return count;
}

Test(engine_words, L6_a_copied_device_says_so_until_the_server_knows)
{
    struct visit v = visit_new(410);
    struct said said = {0};
    struct home *home = home_of(&v, v.patient);
    home->watch = watch;
    home->context = &said;
    home_start(home);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    uint64_t foreign = chart_say(v.chart, v.patient, "what the copy writes");
    uint64_t since = chart_entry_at(v.chart, foreign).received_ms;
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 1);
    cr_assert_not(galen_engine_is_shut_out(home->engine, NULL), "only the person says it");
    v.chart->now_ms += 3600000;
    cr_assert_eq(galen_engine_shut_out(home->engine, home_now(home)), GALEN_OK);
    home_pump(home);
    cr_assert_eq(said.count, 1);
    cr_assert(galen_id_equal(&said.statement.subject, &v.patient->id));
    cr_assert(galen_id_equal(&said.statement.signer, &v.patient->id));
    cr_assert_eq(said.statement.kind, GALEN_STATEMENT_REVOKED);
    cr_assert_eq(said.statement.at_ms, since, "since the copy was first seen");
    cr_assert_eq(
        galen_statement_check(galen_sodium_primitives(), &said.statement, v.patient->keys.sign),
        GALEN_OK);
    galen_token token;
    cr_assert_eq(galen_engine_message(home->engine, home_now(home), id, text("no"), token),
                 GALEN_ERR_CLONED);
    /* The line dies before the answer, and the program too: it is said again, the same. */
    struct galen_statement first = said.statement;
    home_crash(home);
    home_start(home);
    cr_assert_eq(said.count, 2);
    cr_assert_eq(memcmp(&first, &said.statement, sizeof first), 0);
    bool known = true;
    cr_assert(galen_engine_is_shut_out(home->engine, &known));
    cr_assert_not(known);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 0);
    struct galen_frame done = {.type = GALEN_FRAME_DONE, .as.done.request = said.request};
    home_hear(home, GALEN_CONNECTION_LOG, &done);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1);
    cr_assert(galen_engine_is_shut_out(home->engine, &known) && known);
    refuse(home, GALEN_ERR_REVOKED);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1, "it is told once");
    home_free(home);
    chart_free(v.chart);
}

Test(engine_words, L6_a_healthy_chart_is_closed_with_the_others)
{
    struct visit v = visit_new(411);
    struct home *home = home_of(&v, v.patient);
    home_start(home);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    cr_assert_eq(galen_engine_shut_out(home->engine, home_now(home)), GALEN_OK);
    home_pump(home);
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_ERR_CLONED);
    home_crash(home);
    home_start(home);
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_ERR_CLONED);
    home_free(home);
    chart_free(v.chart);
}

static const char a_link[] =
    "https://galen.example/"
    "join#AQABAgMEBQYHCAkKCwwNDg8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

Test(engine_words, L6_who_was_shut_out_gets_back_in_by_a_link)
{
    struct visit v = visit_new(412);
    struct home *home = home_of(&v, v.patient);
    home_start(home);
    cr_assert_eq(galen_engine_join(home->engine, home_now(home), text(a_link)), GALEN_ERR_STATE,
                 "a device that is in");
    cr_assert_eq(galen_engine_shut_out(home->engine, home_now(home)), GALEN_OK);
    home_pump(home);
    cr_assert_eq(galen_engine_join(home->engine, home_now(home), text(a_link)), GALEN_ERR_STATE,
                 "the server does not know yet, and the copy could go on");
    refuse(home, GALEN_ERR_REVOKED); /* the answer was lost; this says the same */
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1);
    cr_assert_gt(pairs_of_logs(home), 0);
    struct galen_id before = *galen_engine_device(home->engine);
    cr_assert_eq(galen_engine_join(home->engine, home_now(home), text(a_link)), GALEN_OK);
    home_pump(home);
    cr_assert_eq(galen_engine_state(home->engine), GALEN_HOME_JOINING);
    cr_assert_not(galen_id_equal(&before, galen_engine_device(home->engine)), "with fresh keys");
    cr_assert_eq(galen_engine_chart_count(home->engine), 0);
    cr_assert_eq(pairs_of_logs(home), 0, "nothing of the device before is kept");
    home_crash(home);
    home_wake(home);
    cr_assert_eq(galen_engine_state(home->engine), GALEN_HOME_JOINING);
    home_free(home);
    chart_free(v.chart);
}

/* -- the others ------------------------------------------------------------------------------------- */

Test(engine_words, C4_the_next_staff_device_awake_drops_it_with_the_proof)
{
    struct visit v = visit_new(413);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_statement said = own_word(&v, v.patient);
    home_start(home);
    hear(home, &said);
    hear(home, &said);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1, "it is told once");
    cr_assert_eq(care(&v, home), 1);
    cr_assert_not(is_member(&v, v.patient));
    const struct galen_id *account = galen_engine_account(home->engine);
    const struct galen_statement *known =
        galen_rules_statement(v.chart->rules, &v.patient->id, account);
    cr_assert_not_null(known, "the proof stands in the log, for every account");
    struct galen_copied copied;
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    cr_assert(galen_engine_copied_at(home->engine, id, 0, &copied));
    cr_assert_eq(copied.since_ms, said.at_ms);
    cr_assert(copied.out && !copied.back, "she is to be invited anew");
    cr_assert_not(galen_engine_copied_at(home->engine, id, 1, &copied));
    home_crash(home);
    home_start(home);
    hear(home, &said);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1);
    cr_assert(galen_engine_copied_at(home->engine, id, 0, &copied), "and is remembered");
    home_free(home);
    chart_free(v.chart);
}

/* The server can make up, change and misdirect words as it likes. */
Test(engine_words, L6_a_word_that_is_not_the_devices_own_does_nothing)
{
    struct visit v = visit_new(414);
    struct home *home = home_of(&v, v.pharmacist);
    struct chart_device *carer = chart_person(v.chart, "carer", GALEN_ROLE_CAREGIVER, v.pharmacist);
    chart_add(v.chart, v.pharmacist, carer, false);
    struct galen_statement forged[4];
    for (size_t i = 0; i < 4; i++)
        forged[i] = own_word(&v, v.patient);
    forged[0].signature[7] ^= 1;
    forged[1].at_ms++;
    forged[2] = chart_statement(v.chart, GALEN_STATEMENT_REVOKED, carer, v.patient, NULL);
    forged[3] = own_word(&v, carer);
    forged[3].subject = forged[3].signer = v.patient->id; /* another's, with the names changed */
    home_start(home);
    for (size_t i = 0; i < 4; i++) {
        hear(home, &forged[i]);
        cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 0, "word %zu is believed", i);
    }
    cr_assert_eq(care(&v, home), 0);
    cr_assert(is_member(&v, v.patient));
    struct galen_statement true_word = own_word(&v, v.patient);
    hear(home, &true_word);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1, "the true one is heard after them");
    home_free(home);
    chart_free(v.chart);
}

Test(engine_words, C4_nobody_writes_before_it_is_dropped)
{
    struct visit v = visit_new(415);
    struct chart_device *carer = chart_person(v.chart, "carer", GALEN_ROLE_CAREGIVER, v.pharmacist);
    chart_add(v.chart, v.pharmacist, carer, false);
    struct home *home = home_of(&v, carer);
    struct galen_statement said = own_word(&v, v.patient);
    galen_token token;
    home_start(home);
    hear(home, &said);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 0, "not theirs to act on");
    cr_assert_eq(care(&v, home), 0);
    cr_assert_eq(galen_engine_message(home->engine, home_now(home),
                                      galen_rules_chart(v.chart->rules), text("is she well?"),
                                      token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    cr_assert_not(is_member(&v, v.patient), "the device goes first");
    home_show(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1, "then the message");
    chart_read(v.chart, v.patient);
    cr_assert_neq(chart_state(v.patient, v.chart->size - 1), GALEN_READ_OPEN);
    home_free(home);
    chart_free(v.chart);
}

Test(engine_words, L6_what_a_copy_let_in_goes_with_it)
{
    struct visit v = visit_new(416);
    struct chart_device *tablet =
        chart_next_device(v.chart, "tablet", GALEN_PURPOSE_DEVICE, v.patient);
    chart_add(v.chart, v.patient, tablet, false);
    v.chart->now_ms += 60000;
    struct galen_statement said =
        own_word(&v, v.patient); /* its time is when the copy was first seen */
    v.chart->now_ms += 60000;
    struct chart_device *thief =
        chart_next_device(v.chart, "thief", GALEN_PURPOSE_DEVICE, v.patient);
    chart_add(v.chart, v.patient, thief, false);
    struct chart_device *second = chart_next_device(v.chart, "second", GALEN_PURPOSE_DEVICE, thief);
    chart_add(v.chart, thief, second, false);
    struct home *home = home_of(&v, v.pharmacist);
    home_start(home);
    cr_assert_eq(care(&v, home), 0);
    hear(home, &said);
    cr_assert_eq(care(&v, home), 3);
    cr_assert(is_member(&v, tablet), "what it let in before stays");
    cr_assert(!is_member(&v, v.patient) && !is_member(&v, thief) && !is_member(&v, second));
    home_free(home);
    chart_free(v.chart);
}

/* Whoever drops it first may be the thief's own device: the word stands in the log then. */
Test(engine_words, L6_what_a_copy_let_in_goes_though_the_device_is_gone)
{
    struct visit v = visit_new(417);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_statement said = own_word(&v, v.patient);
    v.chart->now_ms += 60000;
    struct chart_device *thief =
        chart_next_device(v.chart, "thief", GALEN_PURPOSE_DEVICE, v.patient);
    chart_add(v.chart, v.patient, thief, false);
    chart_change(
        v.chart, thief,
        &(struct galen_epoch_change){
            .drop = &v.patient->id, .drop_count = 1, .statements = &said, .statement_count = 1});
    home_start(home);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1, "it is read in the log");
    cr_assert_eq(care(&v, home), 1);
    cr_assert_not(is_member(&v, thief));
    home_free(home);
    chart_free(v.chart);
}

/* The server tells the words before the entries: they wait until it is known whom they are about. */
Test(engine_words, L6_a_word_waits_for_what_it_is_about)
{
    struct visit v = visit_new(418);
    struct chart_device *bob = chart_person(v.chart, "bob", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, bob, true);
    struct home *home = home_new(v.chart, NULL);
    struct galen_statement said = own_word(&v, v.patient);
    home_is(home, GALEN_HOME_MEMBER, bob);
    home_wake(home);
    home_challenge(home, GALEN_CONNECTION_LOG);
    home_welcome(home, GALEN_CONNECTION_LOG);
    hear(home, &said);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 0);
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1);
    cr_assert_eq(care(&v, home), 1);
    cr_assert_not(is_member(&v, v.patient));
    home_free(home);
    chart_free(v.chart);
}

Test(engine_words, a_flood_of_made_up_words_pushes_no_true_one_out)
{
    struct visit v = visit_new(419);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_statement said = own_word(&v, v.patient), flood = said;
    home_start(home);
    hear(home, &said);
    for (size_t i = 0; i < 300; i++) {
        memcpy(flood.subject.bytes, &i, sizeof i);
        flood.signer = flood.subject;
        hear(home, &flood);
    }
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1);
    cr_assert_eq(care(&v, home), 1);
    cr_assert_not(is_member(&v, v.patient));
    home_crash(home);
    home_start(home);
    hear(home, &said);
    cr_assert_eq(home->events[GALEN_EVENT_SHUT_OUT], 1);
    home_free(home);
    chart_free(v.chart);
}
