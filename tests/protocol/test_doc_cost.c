/*
 * What any member may write, and what it costs those who read the chart: in allocations, and in bytes asked for, which
 * count the work of replaying a text, too.
 */
#include "galen/doc.h"
#include "galen/text.h"

#include "support/allocator.h"
#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAP = GALEN_DOC_MAP,
    TEXT = 60 * 1024, /* code points of the text that they are at */
    MANY = 3000,
};

static const struct galen_bytes letter = {(const uint8_t *)"x", 1};

/* An edit of the topic of an action. */
static uint64_t edit_topic_so(struct story *s, const struct person *who, uint16_t kind,
                              uint64_t base, const struct galen_splice *splices, size_t count)
{
    struct galen_op op = {.kind = kind, .base = base, .content.write = {.doc = MAP, .count = 1}};
    struct galen_writer w;
    galen_writer_init(&w);
    story_record_id('m', op.content.write.record);
    galen_splices_write(&w, splices, count);
    op.content.write.fields[0] = (struct galen_write_field){GALEN_MAP_TOPIC, galen_written(&w)};
    uint64_t index = story_apply(s, who, &op);
    galen_writer_wipe(&w);
    return index;
}

/* Of one splice. */
static uint64_t edit_topic(struct story *s, const struct person *who, uint16_t kind, uint64_t base,
                           struct galen_splice splice)
{
    return edit_topic_so(s, who, kind, base, &splice,
                         splice.deleted > 0 || splice.inserted.size > 0);
}

/* A pharmacist wrote an action, whose topic is long. */
static void begin_with_a_long_topic(struct story *s)
{
    char *text = malloc(TEXT);
    cr_assert_not_null(text);
    memset(text, 'a', TEXT);
    story_begin(s);
    edit_topic(s, &ana, GALEN_KIND_WRITE, 0,
               (struct galen_splice){0, 0, {(const uint8_t *)text, TEXT}});
    cr_assert(s->verdict.counts);
    free(text);
}

/* Somebody who is nobody else. */
static struct person somebody(size_t n)
{
    return (struct person){(uint8_t)(100 + n), (uint8_t)(100 + n), GALEN_ROLE_CAREGIVER};
}

/* `most` bytes for each of MANY operations were asked for, and no more. */
static void assert_cost(const char *what, size_t most)
{
    cr_assert_leq(allocator_bytes(), MANY * most, "%s: %zu bytes each", what,
                  allocator_bytes() / MANY);
    cr_assert_leq(allocator_count(), MANY * most / 64, "%s: %zu allocations", what,
                  allocator_count());
}

Test(doc_cost, thousands_of_proposals_of_a_long_text_cost_what_they_say, .timeout = 60)
{
    struct story s;
    struct galen_writer w;
    uint8_t hash[GALEN_HASH_BYTES];
    begin_with_a_long_topic(&s);
    allocator_fail(0);
    for (uint32_t i = 0; i < MANY; i++) {
        edit_topic(&s, &pat, GALEN_KIND_PROPOSE, s.size,
                   (struct galen_splice){i * 17 % TEXT, 0, letter});
        cr_assert_eq(s.verdict.err, GALEN_OK);
    }
    assert_cost("to read", 4096);
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);

    galen_writer_init(&w);
    allocator_fail(0);
    cr_assert(galen_docs_write_signed(s.docs, &w));
    cr_assert_leq(w.size, TEXT + MANY * 128);
    cr_assert(galen_docs_hash(s.docs, hash));
    assert_cost("to sign", 4096);
    allocator_fail(0);
    struct galen_docs *then = galen_docs_as_of(s.docs, s.size - 1);
    cr_assert_not_null(then);
    assert_cost("to look back", 4096);
    galen_docs_free(then);

    const struct galen_record *record = story_record(&s, MAP, 'm');
    galen_writer_clear(&w);
    cr_assert_eq(galen_proposal_preview(galen_record_proposal(record, MANY - 1), 0, &w), GALEN_OK);
    cr_assert_eq(w.size, TEXT + 1);
    cr_assert_eq(w.at[(MANY - 1) * 17 % TEXT], 'x');
    galen_writer_wipe(&w);
    story_end(&s);
}

/* Their authors had seen next to nothing, and the text has a history since. */
Test(doc_cost, proposals_that_are_late_do_not_have_the_history_replayed_for_each, .timeout = 60)
{
    struct story s;
    struct galen_writer w;
    enum { WAIT = 40 };
    begin_with_a_long_topic(&s);
    for (uint32_t i = 0; i < MANY; i++)
        edit_topic(&s, &ana, GALEN_KIND_WRITE, s.size,
                   (struct galen_splice){i * 23 % TEXT, 1, letter});
    allocator_fail(0);
    for (uint32_t i = 0; i < MANY; i++) {
        struct person who = somebody(i % WAIT);
        edit_topic(&s, &who, GALEN_KIND_PROPOSE, 1,
                   (struct galen_splice){i * 17 % TEXT, 0, letter});
        cr_assert_eq(s.verdict.err, GALEN_OK);
    }
    assert_cost("to read", 8192);
    cr_assert_eq(galen_docs_pending_count(s.docs), WAIT);

    const struct galen_record *record = story_record(&s, MAP, 'm');
    galen_writer_init(&w);
    for (size_t i = MANY - WAIT; i < MANY; i++) { /* those that wait */
        allocator_fail(0);
        galen_writer_clear(&w);
        cr_assert_eq(galen_proposal_preview(galen_record_proposal(record, i), 0, &w), GALEN_OK);
        cr_assert_eq(w.size, TEXT + 1);
        cr_assert_leq(allocator_count(), 400, "%zu allocations", allocator_count());
    }
    galen_writer_wipe(&w);
    story_end(&s);
}

