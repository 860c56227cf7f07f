/* protocol/safety: the tables are well formed, and a name is a medicine only when all of it is understood. */
#include "safety/data.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

/* ---- The tables ------------------------------------------------------------------------------------ */

/* Small letters, digits and single spaces: what galen_safety_match makes of a name. */
static void is_normal(const char *name)
{
    size_t size = strlen(name);
    cr_assert(size > 0 && size < SAFETY_NAME_MAX, "%s", name);
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        cr_assert((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      (c == ' ' && i > 0 && name[i - 1] != ' '),
                  "%s", name);
    }
    cr_assert_neq(name[size - 1], ' ');
}

static void is_source(unsigned source, const char *row)
{
    cr_assert(source > SOURCE_NONE && source < SOURCE_COUNT, "%s has no source", row);
}

Test(safety_data, ingredients_are_sorted_and_have_a_source)
{
    uint64_t used = 0;
    for (size_t i = 0; i < safety_ingredient_count; i++) {
        const struct safety_ingredient *row = &safety_ingredients[i];
        is_normal(row->name);
        is_source(row->source, row->name);
        cr_assert(i == 0 || strcmp(safety_ingredients[i - 1].name, row->name) < 0, "%s", row->name);
        cr_assert_eq(safety_ingredient_row(row->name, strlen(row->name)), (int)i);
        used |= row->classes;
    }
    cr_assert_geq(safety_ingredient_count, 400);
    for (unsigned c = 0; c < CLASS_COUNT; c++) {
        cr_assert(used >> c & 1, "no ingredient is of class %u", c);
        is_source(safety_class_sources[c], "a class");
    }
    cr_assert_eq(used >> CLASS_COUNT, 0);
    cr_assert_eq(safety_ingredient_row("aspiri", 6), -1);
    cr_assert_eq(safety_ingredient_row("", 0), -1);
    cr_assert_null(galen_safety_ingredient(safety_ingredient_count));
}

Test(safety_data, other_names_are_sorted_and_made_of_ingredients)
{
    for (size_t i = 0; i < safety_name_count; i++) {
        const struct safety_name *row = &safety_names[i];
        size_t parts = 0;
        is_normal(row->name);
        is_source(row->source, row->name);
        cr_assert(i == 0 || strcmp(safety_names[i - 1].name, row->name) < 0, "%s", row->name);
        cr_assert_eq(safety_ingredient_row(row->name, strlen(row->name)), -1, "%s is an ingredient",
                     row->name);
        for (const char *part = row->parts; part; parts++) {
            size_t size = strcspn(part, "+");
            cr_assert_geq(safety_ingredient_row(part, size), 0, "%s: %s", row->name, part);
            part = part[size] ? part + size + 1 : NULL;
        }
        struct galen_safety_match match = galen_safety_match(text(row->name));
        cr_assert_eq(match.count, parts, "%s is read otherwise than it stands there", row->name);
        cr_assert_eq(match.local, row->kind == NAME_LOCAL, "%s", row->name);
        cr_assert_eq(row->source, row->kind == NAME_SYNONYM ? SOURCE_NAMES : SOURCE_LABELS, "%s",
                     row->name);
    }
}

static void is_side(const struct safety_side *side, const char *row)
{
    cr_assert(side->classes != 0 || (side->ingredients && *side->ingredients), "%s", row);
    cr_assert_eq(side->classes >> CLASS_COUNT, 0);
    for (const char *const *name = side->ingredients; name && *name; name++)
        cr_assert_geq(safety_ingredient_row(*name, strlen(*name)), 0, "%s: %s", row, *name);
}

static const struct safety_words *words_of(const char *kind, const char *rule)
{
    char key[80];
    snprintf(key, sizeof key, rule ? "%s:%s" : "%s", kind, rule);
    for (size_t i = 0; i < safety_words_en_count; i++)
        if (strcmp(safety_words_en[i].key, key) == 0)
            return &safety_words_en[i];
    return NULL;
}

