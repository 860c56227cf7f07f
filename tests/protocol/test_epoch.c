/* protocol/log: epochs, seals and the history key (rules K4, E1 to E5), by scenario with real keys. */
#include "support/allocator.h"
#include "support/charts.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A chart of a pharmacist and a patient, who came by invitation and is no holder yet. */
struct visit {
    struct chart *chart;
    struct chart_device *pharmacist, *patient;
};

static struct visit visit_new(uint64_t seed)
{
    struct visit v = {.chart = chart_new(seed)};
    v.pharmacist = chart_person(v.chart, "pharmacist", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_start(v.chart, v.pharmacist, NULL, 0);
    struct chart_device *link = chart_invitation(v.chart, "link", GALEN_ROLE_PATIENT, v.pharmacist);
    chart_add(v.chart, v.pharmacist, link, false);
    v.patient = chart_next_device(v.chart, "patient", GALEN_PURPOSE_DEVICE, link);
    chart_redeem(v.chart, link, v.patient);
    chart_read_all(v.chart);
    return v;
}

static const struct galen_member *member(const struct visit *v, const struct chart_device *device)
{
    return galen_rules_member(galen_log_rules(v->pharmacist->log), &device->id);
}

/* Everybody who belongs here reads everything so far and says what they make of entry `index`. */
static void all_say(struct visit *v, uint64_t index, enum galen_read_state state,
                    enum galen_err why)
{
    chart_read_all(v->chart);
    for (size_t i = 0; i < v->chart->device_count; i++) {
        struct chart_device *device = &v->chart->devices[i];
        if (!galen_rules_member(v->chart->rules, &device->id))
            continue;
        const struct galen_read *read = galen_log_read(device->log, index);
        cr_assert_eq(read->state, state, "%s: state %d of %d", device->name, read->state,
                     (int)index);
        cr_assert_eq(read->why, why, "%s: %s", device->name,
                     galen_err_name((enum galen_err)read->why));
    }
}

Test(epoch, E2_E4_an_invitation_is_redeemed_with_nobody_awake)
{
    struct visit v = visit_new(1);
    uint64_t hello = chart_say(v.chart, v.patient, "hello");
    all_say(&v, hello, GALEN_READ_OPEN, GALEN_OK);
    cr_assert_eq(galen_rules_epoch(galen_log_rules(v.patient->log)), 3);
    cr_assert(galen_log_is_holder(v.pharmacist->log));
    cr_assert(galen_log_is_holder(v.chart->custodian->log));
    cr_assert_not(galen_log_is_holder(v.patient->log));
    cr_assert_not(member(&v, v.patient)->holder);
    chart_free(v.chart);
}

Test(epoch, E1_newcomers_read_from_now_on_and_holders_everything)
{
    struct visit v = visit_new(2);
    uint64_t before = chart_say(v.chart, v.pharmacist, "before she came");
    struct chart_device *caregiver =
        chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, caregiver, false);
    chart_add(v.chart, v.pharmacist, colleague, false);
    uint64_t after = chart_say(v.chart, v.patient, "after she came");
    chart_read_all(v.chart);
    cr_assert_eq(chart_state(caregiver, before), GALEN_READ_LOCKED);
    cr_assert_eq(chart_state(caregiver, after), GALEN_READ_OPEN);
    cr_assert_null(galen_log_epoch_key(caregiver->log, 3));
    /* Staff are holders whatever the caller said. What came first is asked for again. */
    cr_assert(galen_log_is_holder(colleague->log));
    chart_read_again(v.chart, colleague);
    cr_assert_eq(chart_state(colleague, before), GALEN_READ_OPEN);
    chart_free(v.chart);
}

Test(epoch, E2_after_the_identity_check_the_record_opens)
{
    struct visit v = visit_new(3);
    uint64_t record = chart_say(v.chart, v.pharmacist, "lisinopril 10 mg");
    chart_renew(v.chart, v.pharmacist);
    struct chart_device *late =
        chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
    chart_add(v.chart, v.pharmacist, late, false);
    chart_read(v.chart, late);
    cr_assert_eq(chart_state(late, record), GALEN_READ_LOCKED);
    chart_make_holder(v.chart, v.pharmacist, late);
    chart_read(v.chart, late);
    cr_assert(galen_log_is_holder(late->log));
    chart_read_again(v.chart, late);
    cr_assert_eq(chart_state(late, record), GALEN_READ_OPEN);
    cr_assert_eq(late->opened, 1);
    chart_free(v.chart);
}

