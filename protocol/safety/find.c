/* What all checks together find, in words, in order. */
#include "find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- names of numbers ----------------------------------------------------------------------------------- */

const char *galen_safety_finding_kind_name(uint8_t kind)
{
    static const char *const names[GALEN_FINDING_KINDS] = {
        [GALEN_FINDING_INTERACTION] = "interaction",
        [GALEN_FINDING_ALLERGY] = "allergy",
        [GALEN_FINDING_SHORT_TERM] = "short-term",
        [GALEN_FINDING_INGREDIENT] = "ingredient",
        [GALEN_FINDING_CLASS] = "class",
        [GALEN_FINDING_AGE] = "age",
        [GALEN_FINDING_PHARMACIES] = "pharmacies",
        [GALEN_FINDING_WRITING] = "writing"};
    return kind < GALEN_FINDING_KINDS && names[kind] ? names[kind] : "unknown";
}

const char *galen_severity_name(uint8_t severity)
{
    return severity == GALEN_SEVERITY_HIGH       ? "high"
           : severity == GALEN_SEVERITY_MODERATE ? "moderate"
                                                 : "low";
}

const char *galen_safety_finding_status_name(uint8_t status)
{
    return status == GALEN_FINDING_PROBLEM     ? "problem"
           : status == GALEN_FINDING_SET_ASIDE ? "set-aside"
                                               : "open";
}

/* -- memory ---------------------------------------------------------------------------------------------- */

struct block {
    struct block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

static void *keep(struct result *r, const void *bytes, size_t size)
{
    struct block *block = r->failed ? NULL : malloc(sizeof *block + size);
    if (!block) {
        r->failed = true;
        return NULL;
    }
    block->next = r->blocks;
    r->blocks = block;
    if (size > 0)
        memcpy(block->bytes, bytes, size);
    return block->bytes;
}

/* Takes over what was written, as characters. */
static const char *keep_text(struct result *r, struct galen_writer *w)
{
    galen_write_u8(w, 0);
    r->failed = r->failed || w->failed;
    const char *text = keep(r, w->at, w->size);
    galen_writer_wipe(w);
    return text;
}

void galen_safety_findings_free(struct galen_safety_findings *findings)
{
    struct result *r = (struct result *)findings;
    if (!r)
        return;
    while (r->blocks) {
        struct block *block = r->blocks;
        r->blocks = block->next;
        free(block);
    }
    free(r->given.at);
    free(r);
}

/* NULL: enough, or no memory. */
static struct galen_safety_finding *add_finding(struct result *r)
{
    if (r->given.count == GALEN_SAFETY_FINDINGS_MAX) {
        r->more = true;
        return NULL;
    }
    if (r->given.count == r->finding_room) {
        size_t room = r->finding_room == 0 ? 8 : 2 * r->finding_room;
        struct galen_safety_finding *at =
            r->failed ? NULL : realloc(r->given.at, room * sizeof *at);
        if (!at) {
            r->failed = true;
            return NULL;
        }
        r->given.at = at;
        r->finding_room = room;
    }
    struct galen_safety_finding *finding = &r->given.at[r->given.count++];
    memset(finding, 0, sizeof *finding);
    finding->status = GALEN_FINDING_OPEN;
    return finding;
}

/* -- words ----------------------------------------------------------------------------------------------- */

static void write_text(struct galen_writer *w, const char *text)
{
    galen_write(w, text, strlen(text));
}

/* A template with `names` for its `%s`. */
static const char *fill(struct result *r, const char *template, const char *names)
{
    struct galen_writer w;
    if (!template)
        return ""; /* the rule itself says it */
    galen_writer_init(&w);
    for (const char *at = template; *at; at++) {
        if (at[0] == '%' && at[1] == 's') {
            write_text(&w, names);
            at++;
        } else {
            galen_write_u8(&w, (uint8_t)*at);
        }
    }
    return keep_text(r, &w);
}

static const struct safety_words *words_of(const char *key)
{
    for (size_t i = 0; i < safety_words_en_count; i++)
        if (strcmp(safety_words_en[i].key, key) == 0)
            return &safety_words_en[i];
    return NULL;
}

static void say(struct result *r, struct galen_safety_finding *finding, const char *rule,
                const char *names)
{
    static const struct safety_words none;
    char key[64];
    const char *kind = galen_safety_finding_kind_name(finding->kind);
    snprintf(key, sizeof key, "%s:%s", kind, rule);
    const struct safety_words *own = words_of(key), *all = words_of(kind);
    own = own ? own : &none;
#define SAID(part) fill(r, own->part ? own->part : all->part, names)
    finding->title = SAID(title);
    finding->why = SAID(why);
    finding->advice = SAID(advice);
    finding->plain_title = SAID(plain_title);
    finding->plain_why = SAID(plain_why);
    finding->plain_advice = SAID(plain_advice);
#undef SAID
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool contains(struct galen_bytes text, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; size <= text.size && i <= text.size - size; i++) {
        size_t n = 0;
        while (n < size && lower((char)text.at[i + n]) == word[n])
            n++;
        if (n == size)
            return true;
    }
    return false;
}

bool find_has_word(struct galen_bytes text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (contains(text, words[i]))
            return true;
    return false;
}

/* The name as it is written, and the ingredient that counts where the name does not say it. */
static void write_name(struct galen_writer *w, const struct known *k, int row)
{
    struct galen_bytes name =
        k->medicine->drug_count > 0 ? k->medicine->drugs[0] : (struct galen_bytes){0};
    galen_write(w, name.at, name.size);
    if (row >= 0 && !contains(name, safety_ingredients[row].name)) {
        write_text(w, " (");
        write_text(w, safety_ingredients[row].name);
        write_text(w, ")");
    }
}

static void write_between(struct galen_writer *w, size_t i, size_t count)
{
    if (i > 0)
        write_text(w, i + 1 == count ? " and " : ", ");
}

/* -- findings -------------------------------------------------------------------------------------------- */

static int by_record(const void *a, const void *b)
{
    return memcmp(a, b, GALEN_RECORD_ID_BYTES);
}

static void write_hex(struct galen_writer *w, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        galen_write_u8(w, (uint8_t)digits[bytes[i] >> 4]);
        galen_write_u8(w, (uint8_t)digits[bytes[i] & 15]);
    }
}