Test(safety_data, every_rule_has_a_source_a_severity_and_words_of_its_own)
{
    uint64_t ruled = 0;
    for (size_t i = 0; i < safety_pair_count; i++) {
        const struct safety_pair *row = &safety_pairs[i];
        is_side(&row->one, row->key);
        is_side(&row->other, row->key);
        is_source(row->source, row->key);
        cr_assert(row->severity >= GALEN_SEVERITY_LOW && row->severity <= GALEN_SEVERITY_HIGH);
        cr_assert_not_null(words_of("interaction", row->key), "%s", row->key);
        ruled |= row->one.classes | row->other.classes;
    }
    for (size_t i = 0; i < safety_duplicate_count; i++) {
        const struct safety_duplicate *row = &safety_duplicates[i];
        is_source(row->source, row->key);
        cr_assert_neq(row->classes, 0);
        cr_assert_not_null(words_of("class", row->key), "%s", row->key);
        cr_assert(i == 0 || strcmp(safety_duplicates[i - 1].key, row->key) < 0);
        ruled |= row->classes;
    }
    for (size_t i = 0; i < safety_age_count; i++) {
        const struct safety_age *row = &safety_ages[i];
        is_side(&row->side, row->key);
        is_source(row->source, row->key);
        cr_assert_not_null(words_of("age", row->key), "%s", row->key);
        cr_assert(i == 0 || strcmp(safety_ages[i - 1].key, row->key) < 0);
        ruled |= row->side.classes;
    }
    for (size_t i = 0; i < safety_allergy_word_count; i++) {
        const struct safety_allergy_word *row = &safety_allergy_words[i];
        is_normal(row->word);
        is_source(row->source, row->word);
        cr_assert_neq(row->classes, 0);
        cr_assert(i == 0 || strcmp(safety_allergy_words[i - 1].word, row->word) < 0, "%s",
                  row->word);
    }
    for (unsigned c = 0; c < CLASS_COUNT; c++)
        cr_assert((ruled | safety_allergy_classes | CLASS_BIT(ANTI_INFECTIVE) |
                   CLASS_BIT(SULFONAMIDE_LABEL)) >>
                          c &
                      1,
                  "class %u serves nothing", c);
}

/* What is said to be checked is counted in words. */
Test(safety_data, as_many_are_checked_as_is_said)
{
    size_t classes = 0, medicines = 0;
    for (size_t i = 0; i < safety_age_count; i++) {
        const char *const *name = safety_ages[i].side.ingredients;
        classes += safety_ages[i].side.classes != 0;
        while (name && *name++)
            medicines++;
    }
    cr_assert_eq(classes, 6);
    cr_assert_eq(medicines, 5);
    cr_assert(strstr(safety_checks_en[GALEN_FINDING_AGE].what, "six classes and five medicines"));
    cr_assert_eq(safety_duplicate_count, 16);
    cr_assert(strstr(safety_checks_en[GALEN_FINDING_CLASS].what, "sixteen classes"));
}

/* One `%s` at most, no other `%`. */
static void is_template(const char *template, const char *key)
{
    size_t names = 0;
    for (const char *at = template; at && *at; at++)
        if (*at == '%') {
            cr_assert_eq(at[1], 's', "%s: %s", key, template);
            names++;
        }
    cr_assert_leq(names, 1, "%s", key);
}

Test(safety_data, words_are_sorted_and_say_everything)
{
    for (size_t i = 0; i < safety_words_en_count; i++) {
        const struct safety_words *row = &safety_words_en[i];
        const char *const all[] = {row->title,       row->why,       row->advice,
                                   row->plain_title, row->plain_why, row->plain_advice};
        cr_assert(i == 0 || strcmp(safety_words_en[i - 1].key, row->key) < 0, "%s", row->key);
        for (size_t n = 0; n < 6; n++) {
            is_template(all[n], row->key);
            cr_assert(!all[n] || all[n][0]);
            bool writing_why =
                strcmp(row->key, "writing") == 0 && (n == 1 || n == 4); /* said by its rule */
            cr_assert(strchr(row->key, ':') || writing_why || all[n], "%s", row->key);
        }
    }
    for (unsigned kind = 1; kind < GALEN_FINDING_KINDS; kind++) {
        cr_assert_not_null(words_of(galen_safety_finding_kind_name((uint8_t)kind), NULL));
        cr_assert(safety_checks_en[kind].what && safety_checks_en[kind].plain);
    }
    for (unsigned gap = 0; gap < GAP_COUNT; gap++) {
        is_template(safety_gaps_en[gap].what, "gap");
        is_template(safety_gaps_en[gap].plain, "gap");
        cr_assert(safety_gaps_en[gap].what && safety_gaps_en[gap].plain);
    }
    for (size_t i = 0; i < safety_writing_count; i++) {
        is_source(safety_writings[i].source, safety_writings[i].rule);
        cr_assert_str_eq(safety_writings[i].rule, safety_writing_words_en[i].rule);
        cr_assert(i == 0 || strcmp(safety_writings[i - 1].rule, safety_writings[i].rule) < 0);
    }
    for (size_t i = 0; i < safety_abbreviation_count; i++)
        cr_assert(i == 0 ||
                  strcmp(safety_abbreviations[i - 1].word, safety_abbreviations[i].word) < 0);
    for (unsigned s = SOURCE_NONE + 1; s < SOURCE_COUNT; s++)
        cr_assert(safety_sources[s].key[0] && safety_sources[s].name[0] &&
                  safety_sources[s].version[0] && safety_sources[s].date[0]);
}

