/* Texts that several people edit: published editing traces, cursors, undo, differences, their bytes. */
#include "galen/text.h"

#include "galen/op.h"
#include "support/allocator.h"
#include "support/chance.h"
#include "support/gunzip.h"
#include "support/vectors.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static void apply(struct galen_text *t, uint32_t device, uint32_t seen, uint32_t at,
                  uint32_t deleted, const char *inserted)
{
    struct galen_splice splice = {at, deleted, text(inserted)};
    struct galen_edit edit = {.device = device, .seen = seen, .splices = &splice, .count = 1};
    cr_assert_eq(galen_text_apply(t, &edit, 0), GALEN_OK);
}

static void assert_says(const struct galen_text *t, const char *expected)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_text_say(t, &w);
    cr_assert(galen_bytes_equal(galen_written(&w), text(expected)), "%.*s, not %s", (int)w.size,
              (const char *)w.at, expected);
    cr_assert_eq(galen_text_size(t), w.size);
    cr_assert_eq(galen_text_length(t), galen_text_points(galen_written(&w)));
    galen_writer_wipe(&w);
}

static struct galen_text *new_text(void)
{
    struct galen_text *t = galen_text_new();
    cr_assert_not_null(t);
    return t;
}

/* ---- Editing traces ------------------------------------------------------------------------------ */

struct trace {
    struct galen_bytes json;
    const char *at;
    char *end_text;
    size_t end_size;
};

/* Not strstr: under the sanitizers it looks at all that is left each time. */
static bool seek(struct trace *t, const char *what)
{
    size_t size = strlen(what);
    while (*t->at != '\0' && strncmp(t->at, what, size) != 0)
        t->at++;
    return *t->at != '\0';
}

static void expect(struct trace *t, const char *what)
{
    cr_assert(seek(t, what), "the trace has no %s", what);
    t->at += strlen(what);
}

static uint32_t number(struct trace *t)
{
    char *end;
    unsigned long n = strtoul(t->at, &end, 10);
    cr_assert_neq((const void *)end, (const void *)t->at);
    t->at = end;
    return (uint32_t)n;
}

static char *put_point(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    return out;
}

static uint32_t four_digits(struct trace *t)
{
    char digits[5] = {0};
    memcpy(digits, t->at, 4);
    t->at += 4;
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* The JSON text that begins here; gives its size. */
static size_t string(struct trace *t, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char *start = out;
    cr_assert_eq(*t->at, '"');
    for (t->at++; *t->at != '"';) {
        if (*t->at != '\\') {
            *out++ = *t->at++;
            continue;
        }
        char escaped = *++t->at;
        t->at++;
        if (escaped != 'u') {
            *out++ = to[strchr(from, escaped) - from];
            continue;
        }
        uint32_t point = four_digits(t);
        if (point >= 0xd800 && point < 0xdc00) {
            t->at += 2;
            point = 0x10000 + ((point & 0x3ff) << 10 | (four_digits(t) & 0x3ff));
        }
        out = put_point(out, point);
    }
    t->at++;
    return (size_t)(out - start);
}

static void open_trace(struct trace *t, const char *name)
{
    struct galen_bytes packed = vectors_bytes(name);
    t->json = gunzip(packed);
    cr_assert_not_null(t->json.at, "%s is no gzip file", name);
    free((uint8_t *)packed.at);
    t->at = (const char *)t->json.at;
    t->end_text = malloc(t->json.size + 1);
    expect(t, "\"endContent\":");
    t->end_size = string(t, t->end_text);
    t->end_text[t->end_size] = '\0';
    expect(t, "\"txns\":[");
}

static void close_trace(struct trace *t)
{
    free((uint8_t *)t->json.at);
    free(t->end_text);
}

/* The next edit's splices, one after the other. */
static size_t next_patches(struct trace *t, struct galen_splice splices[16], char *room)
{
    size_t count = 0;
    expect(t, "\"patches\":[");
    for (; *t->at == '[' || *t->at == ','; count++) {
        t->at += 1 + (*t->at == ',');
        cr_assert_lt(count, 16);
        splices[count].at = number(t);
        t->at++;
        splices[count].deleted = number(t);
        t->at++;
        size_t size = string(t, room);
        splices[count].inserted = (struct galen_bytes){(const uint8_t *)room, size};
        room += size;
        t->at++;
    }
    return count;
}

/* What a device had seen when it made an edit: how many of the other's, as its parents say. */
struct sight {
    uint32_t agent, own, other;
};

/* Saved, loaded and gone on with, it is the same text. */
static void assert_kept(struct galen_text *t)
{
    struct galen_writer w, again;
    struct galen_text *loaded;
    galen_writer_init(&w);
    galen_writer_init(&again);
    galen_text_save(t, &w);
    cr_assert_eq(galen_text_load(galen_written(&w), &loaded), GALEN_OK);
    cr_assert_eq(galen_text_edits(loaded), galen_text_edits(t));
    cr_assert_eq(galen_text_length(loaded), galen_text_length(t));
    galen_text_save(loaded, &again);
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&again)));
    uint32_t seen = galen_text_edits(t) / 2;
    for (int i = 0; i < 2; i++)
        apply(i == 0 ? t : loaded, 77, seen, 3, 2, "late");
    galen_writer_clear(&w);
    galen_writer_clear(&again);
    galen_text_say(t, &w);
    galen_text_say(loaded, &again);
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&again)));
    galen_text_free(loaded);
    galen_writer_wipe(&w);
    galen_writer_wipe(&again);
}