#define KEY_RECORDS 8 /* in full; further ones are in a number */

/* kind:rule:records. The records' order in the chart does not matter. */
static void make_key(struct result *r, struct galen_safety_finding *finding, const char *rule,
                     const char *instead)
{
    struct galen_writer w;
    galen_writer_init(&w);
    write_text(&w, galen_safety_finding_kind_name(finding->kind));
    write_text(&w, ":");
    write_text(&w, rule);
    write_text(&w, ":");
    if (instead)
        write_text(&w, instead);
    uint64_t rest = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; !instead && i < finding->record_count; i++) {
        if (i < KEY_RECORDS) {
            write_text(&w, i > 0 ? "+" : "");
            write_hex(&w, finding->records[i], GALEN_RECORD_ID_BYTES);
        }
        for (size_t n = 0; i >= KEY_RECORDS && n < GALEN_RECORD_ID_BYTES; n++)
            rest = (rest ^ finding->records[i][n]) * UINT64_C(0x100000001b3);
    }
    if (!instead && finding->record_count > KEY_RECORDS) {
        uint8_t bytes[8];
        for (size_t i = 0; i < 8; i++)
            bytes[i] = (uint8_t)(rest >> (8 * i));
        write_text(&w, "+");
        write_hex(&w, bytes, sizeof bytes);
    }
    r->failed = r->failed || w.failed;
    struct galen_bytes key = galen_written(&w);
    snprintf(finding->key, sizeof finding->key, "%.*s", (int)key.size, (const char *)key.at);
    galen_writer_wipe(&w);
}

/* Their ids, ascending; the allergy behind the medicines. */
static void add_records(struct find *f, struct galen_safety_finding *finding,
                        const struct concern *concern)
{
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < concern->count; i++)
        galen_write(&w, f->known[concern->chosen[i]].medicine->record, GALEN_RECORD_ID_BYTES);
    if (!w.failed && concern->count > 0)
        qsort(w.at, concern->count, GALEN_RECORD_ID_BYTES, by_record);
    if (concern->allergy)
        galen_write(&w, concern->allergy->record, GALEN_RECORD_ID_BYTES);
    f->result->failed = f->result->failed || w.failed;
    finding->records = keep(f->result, w.at, w.size);
    finding->record_count = concern->count + (concern->allergy ? 1 : 0);
    finding->medicine_count = concern->count;
    galen_writer_wipe(&w);
}