static void count_bytes(void *user, size_t i, const struct galen_text_part *parts, size_t count)
{
    size_t *bytes = user;
    (void)i;
    for (size_t k = 0; k < count; k++)
        *bytes += parts[k].gone.size + parts[k].came.size;
}

Test(doc_cost, the_history_of_a_text_is_told_in_what_its_edits_changed, .timeout = 60)
{
    struct story s;
    size_t bytes = 0;
    begin_with_a_long_topic(&s);
    allocator_fail(0);
    for (uint32_t i = 0; i < MANY; i++)
        edit_topic(&s, &ana, GALEN_KIND_WRITE, s.size,
                   (struct galen_splice){i * 23 % TEXT, 1, letter});
    assert_cost("to read", 8192);
    allocator_fail(0);
    cr_assert_eq(
        galen_record_text_history(story_record(&s, MAP, 'm'), GALEN_MAP_TOPIC, count_bytes, &bytes),
        GALEN_OK);
    assert_cost("to tell", 8192);
    cr_assert_eq(bytes, TEXT + 2 * MANY);
    story_end(&s);
}

/* Somebody types, and what they typed waits to be sent. */
Test(doc_cost, what_a_text_will_say_is_not_a_matter_of_its_history, .timeout = 60)
{
    struct story s;
    struct galen_writer w, typed;
    begin_with_a_long_topic(&s);
    for (uint32_t i = 0; i < MANY; i++)
        edit_topic(&s, &pat, GALEN_KIND_WRITE, s.size,
                   (struct galen_splice){i * 23 % TEXT, 1, letter});
    for (uint32_t i = 0; i < MANY; i++)
        edit_topic(&s, &ana, GALEN_KIND_WRITE, s.size,
                   (struct galen_splice){i * 23 % TEXT, 1, letter});
    uint8_t id[GALEN_RECORD_ID_BYTES];
    struct galen_id device = story_entry(&s, &ana).device;
    struct galen_splice splices[2] = {{0, 0, {(const uint8_t *)"yz", 2}}, {1, 1, letter}};
    struct galen_unsent unsent[2] = {{s.size, {NULL, 0}}, {s.size, {NULL, 0}}};
    struct galen_writer *const kept[2] = {&w, &typed};
    story_record_id('m', id);
    for (size_t i = 0; i < 2; i++) {
        galen_writer_init(kept[i]);
        galen_splices_write(kept[i], &splices[i], 1);
        unsent[i].value = galen_written(kept[i]);
    }
    struct galen_writer says;
    galen_writer_init(&says);
    allocator_fail(0);
    cr_assert_eq(galen_docs_text(s.docs, MAP, id, GALEN_MAP_TOPIC, &device, unsent, 2, &says),
                 GALEN_OK);
    cr_assert_leq(allocator_count(), 1000, "%zu allocations", allocator_count());
    cr_assert_eq(says.size, TEXT + 2);
    cr_assert_arr_eq(says.at, "yxxa", 4);
    galen_writer_wipe(&says);
    galen_writer_wipe(&w);
    galen_writer_wipe(&typed);
    story_end(&s);
}

static bool is_not(void *user, struct galen_bytes text)
{
    size_t *count = user;
    cr_assert_eq(text.size, TEXT);
    ++*count;
    return false;
}

/* As often as a device asks for it that says to type in a text which nobody has. */
Test(doc_cost, what_a_text_said_is_looked_for_by_one_look_through_its_history, .timeout = 60)
{
    enum { BACK = 16 };
    struct story s;
    uint8_t id[GALEN_RECORD_ID_BYTES];
    size_t count = 0, bytes[2];
    begin_with_a_long_topic(&s);
    for (uint32_t i = 0; i < 4 * MANY; i++)
        edit_topic(&s, &ana, GALEN_KIND_WRITE, s.size,
                   (struct galen_splice){i * 23 % TEXT, 1, letter});
    struct galen_id device = story_entry(&s, &pat).device;
    story_record_id('m', id);
    for (size_t i = 0; i < 2; i++) {
        allocator_fail(0);
        cr_assert_eq(galen_docs_text_past(s.docs, MAP, id, GALEN_MAP_TOPIC, &device,
                                          i == 0 ? 1 : BACK, is_not, &count),
                     GALEN_OK);
        bytes[i] = allocator_bytes();
    }
    cr_assert_eq(count, 1 + BACK);
    cr_assert_leq(bytes[1], 2 * bytes[0], "%zu bytes, and %zu", bytes[0], bytes[1]);
    story_end(&s);
}