/* ---- Names ------------------------------------------------------------------------------------------- */

/* Its ingredients with "+" between, "-" for none; " local" behind. */
static const char *reading(struct galen_bytes name)
{
    static char out[600];
    struct galen_safety_match match = galen_safety_match(name);
    out[0] = 0;
    for (size_t i = 0; i < match.count; i++) {
        strcat(out, i > 0 ? "+" : "");
        strcat(out, galen_safety_ingredient(match.ingredients[i]));
    }
    strcat(out, match.count == 0 ? "-" : match.local ? " local" : "");
    return out;
}

static const struct {
    const char *name, *means;
} known[] = {
    {"Lisinopril", "lisinopril"},
    {"LISINOPRIL 10 MG TABLET", "lisinopril"},
    {"Zestril", "lisinopril"},
    {"Zestril (lisinopril)", "lisinopril"},
    {"paracetamol", "acetaminophen"},
    {"Acetaminophen 500mg caplets", "acetaminophen"},
    {"Tylenol", "acetaminophen"},
    {"Tylenol Extra Strength 500 mg", "acetaminophen"},
    {"Extra-strength Tylenol", "acetaminophen"},
    {"Tylenol\xc2\xae", "acetaminophen"},
    {"Children's Tylenol", "acetaminophen"},
    {"Tylenol PM", "acetaminophen+diphenhydramine"},
    {"Tylenol #3", "acetaminophen+codeine"},
    {"Tylenol w/ codeine", "acetaminophen+codeine"},
    {"Advil", "ibuprofen"},
    {"Advil PM", "diphenhydramine+ibuprofen"},
    {"Sudafed", "pseudoephedrine"},
    {"Sudafed PE", "phenylephrine"},
    {"Claritin-D 24 hour", "loratadine+pseudoephedrine"},
    {"Excedrin Migraine", "acetaminophen+aspirin+caffeine"},
    {"NyQuil Cold & Flu", "acetaminophen+dextromethorphan+doxylamine"},
    {"Metformin HCl ER 500 mg", "metformin"},
    {"Metoprolol succinate XL", "metoprolol"},
    {"Toprol-XL", "metoprolol"},
    {"metoprolol tartrate 25mg tab", "metoprolol"},
    {"Atorvastatin calcium", "atorvastatin"},
    {"losartan potassium", "losartan"},
    {"omeprazole magnesium", "omeprazole"},
    {"naproxen sodium 220 mg", "naproxen"},
    {"Bupropion XL", "bupropion"},
    {"losartan/HCTZ", "hydrochlorothiazide+losartan"},
    {"losartan-hydrochlorothiazide 50-12.5 mg", "hydrochlorothiazide+losartan"},
    {"amlodipine and benazepril", "amlodipine+benazepril"},
    {"hydrocodone-acetaminophen 5/325", "acetaminophen+hydrocodone"},
    {"Norco 5-325", "acetaminophen+hydrocodone"},
    {"Bactrim DS", "sulfamethoxazole+trimethoprim"},
    {"St. John's wort", "st johns wort"},
    {"St John\xe2\x80\x99s Wort 300 mg", "st johns wort"},
    {"vitamin D3 2,000 IU", "vitamin d"},
    {"Vitamin B-12", "cyanocobalamin"},
    {"calcium carbonate with vitamin D", "calcium+vitamin d"},
    {"calcium magnesium zinc", "calcium+magnesium+zinc"},
    {"magnesium oxide 400 mg", "magnesium"},
    {"potassium chloride ER 20 mEq", "potassium"},
    {"ferrous sulfate 325 mg", "iron"},
    {"Omega-3", "fish oil"},
    {"Humulin 70/30", "insulin human+insulin nph"},
    {"insulin glargine 100 units/mL", "insulin glargine"},
    {"Lantus SoloStar pen", "insulin glargine"},
    {"Inderal40", "propranolol"},
    {"baby aspirin 81 mg", "aspirin"},
    {"low dose aspirin EC", "aspirin"},
    {"timolol 0.5% eye drops", "timolol local"},
    {"hydrocortisone 1 % cream", "hydrocortisone local"},
    {"Flonase nasal spray", "fluticasone local"},
    {"Ciprodex", "ciprofloxacin+dexamethasone local"},
    {"fentanyl patch", "fentanyl"},
    {"sumatriptan nasal spray", "sumatriptan"},
    {"  warfarin   ", "warfarin"},
    {"Ambien CR", "zolpidem"},
    {"nitroglycerin 0.4 mg SL", "nitroglycerin"},
    {"Nitrostat sublingual", "nitroglycerin"},
    {"SMX-TMP DS 800-160", "sulfamethoxazole+trimethoprim"},
    {"warfarin 5 mg daily", "warfarin"},
    {"metoprolol tartrate 25 mg PO BID", "metoprolol"},
    {"Klor-Con M20", "potassium"},
    {"amoxicillin-pot clavulanate 875-125", "amoxicillin+clavulanate"},
    {"Promethazine DM", "dextromethorphan+promethazine"},
    {"co\xe2\x80\x91trimoxazole", "sulfamethoxazole+trimethoprim"},
    {"Tylenol\xc2\xa0PM", "acetaminophen+diphenhydramine"},
    {"lisinopril\xe2\x80\x93"
     "HCTZ",
     "hydrochlorothiazide+lisinopril"},
    {"war\xc2\xad"
     "farin\xe2\x80\x8b",
     "warfarin"},
    {"losartan\xc2\xa0potassium", "losartan"},
    /* as prescriptions come over the wire, and as pharmacies shorten them */
    {"Insulin Glargine 100 UNIT/ML Subcutaneous Solution Pen-injector", "insulin glargine"},
    {"insulin glargine-yfgn 100 UNT/ML Pen Injector", "insulin glargine"},
    {"Insulin Lispro (1 Unit Dial) 100 UNIT/ML", "insulin lispro"},
    {"Ozempic (0.25 or 0.5 MG/DOSE) 2 MG/3ML Subcutaneous Solution Pen-injector", "semaglutide"},
    {"Enoxaparin Sodium 40 MG/0.4ML Injection Solution Prefilled Syringe", "enoxaparin"},
    {"Eliquis DVT/PE Starter Pack", "apixaban"},
    {"methotrexate (PF) 25 mg/mL injection", "methotrexate"},
    {"Albuterol Sulfate HFA 108 (90 Base) MCG/ACT Inhalation Aerosol Solution", "albuterol"},
    {"Fluticasone-Salmeterol 250-50 MCG/DOSE Inhalation Aerosol Powder Breath Activated",
     "fluticasone+salmeterol"},
    {"Fluticasone Propionate 50 MCG/ACT Nasal Suspension", "fluticasone"},
    {"Diclofenac Sodium 1 % External Gel", "diclofenac local"},
    {"Dorzolamide HCl-Timolol Mal 2-0.5 % Ophthalmic Solution", "dorzolamide+timolol local"},
    {"Amlodipine Besy-Benazepril HCl 5-20 MG", "amlodipine+benazepril"},
    {"METOPROLOL SUCC ER 25 MG TAB", "metoprolol"},
    {"dilTIAZem HCl ER Coated Beads 120 MG Oral Capsule Extended Release 24 Hour", "diltiazem"},
    {"Potassium Chloride Crys ER 20 MEQ Oral Tablet Extended Release", "potassium"},
    {"Ferrous Sulfate 325 (65 Fe) MG Oral Tablet", "iron"},
    {"Vitamin D (Ergocalciferol) 1.25 MG (50000 UT) Oral Capsule", "vitamin d"},
    {"predniSONE 10 MG (21) Oral Tablet Therapy Pack", "prednisone"},
    {"sotalol HCl (AF) 80 MG", "sotalol"},
    {"Goody's powder", "acetaminophen+aspirin+caffeine"},
    {"calcium mag zinc", "calcium+magnesium+zinc"},
    {"omeprazole mag", "omeprazole"},
    {"isosorbide", "isosorbide dinitrate+isosorbide mononitrate"}, /* a nitrate either way */
    {"Isosorbide Mononitrate ER 30 mg", "isosorbide mononitrate"},
    {"Calcium + D", "calcium+vitamin d"},
    {"Breztri Aerosphere", "budesonide+formoterol+glycopyrrolate"},
    {"Wixela Inhub", "fluticasone+salmeterol"},
    {"Neosporin", "bacitracin+neomycin+polymyxin b local"},
    {"Imbruvica", "ibrutinib"},
};

