/*
 * Two people's changes to one text, without its history, beside a model that is obviously right: who takes
 * words out and puts words in has taken out and put in those words, and no others come of it.
 */
#include "galen/text.h"

#include "support/chance.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 40, ROUNDS = 20000, TEXT_MAX = 1000 };

/* Words by number; each stands in a text once at most. */
struct words {
    int at[WORDS_MAX];
    size_t count;
};

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

/* They can be written into the log. */
static bool are_in_order(const struct galen_splices *splices)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_splices_write(&w, splices->at, splices->count);
    bool ok = !w.failed;
    galen_writer_wipe(&w);
    return ok;
}

/* Short ones that begin and end alike: which letters stay is not plain to see. */
static void print_word(int word, char out[8])
{
    static const char letters[] = "atn";
    snprintf(out, 8, "%c%c%c%s", letters[word % 3], letters[word / 3 % 3], letters[word / 9 % 3],
             word / 27 % 3 == 0   ? ""
             : word / 27 % 3 == 1 ? "a"
                                  : "é");
}

static void print(const struct words *words, char out[TEXT_MAX])
{
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0; i < words->count; i++) {
        char word[8];
        print_word(words->at[i], word);
        size += (size_t)snprintf(out + size, TEXT_MAX - size, "%s%s", i == 0 ? "" : " ", word);
    }
}

static bool has(const struct words *words, int word)
{
    for (size_t i = 0; i < words->count; i++)
        if (words->at[i] == word)
            return true;
    return false;
}

/* Takes some words out, and puts some in that are this person's alone; not beside each other: that would be
 * to change a word. */
static struct words changed(struct chance *chance, const struct words *before, int *next)
{
    struct words after = {0};
    uint64_t out = chance_below(chance, 400), in = chance_below(chance, 300);
    bool beside = false;
    for (size_t i = 0; i <= before->count; i++) {
        bool stays = i == before->count || !chance_in(chance, out);
        while (stays && !beside && chance_in(chance, in) && after.count < WORDS_MAX - before->count)
            after.at[after.count++] = (*next)++;
        if (stays && i < before->count)
            after.at[after.count++] = before->at[i];
        beside = !stays;
    }
    return after;
}

/* Every word that is to stand there stands there, in its order of `one`; false: it does not. */
static bool stands_in(const struct words *one, const struct words *other,
                      const struct words *before, const struct words *merged)
{
    size_t at = 0;
    for (size_t i = 0; i < one->count; i++) {
        if (has(before, one->at[i]) && !has(other, one->at[i]))
            continue;
        while (at < merged->count && merged->at[at] != one->at[i])
            at++;
        if (at++ == merged->count)
            return false;
    }
    return true;
}

static size_t expected(const struct words *before, const struct words *mine,
                       const struct words *theirs)
{
    size_t count = 0;
    for (size_t i = 0; i < mine->count; i++)
        count += !has(before, mine->at[i]) || has(theirs, mine->at[i]);
    for (size_t i = 0; i < theirs->count; i++)
        count += !has(before, theirs->at[i]);
    return count;
}

/* False: there is a word that nobody wrote. */
static bool read_words(struct galen_bytes in, int known, struct words *words)
{
    size_t at = 0;
    *words = (struct words){0};
    while (at < in.size) {
        size_t end = at;
        while (end < in.size && in.at[end] != ' ')
            end++;
        int word = end == at ? known : 0;
        for (; word < known; word++) {
            char printed[8];
            print_word(word, printed);
            if (strlen(printed) == end - at && memcmp(printed, in.at + at, end - at) == 0)
                break;
        }
        if (end > at && (word == known || words->count == WORDS_MAX))
            return false;
        if (end > at)
            words->at[words->count++] = word;
        at = end + 1;
    }
    return true;
}

