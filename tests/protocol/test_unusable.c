/* protocol/log/epochs.c: what hostile members seal, and how it is found and mended (rules K4, E1, E3). */
#include "support/visit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum spoiled {
    SPOILED_ONE_SEAL,
    SPOILED_OTHER_KEY,
    SPOILED_HISTORY_SEAL,
    SPOILED_COMMITMENT,
    SPOILED_SEAL_OF_AUTHOR,
    SPOILED_EPHEMERAL_KEY,
};

static const char *const spoiled_names[] = {
    "one member's seal", "one member gets another key", "the seal to the history key",
    "the commitment",    "the author's own seal",       "an ephemeral key of small order"};

/* A seal that opens well, to another key. */
static struct galen_seal other_key(struct visit *v, const struct galen_header *header,
                                   const struct chart_device *to)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    struct galen_epoch_random random = chart_epoch_random(v->chart);
    struct galen_header same;
    chart_draft(v->chart, v->patient, &(struct galen_epoch_change){0}, &random, &same, body);
    cr_assert_eq(same.head_size, header->head_size);
    struct galen_seal seal = body->members[visit_place_of(body, to)].epoch_key;
    free(body);
    return seal;
}

static void spoil(struct visit *v, enum spoiled how, const struct galen_header *header,
                  struct galen_epoch_body *body)
{
    struct galen_epoch_member *pharmacist = &body->members[visit_place_of(body, v->pharmacist)];
    switch (how) {
    case SPOILED_ONE_SEAL:
        pharmacist->epoch_key.sealed[3] ^= 1;
        break;
    case SPOILED_OTHER_KEY:
        pharmacist->epoch_key = other_key(v, header, v->pharmacist);
        break;
    case SPOILED_HISTORY_SEAL:
        body->history_seal.sealed[47] ^= 0x80;
        break;
    case SPOILED_COMMITMENT:
        body->commitment[0] ^= 1;
        break;
    case SPOILED_SEAL_OF_AUTHOR:
        body->members[visit_place_of(body, v->patient)].epoch_key.enc[0] ^= 1;
        break;
    case SPOILED_EPHEMERAL_KEY:
        memset(pharmacist->epoch_key.enc, 0, sizeof pharmacist->epoch_key.enc);
        break;
    }
}

/* What the hostile patient writes into its epoch, with the key it drew. */
static uint64_t say_with_key(struct visit *v, const uint8_t key[GALEN_KEY_BYTES])
{
    struct chart_device *author = v->patient;
    struct galen_header header = chart_header(v->chart, author, GALEN_CLASS_MESSAGE);
    uint8_t secret[GALEN_KEY_BYTES], aead[GALEN_KEY_BYTES], nonce[GALEN_NONCE_BYTES] = {0};
    uint8_t context[32 + 4 + 32 + 4], body[GALEN_PAD_MIN + GALEN_TAG_BYTES] = {'h', 'i', 0x80};
    memcpy(context, header.chart.bytes, 32);
    memcpy(context + 32, (uint8_t[]){0, 0, 0, (uint8_t)header.epoch}, 4);
    memcpy(context + 36, header.author.bytes, 32);
    memcpy(context + 68, (uint8_t[]){0, 0, 0, (uint8_t)header.number}, 4);
    galen_hkdf_extract((struct galen_bytes){header.salt, 32}, (struct galen_bytes){key, 32},
                       secret);
    galen_expand(secret, "entry", (struct galen_bytes){context, sizeof context}, secret, 32);
    galen_expand(secret, "entry commitment", (struct galen_bytes){0}, header.commitment, 32);
    galen_expand(secret, "entry key", (struct galen_bytes){0}, aead, 32);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_header_write(&w, &header);
    galen_aead_seal(aead, nonce, (struct galen_bytes){w.at, 178},
                    (struct galen_bytes){body, GALEN_PAD_MIN}, body);
    galen_writer_wipe(&w);
    cr_assert_eq(
        chart_append_signed(v->chart, author, &header, (struct galen_bytes){body, sizeof body}),
        GALEN_OK);
    galen_write(&v->chart->entries[v->chart->size - 1].plain, "hi", 2);
    return v->chart->size - 1;
}

Test(unusable, an_entry_made_by_the_tables_of_the_protocol_opens)
{
    struct visit v = visit_new(8);
    chart_read_all(v.chart);
    uint64_t said = say_with_key(&v, galen_log_epoch_key(v.patient->log, 3));
    visit_all_say(&v, said, GALEN_READ_OPEN, GALEN_OK);
    chart_free(v.chart);
}

