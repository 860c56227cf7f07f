/* The checks, each over all medicines. What is said of a finding is in words_en.c. */
#include "find.h"

#include "galen/mutation.h"

#include <stdio.h>
#include <string.h>

#define SHORT_TERM_DAYS 60 /* what was begun longer ago is no short-term medicine */
#define OLD_AGE         65

/* -- words -------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}
#define IS(word, ...)                                                                              \
    is_one_of(word, (const char *const[]){__VA_ARGS__},                                            \
              sizeof(const char *const[]){__VA_ARGS__} / sizeof(const char *))

/* -- sides of a rule ---------------------------------------------------------------------------------- */

/* The ingredient by which a medicine is on this side; -1: it is not. What acts only where it is put is on none. */
static int row_on_side(const struct known *k, const struct safety_side *side)
{
    if (k->match.local)
        return -1;
    for (size_t i = 0; i < k->match.count; i++) {
        const struct safety_ingredient *ingredient = &safety_ingredients[k->match.ingredients[i]];
        if (ingredient->classes & side->classes)
            return k->match.ingredients[i];
        for (const char *const *name = side->ingredients; name && *name; name++)
            if (strcmp(*name, ingredient->name) == 0)
                return k->match.ingredients[i];
    }
    return -1;
}

static int row_of_classes(const struct known *k, uint64_t classes)
{
    for (size_t i = 0; i < k->match.count; i++)
        if (safety_ingredients[k->match.ingredients[i]].classes & classes)
            return k->match.ingredients[i];
    return -1;
}

/* Two of them stand there by different ingredients. */
static bool differ(const int *rows, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (rows[i] != rows[0])
            return true;
    return false;
}

/* -- interactions -------------------------------------------------------------------------------------- */

static bool same_side(const struct safety_pair *pair)
{
    return pair->one.classes != 0 && pair->one.classes == pair->other.classes;
}

/* All who are on the one side that the pair has. */
static void add_group(struct find *f, const struct safety_pair *pair)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        int row = row_on_side(&f->known[i], &pair->one);
        if (row >= 0) {
            f->chosen[n] = i;
            f->rows[n++] = row;
        }
    }
    if (n > 1 && differ(f->rows, n))
        find_add(f, &(struct concern){.kind = GALEN_FINDING_INTERACTION,
                                      .rule = pair->key,
                                      .severity = pair->severity,
                                      .source = pair->source,
                                      .chosen = f->chosen,
                                      .rows = f->rows,
                                      .count = n});
}

static void add_pair(struct find *f, const struct safety_pair *pair, size_t one, size_t other)
{
    size_t chosen[2] = {one, other};
    int rows[2] = {row_on_side(&f->known[one], &pair->one),
                   row_on_side(&f->known[other], &pair->other)};
    if (rows[0] < 0 || rows[1] < 0 || rows[0] == rows[1])
        return;
    bool also_turned = row_on_side(&f->known[other], &pair->one) >= 0 &&
                       row_on_side(&f->known[one], &pair->other) >= 0;
    if (also_turned && other < one)
        return;
    find_add(f, &(struct concern){.kind = GALEN_FINDING_INTERACTION,
                                  .rule = pair->key,
                                  .severity = pair->severity,
                                  .source = pair->source,
                                  .chosen = chosen,
                                  .rows = rows,
                                  .count = 2});
}

void check_interactions(struct find *f)
{
    for (size_t p = 0; GALEN_CHECKED(SAFETY_INTERACTIONS) && p < safety_pair_count; p++) {
        const struct safety_pair *pair = &safety_pairs[p];
        if (same_side(pair)) {
            add_group(f, pair);
            continue;
        }
        for (size_t i = 0; i < f->count; i++) {
            if (row_on_side(&f->known[i], &pair->one) < 0)
                continue;
            for (size_t k = 0; k < f->count; k++)
                if (k != i)
                    add_pair(f, pair, i, k);
        }
    }
}

/* -- allergies ------------------------------------------------------------------------------------------ */

static bool has_row(const struct galen_safety_match *match, uint16_t row)
{
    for (size_t i = 0; i < match->count; i++)
        if (match->ingredients[i] == row)
            return true;
    return false;
}