Test(epoch, E1_a_removed_member_reads_nothing_new)
{
    struct visit v = visit_new(4);
    uint64_t known = chart_say(v.chart, v.pharmacist, "known to both");
    chart_read_all(v.chart);
    chart_drop(v.chart, v.pharmacist, v.patient);
    uint64_t secret = chart_say(v.chart, v.pharmacist, "not for the removed");
    chart_read(v.chart, v.patient);
    cr_assert_eq(chart_state(v.patient, known), GALEN_READ_OPEN);
    cr_assert_eq(chart_state(v.patient, secret), GALEN_READ_LOCKED);
    cr_assert_null(galen_log_epoch_key(v.patient->log, 4));
    cr_assert_eq(galen_log_epoch_state(v.patient->log), GALEN_ERR_NOT_MEMBER);
    struct galen_writer entry;
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_seal(v.patient->log, GALEN_CLASS_MESSAGE, 2, (struct galen_bytes){0},
                                v.patient->secrets.sign_seed, &entry),
                 GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(entry.size, 0);
    chart_free(v.chart);
}

Test(epoch, E1_dropping_a_holder_changes_the_pair_and_links_the_old_one)
{
    struct visit v = visit_new(5);
    struct chart_device *gone =
        chart_person(v.chart, "leaving", GALEN_ROLE_PHARMACIST, v.chart->admin);
    uint64_t first = chart_say(v.chart, v.pharmacist, "in the first pair's time");
    chart_add(v.chart, v.pharmacist, gone, true);
    uint8_t old_key[GALEN_SEAL_KEY_BYTES];
    memcpy(old_key, galen_rules_history_key(v.chart->rules), sizeof old_key);
    chart_drop(v.chart, v.pharmacist, gone);
    cr_assert_neq(memcmp(old_key, galen_rules_history_key(v.chart->rules), sizeof old_key), 0);
    uint64_t after = chart_say(v.chart, v.pharmacist, "after they left");
    /* Who was dropped kept the old secret and gets nothing by it. */
    chart_read_again(v.chart, gone);
    cr_assert_eq(chart_state(gone, after), GALEN_READ_LOCKED);
    cr_assert_null(galen_log_epoch_key(gone->log, galen_rules_epoch(v.chart->rules)));
    /* Who becomes a holder now reads through the link. */
    struct chart_device *new_staff =
        chart_person(v.chart, "new staff", GALEN_ROLE_TECHNICIAN, v.chart->admin);
    chart_add(v.chart, v.pharmacist, new_staff, false);
    chart_read_again(v.chart, new_staff);
    cr_assert_eq(chart_state(new_staff, first), GALEN_READ_OPEN);
    cr_assert_eq(chart_state(new_staff, after), GALEN_READ_OPEN);
    cr_assert_not(galen_log_history_needs_care(new_staff->log));
    chart_free(v.chart);
}

Test(epoch, E1_a_new_holder_reads_through_many_pairs)
{
    struct visit v = visit_new(6);
    uint64_t said[12];
    for (size_t i = 0; i < 12; i++) {
        said[i] = chart_say(v.chart, v.pharmacist, "in this pair's time");
        chart_change(v.chart, v.pharmacist, &(struct galen_epoch_change){.new_history = true});
    }
    struct chart_device *late =
        chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, late, true);
    chart_read_again(v.chart, late);
    for (size_t i = 0; i < 12; i++)
        cr_assert_eq(chart_state(late, said[i]), GALEN_READ_OPEN, "%zu", i);
    chart_free(v.chart);
}

Test(epoch, E1_who_is_no_holder_cannot_drop_one_and_so_learn_the_past)
{
    struct visit v = visit_new(7);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    struct chart_device *caregiver =
        chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
    uint64_t past = chart_say(v.chart, v.patient, "before the caregiver");
    chart_add(v.chart, v.pharmacist, caregiver, false);
    /* The patient's device was revoked; the caregiver, awake alone, drops it with the proof. */
    struct galen_statement revoked =
        chart_statement(v.chart, GALEN_STATEMENT_REVOKED, NULL, v.patient, NULL);
    const struct galen_epoch_change drop = {
        .drop = &v.patient->id, .drop_count = 1, .statements = &revoked, .statement_count = 1};
    struct galen_epoch_random known_to_caregiver = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v.chart, caregiver, &drop, &known_to_caregiver, &header, body);
    cr_assert_eq(body->link_count, 0);
    cr_assert_eq(chart_append_epoch(v.chart, caregiver, &header, body), GALEN_OK);
    /* The pharmacist will not link the past to a pair whose secret the caregiver knows. */
    chart_read_all(v.chart);
    cr_assert(galen_log_history_needs_care(v.pharmacist->log));
    cr_assert_not(galen_log_history_needs_care(caregiver->log));
    uint8_t made_by_caregiver[GALEN_SEAL_KEY_BYTES];
    memcpy(made_by_caregiver, galen_rules_history_key(v.chart->rules), sizeof made_by_caregiver);
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    chart_draft(v.chart, v.pharmacist, &(struct galen_epoch_change){0}, &random, &header, body);
    cr_assert_neq(memcmp(body->history_key, made_by_caregiver, sizeof made_by_caregiver), 0);
    cr_assert_eq(body->link_count, 2);
    cr_assert_eq(chart_append_epoch(v.chart, v.pharmacist, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert_not(galen_log_history_needs_care(v.pharmacist->log));
    chart_read_again(v.chart, caregiver);
    cr_assert_eq(chart_state(caregiver, past), GALEN_READ_LOCKED);
    /* Nothing of the past is lost for those it belongs to. */
    struct chart_device *late =
        chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, late, true);
    chart_read_again(v.chart, late);
    cr_assert_eq(chart_state(late, past), GALEN_READ_OPEN);
    free(body);
    chart_free(v.chart);
}