/* A few entries of many splices each: as often as a device says to type in what nobody has. */
Test(doc_cost, what_a_text_said_is_not_looked_for_in_a_history_that_is_too_long, .timeout = 60)
{
    struct story s;
    uint8_t id[GALEN_RECORD_ID_BYTES];
    size_t count = 0;
    struct galen_splice *splices = calloc(TEXT / 4, sizeof *splices);
    cr_assert_not_null(splices);
    begin_with_a_long_topic(&s);
    for (uint32_t i = 0; i < TEXT / 4; i++)
        splices[i] = (struct galen_splice){4 * i + 1, 1, letter};
    struct galen_id device = story_entry(&s, &pat).device;
    story_record_id('m', id);
    for (size_t there = 1; there <= GALEN_DRAFT_HISTORY_MAX; there += TEXT / 4) {
        edit_topic_so(&s, &ana, GALEN_KIND_WRITE, s.size, splices, TEXT / 4);
        cr_assert(s.verdict.counts);
        cr_assert_eq(
            galen_docs_text_past(s.docs, MAP, id, GALEN_MAP_TOPIC, &device, 1, is_not, &count),
            GALEN_OK);
    }
    cr_assert_eq(count, GALEN_DRAFT_HISTORY_MAX / (TEXT / 4), "each time but the last");
    count = 0;
    allocator_fail(0);
    cr_assert_eq(
        galen_docs_text_past(s.docs, MAP, id, GALEN_MAP_TOPIC, &device, 16, is_not, &count),
        GALEN_OK);
    cr_assert_eq(count, 0);
    cr_assert_leq(allocator_bytes(), 1000, "%zu bytes", allocator_bytes());
    free(splices);
    story_end(&s);
}

/* ---- The history of a text is full ------------------------------------------------------------------ */

enum { WIDE = 40000, SOME = 10000 }; /* code points of four bytes; the former fill an operation */

static uint64_t replace_topic(struct story *s, const struct person *who, uint16_t kind,
                              uint32_t deleted, size_t points)
{
    static uint8_t text[4 * WIDE];
    for (size_t i = 0; i < points; i++)
        memcpy(text + 4 * i, "\xf0\x9f\x92\x8a", 4);
    return edit_topic(s, who, kind, s->size, (struct galen_splice){0, deleted, {text, 4 * points}});
}

static void answer(struct story *s, uint64_t proposal, bool accepted, enum galen_err err)
{
    size_t edits = galen_record_history_count(story_record(s, MAP, 'm'), GALEN_MAP_TOPIC);
    story_answer(s, &ana, s->size, proposal, accepted);
    cr_assert_eq(s->verdict.err, err);
    cr_assert_eq(s->verdict.counts, err == GALEN_OK);
    if (err != GALEN_OK)
        cr_assert_eq(galen_record_history_count(story_record(s, MAP, 'm'), GALEN_MAP_TOPIC), edits);
}

Test(doc_cost, a_text_whose_history_is_full_takes_nothing_more_and_says_so, .timeout = 120)
{
    struct story s;
    struct galen_writer w;
    story_begin(&s);
    replace_topic(&s, &ana, GALEN_KIND_WRITE, 0, WIDE);
    uint64_t deletes = replace_topic(&s, &pat, GALEN_KIND_PROPOSE, WIDE, 0);
    answer(&s, deletes, true, GALEN_OK);
    uint64_t inserts = replace_topic(&s, &pat, GALEN_KIND_PROPOSE, 0, SOME);
    uint64_t inserts_too = replace_topic(&s, &cara, GALEN_KIND_PROPOSE, 0, SOME);
    size_t left = GALEN_TEXT_HISTORY_MAX / 4 - WIDE, there = 0;
    while (left > SOME / 2) {
        size_t points = left - SOME / 2 < WIDE ? left - SOME / 2 : WIDE;
        replace_topic(&s, &ana, GALEN_KIND_WRITE, (uint32_t)there, points);
        cr_assert_eq(s.verdict.err, GALEN_OK);
        there = points;
        left -= points;
    }
    answer(&s, deletes, false, GALEN_ERR_FULL);
    answer(&s, inserts, true, GALEN_ERR_FULL);
    answer(&s, inserts_too, false, GALEN_OK); /* it changes nothing */
    galen_writer_init(&w);
    cr_assert_eq(galen_proposal_preview(galen_docs_proposal(s.docs, inserts), 0, &w),
                 GALEN_ERR_FULL);
    galen_writer_wipe(&w);
    replace_topic(&s, &ana, GALEN_KIND_WRITE, 0, SOME);
    cr_assert_eq(s.verdict.err, GALEN_ERR_FULL);
    cr_assert_not(s.verdict.counts);
    replace_topic(&s, &ana, GALEN_KIND_WRITE, 0, 1); /* what still fits */
    cr_assert_eq(s.verdict.err, GALEN_OK);
    story_end(&s);
}