/* How a medicine stands to an allergy; the ingredient that does. NULL: not at all. */
static const char *allergy_rule(const struct known *k, const struct galen_safety_match *match,
                                uint64_t classes, int *row)
{
    uint64_t of_match = safety_match_classes(match) & safety_allergy_classes;
    uint64_t cross = CLASS_BIT(PENICILLIN) | CLASS_BIT(CEPHALOSPORIN);
    const struct safety_side sacubitril = {.ingredients =
                                               (const char *const[]){"sacubitril", NULL}};
    for (size_t i = 0; i < k->match.count; i++)
        if (has_row(match, k->match.ingredients[i])) {
            *row = k->match.ingredients[i];
            return "same";
        }
    if ((*row = row_of_classes(k, classes)) >= 0)
        return "class";
    if ((*row = row_of_classes(k, of_match)) >= 0)
        return "related";
    if ((classes | of_match) & CLASS_BIT(SULFONAMIDE) &&
        (*row = row_of_classes(k, CLASS_BIT(SULFONAMIDE_LABEL))) >= 0)
        return "sulfonamide";
    if ((classes | of_match) & (CLASS_BIT(ACE_INHIBITOR) | CLASS_BIT(ARB)) &&
        (*row = row_on_side(k, &sacubitril)) >= 0)
        return "angioedema";
    if ((classes | of_match) & cross && (*row = row_of_classes(k, cross)) >= 0)
        return "cross";
    return NULL;
}

/* Labels of penicillins and NSAIDs forbid each after a reaction to another. */
static uint8_t allergy_severity(const char *rule, int row)
{
    uint64_t whole = CLASS_BIT(PENICILLIN) | CLASS_BIT(NSAID);
    if (strcmp(rule, "cross") == 0)
        return GALEN_SEVERITY_LOW;
    if (strcmp(rule, "sulfonamide") == 0 || strcmp(rule, "angioedema") == 0 ||
        (strcmp(rule, "related") == 0 && !(safety_ingredients[row].classes & whole)))
        return GALEN_SEVERITY_MODERATE;
    return GALEN_SEVERITY_HIGH;
}

void check_allergies(struct find *f)
{
    for (size_t a = 0; a < f->input->allergy_count; a++) {
        const struct galen_safety_allergy *allergy = &f->input->allergies[a];
        struct galen_safety_match match;
        uint64_t classes;
        if (!safety_allergy_match(allergy->substance, &match, &classes))
            find_gap(f, GAP_ALLERGY, NULL, 0, allergy->substance);
        for (size_t i = 0; GALEN_CHECKED(SAFETY_ALLERGY) && i < f->count; i++) {
            int row = -1;
            const char *rule = allergy_rule(&f->known[i], &match, classes, &row);
            if (!rule)
                continue;
            uint8_t severity = allergy_severity(rule, row);
            if (allergy->intolerance && severity > GALEN_SEVERITY_LOW)
                severity--;
            find_add(f, &(struct concern){.kind = GALEN_FINDING_ALLERGY,
                                          .rule = rule,
                                          .severity = severity,
                                          .source = SOURCE_LABELS,
                                          .chosen = &i,
                                          .rows = &row,
                                          .count = 1,
                                          .allergy = allergy});
        }
    }
}

/* -- a short-term medicine beside a long-term anticoagulant --------------------------------------------- */

/* A pharmacy's name without case, spaces and points; as a number. 0: not said. */
static uint64_t pharmacy_number(struct galen_bytes name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    bool said = false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.at[i];
        bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
        if (!letter)
            continue;
        said = true;
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(0x100000001b3);
    }
    return said ? hash : 0;
}

static bool begun_within(const struct find *f, const struct known *k, int64_t days)
{
    return k->medicine->start.year > 0 && f->input->today.year > 0 &&
           safety_days(k->medicine->start, f->input->today) <= days;
}

static bool is_short_term(const struct find *f, const struct known *k)
{
    return k->medicine->is_new || k->medicine->start.year == 0 ||
           begun_within(f, k, SHORT_TERM_DAYS);
}