Test(unusable, E3_K4_all_members_alike_find_an_epoch_unusable)
{
    for (int how = SPOILED_ONE_SEAL; how <= SPOILED_EPHEMERAL_KEY; how++) {
        struct visit v = visit_new(20 + (uint64_t)how);
        struct chart_device *caregiver =
            chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
        chart_add(v.chart, v.pharmacist, caregiver, false);
        chart_read_all(v.chart);
        struct galen_epoch_random random = chart_epoch_random(v.chart);
        struct galen_header header;
        struct galen_epoch_body *body = malloc(sizeof *body);
        chart_draft(v.chart, v.patient, &(struct galen_epoch_change){0}, &random, &header, body);
        spoil(&v, (enum spoiled)how, &header, body);
        /* The server cannot see it. */
        cr_assert_eq(chart_append_epoch(v.chart, v.patient, &header, body), GALEN_OK);
        uint64_t said = say_with_key(&v, random.epoch_key);
        chart_read_all(v.chart);
        for (size_t i = 0; i < v.chart->device_count; i++) {
            struct chart_device *device = &v.chart->devices[i];
            if (!galen_rules_member(v.chart->rules, &device->id))
                continue;
            cr_assert_eq(galen_log_epoch_state(device->log), GALEN_ERR_UNUSABLE, "%s: %s",
                         spoiled_names[how], device->name);
            cr_assert_null(galen_log_epoch_key(device->log, 5));
        }
        visit_all_say(&v, said, GALEN_READ_VOID, GALEN_ERR_UNUSABLE);
        /* Nobody writes into it, and whoever notices first heals it. */
        struct galen_writer entry;
        galen_writer_init(&entry);
        cr_assert_eq(galen_log_seal(caregiver->log, GALEN_CLASS_MESSAGE, 1, (struct galen_bytes){0},
                                    random.salt, &entry),
                     GALEN_ERR_UNUSABLE);
        chart_renew(v.chart, caregiver);
        visit_all_say(&v, chart_say(v.chart, caregiver, "healed"), GALEN_READ_OPEN, GALEN_OK);
        /* A holder who reads all of it later comes to the same result. */
        struct chart_device *late =
            chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
        chart_add(v.chart, v.pharmacist, late, true);
        chart_read_again(v.chart, late);
        visit_all_say(&v, said, GALEN_READ_VOID, GALEN_ERR_UNUSABLE);
        free(body);
        chart_free(v.chart);
    }
}