static void follow(const char *name, bool concurrent)
{
    struct trace t;
    open_trace(&t, name);
    struct galen_text *made = new_text();
    struct sight *sights = malloc(300000 * sizeof *sights);
    uint32_t *places[2] = {malloc(300000 * sizeof(uint32_t)), malloc(300000 * sizeof(uint32_t))};
    uint32_t counts[2] = {0, 0}, edits = 0;
    char *room = malloc(t.json.size);
    struct galen_splice splices[16];
    for (; seek(&t, concurrent ? "\"parents\"" : "\"patches\""); edits++) {
        struct galen_edit edit = {.seen = edits, .splices = splices};
        if (concurrent) {
            struct sight sight = {0, 0, 0};
            uint32_t parents[16], parent_count = 0;
            expect(&t, "\"parents\":[");
            while (*t.at != ']') {
                parents[parent_count++] = number(&t);
                t.at += *t.at == ',';
            }
            expect(&t, "\"agent\":");
            sight.agent = number(&t);
            for (uint32_t i = 0; i < parent_count; i++) {
                const struct sight *p = &sights[parents[i]];
                uint32_t theirs = p->agent == sight.agent ? p->other : p->own + 1;
                sight.other = theirs > sight.other ? theirs : sight.other;
            }
            sight.own = counts[sight.agent];
            places[sight.agent][counts[sight.agent]++] = edits;
            sights[edits] = sight;
            edit.device = sight.agent;
            if (sight.other < counts[1 - sight.agent])
                edit.seen = places[1 - sight.agent][sight.other];
        }
        edit.count = next_patches(&t, splices, room);
        cr_assert_eq(galen_text_apply(made, &edit, 0), GALEN_OK, "edit %u", edits);
    }
    cr_assert_gt(edits, 20000);
    assert_says(made, t.end_text);
    assert_kept(made);
    galen_text_free(made);
    free(sights);
    free(places[0]);
    free(places[1]);
    free(room);
    close_trace(&t);
}

Test(text, trace_of_a_paper_that_one_wrote_ends_in_its_text)
{
    follow("traces/sequential-automerge-paper.json.gz", false);
}

Test(text, trace_of_a_page_as_if_one_wrote_it_ends_in_its_text)
{
    follow("traces/sequential-friendsforever_flat.json.gz", false);
}

Test(text, trace_of_a_page_that_two_wrote_at_once_ends_in_its_text)
{
    follow("traces/concurrent-friendsforever.json.gz", true);
}

Test(text, a_text_of_few_letters_or_none_is_kept)
{
    static const char *const says[] = {"", "a", "aaaaaaaaaaaaaaaaaaaaaaaa", "aé"};
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct galen_text *t = new_text(), *loaded;
        struct galen_writer w;
        if (says[i][0] != '\0')
            apply(t, 1, 0, 0, 0, says[i]);
        galen_writer_init(&w);
        galen_text_save(t, &w);
        cr_assert_eq(galen_text_load(galen_written(&w), &loaded), GALEN_OK);
        assert_says(loaded, says[i]);
        apply(loaded, 2, 9, 0, 0, "");
        assert_says(loaded, says[i]);
        galen_writer_wipe(&w);
        galen_text_free(loaded);
        galen_text_free(t);
    }
}