Test(safety_names, a_name_that_is_understood)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        cr_expect_str_eq(reading(text(known[i].name)), known[i].means, "%s: %s", known[i].name,
                         reading(text(known[i].name)));
}

/* One word that is not known, and nothing is recognised: what follows a brand may be another medicine. */
static const char *const unknown[] = {
    "",
    " ",
    "500 mg",
    "tablet",
    "sodium",
    "water pill",
    "blood pressure medicine",
    "calcium channel blocker",
    "Lisinoprl",
    "lisinopril-ish",
    "metforminn",
    "prednisol",
    "Tylenol Cold",
    "Tylenol Something",
    "Advil Cold",
    "Sudafed Something",
    "Excedrin aspirin free",
    "aspirin-free",
    "no aspirin",
    "Theraflu",
    "Unisom",
    "Zyrtec eye drops",
    "Claritin Eye",
    "Tegretol eye drops",
    "Lipitor Plus",
    "Alka-Seltzer Plus",
    "Benadryl cream",
    "Dulcolax liquid",
    "Lotrimin AF",
    "pot",
    "HCT",
    "AZT",
    "MTX",
    "T3",
    "INH",
    "insulin",
    "hydroxyzin",
    "hydralazine hydroxyzin",
    "vitamin",
    "not aspirin but something else",
};