Test(text_merge, words_taken_out_and_put_in_are_those_words_and_no_others)
{
    struct chance chance = {11};
    for (int round = 0; round < ROUNDS; round++) {
        struct words before = {0}, read;
        char was[TEXT_MAX], mine[TEXT_MAX], theirs[TEXT_MAX];
        int next = (int)chance_below(&chance, 12);
        before.count = (size_t)next;
        for (int i = 0; i < next; i++)
            before.at[i] = i;
        struct words one = changed(&chance, &before, &next);
        struct words other = changed(&chance, &before, &next);
        struct galen_splices splices;
        struct galen_writer merged;
        galen_writer_init(&merged);
        print(&before, was);
        print(&one, mine);
        print(&other, theirs);
        cr_assert_eq(galen_text_merge(text(was), text(mine), text(theirs), &splices), GALEN_OK);
        cr_assert_eq(galen_text_spliced(text(theirs), &splices, &merged), GALEN_OK);
        bool ok = are_in_order(&splices) && read_words(galen_written(&merged), next, &read) &&
                  read.count == expected(&before, &one, &other) &&
                  stands_in(&one, &other, &before, &read) &&
                  stands_in(&other, &one, &before, &read);
        cr_assert(ok, "round %d: “%s” became “%s” and “%s”, together “%.*s”", round, was, mine,
                  theirs, (int)merged.size, (const char *)merged.at);
        galen_splices_free(&splices);
        galen_writer_wipe(&merged);
    }
}

static void assert_merges(const char *before, const char *mine, const char *theirs,
                          const char *expected)
{
    struct galen_splices splices;
    struct galen_writer merged;
    galen_writer_init(&merged);
    cr_assert_eq(galen_text_merge(text(before), text(mine), text(theirs), &splices), GALEN_OK);
    cr_assert_eq(galen_text_spliced(text(theirs), &splices, &merged), GALEN_OK);
    cr_assert(are_in_order(&splices), "%s and %s", mine, theirs);
    cr_assert(galen_bytes_equal(galen_written(&merged), text(expected)), "%.*s, not %s",
              (int)merged.size, (const char *)merged.at, expected);
    galen_splices_free(&splices);
    galen_writer_wipe(&merged);
}

Test(text_merge, words_that_meet_do_not_grow_together)
{
    assert_merges("one two three", "one three", "one two", "one ");
    assert_merges("one two", "one", "one big two", "one big ");
    assert_merges("one two", "two", "one big two", "big two");
    assert_merges("one\ntwo\nthree", "one\ntwo", "one\ntwo\nbig\nthree", "one\ntwo\nbig\n");
    assert_merges("", "one", "two", "two one");
    assert_merges("one", "onefold", "oneself", "oneselffold"); /* both in the same word */
    assert_merges("é", "é à", "", " à");
}

/* What others put into a stretch that goes stays; what comes in its place stands in front of that. */
Test(text_merge, what_is_written_into_words_that_another_replaces_stays)
{
    assert_merges("abcdef", "aYf", "abcXdef", "aYXf");
    assert_merges("one two three four", "one big four", "one two and three four",
                  "one big and  four");
}

/* What ends a word is not only a space. */
Test(text_merge, words_do_not_grow_together_where_one_ends_a_sentence)
{
    assert_merges("Take one tablet daily. Call us.", "Stop. Call us.",
                  "Take one white tablet daily. Call us.", "Stop white . Call us.");
    assert_merges("a or b.", "c.", "a or d or b.", "c d or .");
}

/* By two who knew of each other's in the log; and at once, where nobody puts anything together but the log. */
static void assert_both_ways(const char *before, const char *mine, const char *theirs,
                             const char *expected)
{
    struct galen_splices splices[2];
    struct galen_splice whole = {.inserted = text(before)};
    struct galen_edit edit = {.splices = &whole, .count = 1};
    struct galen_text *t = galen_text_new();
    struct galen_writer w;
    assert_merges(before, mine, theirs, expected);
    cr_assert_eq(galen_text_apply(t, &edit, 0), GALEN_OK);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_eq(galen_text_difference(text(before), text(i == 0 ? theirs : mine), &splices[i]),
                     GALEN_OK);
        edit = (struct galen_edit){
            .device = 1 + i, .seen = 1, .splices = splices[i].at, .count = splices[i].count};
        cr_assert_eq(galen_text_apply(t, &edit, 0), GALEN_OK);
        galen_splices_free(&splices[i]);
    }
    galen_writer_init(&w);
    galen_text_say(t, &w);
    cr_assert(galen_bytes_equal(galen_written(&w), text(expected)), "%.*s, not %s", (int)w.size,
              (const char *)w.at, expected);
    galen_writer_wipe(&w);
    galen_text_free(t);
}

