/* protocol/engine/drafts.c: what one types the other sees in their own text, as writing it would make it. */
#include "support/meeting.h"

#include "galen/draft.h"
#include "galen/text.h"
#include "support/chance.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {'m', 'e', 'd'};
static struct meeting *meeting;

static void set_up(void)
{
    meeting = meeting_new(71);
}

static void tear_down(void)
{
    meeting_free(meeting);
}

TestSuite(engine_drafts, .init = set_up, .fini = tear_down);

enum { ROOM = 600 };

static void put(char *out, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void put(char *out, size_t room, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    cr_assert_lt((size_t)vsnprintf(out, room, format, list), room);
    va_end(list);
}

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static const struct galen_id *chart_id(void)
{
    return galen_rules_chart(meeting->chart->rules);
}

static uint64_t now(size_t who)
{
    return home_now(meeting->homes[who]);
}

/* Types in the text, with the caret behind so many code points, and the selection to there. */
static enum galen_err types(size_t who, const char *was, const char *made, uint32_t caret,
                            uint32_t end)
{
    uint8_t tag[GALEN_DRAFT_TAG_BYTES];
    struct galen_draft draft = {
        .doc = GALEN_DOC_PMR, .field = GALEN_PMR_EFFECTS, .caret = caret, .end = end};
    memcpy(draft.record, medicine, sizeof medicine);
    meeting->chart->now_ms += GALEN_DRAFT_SHOW_MS;
    enum galen_err err = galen_engine_typed(meeting_engine(meeting, who), chart_id(), &draft,
                                            text(was), text(made), tag);
    meeting_run(meeting);
    return err;
}

static void write_text(size_t who, const char *made, const char *was)
{
    struct galen_write write = {.doc = GALEN_DOC_PMR, .count = 1};
    struct galen_writer encoded;
    bool proposed;
    galen_token token;
    struct galen_bytes began = text(was);
    memcpy(write.record, medicine, sizeof medicine);
    write.fields[0] = (struct galen_write_field){GALEN_PMR_EFFECTS, text(made)};
    galen_writer_init(&encoded);
    galen_write_encode(&encoded, &write);
    cr_assert_eq(galen_engine_write(meeting_engine(meeting, who), now(who), chart_id(),
                                    galen_written(&encoded), &began, &proposed, token),
                 GALEN_OK);
    galen_writer_wipe(&encoded);
    meeting_run(meeting);
}

/* What one of them wrote is in the log; and is shown to these, bit by bit. */
static void reaches(size_t who)
{
    cr_assert_eq(home_accept(meeting->homes[who], meeting->chart), GALEN_OK);
}
static void reads(size_t who)
{
    home_show(meeting->homes[who]);
    meeting_run(meeting);
}
static void writes(size_t who, const char *made, const char *was)
{
    write_text(who, made, was);
    reaches(who);
    reads(ANN);
    reads(BEN);
}

static void sees(size_t who, const char *value, uint32_t caret, uint32_t end)
{
    const struct heard_draft *heard = &meeting->drafts[who];
    cr_assert(heard->placed, "it is not shown");
    cr_assert_eq(heard->event.number, 1);
    cr_assert(galen_bytes_equal(galen_written(&heard->value), text(value)), "%.*s, not %s",
              (int)heard->value.size, (const char *)heard->value.at, value);
    cr_assert_eq(heard->caret, caret, "caret at %u", heard->caret);
    cr_assert_eq(heard->end, end, "to %u", heard->end);
}

static void sees_only_that_they_type(size_t who)
{
    cr_assert_eq(meeting->drafts[who].event.number, 1);
    cr_assert_not(meeting->drafts[who].placed);
}

/* -- in the text ------------------------------------------------------------------------------------ */

Test(engine_drafts, D5_what_is_typed_is_seen_in_the_text_with_the_caret)
{
    writes(BEN, "dizzy", "");
    cr_assert_eq(types(BEN, "dizzy", "dizzy in the", 12, 12), GALEN_OK);
    sees(ANN, "dizzy in the", 5, 5);
    cr_assert_eq(meeting->drafts[ANN].event.doc, GALEN_DOC_PMR);
    cr_assert_eq(meeting->drafts[ANN].event.field, GALEN_PMR_EFFECTS);
    cr_assert(galen_id_equal(&meeting->drafts[ANN].event.device, meeting_device(meeting, BEN)));
    cr_assert_eq(types(BEN, "dizzy", "dizzy in the", 2, 4), GALEN_OK);
    sees(ANN, "dizzy in the", 2, 4);
    cr_assert_eq(types(BEN, "dizzy", "dizzy", 0, 5), GALEN_OK);
    sees(ANN, "dizzy", 0, 5);
}

Test(engine_drafts, of_what_comes_faster_than_is_shown_the_last_is_shown)
{
    writes(BEN, "dizzy", "");
    meeting->keeps_back = true;
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(types(BEN, "dizzy",
                           i == 0   ? "dizzy a"
                           : i == 1 ? "dizzy ab"
                                    : "dizzy abc",
                           5, 5),
                     GALEN_OK);
    for (size_t i = 0; i < 3; i++)
        meeting_show(meeting, i);
    sees(ANN, "dizzy a", 5, 5);
    size_t told = meeting->drafts[ANN].count;
    cr_assert_leq(galen_engine_tick(meeting_engine(meeting, ANN), now(ANN)),
                  now(ANN) + GALEN_DRAFT_SHOW_MS);
    meeting->chart->now_ms += GALEN_DRAFT_SHOW_MS;
    (void)galen_engine_tick(meeting_engine(meeting, ANN), now(ANN));
    meeting_run(meeting);
    sees(ANN, "dizzy abc", 5, 5);
    cr_assert_eq(meeting->drafts[ANN].count, told + 1);
}

Test(engine_drafts, a_caret_stays_at_its_place_while_others_write)
{
    writes(BEN, "dizzy in the morning", "");
    cr_assert_eq(types(BEN, "dizzy in the morning", "dizzy in the morning, again", 27, 9),
                 GALEN_OK);
    sees(ANN, "dizzy in the morning, again", 20, 9);
    writes(ANN, "very dizzy in the morning", "dizzy in the morning");
    sees(ANN, "very dizzy in the morning, again", 25, 14);
}

Test(engine_drafts, what_is_shown_is_what_writing_it_gives)
{
    struct chance chance = {5};
    char was[ROOM], made[ROOM], other[ROOM], shown[ROOM];
    strcpy(was, "one two three");
    writes(BEN, was, "");
    for (int round = 0; round < 25; round++) {
        put(made, ROOM, "%s b%d", was, round);
        put(other, ROOM, "a%d %s", round, was);
        if (chance_in(&chance, 500)) /* in the middle: a word is taken out */
            memmove(strchr(made, ' '), strchr(made, ' ') + 1, strlen(strchr(made, ' ')));
        writes(ANN, other, was);
        meeting->chart->now_ms += 1000;
        cr_assert_eq(types(BEN, was, made, 0, 0), GALEN_OK);
        put(shown, ROOM, "%.*s", (int)meeting->drafts[ANN].value.size,
            (const char *)meeting->drafts[ANN].value.at);
        cr_assert(meeting->drafts[ANN].placed);
        writes(BEN, made, was);
        struct galen_bytes value =
            galen_record_value(
                galen_docs_record(galen_engine_docs(meeting_engine(meeting, ANN), chart_id()),
                                  GALEN_DOC_PMR, medicine),
                GALEN_PMR_EFFECTS, 0)
                .value;
        cr_assert(galen_bytes_equal(value, text(shown)), "%s, not %.*s", shown, (int)value.size,
                  (const char *)value.at);
        put(was, ROOM, "%s", shown);
    }
}

/* -- the text that somebody began from -------------------------------------------------------------- */

Test(engine_drafts, a_text_from_before_others_wrote_is_found_in_the_past)
{
    writes(BEN, "dizzy", "");
    for (int i = 0; i < 5; i++) {
        char was[ROOM], made[ROOM], shown[ROOM];
        put(was, ROOM, "%.*sdizzy", i, ".....");
        put(made, ROOM, ".%s", was);
        writes(ANN, made, was);
        meeting->chart->now_ms += 1000;
        cr_assert_eq(types(BEN, "dizzy", "dizzy now", 9, 9), GALEN_OK);
        put(shown, ROOM, "%s now", made);
        sees(ANN, shown, (uint32_t)strlen(made), (uint32_t)strlen(made));
    }
}

Test(engine_drafts, a_text_that_is_on_its_way_is_waited_for)
{
    writes(BEN, "dizzy", "");
    cr_assert_eq(types(BEN, "dizzy", "dizzy now", 9, 9), GALEN_OK);
    write_text(BEN, "dizzy now", "dizzy");
    size_t told = meeting->drafts[ANN].count;
    cr_assert_eq(types(BEN, "dizzy now", "dizzy now?", 10, 10), GALEN_OK);
    cr_assert_eq(meeting->drafts[ANN].count, told, "what was shown stays for a moment");
    reaches(BEN);
    reads(ANN);
    sees(ANN, "dizzy now?", 9, 9);
}

Test(engine_drafts, what_was_written_is_not_shown_as_typed_a_second_time)
{
    writes(BEN, "dizzy", "");
    cr_assert_eq(types(BEN, "dizzy", "dizzy now", 9, 9), GALEN_OK);
    writes(BEN, "dizzy now", "dizzy");
    sees_only_that_they_type(ANN);
    cr_assert_eq(types(BEN, "dizzy now", "dizzy now", 9, 9), GALEN_OK);
    sees(ANN, "dizzy now", 9, 9);
}

Test(engine_drafts, a_text_that_nobody_has_is_not_shown_and_what_stood_there_goes)
{
    writes(BEN, "dizzy", "");
    cr_assert_eq(types(BEN, "not here", "not here!", 9, 9), GALEN_OK);
    sees_only_that_they_type(ANN);
    cr_assert_eq(types(BEN, "dizzy", "dizzy!", 6, 6), GALEN_OK);
    sees(ANN, "dizzy!", 5, 5);
    size_t told = meeting->drafts[ANN].count;
    meeting->chart->now_ms += GALEN_DRAFT_SEARCH_MS;
    cr_assert_eq(types(BEN, "not here", "not here!", 9, 9), GALEN_OK);
    cr_assert_eq(meeting->drafts[ANN].count, told);
    meeting->chart->now_ms += GALEN_DRAFT_LOST_MS;
    cr_assert_leq(galen_engine_tick(meeting_engine(meeting, ANN), now(ANN)),
                  now(ANN) + GALEN_DRAFT_LOST_MS);
    meeting_run(meeting);
    sees_only_that_they_type(ANN);
}

Test(engine_drafts, the_past_is_looked_through_so_often_and_so_far_only)
{
    char was[ROOM], made[ROOM];
    writes(BEN, "dizzy", "");
    strcpy(was, "dizzy");
    for (int i = 0; i < GALEN_DRAFT_PAST_MAX; i++) {
        put(made, ROOM, ".%s", was);
        writes(ANN, made, was);
        strcpy(was, made);
    }
    meeting->chart->now_ms += 1000;
    cr_assert_eq(types(BEN, "not here", "x", 1, 1), GALEN_OK);
    cr_assert_eq(types(BEN, "dizzy", "dizzy!", 6, 6), GALEN_OK);
    sees_only_that_they_type(ANN); /* too soon */
    meeting->chart->now_ms += GALEN_DRAFT_SEARCH_MS;
    (void)galen_engine_tick(meeting_engine(meeting, ANN), now(ANN));
    meeting_run(meeting);
    put(made, ROOM, "%s!", was);
    sees(ANN, made, (uint32_t)strlen(was), (uint32_t)strlen(was));
    put(made, ROOM, ".%s", was);
    writes(ANN, made, was);
    meeting->chart->now_ms += 1000;
    cr_assert_eq(types(BEN, "dizzy", "dizzy!!", 7, 7), GALEN_OK);
    sees_only_that_they_type(ANN); /* too far */
}

Test(engine_drafts, who_comes_anew_has_the_past_looked_through_no_more_often)
{
    writes(BEN, "dizzy", "");
    writes(ANN, ".dizzy", "dizzy");
    meeting->keeps_back = true;
    cr_assert_eq(types(BEN, "not here", "x", 1, 1), GALEN_OK);
    meeting_cut(meeting, BEN);
    meeting_dial(meeting, BEN);
    cr_assert_eq(types(BEN, "dizzy", "dizzy!", 6, 6), GALEN_OK);
    size_t count = meeting->kept_count;
    for (size_t i = 0; i < count; i++)
        meeting_show(meeting, i);
    cr_assert_eq(meeting->drafts[ANN].event.number, 0);
    meeting->chart->now_ms += GALEN_DRAFT_SHOW_MS;
    (void)galen_engine_tick(meeting_engine(meeting, ANN), now(ANN));
    meeting_run(meeting);
    sees_only_that_they_type(ANN); /* too soon */
    meeting->chart->now_ms += GALEN_DRAFT_SEARCH_MS;
    (void)galen_engine_tick(meeting_engine(meeting, ANN), now(ANN));
    meeting_run(meeting);
    sees(ANN, ".dizzy!", 6, 6);
}

Test(engine_drafts, ones_own_words_that_wait_are_part_of_what_one_sees)
{
    writes(BEN, "dizzy", "");
    write_text(ANN, "very dizzy", "dizzy"); /* not in the log */
    cr_assert_eq(types(BEN, "dizzy", "dizzy!", 6, 6), GALEN_OK);
    sees(ANN, "very dizzy!", 10, 10);
    write_text(ANN, "very very dizzy", "very dizzy");
    sees(ANN, "very very dizzy!", 15, 15);
}

/* -- long ones --------------------------------------------------------------------------------------- */

Test(engine_drafts, in_a_long_text_it_is_said_what_changes_and_no_more)
{
    enum { LONG = 60000 };
    char *was = calloc(1, LONG + 1), *made = calloc(1, LONG + 100);
    for (size_t i = 0; i < LONG; i++)
        was[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 5);
    put(made, LONG + 100, "very %s, again", was);
    writes(BEN, was, "");
    cr_assert_eq(types(BEN, was, made, LONG + 12, LONG + 12), GALEN_OK);
    sees(ANN, made, LONG, LONG);
    struct galen_frame frame = home_sent(meeting->homes[BEN], GALEN_FRAME_RELAY);
    cr_assert_lt(frame.as.relay.sealed.size, 512);
    free(was);
    free(made);
}

Test(engine_drafts, what_is_too_large_to_be_said_is_only_being_typed)
{
    char *made = calloc(1, GALEN_DRAFT_MAX + 1);
    memset(made, 'x', GALEN_DRAFT_MAX);
    writes(BEN, "dizzy", "");
    cr_assert_eq(types(BEN, "dizzy", made, 1, 1), GALEN_OK);
    sees_only_that_they_type(ANN);
    made[GALEN_DRAFT_MAX - 40] = '\0';
    cr_assert_eq(types(BEN, "dizzy", made, 1, 1), GALEN_OK);
    sees(ANN, made, 0, 0);
    free(made);
}

/* -- the end of it ------------------------------------------------------------------------------------ */

static void stops(size_t who)
{
    cr_assert_eq(galen_engine_draft(meeting_engine(meeting, who), chart_id(), GALEN_DOC_PMR,
                                    medicine, GALEN_PMR_EFFECTS, text("")),
                 GALEN_OK);
    meeting_run(meeting);
}

Test(engine_drafts, who_leaves_the_field_or_is_gone_types_no_more)
{
    writes(BEN, "dizzy", "");
    cr_assert_eq(types(BEN, "dizzy", "dizzy!", 6, 6), GALEN_OK);
    stops(BEN);
    cr_assert_eq(meeting->drafts[ANN].event.number, 0);
    cr_assert_eq(types(BEN, "dizzy", "dizzy!", 6, 6), GALEN_OK);
    sees(ANN, "dizzy!", 5, 5);
    meeting->live[BEN] = false;
    for (int i = 0; i < 5; i++) {
        meeting->chart->now_ms += 10000;
        (void)galen_engine_tick(meeting_engine(meeting, ANN), now(ANN));
        meeting_run(meeting);
    }
    cr_assert_eq(meeting->drafts[ANN].event.number, 0);
}

Test(engine_drafts, at_most_so_many_are_kept_and_the_oldest_goes)
{
    writes(BEN, "dizzy", "");
    for (uint8_t i = 0; i <= GALEN_DRAFTS_MAX; i++) {
        uint8_t tag[GALEN_DRAFT_TAG_BYTES];
        struct galen_draft draft = {
            .doc = GALEN_DOC_PMR, .record = {i}, .field = GALEN_PMR_EFFECTS};
        cr_assert_eq(meeting->drafts[ANN].event.number, i > 0);
        meeting->chart->now_ms += GALEN_DRAFT_SHOW_MS;
        cr_assert_eq(galen_engine_typed(meeting_engine(meeting, BEN), chart_id(), &draft, text(""),
                                        text("x"), tag),
                     GALEN_OK);
        meeting_run(meeting);
    }
    size_t told = meeting->drafts[ANN].count;
    cr_assert_eq(told, GALEN_DRAFTS_MAX + 2, "one more, and the first is no longer shown");
    meeting_cut(meeting, BEN);
    meeting_cut(meeting, ANN);
    cr_assert_eq(meeting->drafts[ANN].count, told + GALEN_DRAFTS_MAX);
}

Test(engine_drafts, an_older_one_that_comes_late_is_not_shown)
{
    writes(BEN, "dizzy", "");
    meeting->keeps_back = true;
    cr_assert_eq(types(BEN, "dizzy", "dizzy a", 7, 7), GALEN_OK);
    cr_assert_eq(types(BEN, "dizzy", "dizzy ab", 8, 8), GALEN_OK);
    meeting_show(meeting, 1);
    sees(ANN, "dizzy ab", 5, 5);
    size_t told = meeting->drafts[ANN].count;
    meeting->chart->now_ms += 1000;
    meeting_show(meeting, 0);
    cr_assert_eq(meeting->drafts[ANN].count, told);
}

Test(engine_drafts, fields_of_other_kinds_are_said_as_a_whole)
{
    struct galen_engine *ben = meeting_engine(meeting, BEN);
    cr_assert_eq(galen_engine_draft(ben, chart_id(), GALEN_DOC_PMR, medicine, GALEN_PMR_PRESCRIBER,
                                    text("Dr. Ex")),
                 GALEN_OK);
    meeting_run(meeting);
    cr_assert_eq(meeting->drafts[ANN].event.number, 1);
    cr_assert(galen_bytes_equal(galen_written(&meeting->drafts[ANN].value), text("Dr. Ex")));
    cr_assert_eq(galen_engine_draft(ben, chart_id(), GALEN_DOC_PMR, medicine, GALEN_PMR_PRESCRIBER,
                                    text("")),
                 GALEN_OK);
    meeting_run(meeting);
    cr_assert_eq(meeting->drafts[ANN].event.number, 0);
    struct galen_draft draft = {.doc = GALEN_DOC_PMR, .field = GALEN_PMR_PRESCRIBER};
    cr_assert_eq(galen_engine_typing(ben, chart_id(), &draft), GALEN_ERR_VALUE);
}

/* -- hostile ------------------------------------------------------------------------------------------ */

Test(engine_drafts, what_does_not_fit_its_text_is_not_shown)
{
    static const struct {
        const char *name;
        struct galen_bytes splices;
        uint32_t caret, end;
    } cases[] = {
        {"behind the text", {(const uint8_t *)"\0\0\0\6\0\0\0\0\1a", 10}, 0, 0},
        {"deletes more than there is", {(const uint8_t *)"\0\0\0\0\0\0\0\6\0", 9}, 0, 0},
        {"the caret behind it", {NULL, 0}, 6, 0},
        {"the end behind it", {NULL, 0}, 0, UINT32_MAX},
    };
    writes(BEN, "dizzy", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct galen_draft draft = {.doc = GALEN_DOC_PMR,
                                    .field = GALEN_PMR_EFFECTS,
                                    .caret = cases[i].caret,
                                    .end = cases[i].end,
                                    .splices = cases[i].splices};
        memcpy(draft.record, medicine, sizeof medicine);
        galen_draft_tag(text("dizzy"), draft.tag);
        cr_assert_eq(galen_engine_typing(meeting_engine(meeting, BEN), chart_id(), &draft),
                     GALEN_OK);
        meeting_run(meeting);
        cr_assert_not(meeting->drafts[ANN].placed, "%s", cases[i].name);
    }
}

Test(engine_drafts, bytes_are_read_as_they_were_written_and_not_when_they_are_cut)
{
    struct galen_draft draft = {.doc = GALEN_DOC_PMR,
                                .record = {7},
                                .field = GALEN_PMR_EFFECTS,
                                .tag = {1, 2, 3, 4, 5, 6, 7, 8},
                                .caret = 9,
                                .end = 10,
                                .splices = {(const uint8_t *)"\0\0\0\6\0\0\0\0\1a", 10}},
                       read;
    struct galen_writer w;
    struct galen_reader r;
    galen_writer_init(&w);
    galen_draft_write(&w, &draft);
    galen_reader_init(&r, galen_written(&w));
    cr_assert_eq(galen_draft_read(&r, &read), GALEN_OK);
    cr_assert_eq(read.caret, 9);
    cr_assert_eq(read.end, 10);
    cr_assert_eq(memcmp(read.tag, draft.tag, sizeof read.tag), 0);
    cr_assert(galen_bytes_equal(read.splices, draft.splices));
    for (size_t cut = 0; cut < w.size; cut++) {
        galen_reader_init(&r, (struct galen_bytes){w.at, cut});
        cr_assert_eq(galen_draft_read(&r, &read), GALEN_ERR_VALUE, "cut to %zu", cut);
    }
    w.at[w.size - 1] = 0xff; /* no UTF-8 */
    galen_reader_init(&r, galen_written(&w));
    cr_assert_eq(galen_draft_read(&r, &read), GALEN_ERR_VALUE);
    galen_writer_wipe(&w);
}
