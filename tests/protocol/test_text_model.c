/*
 * The merge of texts beside a model that is slow and obviously right (support/slow_text.h). Two to five
 * replicas type, delete, paste, go offline, take back and accept each other's proposals, from a seed.
 */
#include "galen/text.h"

#include "support/chance.h"
#include "support/slow_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    EDITS = SLOW_EDITS_MAX,
    NODES_MAX = SLOW_SIZE_MAX,
    DEVICES_MAX = 5,
    SEEDS = 300,
    LONG_SEEDS = 40000
};

/* ---- Chance -------------------------------------------------------------------------------------- */

struct writer {
    int seen, wait; /* offline for so many of its own edits */
    uint32_t cursor;
    int habit; /* 0 types on, 1 types backwards, 2 rubs out, 3 anything */
};

struct story {
    struct slow_text m;
    struct galen_text *text;
    struct chance chance;
    struct writer writers[DEVICES_MAX];
    int devices;
    uint64_t seed;
};

static void check_same(const struct story *s)
{
    static char want[NODES_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_text_say(s->text, &w);
    size_t size = slow_say(&s->m, &slow_everything, want);
    cr_assert(w.size == size && (size == 0 || memcmp(w.at, want, size) == 0),
              "seed %llu, edit %d: %.*s, not %.*s", (unsigned long long)s->seed, s->m.edits,
              (int)w.size, (const char *)w.at, (int)size, want);
    cr_assert_eq(galen_text_length(s->text), size);
    galen_writer_wipe(&w);
}

static uint32_t below(struct story *s, uint64_t n)
{
    return (uint32_t)chance_below(&s->chance, n);
}

static void apply(struct story *s, const struct galen_edit *edit)
{
    slow_edit(&s->m, edit);
    cr_assert_eq(galen_text_apply(s->text, edit, 0), GALEN_OK, "seed %llu, edit %d",
                 (unsigned long long)s->seed, s->m.edits - 1);
    check_same(s);
}

static uint32_t length_for(struct story *s, const struct slow_past *past)
{
    static char scratch[NODES_MAX];
    return (uint32_t)slow_say(&s->m, past, scratch);
}

/* One to three splices of a writer who goes on as it did before. */
static size_t invent(struct story *s, struct writer *writer, uint32_t length,
                     struct galen_splice splices[3], uint8_t bytes[3][8])
{
    size_t count = chance_in(&s->chance, 900) ? 1 : 1 + below(s, 3);
    if (chance_in(&s->chance, 150)) {
        writer->cursor = below(s, (uint64_t)length + 1);
        writer->habit = (int)below(s, 4);
    }
    for (size_t i = 0; i < count; i++) {
        struct galen_splice *splice = &splices[i];
        if (writer->cursor > length || i > 0 || writer->habit == 3)
            writer->cursor = below(s, (uint64_t)length + 1);
        *splice = (struct galen_splice){.at = writer->cursor};
        if (writer->habit >= 2 && length > writer->cursor)
            splice->deleted = writer->habit == 2 ? 1 : below(s, length - writer->cursor + 1) / 2;
        if (writer->habit != 2 || length < 3) {
            splice->inserted = (struct galen_bytes){bytes[i], writer->habit == 3 ? below(s, 8) : 1};
            for (size_t k = 0; k < splice->inserted.size; k++)
                bytes[i][k] = (uint8_t)('a' + below(s, 26));
        }
        length = length - splice->deleted + (uint32_t)splice->inserted.size;
        if (writer->habit == 0)
            writer->cursor += (uint32_t)splice->inserted.size;
        else if (writer->habit == 2 && writer->cursor > 0)
            writer->cursor--;
    }
    return count;
}

static void write_something(struct story *s)
{
    uint32_t device = below(s, (uint64_t)s->devices);
    struct writer *writer = &s->writers[device];
    struct galen_splice splices[3];
    uint8_t bytes[3][8];
    if (writer->wait > 0)
        writer->wait--;
    else if (chance_in(&s->chance, 100))
        writer->wait = (int)below(s, 20);
    else
        writer->seen += (int)below(s, (uint64_t)(s->m.edits - writer->seen) + 1);
    if (writer->wait == 0 && chance_in(&s->chance, 400))
        writer->seen = s->m.edits;
    struct galen_edit edit = {.device = device, .seen = (uint32_t)writer->seen, .splices = splices};
    struct slow_past past = {(int)device, writer->seen, s->m.edits, -1};
    if (chance_in(&s->chance, 60)) { /* accepts what somebody proposed some time ago */
        edit.as_of = true;
        edit.author = below(s, (uint64_t)s->devices);
        edit.own = below(s, (uint64_t)edit.seen + 1);
        uint32_t least = 0; /* what one has seen never becomes less */
        for (uint32_t i = 0; i < edit.own; i++)
            if (s->m.devices[i] == (int)edit.author && s->m.seen[i] > (int)least)
                least = (uint32_t)s->m.seen[i];
        edit.author_seen = least + below(s, (uint64_t)(edit.own - least) + 1);
        past = (struct slow_past){(int)edit.author, (int)edit.author_seen, (int)edit.own, -1};
    }
    edit.count = invent(s, writer, length_for(s, &past), splices, bytes);
    apply(s, &edit);
}

/* A writer takes back some of its own, against what everybody sees. */
static void take_back(struct story *s)
{
    bool chosen[EDITS] = {false};
    static char want[NODES_MAX], is[NODES_MAX];
    struct slow_text *m = &s->m;
    uint32_t device = below(s, (uint64_t)s->devices);
    for (int i = m->edits; i-- > 0;)
        chosen[i] = m->devices[i] == (int)device && chance_in(&s->chance, 500);
    size_t wanted = slow_without(m, chosen, want), size = slow_say(m, &slow_everything, is);
    struct galen_splices splices;
    cr_assert_eq(galen_text_undo(s->text, (struct galen_text_choice){chosen, EDITS}, &splices),
                 GALEN_OK);
    for (size_t i = 0; i < splices.count; i++) {
        const struct galen_splice *splice = &splices.at[i];
        char *at = is + splice->at;
        cr_assert_leq(splice->at + splice->deleted, size);
        memmove(at + splice->inserted.size, at + splice->deleted,
                size - splice->at - splice->deleted);
        if (splice->inserted.size > 0)
            memcpy(at, splice->inserted.at, splice->inserted.size);
        size = size - splice->deleted + splice->inserted.size;
    }
    cr_assert(size == wanted && memcmp(is, want, size) == 0, "seed %llu: undone to %.*s, not %.*s",
              (unsigned long long)s->seed, (int)size, is, (int)wanted, want);
    struct galen_edit edit = {.device = device,
                              .seen = (uint32_t)m->edits,
                              .splices = splices.at,
                              .count = splices.count};
    s->writers[device].seen = m->edits;
    s->writers[device].wait = 0;
    apply(s, &edit);
    galen_splices_free(&splices);
}

static void tell(uint64_t seed)
{
    static struct story s;
    memset(&s, 0, sizeof s);
    s.seed = seed;
    s.chance.state = seed;
    s.devices = 2 + (int)below(&s, DEVICES_MAX - 1);
    s.text = galen_text_new();
    cr_assert_not_null(s.text);
    while (s.m.edits < EDITS)
        if (chance_in(&s.chance, 30))
            take_back(&s);
        else
            write_something(&s);
    cr_assert(slow_is_in_order(&s.m)); /* the model's own order is that of its definition */
    check_same(&s);
    galen_text_free(s.text);
}

Test(text_model, the_merge_is_the_model_s)
{
    const char *long_run = getenv("GALEN_LONG");
    uint64_t seeds = long_run != NULL && *long_run != '\0' ? LONG_SEEDS : SEEDS;
    for (uint64_t seed = 1; seed <= seeds; seed++)
        tell(seed);
}

/* ---- Whole runs ---------------------------------------------------------------------------------- */

/* Replicas that are all offline each write a word at the same place, forwards or backwards, and the log
 * mixes their edits: each word stands whole, in the order of their first edits. */
static void write_words(uint64_t seed)
{
    enum { WORD = 9 };
    struct chance chance = {seed};
    struct galen_text *text = galen_text_new();
    uint32_t devices = 2 + (uint32_t)chance_below(&chance, 4), done[5] = {0}, left = devices * WORD;
    uint32_t at = (uint32_t)chance_below(&chance, 3);
    bool backwards[5];
    cr_assert_not_null(text);
    struct galen_splice splice = {0, 0, {(const uint8_t *)"[]", 2}};
    struct galen_edit edit = {.device = 9, .splices = &splice, .count = 1};
    cr_assert_eq(galen_text_apply(text, &edit, 0), GALEN_OK);
    for (uint32_t i = 0; i < devices; i++)
        backwards[i] = chance_in(&chance, 500);
    while (left > 0) {
        uint32_t device = (uint32_t)chance_below(&chance, devices);
        if (done[device] == WORD)
            continue;
        uint8_t letter = (uint8_t)('a' + device);
        splice =
            (struct galen_splice){at + (backwards[device] ? 0 : done[device]), 0, {&letter, 1}};
        edit = (struct galen_edit){.device = device, .seen = 1, .splices = &splice, .count = 1};
        cr_assert_eq(galen_text_apply(text, &edit, 0), GALEN_OK);
        done[device]++;
        left--;
    }
    struct galen_writer w;
    galen_writer_init(&w);
    galen_text_say(text, &w);
    size_t changes = 0;
    for (size_t i = 1; i < w.size; i++)
        changes += w.at[i] != w.at[i - 1];
    cr_assert_eq(w.size, 2 + devices * WORD);
    cr_assert_eq(changes, devices + 1u, "seed %llu: %.*s", (unsigned long long)seed, (int)w.size,
                 (const char *)w.at);
    galen_writer_wipe(&w);
    galen_text_free(text);
}

Test(text_model, words_stand_whole_whoever_wrote_at_the_same_place)
{
    for (uint64_t seed = 1; seed <= 2000; seed++)
        write_words(seed);
}