static const char *names_of(struct find *f, const struct concern *concern)
{
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < concern->count; i++) {
        write_between(&w, i, concern->count);
        write_name(&w, &f->known[concern->chosen[i]], concern->rows[i]);
    }
    if (concern->allergy) {
        write_text(&w, " \xe2\x80\x93 ");
        galen_write(&w, concern->allergy->substance.at, concern->allergy->substance.size);
    }
    return keep_text(f->result, &w);
}

/* Two names of one allergy, both of which somebody gave, find the same. */
static bool is_found(const struct result *r, const struct galen_safety_finding *last)
{
    for (const struct galen_safety_finding *one = r->given.at; one < last; one++)
        if (strcmp(one->key, last->key) == 0)
            return true;
    return false;
}

void find_add(struct find *f, const struct concern *concern)
{
    struct galen_safety_finding *finding = add_finding(f->result);
    if (!finding)
        return;
    finding->kind = concern->kind;
    finding->severity = concern->severity;
    finding->source = &safety_sources[concern->source];
    add_records(f, finding, concern);
    const char *names = names_of(f, concern);
    if (f->result->failed)
        return;
    make_key(f->result, finding, concern->rule, concern->key);
    if (is_found(f->result, finding)) {
        f->result->given.count--;
        return;
    }
    say(f->result, finding, concern->rule, names);
}

/* "QD" in regimen.frequency */
static const char *place_of(struct find *f, const struct galen_safety_text *text,
                            const struct galen_writing *writing)
{
    struct galen_writer w;
    galen_writer_init(&w);
    write_text(&w, "\xe2\x80\x9c");
    galen_write(&w, text->text.at + writing->at, writing->size);
    write_text(&w, "\xe2\x80\x9d (");
    write_text(&w, text->field);
    write_text(&w, ")");
    return keep_text(f->result, &w);
}

void find_add_writing(struct find *f, const struct galen_safety_text *text,
                      const struct galen_writing *writing)
{
    struct galen_safety_finding *finding = add_finding(f->result);
    char id[2 * GALEN_RECORD_ID_BYTES + 1], key[160], suggestion[80];
    struct galen_writer hex;
    if (!finding)
        return;
    finding->kind = GALEN_FINDING_WRITING;
    finding->severity =
        writing->severity == GALEN_SEVERITY_HIGH ? GALEN_SEVERITY_MODERATE : GALEN_SEVERITY_LOW;
    finding->source = writing->source;
    finding->records = keep(f->result, text->record, GALEN_RECORD_ID_BYTES);
    finding->record_count = finding->medicine_count = 1;
    galen_writer_init(&hex);
    write_hex(&hex, text->record, GALEN_RECORD_ID_BYTES);
    f->result->failed = f->result->failed || hex.failed;
    snprintf(id, sizeof id, "%.*s", hex.failed ? 0 : (int)hex.size,
             hex.failed ? "" : (const char *)hex.at);
    galen_writer_wipe(&hex);
    const char *names = place_of(f, text, writing);
    if (f->result->failed)
        return;
    snprintf(key, sizeof key, "%s:%s.%s", id, text->document, text->field);
    make_key(f->result, finding, writing->rule, key);
    if (is_found(f->result, finding)) {
        f->result->given.count--;
        return;
    }
    say(f->result, finding, writing->rule, names);
    finding->why = writing->why;
    finding->plain_why = writing->why;
    size_t skip = writing->suggestion[0] == ' ' ? 1 : 0;
    snprintf(suggestion, sizeof suggestion, "%s", writing->suggestion + skip);
    const struct safety_words *words = words_of("writing");
    finding->advice = fill(f->result, words->advice, suggestion);
    finding->plain_advice = fill(f->result, words->plain_advice, suggestion);
}

/* -- what was checked, and what was not -------------------------------------------------------------------- */

static const struct {
    uint8_t kind, source;
} made[] = {
    {GALEN_FINDING_INTERACTION, SOURCE_PHANSALKAR},
    {GALEN_FINDING_INTERACTION, SOURCE_LABELS},
    {GALEN_FINDING_INTERACTION, SOURCE_OTC},
    {GALEN_FINDING_INTERACTION, SOURCE_NCCIH},
    {GALEN_FINDING_ALLERGY, SOURCE_LABELS},
    {GALEN_FINDING_SHORT_TERM, SOURCE_LABELS},
    {GALEN_FINDING_INGREDIENT, SOURCE_NAMES},
    {GALEN_FINDING_CLASS, SOURCE_ATC},
    {GALEN_FINDING_AGE, SOURCE_BEERS},
    {GALEN_FINDING_PHARMACIES, SOURCE_OWN},
    {GALEN_FINDING_WRITING, SOURCE_JOINT_COMMISSION},
    {GALEN_FINDING_WRITING, SOURCE_ISMP},
};