Test(epoch, C4_any_member_drops_a_device_that_an_administrator_revoked)
{
    struct visit v = visit_new(13);
    struct chart_device *thief =
        chart_person(v.chart, "stolen phone", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, thief, true);
    struct galen_statement revoked =
        chart_statement(v.chart, GALEN_STATEMENT_REVOKED, v.chart->admin, thief, NULL);
    struct galen_epoch_change drop = {
        .drop = &thief->id, .drop_count = 1, .statements = &revoked, .statement_count = 1};
    /* The administrator is no member here: without its chain nobody can tell who signed. */
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_writer entry;
    galen_writer_init(&entry);
    chart_read(v.chart, v.patient);
    cr_assert_eq(galen_log_draft_epoch(v.patient->log, v.chart->now_ms,
                                       chart_number(v.chart, v.patient), &drop, &random, &entry),
                 GALEN_ERR_ROLE);
    struct galen_chain chains[] = {thief->chain, v.chart->admin->chain};
    drop.signer_chains = chains;
    drop.signer_chain_count = 2;
    chart_change(v.chart, v.patient, &drop);
    cr_assert_null(galen_rules_member(v.chart->rules, &thief->id));
    all_say(&v, chart_say(v.chart, v.patient, "gone"), GALEN_READ_OPEN, GALEN_OK);
    galen_writer_wipe(&entry);
    chart_free(v.chart);
}

/* -- hostile members ---------------------------------------------------------------------------- */

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

static size_t place_of(const struct galen_epoch_body *body, const struct chart_device *device)
{
    for (size_t i = 0; i < body->member_count; i++) {
        if (galen_id_equal(&body->members[i].device, &device->id))
            return i;
    }
    cr_assert_fail("not listed");
    return 0;
}

/* A seal that opens well, to another key. */
static struct galen_seal other_key(struct visit *v, const struct galen_header *header,
                                   const struct chart_device *to)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    struct galen_epoch_random random = chart_epoch_random(v->chart);
    struct galen_header same;
    chart_draft(v->chart, v->patient, &(struct galen_epoch_change){0}, &random, &same, body);
    cr_assert_eq(same.head_size, header->head_size);
    struct galen_seal seal = body->members[place_of(body, to)].epoch_key;
    free(body);
    return seal;
}

static void spoil(struct visit *v, enum spoiled how, const struct galen_header *header,
                  struct galen_epoch_body *body)
{
    struct galen_epoch_member *pharmacist = &body->members[place_of(body, v->pharmacist)];
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
        body->members[place_of(body, v->patient)].epoch_key.enc[0] ^= 1;
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

Test(epoch, an_entry_made_by_the_tables_of_the_protocol_opens)
{
    struct visit v = visit_new(8);
    chart_read_all(v.chart);
    uint64_t said = say_with_key(&v, galen_log_epoch_key(v.patient->log, 3));
    all_say(&v, said, GALEN_READ_OPEN, GALEN_OK);
    chart_free(v.chart);
}

Test(epoch, E3_K4_all_members_alike_find_an_epoch_unusable)
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
        all_say(&v, said, GALEN_READ_VOID, GALEN_ERR_UNUSABLE);
        /* Nobody writes into it, and whoever notices first heals it. */
        struct galen_writer entry;
        galen_writer_init(&entry);
        cr_assert_eq(galen_log_seal(caregiver->log, GALEN_CLASS_MESSAGE, 1, (struct galen_bytes){0},
                                    random.salt, &entry),
                     GALEN_ERR_UNUSABLE);
        chart_renew(v.chart, caregiver);
        all_say(&v, chart_say(v.chart, caregiver, "healed"), GALEN_READ_OPEN, GALEN_OK);
        /* A holder who reads all of it later comes to the same result. */
        struct chart_device *late =
            chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
        chart_add(v.chart, v.pharmacist, late, true);
        chart_read_again(v.chart, late);
        all_say(&v, said, GALEN_READ_VOID, GALEN_ERR_UNUSABLE);
        free(body);
        chart_free(v.chart);
    }
}