Test(safety_names, nothing_is_guessed)
{
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_str_eq(reading(text(unknown[i])), "-", "%s: %s", unknown[i],
                         reading(text(unknown[i])));
}

/* Names that look alike are different medicines. */
Test(safety_names, names_that_look_alike_stay_apart)
{
    static const char *const pairs[][2] = {
        {"hydroxyzine", "hydralazine"}, {"Celebrex", "Celexa"},
        {"clonidine", "clonazepam"},    {"prednisone", "prednisolone"},
        {"Lamictal", "Lamisil"},        {"metformin", "metronidazole"},
        {"bupropion", "buspirone"},     {"glipizide", "glyburide"},
        {"tramadol", "trazodone"},      {"Zantac 360", "Zyrtec"},
        {"sumatriptan", "sitagliptin"}, {"amlodipine", "amiloride"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char one[600];
        strcpy(one, reading(text(pairs[i][0])));
        cr_expect_str_neq(one, "-", "%s", pairs[i][0]);
        cr_expect_str_neq(reading(text(pairs[i][1])), "-", "%s", pairs[i][1]);
        cr_expect_str_neq(one, reading(text(pairs[i][1])));
    }
}

Test(safety_names, however_long_and_whatever_bytes)
{
    char name[4000];
    memset(name, 'a', sizeof name);
    cr_assert_eq(galen_safety_match((struct galen_bytes){(const uint8_t *)name, sizeof name}).count,
                 0);
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 2 ? ' ' : '7';
    cr_assert_eq(galen_safety_match((struct galen_bytes){(const uint8_t *)name, sizeof name}).count,
                 0);
    size_t n = 0;
    for (size_t i = 0; i < 30; i++) /* more ingredients than one medicine may have */
        n += (size_t)snprintf(name + n, sizeof name - n, "%s ", galen_safety_ingredient(i * 7));
    cr_assert_eq(galen_safety_match(text(name)).count, 0);
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
            (void)galen_safety_match((struct galen_bytes){bytes, 2});
        }
    cr_assert_eq(galen_safety_match((struct galen_bytes){0}).count, 0);
}
