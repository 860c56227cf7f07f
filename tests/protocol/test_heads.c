/* protocol/log/heads.c: who has verified which history (rules H1 to H3). */
#include "support/allocator.h"
#include "support/pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct galen_head signed_head(const struct chart_device *device)
{
    struct galen_head head;
    galen_log_sign_head(device->log, 12345, &head);
    return head;
}

Test(heads, H1_H3_a_head_shows_what_another_device_has_verified)
{
    struct pair p = pair_new(25);
    uint64_t said = chart_say(p.chart, p.pharmacist, "seen?");
    cr_assert_null(galen_log_head_of(p.pharmacist->log, &p.patient->id));
    struct galen_head before = signed_head(p.patient);
    chart_read_all(p.chart);
    struct galen_head after = signed_head(p.patient);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &before), GALEN_OK);
    cr_assert_leq(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, said);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &after), GALEN_OK);
    cr_assert_gt(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, said);
    /* An older one that comes late changes nothing. */
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &before), GALEN_OK);
    cr_assert_gt(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, said);
    cr_assert_eq(galen_log_head_of(p.pharmacist->log, &p.patient->id)->clock_ms, 12345);
    chart_free(p.chart);
}

Test(heads, H1_a_head_that_is_ahead_waits_until_we_get_there)
{
    struct pair p = pair_new(26);
    uint64_t said = chart_say(p.chart, p.pharmacist, "patient is behind");
    chart_read(p.chart, p.pharmacist);
    struct galen_head ahead = signed_head(p.pharmacist);
    cr_assert_eq(galen_log_take_head(p.patient->log, &ahead), GALEN_ERR_STATE);
    cr_assert_null(galen_log_head_of(p.patient->log, &p.pharmacist->id));
    chart_read(p.chart, p.patient);
    cr_assert_eq(galen_log_head_of(p.patient->log, &p.pharmacist->id)->size, said + 1);
    cr_assert_null(galen_log_fork(p.patient->log));
    chart_free(p.chart);
}

Test(heads, H1_heads_of_strangers_and_forged_ones_are_refused)
{
    struct pair p = pair_new(27);
    struct chart_device *stranger =
        chart_person(p.chart, "stranger", GALEN_ROLE_PHARMACIST, p.chart->admin);
    chart_read(p.chart, stranger);
    struct galen_head head = signed_head(stranger);
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_NOT_MEMBER);
    head.device = p.pharmacist->id;
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_SIGNATURE);
    head = signed_head(p.pharmacist);
    head.size--;
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_SIGNATURE);
    head = signed_head(p.pharmacist);
    head.chart.bytes[0] ^= 1;
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_CHART);
    cr_assert_null(galen_log_fork(p.patient->log));
    chart_free(p.chart);
}

/* The server shows the patient one entry and everybody else another in its place. */
static void fork_at_the_end(struct pair *p)
{
    struct galen_writer one = pair_seal(p, p->pharmacist, GALEN_CLASS_MESSAGE, "take two a day");
    struct galen_writer two = pair_seal(p, p->pharmacist, GALEN_CLASS_MESSAGE, "take four a day");
    struct galen_entry to_patient = pair_parsed(&one, p->chart->now_ms);
    struct galen_entry to_others = pair_parsed(&two, p->chart->now_ms);
    struct galen_read read;
    cr_assert_eq(pair_add(p->patient, &to_patient, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    cr_assert_eq(pair_add(p->pharmacist, &to_others, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    galen_writer_wipe(&one);
    galen_writer_wipe(&two);
}

Test(heads, H2_two_histories_are_found_by_a_head_and_writing_stops)
{
    struct pair p = pair_new(28);
    struct galen_head common = signed_head(p.patient);
    fork_at_the_end(&p);
    struct galen_head forked = signed_head(p.patient);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &common), GALEN_OK);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &forked), GALEN_ERR_HEAD);
    const struct galen_head *kept = galen_log_fork(p.pharmacist->log);
    cr_assert_not_null(kept);
    cr_assert(galen_id_equal(&kept->device, &p.patient->id));
    cr_assert_eq(memcmp(kept->signature, forked.signature, sizeof forked.signature), 0);
    /* What was verified before the fork stays verified. */
    cr_assert_eq(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, common.size);

    struct galen_writer entry;
    struct galen_epoch_random random = chart_epoch_random(p.chart);
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_seal(p.pharmacist->log, GALEN_CLASS_MESSAGE, 4, pair_text("x"),
                                random.salt, &entry),
                 GALEN_ERR_FORK);
    cr_assert_eq(galen_log_draft_epoch(p.pharmacist->log, p.chart->now_ms, 4,
                                       &(struct galen_epoch_change){0}, &random, &entry),
                 GALEN_ERR_FORK);
    cr_assert_eq(galen_log_draft_certificate(p.pharmacist->log, p.chart->now_ms, 4,
                                             &p.pharmacist->chain, random.salt, &entry),
                 GALEN_ERR_FORK);
    cr_assert_eq(entry.size, 0);
    chart_free(p.chart);
}