Test(unusable, E3_a_void_epoch_entry_begins_an_unusable_epoch_with_the_same_members)
{
    struct visit v = visit_new(9);
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v.chart, v.patient, &(struct galen_epoch_change){0}, &random, &header, body);
    body->members[visit_place_of(body, v.patient)].holder = true; /* which it cannot give itself */
    body->members[visit_place_of(body, v.patient)].has_history = true;
    cr_assert_neq(chart_append_epoch(v.chart, v.patient, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert_eq(galen_log_epoch_state(v.pharmacist->log), GALEN_ERR_UNUSABLE);
    cr_assert_eq(galen_log_epoch_state(v.patient->log), GALEN_ERR_UNUSABLE);
    cr_assert_not(visit_member(&v, v.patient)->holder);
    cr_assert(galen_rules_epoch_void(galen_log_rules(v.pharmacist->log)));
    chart_renew(v.chart, v.pharmacist);
    visit_all_say(&v, chart_say(v.chart, v.patient, "healed"), GALEN_READ_OPEN, GALEN_OK);
    free(body);
    chart_free(v.chart);
}

Test(unusable, E1_a_wrong_seal_of_the_history_secret_is_mended_by_a_holder)
{
    struct visit v = visit_new(10);
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    uint64_t past = chart_say(v.chart, v.pharmacist, "past");
    struct galen_newcomer add = {&colleague->chain, true};
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v.chart, v.pharmacist, &(struct galen_epoch_change){.add = &add, .add_count = 1},
                &random, &header, body);
    body->members[visit_place_of(body, colleague)].history.sealed[0] ^= 1;
    cr_assert_eq(chart_append_epoch(v.chart, v.pharmacist, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    /* The epoch itself is good for everybody. */
    cr_assert_eq(galen_log_epoch_state(colleague->log), GALEN_OK);
    cr_assert_eq(galen_log_epoch_state(v.patient->log), GALEN_OK);
    /* The one concerned and the other holders notice; it is nothing to the patient. */
    cr_assert_not(galen_log_is_holder(colleague->log));
    cr_assert(galen_log_history_needs_care(colleague->log));
    cr_assert(galen_log_history_needs_care(v.chart->custodian->log));
    cr_assert_not(galen_log_history_needs_care(v.patient->log));
    /* The one without the secret makes a new pair; then those who have the old one link it. */
    chart_renew(v.chart, colleague);
    chart_read_all(v.chart);
    cr_assert(galen_log_is_holder(colleague->log));
    cr_assert_not(galen_log_history_needs_care(colleague->log));
    cr_assert(galen_log_history_needs_care(v.pharmacist->log));
    chart_read_again(v.chart, colleague);
    cr_assert_eq(chart_state(colleague, past), GALEN_READ_LOCKED);
    chart_renew(v.chart, v.pharmacist);
    chart_read_again(v.chart, colleague);
    cr_assert_eq(chart_state(colleague, past), GALEN_READ_OPEN);
    chart_read_all(v.chart);
    cr_assert_not(galen_log_history_needs_care(v.pharmacist->log));
    cr_assert_not(galen_log_history_needs_care(v.chart->custodian->log));
    free(body);
    chart_free(v.chart);
}

Test(unusable, E1_a_seal_of_another_secret_is_no_history_secret)
{
    struct visit v = visit_new(14);
    struct galen_epoch_random random = chart_epoch_random(v.chart), other;
    other = chart_epoch_random(v.chart);
    const struct galen_epoch_change change = {.new_history = true};
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body), *strange = malloc(sizeof *strange);
    chart_draft(v.chart, v.pharmacist, &change, &other, &header, strange);
    chart_draft(v.chart, v.pharmacist, &change, &random, &header, body);
    size_t custodian = visit_place_of(body, v.chart->custodian);
    body->members[custodian].history = strange->members[custodian].history;
    cr_assert_eq(chart_append_epoch(v.chart, v.pharmacist, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert_not(galen_log_is_holder(v.chart->custodian->log));
    cr_assert(galen_log_history_needs_care(v.chart->custodian->log));
    cr_assert(galen_log_history_needs_care(v.pharmacist->log));
    chart_renew(v.chart, v.pharmacist);
    chart_read_all(v.chart);
    cr_assert(galen_log_is_holder(v.chart->custodian->log));
    cr_assert_not(galen_log_history_needs_care(v.chart->custodian->log));
    free(body);
    free(strange);
    chart_free(v.chart);
}

Test(unusable, E1_a_pair_that_comes_back_is_replaced_by_the_next_holder)
{
    struct visit v = visit_new(15);
    struct chart_device *gone =
        chart_person(v.chart, "leaving", GALEN_ROLE_PHARMACIST, v.chart->admin);
    struct chart_device *careless =
        chart_person(v.chart, "careless", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, gone, true);
    chart_add(v.chart, v.pharmacist, careless, true);
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    const struct galen_epoch_change change = {.new_history = true};
    uint8_t known_to_gone[GALEN_KEY_BYTES];
    memcpy(known_to_gone, random.history_secret, sizeof known_to_gone);
    chart_draft(v.chart, careless, &change, &random, &header, body);
    cr_assert_eq(chart_append_epoch(v.chart, careless, &header, body), GALEN_OK);
    chart_drop(v.chart, v.pharmacist, gone);
    random = chart_epoch_random(v.chart);
    memcpy(random.history_secret, known_to_gone, sizeof known_to_gone);
    chart_draft(v.chart, careless, &change, &random, &header, body);
    cr_assert_eq(chart_append_epoch(v.chart, careless, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert(galen_log_history_needs_care(v.pharmacist->log));
    chart_renew(v.chart, v.pharmacist);
    chart_read_all(v.chart);
    cr_assert_not(galen_log_history_needs_care(v.pharmacist->log));
    uint64_t after = chart_say(v.chart, v.pharmacist, "not for who left");
    chart_read(v.chart, gone);
    cr_assert_eq(chart_state(gone, after), GALEN_READ_LOCKED);
    free(body);
    chart_free(v.chart);
}

Test(unusable, E1_a_link_to_something_else_is_as_if_it_were_not_there)
{
    struct visit v = visit_new(11);
    uint64_t past = chart_say(v.chart, v.pharmacist, "past");
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v.chart, v.pharmacist, &(struct galen_epoch_change){.new_history = true}, &random,
                &header, body);
    cr_assert_eq(body->link_count, 1);
    body->links[0].seal.sealed[0] ^= 1;
    cr_assert_eq(chart_append_epoch(v.chart, v.pharmacist, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert(galen_log_history_needs_care(v.chart->custodian->log));
    cr_assert(galen_log_history_needs_care(v.pharmacist->log));
    /* Whichever epoch entry a holder writes next makes it good. */
    struct chart_device *late =
        chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, late, true);
    chart_read_again(v.chart, late);
    cr_assert_eq(chart_state(late, past), GALEN_READ_OPEN);
    cr_assert_not(galen_log_history_needs_care(v.pharmacist->log));
    free(body);
    chart_free(v.chart);
}