static void add_checked(struct find *f)
{
    struct galen_safety_checked checked[sizeof made / sizeof *made];
    size_t n = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        if (made[i].kind == GALEN_FINDING_AGE && f->gaps[GAP_NO_BIRTH])
            continue;
        checked[n++] = (struct galen_safety_checked){.kind = made[i].kind,
                                                     .what = safety_checks_en[made[i].kind].what,
                                                     .plain = safety_checks_en[made[i].kind].plain,
                                                     .source = &safety_sources[made[i].source]};
    }
    f->result->given.checked = keep(f->result, checked, n * sizeof *checked);
    f->result->given.checked_count = n;
}

void find_gap(struct find *f, enum safety_gap gap, const size_t *chosen, size_t count,
              struct galen_bytes names)
{
    struct galen_writer *w = &f->gap_names[gap], *ids = &f->gap_records[gap];
    f->gaps[gap] = true;
    for (size_t i = 0; i < count; i++) {
        const struct known *k = &f->known[chosen[i]];
        const uint8_t *record = k->medicine->record;
        bool said = false;
        for (size_t n = 0; n + GALEN_RECORD_ID_BYTES <= ids->size && !said;
             n += GALEN_RECORD_ID_BYTES)
            said = memcmp(ids->at + n, record, GALEN_RECORD_ID_BYTES) == 0;
        if (said)
            continue;
        write_text(w, w->size > 0 ? ", " : "");
        write_name(w, k, -1);
        galen_write(ids, record, GALEN_RECORD_ID_BYTES);
    }
    if (names.size > 0) {
        write_text(w, w->size > 0 ? ", " : "");
        galen_write(w, names.at, names.size);
    }
    f->result->failed = f->result->failed || w->failed || ids->failed;
}

static void add_gaps(struct find *f)
{
    struct galen_safety_gap gaps[GAP_COUNT];
    size_t n = 0;
    for (unsigned gap = 0; gap < GAP_COUNT; gap++) {
        if (!f->gaps[gap] && gap < GAP_ALWAYS_FIRST)
            continue;
        struct galen_writer *ids = &f->gap_records[gap];
        const char *names = keep_text(f->result, &f->gap_names[gap]);
        if (f->result->failed)
            return;
        gaps[n++] =
            (struct galen_safety_gap){.what = fill(f->result, safety_gaps_en[gap].what, names),
                                      .plain = fill(f->result, safety_gaps_en[gap].plain, names),
                                      .records = keep(f->result, ids->at, ids->size),
                                      .record_count = ids->size / GALEN_RECORD_ID_BYTES};
    }
    f->result->given.gaps = keep(f->result, gaps, n * sizeof *gaps);
    f->result->given.gap_count = n;
}

/* -- all of it ----------------------------------------------------------------------------------------------- */

/* Used in the eye, nose, ear or on the skin, and not meant to reach the blood from there. "Skin" alone says too
 * little: patches and injections go there, too. */
static bool is_local(const struct galen_safety_medicine *medicine)
{
    static const char *const places[] = {"eye",        "ophthalm", "ear drop", "in ear",
                                         "in the ear", "otic",     "topical",  "cream",
                                         "lotion",     "shampoo",  "ointment"};
    static const char *const through[] = {"patch",  "transdermal", "under",  "inject",
                                          "subcut", "by mouth",    "vaginal"};
    static const char *const skin[] = {"skin"};
    static const char *const spread[] = {"gel", "foam", "spray", "solution", "powder"};
    size_t n = sizeof places / sizeof *places, t = sizeof through / sizeof *through;
    bool spread_on_skin = find_has_word(medicine->route, skin, 1) &&
                          find_has_word(medicine->form, spread, sizeof spread / sizeof *spread);
    return (find_has_word(medicine->route, places, n) || find_has_word(medicine->form, places, n) ||
            spread_on_skin) &&
           !find_has_word(medicine->route, through, t) &&
           !find_has_word(medicine->form, through, t);
}

