/* PROTOCOL.md, "Judging an entry": rules 1 to 10. */
#include "galen/rules.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(enum galen_err got, enum galen_err wanted, const char *what)
{
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
}

static uint64_t size_of(const struct scene *s)
{
    return galen_tree_size(galen_rules_tree(s->rules));
}

static uint32_t last_number(const struct scene *s, const struct party *party)
{
    const struct galen_author *author = galen_rules_author(s->rules, &party->id);
    return author ? author->last_number : 0;
}

/* Drafts the patient's next message. */
static void message(struct scene *s)
{
    scene_draft(s, &s->patient, GALEN_CLASS_MESSAGE);
}

Test(rules, an_empty_chart_has_nothing)
{
    struct party practice;
    party_make(&practice, 1);
    struct galen_rules *rules = galen_rules_new(&test_primitives, &practice.keys);
    cr_assert(galen_id_is_none(galen_rules_chart(rules)));
    cr_assert_eq(galen_rules_epoch(rules), 0);
    cr_assert_not(galen_rules_epoch_void(rules));
    cr_assert_eq(galen_rules_member_count(rules), 0);
    cr_assert_null(galen_rules_member_at(rules, 0));
    cr_assert_null(galen_rules_member(rules, &practice.id));
    cr_assert_null(galen_rules_ever_member(rules, &practice.id));
    cr_assert_null(galen_rules_author(rules, &practice.id));
    cr_assert_null(galen_rules_statement(rules, &practice.id, &practice.id));
    cr_assert_eq(galen_tree_size(galen_rules_tree(rules)), 0);
    galen_rules_free(rules);
    galen_rules_free(NULL);
}

Test(rules, a_chart_begins_and_a_member_writes)
{
    struct scene s;
    scene_begin_empty(&s);
    scene_accept(&s);
    struct galen_id chart = galen_chart_id(&test_primitives, s.entry.signed_header);
    cr_assert(galen_id_equal(&chart, galen_rules_chart(s.rules)), "K5");
    cr_assert_eq(galen_rules_epoch(s.rules), 1);
    cr_assert_eq(galen_rules_member_count(s.rules), 2);
    scene_end(&s);

    scene_begin(&s);
    message(&s);
    scene_accept(&s);
    cr_assert_eq(size_of(&s), 3);
    cr_assert_eq(last_number(&s, &s.patient), 1);
    cr_assert_eq(galen_rules_author(s.rules, &s.patient.id)->last_head_size, 2);
    const struct galen_member *patient = galen_rules_member(s.rules, &s.patient.id);
    cr_assert_not_null(patient);
    cr_assert_eq(patient->role, GALEN_ROLE_PATIENT);
    cr_assert_eq(patient->since_epoch, 2);
    cr_assert_not(patient->holder);
    cr_assert(galen_id_equal(&patient->issuer, &s.pharmacist.id));
    cr_assert_null(galen_rules_member_at(s.rules, galen_rules_member_count(s.rules)));
    for (size_t i = 1; i < galen_rules_member_count(s.rules); i++)
        cr_assert_lt(galen_id_compare(&galen_rules_member_at(s.rules, i - 1)->device,
                                      &galen_rules_member_at(s.rules, i)->device),
                     0);
    scene_end(&s);
}

Test(rules, rule_1_the_header_has_its_shape)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    expect(scene_judge(&s), GALEN_OK, "as it should be");
    static const uint8_t unknown[] = {0, 6, 7, 8, 255};
    for (size_t i = 0; i < sizeof unknown; i++) {
        message(&s);
        s.header.class = unknown[i];
        expect(scene_judge(&s), GALEN_ERR_UNKNOWN_KIND, "a class this version does not know");
    }
    message(&s);
    scene_encode(&s);
    s.bytes.at[0] = 2;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_UNKNOWN_KIND, "a later version");
    scene_draft_epoch(&s, &s.pharmacist);
    s.header.commitment[31] = 1;
    expect(scene_judge(&s), GALEN_ERR_FORMAT, "a commitment in a clear class");
    message(&s);
    scene_encode(&s);
    s.header.body_size = GALEN_BODY_MAX + 1;
    scene_sign(&s);
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_TOO_LARGE, "a body beyond the limit");
    message(&s);
    scene_encode(&s);
    s.entry.signed_header.size--;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_FORMAT, "a header cut short");
    scene_end(&s);
}

