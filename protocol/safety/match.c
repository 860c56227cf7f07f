/* What a medicine's name stands for. The whole name must be understood, word by word, or nothing is. */
#include "data.h"

#include "galen/mutation.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* -- words ------------------------------------------------------------------------------------------- */

/* A name as words: lower case, letters from digits only where a longer word is followed by a number
 * ("inderal40"). `joined`: there was nothing but a space before it. */
struct words {
    char text[SAFETY_WORDS_MAX][32];
    size_t size[SAFETY_WORDS_MAX];
    bool joined[SAFETY_WORDS_MAX];
    size_t count;
    bool too_long;
};

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of one of these characters that stands here. 0: none does. */
static size_t one_of(struct galen_bytes in, size_t i, const char *const *marks, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        size_t size = strlen(marks[k]);
        if (size <= in.size - i && memcmp(in.at + i, marks[k], size) == 0)
            return size;
    }
    return 0;
}

/* A mark that says nothing: apostrophes (St. John's), the signs of trade marks, what cannot be seen. */
static size_t silent(struct galen_bytes in, size_t i)
{
    static const char *const marks[] = {
        "'",            /* apostrophe */
        "\xe2\x80\x99", /* U+2019 */
        "\xe2\x80\x98", /* U+2018 */
        "\xc2\xae",     /* U+00AE */
        "\xe2\x84\xa2", /* U+2122 */
        "\xc2\xad",     /* U+00AD soft hyphen */
        "\xe2\x80\x8b", /* U+200B zero width space */
        "\xe2\x80\x8e", /* U+200E left-to-right mark */
        "\xe2\x80\x8f", /* U+200F right-to-left mark */
        "\xe2\x81\xa0", /* U+2060 word joiner */
        "\xef\xbb\xbf", /* U+FEFF byte order mark */
    };
    return one_of(in, i, marks, COUNT(marks));
}

/* Spaces and hyphens beside those of ASCII, as they come from web pages and letters. */
static size_t wide_space(struct galen_bytes in, size_t i)
{
    static const char *const marks[] = {
        "\xc2\xa0",     /* U+00A0 no-break space */
        "\xe2\x80\x82", /* U+2002 en space */
        "\xe2\x80\x83", /* U+2003 em space */
        "\xe2\x80\x89", /* U+2009 thin space */
        "\xe2\x80\xaf", /* U+202F narrow no-break space */
        "\xe2\x80\x90", /* U+2010 hyphen */
        "\xe2\x80\x91", /* U+2011 non-breaking hyphen */
        "\xe2\x80\x92", /* U+2012 figure dash */
        "\xe2\x80\x93", /* U+2013 en dash */
        "\xe2\x80\x94", /* U+2014 em dash */
        "\xe2\x88\x92", /* U+2212 minus */
    };
    return one_of(in, i, marks, COUNT(marks));
}