/* One that changes the INR as long as it is taken. */
static bool raises_inr(int row)
{
    return IS(safety_ingredients[row].name, "fluconazole", "metronidazole", "miconazole",
              "sulfamethoxazole", "voriconazole");
}

void check_short_term(struct find *f)
{
    const struct safety_side thinner = {.classes = CLASS_BIT(VITAMIN_K_ANTAGONIST) |
                                                   CLASS_BIT(ANTICOAGULANT)};
    const struct safety_side infection = {.classes = CLASS_BIT(ANTI_INFECTIVE)};
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->count; k++) {
            const struct known *a = &f->known[i], *b = &f->known[k];
            int rows[2] = {row_on_side(a, &thinner), row_on_side(b, &infection)};
            size_t chosen[2] = {i, k};
            if (i == k || rows[0] < 0 || rows[1] < 0)
                continue;
            bool warfarin = safety_ingredients[rows[0]].classes & CLASS_BIT(VITAMIN_K_ANTAGONIST);
            bool is_long = GALEN_CHECKED(SAFETY_SHORT_TERM) && !is_short_term(f, b);
            if (is_long && !(warfarin && raises_inr(rows[1])))
                continue;
            uint64_t one = pharmacy_number(a->medicine->pharmacy),
                     other = pharmacy_number(b->medicine->pharmacy);
            bool elsewhere = one != 0 && other != 0 && one != other;
            find_add(f, &(struct concern){
                            .kind = GALEN_FINDING_SHORT_TERM,
                            .rule = is_long ? "warfarin-long"
                                    : warfarin
                                        ? (elsewhere ? "warfarin-elsewhere" : "warfarin")
                                        : (elsewhere ? "anticoagulant-elsewhere" : "anticoagulant"),
                            .severity = warfarin ? GALEN_SEVERITY_HIGH : GALEN_SEVERITY_MODERATE,
                            .source = SOURCE_LABELS,
                            .chosen = chosen,
                            .rows = rows,
                            .count = 2});
        }
}

/* -- duplication ---------------------------------------------------------------------------------------- */

static uint8_t ingredient_severity(const struct find *f, int row, size_t count)
{
    const struct safety_ingredient *ingredient = &safety_ingredients[row];
    uint64_t grave = CLASS_BIT(OPIOID) | CLASS_BIT(VITAMIN_K_ANTAGONIST) |
                     CLASS_BIT(ANTICOAGULANT) | CLASS_BIT(NSAID) | CLASS_BIT(SULFONYLUREA) |
                     CLASS_BIT(BETA_BLOCKER) | CLASS_BIT(LABA);
    for (size_t i = 0; i < count; i++)
        if (f->known[f->chosen[i]].match.local)
            return GALEN_SEVERITY_LOW;
    if (ingredient->nutrient)
        return GALEN_SEVERITY_LOW;
    return ingredient->classes & grave ||
                   IS(ingredient->name, "acetaminophen", "digoxin", "lithium", "methotrexate") ||
                   strncmp(ingredient->name, "insulin ", 8) == 0
               ? GALEN_SEVERITY_HIGH
               : GALEN_SEVERITY_MODERATE;
}

/* Everything with this ingredient, if nothing before `first` has it. */
static void add_ingredient(struct find *f, size_t first, uint16_t row)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (!has_row(&f->known[i].match, row))
            continue;
        if (i < first)
            return;
        f->chosen[n] = i;
        f->rows[n++] = row;
    }
    if (n > 1)
        find_add(f, &(struct concern){.kind = GALEN_FINDING_INGREDIENT,
                                      .rule = safety_ingredients[row].name,
                                      .severity = ingredient_severity(f, row, n),
                                      .source = SOURCE_NAMES,
                                      .chosen = f->chosen,
                                      .rows = f->rows,
                                      .count = n});
}

void check_ingredients(struct find *f)
{
    for (size_t i = 0; GALEN_CHECKED(SAFETY_INGREDIENTS) && i < f->count; i++)
        for (size_t k = 0; k < f->known[i].match.count; k++)
            add_ingredient(f, i, f->known[i].match.ingredients[k]);
}