/* What is made to go through the skin: nitrates, and patches with opioids, selegiline or methylphenidate. */
static bool goes_through_skin(const struct galen_safety_match *match)
{
    return safety_match_classes(match) &
           (CLASS_BIT(NITRATE) | CLASS_BIT(OPIOID) | CLASS_BIT(MAOI) | CLASS_BIT(STIMULANT));
}

static void understand(struct known *k, const struct galen_safety_medicine *medicine)
{
    *k = (struct known){.medicine = medicine, .understood = medicine->drug_count > 0};
    bool local = medicine->drug_count > 0;
    for (size_t d = 0; d < medicine->drug_count; d++) {
        struct galen_safety_match one = galen_safety_match(medicine->drugs[d]);
        k->understood = k->understood && one.count > 0;
        local = local && one.local && !contains(medicine->drugs[d], "vaginal");
        for (size_t i = 0; i < one.count; i++) {
            size_t at = 0;
            while (at < k->match.count && k->match.ingredients[at] != one.ingredients[i])
                at++;
            if (at < GALEN_SAFETY_INGREDIENTS_MAX && at == k->match.count)
                k->match.ingredients[k->match.count++] = one.ingredients[i];
            else if (at == GALEN_SAFETY_INGREDIENTS_MAX)
                k->understood = false;
        }
    }
    k->match.local = (local || is_local(medicine)) && !goes_through_skin(&k->match);
    k->classes = safety_match_classes(&k->match);
}

static void read_medicines(struct find *f)
{
    struct galen_bytes none = {0};
    for (size_t i = 0; i < f->count; i++) {
        understand(&f->known[i], &f->input->medicines[i]);
        if (!f->known[i].understood)
            find_gap(f, GAP_UNKNOWN, &i, 1, none);
        else if (f->known[i].match.local)
            find_gap(f, GAP_LOCAL, &i, 1, none);
        if (f->known[i].medicine->drug_count > 1)
            find_gap(f, GAP_CONFLICT, &i, 1, none);
    }
    if (f->input->medicine_count > f->count)
        find_gap(f, GAP_MANY, NULL, 0, none);
}

static int gravest_first(const void *a, const void *b)
{
    const struct galen_safety_finding *one = a, *other = b;
    if (one->severity != other->severity)
        return one->severity > other->severity ? -1 : 1;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return strcmp(one->key, other->key);
}

static void find_all(struct find *f)
{
    read_medicines(f);
    check_interactions(f);
    check_allergies(f);
    check_short_term(f);
    check_ingredients(f);
    check_classes(f);
    check_age(f);
    check_pharmacies(f);
    check_writing(f);
    if (f->result->more)
        find_gap(f, GAP_FINDINGS, NULL, 0, (struct galen_bytes){0});
    add_checked(f);
    add_gaps(f);
    if (f->result->given.count > 0)
        qsort(f->result->given.at, f->result->given.count, sizeof *f->result->given.at,
              gravest_first);
}

struct galen_safety_findings *galen_safety_find(const struct galen_safety_input *input)
{
    struct result *result = calloc(1, sizeof *result);
    struct find *f = calloc(1, sizeof *f);
    bool ready = result && f;
    if (ready) {
        size_t n = input->medicine_count;
        f->input = input;
        f->result = result;
        f->count = n < GALEN_SAFETY_MEDICINES_MAX ? n : GALEN_SAFETY_MEDICINES_MAX;
        f->known = calloc(f->count + 1, sizeof *f->known);
        f->chosen = calloc(f->count + 1, sizeof *f->chosen);
        f->rows = calloc(f->count + 1, sizeof *f->rows);
        for (unsigned gap = 0; gap < GAP_COUNT; gap++) {
            galen_writer_init(&f->gap_names[gap]);
            galen_writer_init(&f->gap_records[gap]);
        }
        ready = f->known && f->chosen && f->rows;
    }
    if (ready)
        find_all(f);
    ready = ready && !result->failed;
    for (unsigned gap = 0; f && f->result && gap < GAP_COUNT; gap++) {
        galen_writer_wipe(&f->gap_names[gap]);
        galen_writer_wipe(&f->gap_records[gap]);
    }
    if (f) {
        free(f->known);
        free(f->chosen);
        free(f->rows);
    }
    free(f);
    if (!ready) {
        galen_safety_findings_free((struct galen_safety_findings *)result);
        return NULL;
    }
    return &result->given;
}