Test(rules, rule_1_the_body_is_the_one_the_header_names)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    scene_encode(&s);
    s.clear.at[0] ^= 1;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_FORMAT, "another body");
    s.clear.at[0] ^= 1;
    s.entry.body.size--;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_FORMAT, "a shorter body");
    s.entry.body.size++;
    s.header.body_size++;
    scene_sign(&s);
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_FORMAT, "another size");
    scene_end(&s);
}

Test(rules, L9_a_sealed_body_that_is_not_there_is_judged_by_its_header)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    scene_encode(&s);
    s.entry.body = (struct galen_bytes){0};
    s.entry.body_state = GALEN_BODY_NOT_YOURS;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_OK, "not yours");
    s.entry.body_state = GALEN_BODY_WITHHELD;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_OK, "withheld");
    expect(galen_rules_apply(s.rules, &s.entry, GALEN_OK), GALEN_OK, "applied");
    cr_assert_eq(last_number(&s, &s.patient), 1);
    scene_end(&s);
}

Test(rules, L9_a_clear_body_that_is_not_there_stops_the_reader)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_encode(&s);
    struct galen_entry whole = s.entry;
    s.entry.body_state = GALEN_BODY_WITHHELD;
    s.entry.body = (struct galen_bytes){0};
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_WITHHELD, "withheld");
    expect(galen_rules_apply(s.rules, &s.entry, GALEN_ERR_WITHHELD), GALEN_ERR_WITHHELD, "applied");
    /* Exchanged on the way: other members in it would split the readers. */
    s.entry = whole;
    s.clear.at[5] ^= 1;
    galen_entry_settle_body(&test_primitives, &s.entry);
    cr_assert_eq(s.entry.body_state, GALEN_BODY_WITHHELD);
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_WITHHELD, "exchanged");
    s.entry = whole;
    expect(galen_rules_apply(s.rules, &s.entry, GALEN_ERR_FORMAT), GALEN_ERR_WITHHELD, "unsettled");
    cr_assert_eq(size_of(&s), 2);
    cr_assert_eq(galen_rules_epoch(s.rules), 2);
    s.clear.at[5] ^= 1;
    expect(galen_rules_judge(s.rules, &whole), GALEN_OK, "the true one");
    scene_end(&s);
}

Test(rules, rule_2_the_first_entry_has_its_place)
{
    struct scene s;
    static const char *const cases[] = {"a chart", "class", "epoch", "number", "head size", "root"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene_begin_empty(&s);
        switch (i) {
        case 0:
            s.header.chart.bytes[0] = 1;
            break;
        case 1:
            s.header.class = GALEN_CLASS_CERTIFICATE;
            break;
        case 2:
            s.header.epoch = 1;
            break;
        case 3:
            s.header.number = 2;
            break;
        case 4:
            s.header.head_size = 1;
            break;
        default:
            s.header.head_root[0] ^= 1;
        }
        expect(scene_judge(&s), GALEN_ERR_CHART, cases[i]);
        scene_end(&s);
    }
}

Test(rules, rule_2_a_chart_does_not_begin_behind_a_void_entry)
{
    struct scene s;
    scene_begin_empty(&s);
    scene_encode(&s);
    s.entry.signature[0] ^= 1;
    scene_encode(&s);
    struct galen_entry good = s.entry;
    uint8_t bad_bytes[GALEN_SIGNED_HEADER_BYTES];
    memcpy(bad_bytes, good.signed_header.at, sizeof bad_bytes);
    bad_bytes[GALEN_HEADER_BYTES] ^= 1;
    struct galen_entry bad = good;
    bad.signature[0] ^= 1;
    bad.signed_header.at = bad_bytes;
    expect(galen_rules_judge(s.rules, &bad), GALEN_ERR_SIGNATURE, "forged");
    expect(galen_rules_apply(s.rules, &bad, GALEN_ERR_SIGNATURE), GALEN_OK, "a leaf");
    expect(galen_rules_judge(s.rules, &good), GALEN_ERR_CHART, "too late");
    scene_end(&s);
}

Test(rules, rule_2_an_entry_of_another_chart_is_refused)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    s.header.chart.bytes[31] ^= 1;
    expect(scene_judge(&s), GALEN_ERR_CHART, "another chart");
    s.header.chart = (struct galen_id){{0}};
    expect(scene_judge(&s), GALEN_ERR_CHART, "none");
    scene_end(&s);
}