/* ---- Small stories ------------------------------------------------------------------------------- */

Test(text, what_two_write_at_one_place_stands_one_after_the_other)
{
    struct galen_text *t = new_text();
    apply(t, 1, 0, 0, 0, "Takes it  daily.");
    apply(t, 1, 1, 9, 0, "with food");
    apply(t, 2, 1, 9, 0, "at noon"); /* had not seen it */
    assert_says(t, "Takes it with foodat noon daily.");
    apply(t, 1, 2, 18, 0, ","); /* nor has the first seen that */
    assert_says(t, "Takes it with food,at noon daily.");
    galen_text_free(t);
}

Test(text, what_both_delete_goes_once)
{
    struct galen_text *t = new_text();
    apply(t, 1, 0, 0, 0, "abcdef");
    apply(t, 1, 1, 1, 3, "");
    apply(t, 2, 1, 2, 3, "X");
    assert_says(t, "aXf");
    size_t count;
    const struct galen_text_change *changes = galen_text_changes(t, &count);
    cr_assert_eq(count, 1);
    cr_assert(changes->at == 1 && changes->deleted == 1 && changes->inserted == 1);
    galen_text_free(t);
}

Test(text, positions_are_code_points)
{
    struct galen_text *t = new_text();
    apply(t, 1, 0, 0, 0, "µg – 𝄞");
    apply(t, 1, 1, 5, 1, "é");
    apply(t, 2, 1, 1, 1, "l");
    assert_says(t, "µl – é");
    galen_text_free(t);
}