Test(heads, H2_a_head_that_waited_can_turn_out_to_be_a_fork)
{
    struct pair p = pair_new(29);
    struct galen_read read;
    struct galen_writer one = pair_seal(&p, p.pharmacist, GALEN_CLASS_MESSAGE, "to the patient");
    struct galen_entry to_patient = pair_parsed(&one, p.chart->now_ms);
    cr_assert_eq(pair_add(p.patient, &to_patient, &read), GALEN_OK);
    struct galen_head ahead = signed_head(p.patient);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &ahead), GALEN_ERR_STATE);
    cr_assert_null(galen_log_fork(p.pharmacist->log));
    chart_say(p.chart, p.pharmacist, "to the others");
    chart_read(p.chart, p.pharmacist);
    cr_assert_not_null(galen_log_fork(p.pharmacist->log));
    galen_writer_wipe(&one);
    chart_free(p.chart);
}

Test(heads, H1_a_head_waits_on_when_memory_runs_out)
{
    struct pair p = pair_new(33);
    uint64_t said = chart_say(p.chart, p.pharmacist, "patient is behind");
    chart_read(p.chart, p.pharmacist);
    struct galen_head ahead = signed_head(p.pharmacist);
    for (size_t nth = 1;; nth++) { /* the first place it is kept in */
        allocator_fail(nth);
        enum galen_err err = galen_log_take_head(p.patient->log, &ahead);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_ERR_STATE);
        if (!failed)
            break;
    }
    struct galen_entry entry = chart_entry_at(p.chart, said);
    struct galen_read read;
    struct galen_writer plain;
    galen_writer_init(&plain);
    size_t wanted = 0; /* the last allocation of all is made for the head */
    for (size_t nth = 1; nth < 40; nth++) {
        struct chart_device copy = *p.patient;
        galen_writer_clear(&plain);
        copy.log = galen_log_new(&p.chart->practice, &p.patient->secrets);
        for (uint64_t i = 0; i < said; i++) {
            struct galen_entry known = chart_entry_at(p.chart, i);
            cr_assert_eq(galen_log_add(copy.log, &known, &read, &plain), GALEN_OK);
        }
        cr_assert_eq(galen_log_take_head(copy.log, &ahead), GALEN_ERR_STATE);
        allocator_fail(nth);
        enum galen_err err = galen_log_add(copy.log, &entry, &read, &plain);
        bool failed = allocator_failed();
        allocator_fail(0);
        if (failed && err == GALEN_OK) {
            wanted++;
            cr_assert_null(galen_log_head_of(copy.log, &p.pharmacist->id));
            uint64_t next =
                p.chart->size == said + 1 ? chart_say(p.chart, p.pharmacist, "one more") : said + 1;
            struct galen_entry more = chart_entry_at(p.chart, next);
            cr_assert_eq(galen_log_add(copy.log, &more, &read, &plain), GALEN_OK);
            cr_assert_eq(galen_log_head_of(copy.log, &p.pharmacist->id)->size, said + 1);
        }
        galen_log_free(copy.log);
        if (!failed)
            break;
    }
    cr_assert_gt(wanted, 0);
    galen_writer_wipe(&plain);
    chart_free(p.chart);
}