Test(rules, rule_3_only_members_write)
{
    struct scene s;
    scene_begin(&s);
    scene_draft(&s, &s.caregiver, GALEN_CLASS_MESSAGE);
    expect(scene_judge(&s), GALEN_ERR_NOT_MEMBER, "certified, but not added");
    scene_draft(&s, &s.stranger, GALEN_CLASS_MESSAGE);
    expect(scene_judge(&s), GALEN_ERR_NOT_MEMBER, "a stranger");
    scene_drop_member(&s, &s.pharmacist, &s.patient);
    message(&s);
    expect(scene_judge(&s), GALEN_ERR_NOT_MEMBER, "dropped");
    scene_end(&s);
}

Test(rules, rule_3_a_chart_begins_with_staff)
{
    struct scene s;
    scene_begin_empty(&s);
    s.author = &s.custodian;
    s.header.author = s.custodian.id;
    expect(scene_judge(&s), GALEN_ERR_NOT_MEMBER, "the custodian is not staff");
    s.author = &s.other_pharmacist;
    s.header.author = s.other_pharmacist.id;
    expect(scene_judge(&s), GALEN_ERR_NOT_MEMBER, "staff who do not list themselves");
    scene_end(&s);
}

Test(rules, rule_3_a_first_entry_that_cannot_be_read_has_no_author)
{
    struct scene s;
    scene_begin_empty(&s);
    s.body->suite = 9;
    expect(scene_judge(&s), GALEN_ERR_FORMAT, "an unknown suite");
    scene_end(&s);
}

Test(rules, rule_4_the_signature_holds)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    scene_encode(&s);
    s.entry.signature[40] ^= 1;
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_SIGNATURE, "one bit");
    message(&s);
    s.author = &s.pharmacist;
    expect(scene_judge(&s), GALEN_ERR_SIGNATURE, "signed by somebody else");
    scene_end(&s);
}

Test(rules, rule_4_every_bit_of_the_header_is_signed)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    scene_encode(&s);
    for (size_t i = 0; i < GALEN_HEADER_BYTES; i++) {
        struct galen_entry changed = s.entry;
        uint8_t bytes[GALEN_SIGNED_HEADER_BYTES];
        memcpy(bytes, s.entry.signed_header.at, sizeof bytes);
        bytes[i] ^= 0x10;
        changed.signed_header.at = bytes;
        struct galen_reader r;
        galen_reader_init(&r, changed.signed_header);
        if (galen_header_read(&r, &changed.header) != GALEN_OK)
            continue;
        cr_assert_neq(galen_rules_judge(s.rules, &changed), GALEN_OK, "byte %zu", i);
    }
    scene_end(&s);
}

Test(rules, rule_5_the_epoch_is_the_current_one)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    s.header.epoch--;
    expect(scene_judge(&s), GALEN_ERR_EPOCH, "an older epoch");
    s.header.epoch += 2;
    expect(scene_judge(&s), GALEN_ERR_EPOCH, "a later epoch");
    message(&s);
    scene_encode(&s);
    struct scene late = s;
    galen_writer_init(&s.bytes);
    galen_writer_init(&s.clear);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_accept(&s);
    expect(galen_rules_judge(s.rules, &late.entry), GALEN_ERR_EPOCH, "the epoch went on meanwhile");
    galen_writer_wipe(&late.bytes);
    galen_writer_wipe(&late.clear);
    scene_end(&s);
}

Test(rules, rule_6_the_number_is_the_next_one)
{
    struct scene s;
    scene_begin(&s);
    static const uint32_t wrong[] = {0, 2, 3, UINT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        message(&s);
        s.header.number = wrong[i];
        expect(scene_judge(&s), GALEN_ERR_NUMBER, "for the first");
    }
    message(&s);
    scene_accept(&s);
    expect(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_NUMBER, "the same once more");
    message(&s);
    cr_assert_eq(s.header.number, 2);
    scene_accept(&s);
    scene_end(&s);
}

Test(rules, rule_6_numbers_are_kept_after_a_device_is_dropped)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    scene_accept(&s);
    scene_drop_member(&s, &s.pharmacist, &s.patient);
    cr_assert_null(galen_rules_member(s.rules, &s.patient.id));
    cr_assert_not_null(galen_rules_ever_member(s.rules, &s.patient.id));
    scene_add_member(&s, &s.pharmacist, &s.patient, true, false);
    cr_assert_eq(galen_rules_member(s.rules, &s.patient.id)->since_epoch, 4);
    message(&s);
    s.header.number = 1;
    expect(scene_judge(&s), GALEN_ERR_NUMBER, "from the start again");
    s.header.number = 2;
    scene_accept(&s);
    scene_end(&s);
}

