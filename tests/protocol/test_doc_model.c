/*
 * Random operations by two to five devices with random bases, many of them void, must look the same in the
 * documents and in a model that is slow and obviously right (support/slow_docs.h).
 */
#include "galen/doc.h"

#include "doc/keyset.h"
#include "support/chart_story.h"
#include "support/slow_docs.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 90, SEEDS = 250, DEVICES_MAX = 5, RECORDS = 3 };

/* ---- Chance, from a seed ------------------------------------------------------------------------- */

static uint64_t chance_state;

static uint32_t chance(uint64_t below) /* below 2^32 */
{
    chance_state ^= chance_state << 13; /* xorshift64, Marsaglia 2003 */
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (uint32_t)((chance_state >> 11) % below);
}

/* ---- Random stories ------------------------------------------------------------------------------ */

/* The i-th of RECORDS records; the first of the profile is the one it has. */
static void record_id(uint8_t doc, char i, uint8_t id[GALEN_RECORD_ID_BYTES])
{
    story_record_id(i, id);
    if (doc == GALEN_DOC_PROFILE && i == 1)
        memcpy(id, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", GALEN_RECORD_ID_BYTES);
}

static const struct galen_write_field choices[] = {
    {GALEN_PMR_KIND, {(const uint8_t *)"\1", 1}},
    {GALEN_PMR_KIND, {(const uint8_t *)"\2", 1}},
    {GALEN_PMR_KIND, {NULL, 0}},
    {GALEN_PMR_KIND, {(const uint8_t *)"\0", 1}},
    {GALEN_PMR_KIND, {(const uint8_t *)"\x77", 1}},
    {GALEN_PMR_REASON, {(const uint8_t *)"\0\0\0\0\0\0\0\0\2ab", 11}}, /* in front: ab */
    {GALEN_PMR_REASON, {(const uint8_t *)"\0\0\0\1\0\0\0\1\1c", 10}},  /* the second: c */
    {GALEN_PMR_REASON, {(const uint8_t *)"\0\0\0\0\0\0\0\1\0", 9}},    /* without the first */
    {GALEN_PMR_PRESCRIBER, {(const uint8_t *)"a", 1}},
    {GALEN_PMR_PRESCRIBER, {(const uint8_t *)"b", 1}},
    {GALEN_PMR_PRESCRIBER, {(const uint8_t *)"c", 1}},
    {GALEN_MAP_PROGRESS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\2de", 11}},
    {GALEN_MAP_PROGRESS, {NULL, 0}},
    {GALEN_PMR_TAKEN_AS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\1f", 10}},
    {GALEN_PMR_TAKEN_AS, {(const uint8_t *)"\0\0\0\1\0\0\0\0\1g", 10}},
    {GALEN_PMR_TAKEN_AS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\1h\0\0\0\1\0\0\0\1\0", 19}},
    {GALEN_PMR_ADHERENCE, {(const uint8_t *)"\1", 1}},
    {GALEN_PMR_ADHERENCE, {(const uint8_t *)"\2", 1}},
    {GALEN_PMR_BARRIERS, {(const uint8_t *)"\1\2", 2}},
    {GALEN_PMR_ORDER, {(const uint8_t *)"\0\0\0\0\0\0\0\1", 8}},
    {GALEN_PMR_ORDER, {(const uint8_t *)"\0\0\0\0\x01\x23\0\0", 8}},
    {60, {(const uint8_t *)"newer", 5}},
};

static void random_write(struct galen_write *write)
{
    write->doc = (uint8_t)(1 + chance(chance(4) == 0 ? 10 : 2));
    record_id(write->doc, (char)(1 + chance(RECORDS)), write->record);
    write->count = 0;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        uint16_t last = write->count > 0 ? write->fields[write->count - 1].field : 0;
        if (choices[i].field > last && chance(5) == 0)
            write->fields[write->count++] = choices[i];
    }
    if (write->count == 0)
        write->fields[write->count++] = choices[5 + chance(3)];
}

static void random_op(const struct slow_docs *m, struct slow_fact *f, uint64_t last_base)
{
    static const uint16_t kinds[] = {GALEN_KIND_WRITE,   GALEN_KIND_WRITE,   GALEN_KIND_WRITE,
                                     GALEN_KIND_PROPOSE, GALEN_KIND_PROPOSE, GALEN_KIND_ANSWER,
                                     GALEN_KIND_ANSWER,  GALEN_KIND_ANSWER,  GALEN_KIND_MESSAGE};
    uint64_t index = f->entry.index;
    f->op.kind = chance(50) == 0 ? 999 : kinds[chance(sizeof kinds / sizeof kinds[0])];
    f->op.id[0] = (uint8_t)(1 + (chance(12) == 0 ? chance(index + 1) : index));
    f->op.base = last_base + chance(index + 1 - last_base);
    if (chance(3) == 0)
        f->op.base = index;
    if (chance(25) == 0)
        f->op.base = chance(index + 3);
    if (f->op.kind == GALEN_KIND_MESSAGE) {
        f->op.content.message = (struct galen_bytes){(const uint8_t *)"x", 1};
    } else if (f->op.kind == GALEN_KIND_ANSWER) {
        f->op.content.answer.proposal = chance(index + 1);
        for (int tries = 0; tries < 20; tries++) { /* mostly a proposal */
            const struct slow_fact *named = slow_fact_at(m, f->op.content.answer.proposal);
            if (named != NULL && named->op.kind == GALEN_KIND_PROPOSE)
                break;
            f->op.content.answer.proposal = chance(index + 1);
        }
        f->op.content.answer.accepted = chance(2) == 0;
    } else if (f->op.kind != 999) {
        random_write(&f->op.content.write);
    }
}

/* ---- The documents as they were ------------------------------------------------------------------ */

struct then {
    uint64_t size; /* of the log */
    size_t steps;  /* facts before it */
    size_t conflicts, pending, newer;
    struct galen_writer canonical;
};

static void remember(struct then *then, const struct story *s, size_t steps)
{
    galen_writer_init(&then->canonical);
    story_canonical(s->docs, &then->canonical);
    then->size = s->size;
    then->steps = steps;
    then->conflicts = galen_docs_conflict_count(s->docs);
    then->pending = galen_docs_pending_count(s->docs);
    then->newer = galen_docs_newer_count(s->docs);
}

/* Whatever came later says the same of a state that was taken back to then as of one that never was
 * further: it knows the same operations, bases and proposals. */
static void go_on(const struct slow_docs *m, struct galen_docs *docs, size_t from)
{
    for (size_t i = from; i < m->count; i++) {
        struct galen_verdict shown;
        const struct slow_fact *f = &m->facts[i];
        cr_assert_eq(galen_docs_apply(docs, &f->entry, &f->op, &shown), GALEN_OK);
        cr_assert_eq(shown.err, f->verdict.err);
        cr_assert_eq(shown.counts, f->verdict.counts);
        cr_assert_eq(shown.void_fields, f->verdict.void_fields);
    }
}

static void assert_as_of(const struct slow_docs *m, const struct story *s, struct then *then)
{
    struct galen_writer canonical, last;
    galen_writer_init(&canonical);
    galen_writer_init(&last);
    struct galen_docs *docs = galen_docs_as_of(s->docs, then->size);
    cr_assert_not_null(docs);
    story_canonical(docs, &canonical);
    cr_assert(galen_bytes_equal(galen_written(&canonical), galen_written(&then->canonical)));
    cr_assert_eq(galen_docs_conflict_count(docs), then->conflicts);
    cr_assert_eq(galen_docs_pending_count(docs), then->pending);
    cr_assert_eq(galen_docs_newer_count(docs), then->newer);
    go_on(m, docs, then->steps);
    story_canonical(docs, &canonical);
    story_canonical(s->docs, &last);
    cr_assert(galen_bytes_equal(galen_written(&canonical), galen_written(&last)));
    galen_docs_free(docs);
    galen_writer_wipe(&canonical);
    galen_writer_wipe(&last);
    galen_writer_wipe(&then->canonical);
}

static void tell(uint64_t seed)
{
    static const enum galen_role roles[] = {GALEN_ROLE_PHARMACIST, GALEN_ROLE_PATIENT,
                                            GALEN_ROLE_TECHNICIAN, GALEN_ROLE_CAREGIVER,
                                            GALEN_ROLE_PRESCRIBER, GALEN_ROLE_INTERPRETER};
    static struct slow_docs m;
    struct then thens[STEPS / 10 + 1];
    size_t then_count = 0;
    struct story s;
    story_begin(&s);
    remember(&thens[then_count++], &s, 0);
    memset(&m, 0, sizeof m);
    chance_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t devices = 2 + chance(DEVICES_MAX - 1);
    struct person people[DEVICES_MAX];
    for (size_t i = 0; i < devices; i++) { /* the third device may belong to the first's owner */
        people[i] = (struct person){(uint8_t)(i + 1), (uint8_t)(i + 1), roles[i]};
        if (i >= 2 && chance(2) == 0)
            people[i] = (struct person){(uint8_t)(i + 1), (uint8_t)(i - 1), roles[i - 2]};
        if (chance(8) == 0 && people[i].account == i + 1)
            people[i].role = roles[chance(6)];
    }
    for (size_t step = 0; step < STEPS; step++) {
        struct slow_fact *f = &m.facts[m.count];
        struct galen_verdict shown;
        s.size += chance(4) == 0; /* entries of other classes stand between */
        f->entry = story_entry(&s, &people[chance(devices)]);
        random_op(&m, f, galen_docs_last_base(s.docs, &f->entry.device));
        f->verdict = slow_judge(&m, f);
        cr_assert_eq(galen_docs_apply(s.docs, &f->entry, &f->op, &shown), GALEN_OK);
        cr_assert_eq(shown.err, f->verdict.err, "seed %llu, step %zu, kind %u: %s, not %s",
                     (unsigned long long)seed, step, f->op.kind, galen_err_name(shown.err),
                     galen_err_name(f->verdict.err));
        cr_assert_eq(shown.counts, f->verdict.counts);
        cr_assert_eq(shown.void_fields, f->verdict.void_fields);
        m.count++;
        s.size++;
        if (step % 10 == 9) {
            slow_compare(&m, s.docs);
            remember(&thens[then_count++], &s, m.count);
        }
    }
    for (size_t i = 0; i < then_count; i++)
        assert_as_of(&m, &s, &thens[i]);
    story_end(&s);
}

Test(doc_model, D1_D2_random_stories_are_as_the_definitions_say, .timeout = 300)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        tell(seed);
}

/* ---- The map that all look-ups go through -------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, KEYSET_KEY_BYTES);
}

Test(doc_model, a_keyset_is_a_sorted_array)
{
    enum { KEYS = 700 };
    static uint8_t keys[KEYS][KEYSET_KEY_BYTES];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct keyset set = {0};
        size_t count = 0;
        uint8_t key[KEYSET_KEY_BYTES];
        chance_state = seed;
        for (size_t step = 0; step < 2 * KEYS && count < KEYS; step++) {
            /* few different bytes in few places: long shared beginnings, and some met again */
            memset(key, 0, sizeof key);
            for (int i = 0; i < 6; i++)
                key[chance(3) * 20 + chance(3)] = (uint8_t)(chance(4) * 85);
            bool there = false;
            for (size_t i = 0; i < count && !there; i++)
                there = memcmp(keys[i], key, sizeof key) == 0;
            struct keyset_item *found = keyset_find(&set, key);
            cr_assert_eq(found != NULL, there);
            if (there)
                continue;
            cr_assert(keyset_reserve(&set));
            keyset_add(&set, key)->value.number = count;
            memcpy(keys[count++], key, sizeof key);
        }
        for (size_t i = 0; i < count; i++)
            cr_assert_eq(keyset_find(&set, keys[i])->value.number, i);
        qsort(keys, count, sizeof keys[0], by_bytes);
        for (int step = 0; step < 2000; step++) {
            for (size_t i = 0; i < sizeof key; i++)
                key[i] = (uint8_t)(chance(2) == 0 ? 0 : chance(4) * 85 + chance(2));
            if (chance(2) == 0)
                memcpy(key, keys[chance(count)], 1 + chance(sizeof key));
            size_t expected = 0;
            while (expected < count && memcmp(keys[expected], key, sizeof key) < 0)
                expected++;
            const struct keyset_item *from = keyset_from(&set, key);
            cr_assert_eq(from == NULL, expected == count);
            if (from != NULL)
                cr_assert_arr_eq(from->key, keys[expected], sizeof key);
        }
        keyset_wipe(&set);
        cr_assert_null(keyset_from(&set, key));
    }
}