void check_classes(struct find *f)
{
    for (size_t r = 0; GALEN_CHECKED(SAFETY_CLASSES) && r < safety_duplicate_count; r++) {
        const struct safety_duplicate *rule = &safety_duplicates[r];
        size_t n = 0;
        for (size_t i = 0; i < f->count; i++) {
            int row = row_of_classes(&f->known[i], rule->classes);
            if (row < 0 || (f->known[i].match.local && !rule->local_counts))
                continue;
            f->chosen[n] = i;
            f->rows[n++] = row;
        }
        if (n > 1 && differ(f->rows, n))
            find_add(f, &(struct concern){.kind = GALEN_FINDING_CLASS,
                                          .rule = rule->key,
                                          .severity = rule->severity,
                                          .source = rule->source,
                                          .chosen = f->chosen,
                                          .rows = f->rows,
                                          .count = n});
    }
}

/* -- age ------------------------------------------------------------------------------------------------ */

void check_age(struct find *f)
{
    int age = safety_age(f->input->birth, f->input->today);
    if (age < 0)
        find_gap(f, GAP_NO_BIRTH, NULL, 0, (struct galen_bytes){0});
    if (age < OLD_AGE && GALEN_CHECKED(SAFETY_AGE))
        return;
    for (size_t i = 0; i < f->count; i++)
        for (size_t r = 0; r < safety_age_count; r++) {
            const struct safety_age *rule = &safety_ages[r];
            const struct known *k = &f->known[i];
            int row = row_on_side(k, &rule->side);
            if (row < 0)
                continue;
            if (rule->when_new && !k->medicine->is_new && !begun_within(f, k, NEW_DAYS)) {
                if (k->medicine->start.year == 0)
                    find_gap(f, GAP_START, &i, 1, (struct galen_bytes){0});
                continue;
            }
            find_add(f, &(struct concern){.kind = GALEN_FINDING_AGE,
                                          .rule = rule->key,
                                          .severity = rule->severity,
                                          .source = rule->source,
                                          .chosen = &i,
                                          .rows = &row,
                                          .count = 1});
        }
}

/* -- pharmacies ------------------------------------------------------------------------------------------ */

/* The key is of the pharmacies, not of the medicines: one more medicine from a known one changes nothing. */
void check_pharmacies(struct find *f)
{
    uint64_t all = 0, first = 0;
    size_t n = 0;
    bool several = false;
    char key[24];
    for (size_t i = 0; i < f->count; i++) {
        uint64_t number = pharmacy_number(f->known[i].medicine->pharmacy);
        bool seen = false;
        if (number == 0)
            continue;
        for (size_t k = 0; k < n && !seen; k++)
            seen = pharmacy_number(f->known[f->chosen[k]].medicine->pharmacy) == number;
        all += seen ? 0 : number;
        first = first == 0 ? number : first;
        several = several || number != first;
        f->chosen[n] = i;
        f->rows[n++] = -1;
    }
    snprintf(key, sizeof key, "%016llx", (unsigned long long)all);
    if (GALEN_CHECKED(SAFETY_PHARMACIES) ? several : n > 0)
        find_add(f, &(struct concern){.kind = GALEN_FINDING_PHARMACIES,
                                      .rule = "several",
                                      .severity = GALEN_SEVERITY_LOW,
                                      .source = SOURCE_OWN,
                                      .chosen = f->chosen,
                                      .rows = f->rows,
                                      .count = n,
                                      .key = key});
}

/* -- writing --------------------------------------------------------------------------------------------- */

/* What is said of how often something is taken, word by word. */
struct how_often {
    bool daily;    /* each day, or a time of day */
    bool weekly;   /* a week, and not how long: "for 1 week" */
    bool times;    /* more than one of them: "twice a week" */
    unsigned days; /* of the week, that are named: a bit each */
};