Test(rules, rule_7_the_head_is_a_true_earlier_one)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    s.header.head_size = 3;
    expect(scene_judge(&s), GALEN_ERR_HEAD, "beyond the log");
    message(&s);
    s.header.head_root[7] ^= 1;
    expect(scene_judge(&s), GALEN_ERR_HEAD, "another root at this size");
    message(&s);
    s.header.head_size = 1;
    expect(scene_judge(&s), GALEN_ERR_HEAD, "the root of another size");
    for (uint64_t size = 0; size <= 2; size++) {
        message(&s);
        s.header.head_size = size;
        cr_assert(galen_tree_root_at(galen_rules_tree(s.rules), size, s.header.head_root));
        expect(scene_judge(&s), GALEN_OK, "an earlier one");
    }
    scene_end(&s);
}

Test(rules, rule_7_an_authors_head_does_not_sink)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    scene_accept(&s);
    message(&s);
    s.header.head_size = 1;
    cr_assert(galen_tree_root_at(galen_rules_tree(s.rules), 1, s.header.head_root));
    expect(scene_judge(&s), GALEN_ERR_HEAD, "below the author's last");
    s.header.head_size = 2;
    cr_assert(galen_tree_root_at(galen_rules_tree(s.rules), 2, s.header.head_root));
    expect(scene_judge(&s), GALEN_OK, "the author's last");
    scene_end(&s);
}

Test(rules, rule_8_C2_expired_staff_write_nothing)
{
    struct scene s;
    scene_begin(&s);
    uint64_t end = s.pharmacist.cert.not_after_ms;
    scene_draft(&s, &s.pharmacist, GALEN_CLASS_MESSAGE);
    s.now_ms = end;
    expect(scene_judge(&s), GALEN_OK, "in the last moment");
    s.now_ms = end + 1;
    expect(scene_judge(&s), GALEN_ERR_EXPIRED, "a moment later");
    scene_draft_epoch(&s, &s.pharmacist);
    expect(scene_judge(&s), GALEN_ERR_EXPIRED, "nor an epoch entry");
    message(&s);
    expect(scene_judge(&s), GALEN_OK, "a patient's membership counts until it is dropped");
    scene_end(&s);
}

Test(rules, rule_8_an_invitation_writes_within_its_time)
{
    struct scene s;
    scene_begin(&s);
    s.invitation.cert.issues_until_ms = SCENE_NOW_MS + GALEN_DAY_MS;
    party_certify_again(&s.invitation);
    scene_add_member(&s, &s.pharmacist, &s.invitation, true, false);
    party_certify(&s.stranger, &s.invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE,
                  galen_rules_chart(s.rules));
    scene_draft_epoch(&s, &s.invitation);
    scene_add(&s, &s.stranger, true, false);
    scene_drop(&s, &s.invitation);
    scene_state(&s, &s.invitation, GALEN_STATEMENT_REPLACED, &s.invitation, &s.stranger, false);
    s.now_ms = SCENE_NOW_MS + GALEN_DAY_MS;
    expect(scene_judge(&s), GALEN_OK, "in the last moment");
    s.now_ms++;
    expect(scene_judge(&s), GALEN_ERR_EXPIRED, "a moment later");
    scene_end(&s);
}

Test(rules, rule_9_only_devices_write_content)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.invitation, true, false);
    static const uint8_t classes[] = {GALEN_CLASS_MESSAGE, GALEN_CLASS_RECORD, GALEN_CLASS_VISIT,
                                      GALEN_CLASS_CERTIFICATE};
    for (size_t i = 0; i < sizeof classes; i++) {
        scene_draft(&s, &s.invitation, classes[i]);
        expect(scene_judge(&s), GALEN_ERR_ROLE, "an invitation writes content");
    }
    scene_draft(&s, &s.custodian, GALEN_CLASS_RECORD);
    expect(scene_judge(&s), GALEN_OK, "the custodian is a device");
    scene_end(&s);
}

/* Drafts a certificate entry of the pharmacist. */
static void renewal(struct scene *s, const struct party *renewed, bool from_member)
{
    struct galen_chain chain;
    scene_draft(s, &s->pharmacist, GALEN_CLASS_CERTIFICATE);
    party_chain(renewed, from_member, &chain);
    galen_chain_write(&s->clear, &chain);
}