Test(text, what_is_not_in_the_authors_text_is_refused_and_changes_nothing)
{
    static const struct {
        const char *name;
        uint32_t seen, at, deleted, limit;
        const char *inserted;
        enum galen_err err;
    } cases[] = {
        {"the end", 2, 6, 0, 0, "x", GALEN_OK},
        {"behind the end", 2, 7, 0, 0, "x", GALEN_ERR_VALUE},
        {"more than there is", 2, 5, 2, 0, "", GALEN_ERR_VALUE},
        {"far too much", 2, 1, UINT32_MAX, 0, "", GALEN_ERR_VALUE},
        {"far behind", 2, UINT32_MAX, 1, 0, "", GALEN_ERR_VALUE},
        {"all of what was seen", 1, 0, 3, 0, "", GALEN_OK},
        {"more than was seen", 1, 0, 4, 0, "", GALEN_ERR_VALUE},
        {"behind what was seen", 1, 4, 0, 0, "x", GALEN_ERR_VALUE},
        {"up to the limit", 2, 0, 0, 7, "x", GALEN_OK},
        {"beyond the limit", 2, 0, 0, 6, "x", GALEN_ERR_VALUE},
        {"beyond the limit, as others see it", 1, 0, 0, 4, "x", GALEN_OK},
        {"beyond the limit, as its author sees it", 1, 0, 0, 3, "x", GALEN_ERR_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_text *t = new_text();
        apply(t, 1, 0, 0, 0, "abc");
        apply(t, 1, 1, 3, 0, "def");
        struct galen_splice splice = {cases[i].at, cases[i].deleted, text(cases[i].inserted)};
        struct galen_edit edit = {
            .device = 2, .seen = cases[i].seen, .splices = &splice, .count = 1};
        cr_assert_eq(galen_text_check(t, &edit, cases[i].limit), cases[i].err, "%s", cases[i].name);
        assert_says(t, "abcdef");
        cr_assert_eq(galen_text_apply(t, &edit, cases[i].limit), cases[i].err, "%s", cases[i].name);
        if (cases[i].err != GALEN_OK) {
            assert_says(t, "abcdef");
            cr_assert_eq(galen_text_edits(t), 2);
        }
        galen_text_free(t);
    }
}

Test(text, a_cursor_stays_where_its_person_left_it)
{
    static const struct galen_text_change changes[] = {{4, 3, 1}, {8, 0, 2}};
    static const struct {
        uint32_t before, ahead, behind; /* of what is inserted just there */
    } cases[] = {
        {0, 0, 0}, {4, 4, 5}, {5, 4, 5}, {7, 4, 5}, {8, 6, 6}, {9, 7, 7}, {10, 8, 10}, {11, 11, 11},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(galen_text_move(cases[i].before, false, changes, 2), cases[i].ahead, "%u: %u",
                     cases[i].before, galen_text_move(cases[i].before, false, changes, 2));
        cr_assert_eq(galen_text_move(cases[i].before, true, changes, 2), cases[i].behind, "%u: %u",
                     cases[i].before, galen_text_move(cases[i].before, true, changes, 2));
    }
}

/* ---- Undo ---------------------------------------------------------------------------------------- */

static void undo(struct galen_text *t, uint32_t device, size_t which)
{
    bool chosen[16] = {false};
    struct galen_splices splices;
    chosen[which] = true;
    cr_assert_eq(galen_text_undo(t, (struct galen_text_choice){chosen, 16}, &splices), GALEN_OK);
    struct galen_edit edit = {.device = device,
                              .seen = galen_text_edits(t),
                              .splices = splices.at,
                              .count = splices.count};
    cr_assert_eq(galen_text_apply(t, &edit, 0), GALEN_OK);
    galen_splices_free(&splices);
}

Test(text, ones_own_edit_is_taken_back_and_done_again_around_what_others_wrote)
{
    struct galen_text *t = new_text();
    apply(t, 1, 0, 0, 0, "Take one tablet daily");
    apply(t, 1, 1, 5, 10, "two tablets"); /* 1 */
    apply(t, 2, 2, 8, 0, " small");       /* "two small tablets" */
    assert_says(t, "Take two small tablets daily");
    undo(t, 1, 1); /* 3 */
    assert_says(t, "Take  smallone tablet daily");
    undo(t, 1, 3);
    assert_says(t, "Take two small tablets daily");
    galen_text_free(t);
}

Test(text, of_a_text_without_history_nothing_is_taken_back)
{
    struct galen_text *t = new_text();
    struct galen_splices splices;
    cr_assert_eq(galen_text_undo(t, (struct galen_text_choice){NULL, 0}, &splices), GALEN_OK);
    cr_assert_eq(splices.count, 0);
    galen_splices_free(&splices);
    galen_text_free(t);
}

Test(text, what_somebody_else_deleted_too_does_not_come_back)
{
    struct galen_text *t = new_text();
    apply(t, 1, 0, 0, 0, "abcd");
    apply(t, 1, 1, 0, 2, "");
    apply(t, 2, 1, 1, 2, "");
    assert_says(t, "d");
    undo(t, 1, 1);
    assert_says(t, "ad");
    galen_text_free(t);
}

/* ---- Differences --------------------------------------------------------------------------------- */

static void assert_makes(struct galen_bytes before, struct galen_bytes after,
                         const struct galen_splices *splices)
{
    struct galen_text *t = new_text();
    struct galen_splice whole = {.inserted = before};
    struct galen_edit edits[2] = {{.splices = &whole, .count = 1},
                                  {.seen = 1, .splices = splices->at, .count = splices->count}};
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(galen_text_apply(t, &edits[i], 0), GALEN_OK);
    galen_text_say(t, &w);
    cr_assert(galen_bytes_equal(galen_written(&w), after), "%.*s, not %.*s", (int)w.size,
              (const char *)w.at, (int)after.size, (const char *)after.at);
    galen_writer_wipe(&w);
    galen_text_free(t);
}

Test(text, differences_are_as_small_as_whole_words_let_them)
{
    static const struct {
        const char *before, *after;
        size_t splices;
        uint32_t at, deleted;
        const char *inserted; /* of the first */
    } cases[] = {
        {"same", "same", 0, 0, 0, ""},
        {"", "all", 1, 0, 0, "all"},
        {"all", "", 1, 0, 3, ""},
        {"one tablet", "one tablets", 1, 10, 0, "s"},
        {"one tablet", "one small tablet", 1, 4, 0, "small "},
        {"warfarin 5 mg", "aspirin 5 mg", 1, 0, 5, "aspi"},
        {"take 10 mg daily and rest", "take 20 mg twice daily and walk", 2, 5, 6,
         "20 mg twice "}, /* whole */
        {"vitamin B12 and D3", "vitamin B6 and D3", 1, 8, 4, "B6 "},
        {"10 mg, 2 or 3 a day", "10 mg, 2 or 13 a day", 1, 7, 9, "2 or 13 a "}, /* a range */
        {"10 mg, 2 and 3 a day", "10 mg, 2 and 13 a day", 1, 13, 4, "13 a "},
        {"one two three", "one three", 1, 4, 4, ""}, /* not “wo t” */
        {"tan two ten", "ten", 1, 0, 8, ""},
        {"one two", "one", 1, 3, 4, ""},
        {"µg", "ng", 1, 0, 1, "n"},
        {"é", "è", 1, 0, 1, "è"}, /* they begin with the same byte */
        {"𝄞x", "𝄟x", 1, 0, 1, "𝄟"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_splices splices;
        struct galen_bytes before = text(cases[i].before), after = text(cases[i].after);
        cr_assert_eq(galen_text_difference(before, after, &splices), GALEN_OK);
        cr_assert_eq(splices.count, cases[i].splices, "%s: %zu", cases[i].after, splices.count);
        if (splices.count > 0) {
            cr_assert_eq(splices.at[0].at, cases[i].at, "%s: at %u", cases[i].after,
                         splices.at[0].at);
            cr_assert_eq(splices.at[0].deleted, cases[i].deleted, "%s: %u gone", cases[i].after,
                         splices.at[0].deleted);
            cr_assert(galen_bytes_equal(splices.at[0].inserted, text(cases[i].inserted)), "%s",
                      cases[i].after);
        }
        assert_makes(before, after, &splices);
        galen_splices_free(&splices);
    }
}

/* Words of few letters, some of two bytes. */
static struct galen_bytes random_text(struct chance *chance, char *out, size_t words)
{
    static const char *const letters[] = {"a", "b",      " ", "é", "\n", "1",
                                          "2", "\u00a0", "-", "/", "½",  "\u6beb"};
    size_t size = 0;
    for (size_t i = (size_t)chance_below(chance, words + 1); i > 0; i--) {
        const char *letter = letters[chance_below(chance, sizeof letters / sizeof *letters)];
        memcpy(out + size, letter, strlen(letter));
        size += strlen(letter);
    }
    return (struct galen_bytes){(uint8_t *)out, size};
}

/* What a person cleared stays cleared: nothing has no bytes to point to. */
Test(text, a_difference_to_nothing_takes_everything_out)
{
    struct galen_splices splices;
    const struct galen_bytes nothing = {NULL, 0};
    cr_assert_eq(galen_text_difference(text("hello"), nothing, &splices), GALEN_OK);
    cr_assert_eq(splices.count, 1);
    cr_assert_eq(splices.at[0].at, 0);
    cr_assert_eq(splices.at[0].deleted, 5);
    cr_assert_eq(splices.at[0].inserted.size, 0);
    galen_splices_free(&splices);
    cr_assert_eq(galen_text_difference(nothing, nothing, &splices), GALEN_OK);
    cr_assert_eq(splices.count, 0);
    galen_splices_free(&splices);
}

Test(text, a_difference_makes_one_text_of_another_and_its_bytes_say_so)
{
    struct chance chance = {7};
    for (int round = 0; round < 3000; round++) {
        char rooms[2][6000];
        size_t words = round % 300 == 0 ? 1500 : 12; /* with very many differences all is one */
        struct galen_bytes before = random_text(&chance, rooms[0], words);
        struct galen_bytes after = random_text(&chance, rooms[1], words);
        struct galen_splices splices, read;
        struct galen_writer w;
        cr_assert_eq(galen_text_difference(before, after, &splices), GALEN_OK);
        assert_makes(before, after, &splices);
        galen_writer_init(&w);
        galen_splices_write(&w, splices.at, splices.count);
        cr_assert_not(w.failed);
        cr_assert_eq(galen_splices_check(galen_written(&w)), GALEN_OK);
        cr_assert_eq(galen_splices_read(galen_written(&w), &read), GALEN_OK);
        cr_assert_eq(read.count, splices.count);
        assert_makes(before, after, &read);
        galen_splices_free(&read);
        galen_splices_free(&splices);
        galen_writer_wipe(&w);
    }
}

Test(text, two_peoples_changes_to_one_text_are_merged_without_its_history)
{
    struct galen_splices splices;
    struct galen_bytes now = text("Take one small tablet daily");
    cr_assert_eq(galen_text_merge(text("Take one tablet daily"), text("Take one tablet at noon"),
                                  now, &splices),
                 GALEN_OK);
    assert_makes(now, text("Take one small tablet at noon"), &splices);
    galen_splices_free(&splices);
}

Test(text, splices_that_are_not_in_their_one_form_are_refused)
{
    static const struct {
        const char *name;
        struct galen_bytes bytes;
        enum galen_err err;
    } cases[] = {
        {"none", {NULL, 0}, GALEN_OK},
        {"one", {(const uint8_t *)"\0\0\0\0\0\0\0\0\1a", 10}, GALEN_OK},
        {"two", {(const uint8_t *)"\0\0\0\0\0\0\0\1\1a\0\0\0\1\0\0\0\1\0", 19}, GALEN_OK},
        {"one that does nothing", {(const uint8_t *)"\0\0\0\1\0\0\0\0\0", 9}, GALEN_ERR_VALUE},
        {"two that are one",
         {(const uint8_t *)"\0\0\0\0\0\0\0\1\1a\0\0\0\0\0\0\0\1\0", 19},
         GALEN_ERR_VALUE},
        {"cut short", {(const uint8_t *)"\0\0\0\0\0\0\0\0\2a", 10}, GALEN_ERR_VALUE},
        {"no UTF-8", {(const uint8_t *)"\0\0\0\0\0\0\0\0\1\xff", 10}, GALEN_ERR_VALUE},
        {"a control character", {(const uint8_t *)"\0\0\0\0\0\0\0\0\1\a", 10}, GALEN_ERR_VALUE},
        {"far out", {(const uint8_t *)"\xff\xff\xff\xff\0\0\0\1\0", 9}, GALEN_ERR_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(galen_splices_check(cases[i].bytes), cases[i].err, "%s", cases[i].name);
    for (size_t cut = 1; cut < 19; cut++)
        if (cut != 10)
            cr_assert_eq(galen_splices_check((struct galen_bytes){cases[2].bytes.at, cut}),
                         GALEN_ERR_VALUE, "cut to %zu", cut);
}

/* ---- Trouble ------------------------------------------------------------------------------------- */

/* Two who take turns without knowing each other's edits, and one who accepts. */
static void write_turns(struct galen_text *t, uint32_t edits)
{
    for (uint32_t i = 0; i < edits; i++)
        apply(t, i % 2, i % 7 == 0 ? i : i / 2, i % 2 == 0 ? 0 : i / 8, i % 5 == 4,
              i % 3 ? "x" : "éy");
}

Test(text, each_allocation_may_fail_and_nothing_has_changed)
{
    struct galen_writer before, after;
    galen_writer_init(&before);
    galen_writer_init(&after);
    for (size_t nth = 1;; nth++) {
        struct galen_text *t = new_text();
        write_turns(t, 40);
        galen_writer_clear(&before);
        galen_text_say(t, &before);
        struct galen_splice splices[2] = {{1, 2, text("in front")}, {12, 0, text("behind")}};
        struct galen_edit edit = {.device = 3, .seen = 20, .splices = splices, .count = 2};
        allocator_fail(nth);
        enum galen_err err = galen_text_apply(t, &edit, 0);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        if (failed) {
            galen_writer_clear(&after);
            galen_text_say(t, &after);
            cr_assert(galen_bytes_equal(galen_written(&before), galen_written(&after)));
            cr_assert_eq(galen_text_edits(t), 40);
            cr_assert_eq(galen_text_apply(t, &edit, 0), GALEN_OK);
        }
        galen_text_free(t);
        if (!failed)
            break;
    }
    galen_writer_wipe(&before);
    galen_writer_wipe(&after);
}

Test(text, each_allocation_may_fail_while_splices_are_made_saved_and_loaded)
{
    for (size_t nth = 1;; nth++) {
        struct galen_text *t = new_text(), *loaded = NULL;
        struct galen_splices undone, made, merged;
        struct galen_writer w;
        bool chosen[3] = {false, true, true};
        write_turns(t, 40);
        galen_writer_init(&w);
        allocator_fail(nth);
        enum galen_err errs[4] = {
            galen_text_undo(t, (struct galen_text_choice){chosen, 3}, &undone),
            galen_text_difference(text("one two three"), text("one to tree"), &made),
            galen_text_merge(text("one two"), text("one too"), text("on two"), &merged)};
        galen_text_save(t, &w);
        errs[3] = w.failed ? GALEN_ERR_MEMORY : galen_text_load(galen_written(&w), &loaded);
        bool failed = allocator_failed();
        allocator_fail(0);
        size_t refused = 0;
        for (size_t i = 0; i < 4; i++) {
            cr_assert(errs[i] == GALEN_OK || errs[i] == GALEN_ERR_MEMORY);
            refused += errs[i] != GALEN_OK;
        }
        cr_assert_eq(refused, failed);
        galen_splices_free(&undone);
        galen_splices_free(&made);
        galen_splices_free(&merged);
        galen_writer_wipe(&w);
        galen_text_free(loaded);
        galen_text_free(t);
        if (!failed)
            break;
    }
}

Test(text, what_is_loaded_from_spoiled_bytes_is_refused_sooner_or_later_and_harms_nothing)
{
    struct galen_text *t = new_text(), *loaded;
    struct galen_writer w;
    struct chance chance = {3};
    write_turns(t, 200);
    galen_writer_init(&w);
    galen_text_save(t, &w);
    for (size_t cut = 0; cut < w.size; cut++) {
        enum galen_err err = galen_text_load((struct galen_bytes){w.at, cut}, &loaded);
        bool chosen[1] = {true};
        struct galen_splices splices = {0};
        if (err == GALEN_OK)
            err = galen_text_undo(loaded, (struct galen_text_choice){chosen, 1}, &splices);
        cr_assert_eq(err, GALEN_ERR_FORMAT, "cut to %zu of %zu", cut, w.size);
        galen_text_free(loaded);
    }
    for (int i = 0; i < 20000; i++) {
        size_t at = (size_t)chance_below(&chance, w.size);
        uint8_t was = w.at[at];
        w.at[at] = (uint8_t)chance_next(&chance);
        if (galen_text_load(galen_written(&w), &loaded) == GALEN_OK) {
            struct galen_splice splice = {0, 0, text("x")};
            struct galen_edit edit = {.device = 5,
                                      .seen = (uint32_t)chance_below(&chance, 210),
                                      .splices = &splice,
                                      .count = 1};
            enum galen_err err = galen_text_apply(loaded, &edit, 0);
            cr_assert(err == GALEN_OK || err == GALEN_ERR_FORMAT || err == GALEN_ERR_VALUE);
        }
        galen_text_free(loaded);
        w.at[at] = was;
    }
    galen_writer_wipe(&w);
    galen_text_free(t);
}

/* Many devices that never look at one another's edits, in a log that goes from one to the next: no stretch is
 * replayed again for each. Without the views this takes minutes. */
Test(text, hostile_turns_cost_no_more_than_their_number)
{
    enum { DEVICES = 32, EDITS = 40000 };
    struct galen_text *t = new_text();
    apply(t, 0, 0, 0, 0, "[]");
    for (uint32_t i = 1; i < EDITS; i++)
        apply(t, i % DEVICES, 1, 1, 0, "x");
    cr_assert_eq(galen_text_length(t), EDITS + 1);
    galen_text_free(t);
}

/* One who is always late, among others who know everything. */
Test(text, a_device_that_is_always_late_does_not_have_the_past_replayed_each_time)
{
    enum { EDITS = 30000 };
    struct galen_text *t = new_text();
    for (uint32_t i = 0; i < EDITS; i++)
        apply(t, i % 3 == 0 ? i / 3 % 300 + 5 : i % 3, i % 3 == 0 ? 0 : i, 0, 0, "x");
    cr_assert_eq(galen_text_length(t), EDITS);
    galen_text_free(t);
}