#define WORD_MAX 16
struct words_read {
    char word[WORD_MAX], last[WORD_MAX], before[WORD_MAX];
    unsigned since_times; /* words since one like "twice" */
    bool free;            /* a sentence of somebody's, not a part of a regimen */
};

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_number(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Letters ("b.i.d." is one word) or digits from here on, in small letters; gives where they end. */
static size_t read_word(struct galen_bytes text, size_t at, char out[WORD_MAX])
{
    size_t n = 0;
    bool digits = is_number(text.at[at]);
    for (; at < text.size; at++) {
        uint8_t c = text.at[at];
        if (c == '.' && n > 0 && !digits && at + 1 < text.size && is_alpha(text.at[at + 1]))
            continue;
        if (digits ? !is_number(c) : !is_alpha(c))
            break;
        if (n + 1 < WORD_MAX)
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out[n] = 0;
    return at;
}

/* "mon", "weds", "fridays": the day's bit. 0: none. */
static unsigned day_of_week(const char *word)
{
    static const char *const days[] = {"mondays", "tuesdays",  "wednesdays", "thursdays",
                                       "fridays", "saturdays", "sundays"};
    for (size_t i = 0; i < sizeof days / sizeof *days && strlen(word) >= 3; i++)
        if (strncmp(word, days[i], strlen(word)) == 0 || (i == 2 && strcmp(word, "weds") == 0))
            return 1u << i;
    return 0;
}

/* How long, not how often: "for 1 week", "x 2 weeks", "for the next 7 days" */
static bool is_duration(const struct words_read *r)
{
    return IS(r->last, "for", "x", "this", "last", "next") ||
           (IS(r->before, "for", "x", "next") && !IS(r->last, "each", "every"));
}

/* Sentences tell of days and nights that say nothing of how often. */
static bool says_daily(const struct words_read *r)
{
    const char *word = r->word;
    if (IS(word, "daily", "everyday", "weekday", "weekdays", "nightly", "bedtime", "qam", "qpm",
           "qhs", "qd", "qod", "bid", "tid", "qid", "breakfast", "lunch", "dinner", "supper",
           "meal", "meals", "hour", "hours", "hrs"))
        return true;
    if (IS(word, "morning", "mornings", "noon", "evening", "evenings", "night", "nights"))
        return !IS(r->last, "last", "this", "one");
    if (!r->free)
        return IS(word, "day", "days", "am", "pm", "hs", "hr", "h");
    return strcmp(word, "day") == 0 &&
           (IS(r->last, "a", "each", "every", "per") || is_number((uint8_t)r->last[0]) ||
            (strcmp(r->last, "other") == 0 && strcmp(r->before, "every") == 0));
}

static void take_word(struct how_often *h, struct words_read *r)
{
    bool several = r->last[0] != 0 && !IS(r->last, "1", "one");
    bool week = IS(r->word, "week", "weeks", "weekly", "wk", "wkly", "qwk", "cycle", "cycles") ||
                (IS(r->word, "day", "days") && IS(r->last, "7", "seven"));
    if (IS(r->word, "twice", "thrice") || (IS(r->word, "times", "x") && several)) {
        r->since_times = 1;
    } else if (week) {
        h->times = h->times || (r->since_times > 0 && !IS(r->last, "this", "last"));
        h->weekly = h->weekly || !is_duration(r);
    } else {
        h->daily = h->daily || says_daily(r);
        h->days |= day_of_week(r->word);
    }
    if (r->since_times > 0 && ++r->since_times > 3)
        r->since_times = 0;
    memcpy(r->before, r->last, sizeof r->before);
    memcpy(r->last, r->word, sizeof r->last);
}

static void add_how_often(struct how_often *h, struct galen_bytes text, bool free)
{
    struct words_read r = {.free = free};
    for (size_t at = 0; at < text.size;) {
        if (!is_alpha(text.at[at]) && !is_number(text.at[at])) {
            at++;
            continue;
        }
        at = read_word(text, at, r.word);
        take_word(h, &r);
    }
}

/* More than once a week. Who tells of two days may have moved it from one to the other. */
static bool is_often(const struct how_often *h, bool free)
{
    bool many_days = !free && (h->days & (h->days - 1)) != 0;
    return h->times || many_days || (h->daily && !h->weekly && h->days == 0);
}

static bool says_nothing(const struct how_often *h)
{
    return !h->daily && !h->weekly && !h->times && h->days == 0;
}

/* The regimens, each as a whole; how it is really taken; the directions, where no regimen says how often. */
static bool is_written_often(const struct find *f, const struct known *k)
{
    struct how_often h = {0};
    bool often = false, said = false;
    for (size_t t = 0; t < f->input->text_count; t++) {
        const struct galen_safety_text *text = &f->input->texts[t];
        if (strcmp(text->document, "pmr") != 0 ||
            memcmp(k->medicine->record, text->record, GALEN_RECORD_ID_BYTES) != 0)
            continue;
        struct how_often one = {0};
        if (strcmp(text->field, "regimen.drug") == 0)
            h = (struct how_often){0};
        if (IS(text->field, "regimen.drug", "regimen.dose", "regimen.unit", "regimen.frequency")) {
            add_how_often(&h, text->text, false);
            said = said || !says_nothing(&h);
        } else if (strcmp(text->field, "taken_as") == 0 ||
                   (strcmp(text->field, "instructions") == 0 && !said)) {
            add_how_often(&one, text->text, true);
        }
        bool whole = t + 1 == f->input->text_count ||
                     strncmp(f->input->texts[t + 1].field, "regimen.", 8) != 0 ||
                     strcmp(f->input->texts[t + 1].field, "regimen.drug") == 0;
        often = often || is_often(&one, true) || (whole && is_often(&h, false));
    }
    return often;
}

/* What is taken once a week, and is written as more often. */
static void check_weekly(struct find *f)
{
    static const char *const weekly[] = {"methotrexate", NULL};
    const struct safety_side side = {.ingredients = weekly};
    for (size_t i = 0; i < f->count; i++) {
        int row = row_on_side(&f->known[i], &side);
        if (row >= 0 && is_written_often(f, &f->known[i]))
            find_add(f, &(struct concern){.kind = GALEN_FINDING_WRITING,
                                          .rule = "weekly",
                                          .severity = GALEN_SEVERITY_HIGH,
                                          .source = SOURCE_LABELS,
                                          .chosen = &i,
                                          .rows = &row,
                                          .count = 1});
    }
}

/* Does an earlier value of the same field break the rule, too? Then that was found. The texts of a record
 * stand together. */
static bool is_found(const struct find *f, size_t t, const char *rule)
{
    struct galen_writing writings[GALEN_SAFETY_WRITINGS_MAX];
    const struct galen_safety_text *text = &f->input->texts[t], *one;
    for (size_t i = t; i > 0; i--) {
        one = &f->input->texts[i - 1];
        if (memcmp(one->record, text->record, GALEN_RECORD_ID_BYTES) != 0)
            break;
        if (strcmp(one->field, text->field) != 0)
            continue;
        size_t count =
            galen_safety_writing(one->text, one->place, writings, GALEN_SAFETY_WRITINGS_MAX);
        for (size_t k = 0; k < count && k < GALEN_SAFETY_WRITINGS_MAX; k++)
            if (strcmp(writings[k].rule, rule) == 0)
                return true;
    }
    return false;
}

/* One finding a field and rule: the first place. */
void check_writing(struct find *f)
{
    struct galen_writing writings[GALEN_SAFETY_WRITINGS_MAX];
    if (GALEN_CHECKED(SAFETY_WEEKLY))
        check_weekly(f);
    for (size_t t = 0; t < f->input->text_count; t++) {
        const struct galen_safety_text *text = &f->input->texts[t];
        size_t count =
            galen_safety_writing(text->text, text->place, writings, GALEN_SAFETY_WRITINGS_MAX);
        count = count < GALEN_SAFETY_WRITINGS_MAX ? count : GALEN_SAFETY_WRITINGS_MAX;
        for (size_t i = 0; i < count; i++) {
            bool before = false;
            for (size_t k = 0; k < i && !before; k++)
                before = writings[k].rule == writings[i].rule;
            if (!before && !is_found(f, t, writings[i].rule))
                find_add_writing(f, text, &writings[i]);
        }
    }
}