static struct party longer(const struct party *party)
{
    struct party renewed = *party;
    renewed.cert.not_before_ms = SCENE_NOW_MS;
    renewed.cert.not_after_ms += GALEN_DAY_MS / 2;
    renewed.cert.issues_until_ms = renewed.cert.not_after_ms;
    return renewed;
}

Test(rules, rule_10_staff_renew_their_certificate)
{
    struct scene s;
    scene_begin(&s);
    s.administrator.cert.not_after_ms += 2 * GALEN_DAY_MS;
    party_certify_again(&s.administrator);
    struct party renewed = longer(&s.pharmacist);
    party_certify_again(&renewed);
    s.now_ms = s.pharmacist.cert.not_after_ms + 1; /* even when the old one has just expired */
    renewal(&s, &renewed, false);
    scene_accept(&s);
    const struct galen_member *member = galen_rules_member(s.rules, &s.pharmacist.id);
    cr_assert_eq(member->not_after_ms, renewed.cert.not_after_ms);
    cr_assert_eq(galen_rules_ever_member(s.rules, &s.pharmacist.id)->not_after_ms,
                 renewed.cert.not_after_ms);
    scene_draft(&s, &s.pharmacist, GALEN_CLASS_MESSAGE);
    expect(scene_judge(&s), GALEN_OK, "and write again");
    renewal(&s, &s.pharmacist, false);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "not after does not sink");
    scene_end(&s);
}

Test(rules, rule_10_a_certificate_is_the_authors_own)
{
    struct scene s;
    scene_begin(&s);
    renewal(&s, &s.other_pharmacist, false);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "another's keys");
    struct party other = s.pharmacist;
    other.cert.role = GALEN_ROLE_TECHNICIAN;
    party_certify_again(&other);
    renewal(&s, &other, false);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "another role");
    other = s.pharmacist;
    other.cert.account = s.other_pharmacist.id;
    party_certify_again(&other);
    renewal(&s, &other, false);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "another account");
    other = s.pharmacist;
    other.cert.purpose = GALEN_PURPOSE_INVITATION;
    party_certify_again(&other);
    renewal(&s, &other, false);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "another purpose");
    renewal(&s, &s.pharmacist, true);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "from an administrator who is no member");
    other = longer(&s.pharmacist);
    other.cert.signature[0] ^= 1;
    renewal(&s, &other, false);
    expect(scene_judge(&s), GALEN_ERR_CERTIFICATE, "longer than the administrator's");
    other = s.pharmacist;
    other.cert.signature[0] ^= 1;
    renewal(&s, &other, false);
    expect(scene_judge(&s), GALEN_ERR_SIGNATURE, "forged");
    s.now_ms = s.pharmacist.cert.not_after_ms + 1;
    renewal(&s, &s.pharmacist, false);
    expect(scene_judge(&s), GALEN_ERR_EXPIRED, "one that has expired itself");
    scene_end(&s);
}

Test(rules, rule_10_only_staff_and_only_one_chain)
{
    struct scene s;
    struct galen_chain chain;
    scene_begin(&s);
    scene_draft(&s, &s.patient, GALEN_CLASS_CERTIFICATE);
    party_chain(&s.patient, true, &chain);
    galen_chain_write(&s.clear, &chain);
    expect(scene_judge(&s), GALEN_ERR_ROLE, "a patient");
    renewal(&s, &s.pharmacist, false);
    galen_write_u8(&s.clear, 0);
    expect(scene_judge(&s), GALEN_ERR_FORMAT, "something behind it");
    scene_draft(&s, &s.pharmacist, GALEN_CLASS_CERTIFICATE);
    chain.count = 0;
    galen_chain_write(&s.clear, &chain);
    expect(scene_judge(&s), GALEN_ERR_FORMAT, "no certificate");
    renewal(&s, &s.pharmacist, false);
    size_t size = s.clear.size;
    for (size_t cut = 0; cut < size; cut += 5) {
        renewal(&s, &s.pharmacist, false);
        s.clear.size = cut;
        cr_assert_neq(scene_judge(&s), GALEN_OK, "cut to %zu", cut);
    }
    scene_end(&s);
}

Test(rules, rule_10_a_member_administrator_renews)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.administrator, false, true);
    renewal(&s, &s.pharmacist, true);
    scene_accept(&s);
    scene_end(&s);
}