Test(text_merge, two_peoples_numbers_make_no_third)
{
    assert_both_ways("10 mg now", "20 mg now", "15 mg now", "15 mg 20 mg now");
    assert_both_ways("take 2.5 mg", "take 1.5 mg", "take 2.25 mg", "take 2.25 mg 1.5 mg");
    assert_both_ways("take 10", "take 20", "take 15", "take 15 20");
    assert_both_ways("take 10mg daily", "take 100mg daily", "take 5mg daily",
                     "take 5mg 100mg daily");
    assert_both_ways("é10 x", "é11 x", "é12 x", "é12 é11 x");
    assert_both_ways("5 10 20 mg", "6 10 20 mg", "5 10 30 mg", "6 10 30 mg");
    assert_both_ways("one 5 daily", "two 5 daily", "one 6 daily", "two 6 daily");
    assert_merges("10", "20", "15", "15 20");
}

/* What another unit makes of it is another number. */
Test(text_merge, a_number_and_its_unit_are_one)
{
    assert_both_ways("take 10 mg", "take 20 mg", "take 10 mcg", "take 10 mcg 20 mg");
    assert_merges("10 mg", "20 mg", "10 mcg", "10 mcg 20 mg");
    assert_both_ways("10 mg daily", "10 g daily", "10 mcg daily", "10 mcg 10 g daily");
    assert_both_ways("10 mg/5 mL twice", "20 mg/5 mL twice", "10 mg/10 mL twice",
                     "10 mg/10 mL 20 mg/5 mL twice");
    assert_both_ways("take 2 \xc2\xb5g now", "take 3 \xc2\xb5g now", "take 2 mg now",
                     "take 2 mg 3 \xc2\xb5g now");
    assert_both_ways("5 mg at 8 with food", "10 mg at 8 with food", "5 mg at 9 with food",
                     "10 mg at 9 with food");
    assert_both_ways("B12 daily", "B6 daily", "B12 weekly", "B6 weekly");
}

/* What is typeset, or came from a label or another keyboard, is the same amount. */
Test(text_merge, a_number_and_its_unit_are_one_whatever_stands_between)
{
    static const struct {
        const char *before, *mine, *theirs;
    } amounts[] = {
        {"2  tablets", "3  tablets", "2  halves"},
        {"10\u00a0mg", "20\u00a0mg", "10\u00a0mcg"},
        {"10\u202fmg", "20\u202fmg", "10\u202fmcg"},
        {"10 \u2009mg", "20 \u2009mg", "10 \u2009g"},
        {"10\tmg", "20\tmg", "10\tmcg"},
        {"(10 mg)", "(20 mg)", "(10 mcg)"},
        {"dose:10 mg", "dose:20 mg", "dose:10 g"},
        {"10\u00b5g", "20\u00b5g", "10mg"},
        {"1\u00bd tablets", "2\u00bd tablets", "1\u00bc tablets"},
        {"10\u2013"
         "20 mg",
         "15\u2013"
         "20 mg",
         "10\u2013"
         "30 mg"},
        {"10 - 20 mg", "15 - 20 mg", "10 - 30 mg"},
        {"10 to 20 mg", "15 to 20 mg", "10 to 30 mg"},
        {"2\u00d7"
         "10 mg",
         "3\u00d7"
         "10 mg",
         "2\u00d7"
         "5 mg"},
        {"1\u00a0"
         "000 units",
         "2\u00a0"
         "000 units",
         "1\u00a0"
         "500 units"},
        {"\u0661\u0660 mg", "\u0662\u0660 mg", "\u0661\u0665 mg"},
    };
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        char before[80], mine[80], theirs[80], both[80];
        snprintf(before, sizeof before, "take %s now", amounts[i].before);
        snprintf(mine, sizeof mine, "take %s now", amounts[i].mine);
        snprintf(theirs, sizeof theirs, "take %s now", amounts[i].theirs);
        snprintf(both, sizeof both, "take %s %s now", amounts[i].theirs, amounts[i].mine);
        assert_both_ways(before, mine, theirs, both);
    }
    assert_both_ways("take 2\nnow", "take 3\nnow", "take 2\nsoon",
                     "take 3\nsoon"); /* a line of its own */
}