Test(epoch, E3_a_void_epoch_entry_begins_an_unusable_epoch_with_the_same_members)
{
    struct visit v = visit_new(9);
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v.chart, v.patient, &(struct galen_epoch_change){0}, &random, &header, body);
    body->members[place_of(body, v.patient)].holder = true; /* which it cannot give itself */
    body->members[place_of(body, v.patient)].has_history = true;
    cr_assert_neq(chart_append_epoch(v.chart, v.patient, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert_eq(galen_log_epoch_state(v.pharmacist->log), GALEN_ERR_UNUSABLE);
    cr_assert_eq(galen_log_epoch_state(v.patient->log), GALEN_ERR_UNUSABLE);
    cr_assert_not(member(&v, v.patient)->holder);
    cr_assert(galen_rules_epoch_void(galen_log_rules(v.pharmacist->log)));
    chart_renew(v.chart, v.pharmacist);
    all_say(&v, chart_say(v.chart, v.patient, "healed"), GALEN_READ_OPEN, GALEN_OK);
    free(body);
    chart_free(v.chart);
}

Test(epoch, E1_a_wrong_seal_of_the_history_secret_is_mended_by_a_holder)
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
    body->members[place_of(body, colleague)].history.sealed[0] ^= 1;
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

Test(epoch, E1_a_seal_of_another_secret_is_no_history_secret)
{
    struct visit v = visit_new(14);
    struct galen_epoch_random random = chart_epoch_random(v.chart), other;
    other = chart_epoch_random(v.chart);
    const struct galen_epoch_change change = {.new_history = true};
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body), *strange = malloc(sizeof *strange);
    chart_draft(v.chart, v.pharmacist, &change, &other, &header, strange);
    chart_draft(v.chart, v.pharmacist, &change, &random, &header, body);
    size_t custodian = place_of(body, v.chart->custodian);
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

Test(epoch, E1_a_pair_that_comes_back_is_replaced_by_the_next_holder)
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

Test(epoch, C6_the_sixty_fifth_device_is_refused)
{
    struct visit v = visit_new(16);
    enum { MORE = GALEN_MEMBERS_MAX - 3 + 1 };
    struct galen_newcomer add[MORE];
    struct galen_chain *chains = calloc(MORE, sizeof *chains);
    for (size_t i = 0; i < MORE; i++) {
        /* The same place for each: only the last one's keys stay known, which is enough here. */
        struct chart_device *one =
            chart_person(v.chart, "one of many", GALEN_ROLE_TECHNICIAN, v.chart->admin);
        chains[i] = one->chain;
        galen_log_free(one->log);
        memset(one, 0, sizeof *one);
        v.chart->device_count--;
        add[i] = (struct galen_newcomer){&chains[i], true};
    }
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_writer entry;
    galen_writer_init(&entry);
    struct galen_epoch_change change = {.add = add, .add_count = MORE};
    chart_read(v.chart, v.pharmacist);
    cr_assert_eq(galen_log_draft_epoch(v.pharmacist->log, v.chart->now_ms,
                                       chart_number(v.chart, v.pharmacist), &change, &random,
                                       &entry),
                 GALEN_ERR_MEMBERS);
    change.add_count--;
    cr_assert_eq(galen_log_draft_epoch(v.pharmacist->log, v.chart->now_ms,
                                       chart_number(v.chart, v.pharmacist), &change, &random,
                                       &entry),
                 GALEN_OK);
    cr_assert_lt(entry.size, GALEN_BODY_MAX);
    cr_assert_eq(chart_append(v.chart, galen_written(&entry)), GALEN_OK);
    galen_writer_wipe(&entry);
    all_say(&v, chart_say(v.chart, v.patient, "a full house"), GALEN_READ_OPEN, GALEN_OK);
    free(chains);
    chart_free(v.chart);
}

Test(epoch, E1_a_link_to_something_else_is_as_if_it_were_not_there)
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

Test(epoch, a_stranger_s_secrets_open_nothing)
{
    struct visit v = visit_new(12);
    struct chart_device *stranger =
        chart_person(v.chart, "stranger", GALEN_ROLE_PHARMACIST, v.chart->admin);
    uint64_t said = chart_say(v.chart, v.pharmacist, "private");
    for (uint64_t i = 0; i < v.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(v.chart, i);
        struct galen_read read;
        struct galen_writer plain;
        galen_writer_init(&plain);
        cr_assert_eq(galen_log_add(stranger->log, &entry, &read, &plain), GALEN_OK);
        cr_assert_eq(plain.size, 0);
    }
    cr_assert_eq(chart_state(stranger, said), GALEN_READ_LOCKED);
    for (uint32_t epoch = 0; epoch < 6; epoch++)
        cr_assert_null(galen_log_epoch_key(stranger->log, epoch));
    cr_assert_eq(galen_log_epoch_state(stranger->log), GALEN_ERR_NOT_MEMBER);
    chart_free(v.chart);
}
