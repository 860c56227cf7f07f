/*
 * protocol/engine: public keys stand in every chain, so that anybody can certify a stranger's as a device
 * of their own account and list it. What an honest home makes of that.
 */
#include "support/home.h"

#include <criterion/criterion.h>

struct practice {
    struct chart *own, *patients;
    struct chart_device *ann[2], *bob[2]; /* pharmacists, as either chart has them */
    struct chart_device *patient;
    struct chart_device bob_as_patients; /* bob's keys, certified by the patient */
};

static struct chart *begin(struct practice *p, size_t i, uint64_t seed)
{
    struct chart *chart = chart_new(seed); /* one seed makes the same people in both */
    p->ann[i] = chart_person(chart, "ann", GALEN_ROLE_PHARMACIST, chart->admin);
    p->bob[i] = chart_person(chart, "bob", GALEN_ROLE_PHARMACIST, chart->admin);
    return chart;
}

static void certify_bob(struct practice *p)
{
    struct chart_device *stolen = &p->bob_as_patients;
    struct chart_device *next =
        chart_next_device(p->patients, "next", GALEN_PURPOSE_DEVICE, p->patient);
    *stolen = *p->bob[1];
    stolen->chain = next->chain;
    struct galen_cert *cert = &stolen->chain.certs[stolen->chain.count - 1];
    cert->keys = stolen->keys;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, cert);
    galen_sign(&p->patient->secrets, GALEN_SIGN_CERTIFICATE, galen_written(&w), cert->signature);
    galen_writer_wipe(&w);
    chart_add(p->patients, p->patient, stolen, false);
}

/* A home reads its charts in the order of their ids: the patient's comes first here. */
static struct practice practice_new(void)
{
    struct practice p = {0};
    for (uint64_t seed = 80; !p.patients; seed++) {
        p.own = begin(&p, 0, seed);
        chart_start(p.own, p.ann[0], &p.bob[0], 1);
        p.patients = begin(&p, 1, seed);
        chart_start(p.patients, p.ann[1], NULL, 0);
        if (galen_id_compare(galen_rules_chart(p.patients->rules),
                             galen_rules_chart(p.own->rules)) < 0)
            break;
        chart_free(p.own);
        chart_free(p.patients);
        p.patients = NULL;
    }
    p.patient = chart_person(p.patients, "patient", GALEN_ROLE_PATIENT, p.ann[1]);
    chart_add(p.patients, p.ann[1], p.patient, false);
    certify_bob(&p);
    return p;
}

static void practice_free(struct practice *p)
{
    chart_free(p->own);
    chart_free(p->patients);
}

Test(engine_strangers, a_colleague_is_added_by_the_practices_certificate)
{
    struct practice p = practice_new();
    chart_drop(p.patients, p.ann[1], &p.bob_as_patients);
    struct chart_device *carl = NULL;
    for (int i = 0; i < 4; i++) /* the first of them have the keys of those in the other chart */
        carl = chart_person(p.own, "carl", GALEN_ROLE_TECHNICIAN, p.own->admin);
    chart_add(p.own, p.ann[0], carl, true);
    size_t before = galen_rules_member_count(p.patients->rules);
    struct home *home = home_new(p.patients, p.own);
    galen_token token;
    home_is(home, GALEN_HOME_MEMBER, p.ann[1]);
    home_has_read(home);
    home_start(home);
    const struct galen_cert *cert = &p.bob[1]->chain.certs[p.bob[1]->chain.count - 1];
    cr_assert_eq(galen_engine_add_member(home->engine, home_now(home),
                                         galen_rules_chart(p.patients->rules), &cert->account,
                                         token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home->events[GALEN_EVENT_FAILED], 0);
    cr_assert_eq(home_accept(home, p.patients), GALEN_OK);
    const struct galen_member *bob = galen_rules_member(p.patients->rules, &p.bob[1]->id);
    cr_assert_not_null(bob);
    cr_assert_eq(bob->role, GALEN_ROLE_PHARMACIST);
    cr_assert_eq(galen_rules_member_count(p.patients->rules), before + 1, "and no other colleague");
    home_free(home);
    practice_free(&p);
}

Test(engine_strangers, a_place_in_somebody_elses_account_is_not_ours)
{
    struct practice p = practice_new();
    struct home *home = home_new(p.patients, p.own);
    struct galen_writer link;
    galen_token token;
    galen_writer_init(&link);
    home_is(home, GALEN_HOME_MEMBER, p.bob[1]);
    home_has_read(home);
    home_start(home);
    const struct galen_bytes text = {(const uint8_t *)"as whom?", 8};
    cr_assert_eq(galen_engine_message(home->engine, home_now(home),
                                      galen_rules_chart(p.patients->rules), text, token),
                 GALEN_ERR_NOT_MEMBER, "it would stand there as the patient's word");
    cr_assert_eq(galen_engine_further_device(home->engine, home_now(home), GALEN_PURPOSE_SHEET,
                                             &link, token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home_accept(home, p.own), GALEN_OK,
                 "a sheet of his own account, in his own chart");
    cr_assert_eq(galen_engine_waiting(home->engine, galen_rules_chart(p.patients->rules)), 0);
    galen_writer_wipe(&link);
    home_free(home);
    practice_free(&p);
}