static void add_char(struct words *w, uint8_t c)
{
    size_t *size = &w->size[w->count];
    if (*size + 1 >= sizeof w->text[0]) {
        w->too_long = true;
        return;
    }
    w->text[w->count][(*size)++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void end_word(struct words *w)
{
    if (w->size[w->count] > 0)
        w->count++;
}

static void read_words(struct galen_bytes in, struct words *w)
{
    bool broken = false;
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < in.size && !w->too_long;) {
        uint8_t c = in.at[i];
        size_t skip = silent(in, i), wide = wide_space(in, i), size = w->size[w->count];
        if (skip > 0) {
            i += skip;
            continue;
        }
        /* 2.5 and 10,000 are one number */
        bool inside = (c == '.' || c == ',') && size > 0 &&
                      is_digit((uint8_t)w->text[w->count][size - 1]) && i + 1 < in.size &&
                      is_digit(in.at[i + 1]);
        if (wide > 0 || (!is_letter(c) && !is_digit(c) && !inside && c != '%')) {
            end_word(w);
            if (w->count == SAFETY_WORDS_MAX) {
                w->too_long = i + 1 < in.size;
                return;
            }
            broken = broken || (wide == 0 && c != ' ' && c != '-');
            i += wide > 0 ? wide : 1;
            continue;
        }
        if (size >= 4 && is_digit(c) && is_letter((uint8_t)w->text[w->count][size - 1])) {
            end_word(w);
            if (w->count == SAFETY_WORDS_MAX) {
                w->too_long = true;
                return;
            }
        }
        if (w->size[w->count] == 0) {
            w->joined[w->count] = w->count > 0 && !broken;
            broken = false;
        }
        add_char(w, c);
        i++;
    }
    end_word(w);
}

/* -- the tables -------------------------------------------------------------------------------------- */

static int compare(const char *name, size_t size, const char *row)
{
    int order = strncmp(name, row, size);
    return order != 0 ? order : row[size] == 0 ? 0 : -1;
}

int safety_ingredient_row(const char *name, size_t size)
{
    size_t low = 0, high = safety_ingredient_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, size, safety_ingredients[middle].name);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

static const struct safety_name *other_name(const char *name, size_t size)
{
    size_t low = 0, high = safety_name_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, size, safety_names[middle].name);
        if (order == 0)
            return &safety_names[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool safety_is_name(const char *word, size_t size)
{
    return safety_ingredient_row(word, size) >= 0 || other_name(word, size) != NULL;
}

const char *galen_safety_ingredient(size_t row)
{
    return row < safety_ingredient_count ? safety_ingredients[row].name : NULL;
}

uint64_t safety_match_classes(const struct galen_safety_match *match)
{
    uint64_t classes = 0;
    for (size_t i = 0; i < match->count; i++)
        classes |= safety_ingredients[match->ingredients[i]].classes;
    return classes;
}

/* -- words that change nothing ------------------------------------------------------------------------ */

/* clang-format off */
static const char *const salts[] = {
    "acetate",        "anhydrous",   "axetil",       "benzoate",     "besy",
    "besylate",       "bisulfate",   "bitart",       "bitartrate",   "brom",
    "bromide",        "calcium",     "camsylate",    "carbonate",    "chloride",
    "cilexetil",      "citrate",     "cypionate",    "decanoate",    "dihydrate",
    "dimeglumine",    "dimesylate",  "dipotassium",  "dipropionate", "disodium",
    "disoproxil",     "enanthate",   "erbumine",     "estolate",     "etexilate",
    "ethylsuccinate", "fum",         "fumarate",     "furoate",      "gluconate",
    "hbr",            "hcl",         "hemifumarate", "hyclate",      "hydrobromide",
    "hydrochloride",  "lactate",     "mag",          "magnesium",    "mal",
    "malate",         "maleate",     "marboxil",     "medoxomil",    "mesylate",
    "mofetil",        "monohyd",     "monohydrate",  "nitrate",      "oxalate",
    "palmitate",      "pamoate",     "phosphate",    "pot",          "potassium",
    "prop",           "propanediol", "propionate",   "proxetil",     "sod",
    "sodium",         "stearate",    "succ",         "succinate",    "sulf",
    "sulfate",        "sulphate",    "tart",         "tartrate",     "trihydrate",
    "tromethamine",   "valerate",    "xinafoate",    "zinc",
};
/* Salts that are something to take by themselves: dropped only directly behind another medicine. */
static const char *const metals[] = {"calcium", "mag", "magnesium", "potassium", "sodium", "zinc"};

static const char *const fillers[] = {
    "12hr",       "24hr",          "act",           "acting",      "action",     "activated",
    "actuat",     "actuation",     "adult",         "aerosol",     "aerosphere", "and",
    "auto",       "autoinjector",  "base",          "bcise",       "beads",      "bid",
    "brand",      "breath",        "buccal",        "cap",         "caplet",     "caplets",
    "caps",       "capsule",       "capsules",      "cartridge",   "cd",         "chewable",
    "childrens",  "coated",        "concentrate",   "controlled",  "cr",         "crys",
    "crystals",   "daily",         "delayed",       "dial",        "digihaler",  "disintegrating",
    "diskus",     "dispersible",   "dose",          "dosepak",     "dpi",        "dr",
    "dry",        "ds",            "ec",            "elixir",      "ellipta",    "enema",
    "enteric",    "er",            "extended",      "extra",       "film",       "flexhaler",
    "flexpen",    "flextouch",     "gelcap",        "gelcaps",     "generic",    "granules",
    "gum",        "gummies",       "gummy",         "h",           "handihaler", "hfa",
    "hour",       "hours",         "hr",            "hrs",         "immediate",  "implant",
    "infants",    "inhalation",    "inhaled",       "inhaler",     "inhub",      "injectable",
    "injection",  "injector",      "intramuscular", "intravenous", "ir",         "junior",
    "kwikpen",    "la",            "long",          "low",         "lozenge",    "lozenges",
    "macro",      "macrocrystals", "maximum",       "mdi",         "metered",    "mod",
    "modified",   "mr",            "nebulization",  "nebulizer",   "odt",        "once",
    "or",         "oral",          "orally",        "osm",         "osmotic",    "otc",
    "pack",       "packet",        "particles",     "patch",       "pen",        "pf",
    "pill",       "pills",         "po",            "prefilled",   "pressair",   "prn",
    "puff",       "qid",           "redihaler",     "regular",     "release",    "respiclick",
    "respimat",   "ring",          "rx",            "sa",          "scoop",      "sl",
    "softgel",    "softgels",      "solostar",      "solution",    "sprinkle",   "sr",
    "starter",    "strength",      "subcutaneous",  "sublingual",  "sureclick",  "suspension",
    "sustained",  "syringe",       "syrup",         "tab",         "tablet",     "tablets",
    "tabs",       "therapy",       "tid",           "transdermal", "turbuhaler", "twice",
    "twisthaler", "vial",          "w",             "wafer",       "weekly",     "with",
    "xl",         "xr",            "xt",
};
/* The same behind a name that is no brand, or a brand used there anyway: a brand's own drops, cream or liquid may
 * be another medicine than its tablets. */
static const char *const places[] = {
    "cream",  "drop",    "drops",  "ear",   "effervescent", "external",   "eye",     "foam",
    "gel",    "liquid",  "lotion", "nasal", "ointment",     "ophthalmic", "otic",    "powder",
    "rectal", "shampoo", "skin",   "spray", "suppository",  "topical",    "vaginal",
};
/* Of these, those that say it acts where it is put. */
static const char *const local_places[] = {
    "cream", "ear",     "external", "eye",     "foam", "gel", "lotion", "ointment", "ophthalmic",
    "otic",  "shampoo", "skin",     "topical",
};
static const char *const units[] = {
    "g",    "gm",    "gram", "grams", "iu", "kg",        "l",         "mcg", "meq", "mg",  "ml",
    "mmol", "ug",    "unit", "units", "u",  "\xc2\xb5g", "\xce\xbcg", "%",   "hr",  "hrs", "h",
    "hour", "hours", "unt",  "ut",
};
/* clang-format on */

static bool is_in(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}
#define IS_IN(word, list) is_in(word, list, COUNT(list))

/* 500, 2.5, 10,000, 500mg, 0.5% */
static bool is_amount(const char *word)
{
    size_t digits = strspn(word, "0123456789.,");
    return digits > 0 && is_digit((uint8_t)word[0]) &&
           (word[digits] == 0 || IS_IN(word + digits, units));
}

/* -- matching ---------------------------------------------------------------------------------------- */

/* False: no room. */
static bool add_row(struct galen_safety_match *match, int row)
{
    size_t at = 0;
    while (at < match->count && match->ingredients[at] < row)
        at++;
    if (at < match->count && match->ingredients[at] == row)
        return true;
    if (match->count == GALEN_SAFETY_INGREDIENTS_MAX)
        return false;
    memmove(match->ingredients + at + 1, match->ingredients + at,
            (match->count - at) * sizeof *match->ingredients);
    match->ingredients[at] = (uint16_t)row;
    match->count++;
    return true;
}

static bool add_parts(struct galen_safety_match *match, const char *parts)
{
    for (;;) {
        size_t size = strcspn(parts, "+");
        int row = safety_ingredient_row(parts, size);
        if (row < 0 || !add_row(match, row))
            return false;
        if (parts[size] == 0)
            return true;
        parts += size + 1;
    }
}

struct reading {
    const struct words *words;
    size_t at;
    struct galen_safety_match match;
    bool behind_name;     /* the last word belongs to a name or its salt */
    bool behind_nutrient; /* that name is a vitamin or mineral */
    bool places;          /* such words are allowed: no brand came before */
    bool room;
};

/* The longest name that begins here. */
static bool take_name(struct reading *r)
{
    char name[SAFETY_NAME_MAX];
    size_t size = 0, best = 0;
    int row = -1;
    const struct safety_name *other = NULL;
    for (size_t i = r->at; i < r->words->count; i++) {
        if (size + r->words->size[i] + 2 > sizeof name)
            break;
        if (i > r->at)
            name[size++] = ' ';
        memcpy(name + size, r->words->text[i], r->words->size[i]);
        size += r->words->size[i];
        int found = safety_ingredient_row(name, size);
        const struct safety_name *found_other = found < 0 ? other_name(name, size) : NULL;
        if (found < 0 && !found_other)
            continue;
        row = found;
        other = found_other;
        best = i + 1 - r->at;
    }
    if (best == 0)
        return false;
    bool behind = r->behind_name && r->words->joined[r->at];
    if (best == 1 && behind && !r->behind_nutrient && IS_IN(r->words->text[r->at], metals))
        return false; /* a salt */
    r->behind_nutrient = row >= 0 && safety_ingredients[row].nutrient;
    if (row >= 0)
        r->room = r->room && add_row(&r->match, row);
    else
        r->room = r->room && add_parts(&r->match, other->parts);
    if (other && other->kind == NAME_SYNONYM)
        r->behind_nutrient =
            r->match.count > 0 && strchr(other->parts, '+') == NULL &&
            safety_ingredients[safety_ingredient_row(other->parts, strlen(other->parts))].nutrient;
    if (other && other->kind == NAME_BRAND)
        r->places = false;
    if (other && other->kind == NAME_LOCAL)
        r->match.local = true;
    r->behind_name = true;
    r->at += best;
    return true;
}

/* A word that changes nothing. */
static bool take_filler(struct reading *r)
{
    const char *word = r->words->text[r->at];
    bool salt = r->behind_name && r->words->joined[r->at] && IS_IN(word, salts);
    bool place = r->places && IS_IN(word, places);
    if (!salt && !place && !IS_IN(word, fillers) && !IS_IN(word, units) && !is_amount(word))
        return false;
    if (place && IS_IN(word, local_places))
        r->match.local = true;
    r->behind_name = salt;
    r->at++;
    return true;
}

struct galen_safety_match galen_safety_match(struct galen_bytes name)
{
    static const struct galen_safety_match nothing;
    struct words words;
    read_words(name, &words);
    struct reading r = {.words = &words, .places = true, .room = true};
    if (words.too_long)
        return nothing;
    while (r.at < words.count)
        if (!take_name(&r) && !take_filler(&r)) {
            if (GALEN_CHECKED(SAFETY_WHOLE_NAME))
                return nothing;
            r.at++;
        }
    return r.room ? r.match : nothing;
}
