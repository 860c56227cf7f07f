/* protocol/safety: writing that is easily misread, and writing that is not. */
#include "galen/safety.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

/* rule[what stands there>what could] for each place. */
static const char *found_in(const char *value, uint8_t place)
{
    static char out[2000];
    struct galen_writing found[GALEN_SAFETY_WRITINGS_MAX];
    size_t count = galen_safety_writing(text(value), place, found, GALEN_SAFETY_WRITINGS_MAX);
    out[0] = 0;
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(out);
        cr_assert(found[i].at + found[i].size <= strlen(value));
        cr_assert(found[i].title[0] && found[i].why[0] && found[i].suggestion[0] &&
                  found[i].source->key[0]);
        snprintf(out + used, sizeof out - used, "%s%s[%.*s>%s]", i > 0 ? " " : "", found[i].rule,
                 (int)found[i].size, value + found[i].at, found[i].suggestion);
    }
    return out;
}

#define TEXT GALEN_WRITING_TEXT
#define DOSE GALEN_WRITING_DOSE

static const struct {
    uint8_t place;
    const char *value, *found;
} cases[] = {
    {TEXT, "", ""},
    {TEXT, "Take one tablet by mouth every morning.", ""},

    {TEXT, "inject 10 U at night", "u[U>units]"},
    {TEXT, "inject 10U at night", "u[U> units]"},
    {TEXT, "inject 10 u at night", "u[u>units]"},
    {DOSE, "U", "u[U>units]"},
    {TEXT, "inject 10 units at night", ""},
    {TEXT, "ALT 40 U/L", ""},
    {TEXT, "up to you", ""},

    {TEXT, "vitamin D 1000 IU", "iu[IU>international units]"},
    {TEXT, "vitamin D 1000IU", "iu[IU> international units]"},
    {TEXT, "1,000 international units", ""},

    {DOSE, "QD", "qd[QD>daily]"},
    {TEXT, "1 tab qd", "qd[qd>daily]"},
    {TEXT, "1 tab q.d.", "qd[q.d.>daily]"},
    {TEXT, "1 tab Q.D. and more", "qd[Q.D.>daily]"},
    {DOSE, "daily", ""},
    {DOSE, "1 drop OD", "latin[OD>right eye, or once a day]"},
    {DOSE, "o.u.", "latin[o.u.>both eyes]"},
    {DOSE, "QHS", "latin[QHS>at bedtime]"},
    {DOSE, "1 tab hs", "latin[hs>at bedtime]"},
    {DOSE, "TIW", "latin[TIW>three times a week]"},
    {DOSE, "Os-Cal 500", ""},
    {DOSE, "OS CAL", ""},
    {TEXT, "He took an OD in May.", ""},
    {DOSE, "BID", ""},
    {DOSE, "QID", ""},
    {DOSE, "QOD", "qod[QOD>every other day]"},
    {TEXT, "q.o.d.", "qod[q.o.d.>every other day]"},
    {DOSE, "every other day", ""},

    {TEXT, "1.0 mg", "trailing-zero[1.0>1]"},
    {TEXT, "1.0mg", "trailing-zero[1.0>1] unit-space[1.0mg>1.0 mg]"},
    {TEXT, "take 2.50 mg", "trailing-zero[2.50>2.5]"},
    {TEXT, "take 10.00 tablets", "trailing-zero[10.00>10]"},
    {DOSE, "1.0", "trailing-zero[1.0>1]"},
    {DOSE, "10", ""},
    {DOSE, "0.5", ""},
    {DOSE, "1.05", ""},
    {TEXT, "INR 2.0, potassium 4.0 mmol/L, A1c 7.0%", ""},
    {TEXT, "glucose 100.0 mg/dL", ""},
    {TEXT, "10.0 mg/mL", "trailing-zero[10.0>10]"},
    {TEXT, "costs $5.00 tablets", ""},

    {TEXT, ".5 mg", "naked-decimal[.5>0.5]"},
    {DOSE, ".25", "naked-decimal[.25>0.25]"},
    {TEXT, "take (.5 mg)", "naked-decimal[.5>0.5]"},
    {TEXT, "0.5 mg", ""},
    {TEXT, "Stop. 5 mg is enough", ""},
    {TEXT, "See No.5 below", ""},
    {TEXT, "wait...5 days", ""},

    {TEXT, "MS 10 mg", "ms[MS>morphine sulfate]"},
    {TEXT, "MS Contin 15 mg", ""},
    {TEXT, "Ms. Smith", ""},
    {TEXT, "500 ms", ""},
    {TEXT, "MSO4", "mso4[MSO4>morphine sulfate]"},
    {TEXT, "MgSO4 2 g", "mgso4[MgSO4>magnesium sulfate]"},
    {TEXT, "magnesium sulfate", ""},

    {TEXT, "pulse > 60", "greater[>>more than]"},
    {TEXT, "pulse >= 60", "greater[>>at least]"},
    {TEXT, "if < 50 call", "less[<>less than]"},
    {TEXT, "10 mg -> 20 mg, later => 40 mg <- no", ""},
    {TEXT, "1 @ night", "at[@>at]"},
    {TEXT, "write to pat@example.org", ""},
    {TEXT, "5 cc twice", "cc[cc>mL]"},
    {TEXT, "5cc twice", "cc[cc> mL]"},
    {TEXT, "cc the doctor", ""},
    {TEXT, "5 mL twice", ""},
    {TEXT, "50 \xc2\xb5g", "microgram[\xc2\xb5g>mcg]"},
    {TEXT, "50\xce\xbcg", "microgram[\xce\xbcg>mcg]"},
    {TEXT, "50 mcg", ""},
    {TEXT, "D/C aspirin", "dc[D/C>stop, or discharge]"},
    {TEXT, "d/c aspirin", "dc[d/c>stop, or discharge]"},
    {TEXT, "d/camp", ""},

    {DOSE, "HCTZ", "abbreviation[HCTZ>hydrochlorothiazide]"},
    {TEXT, "take hctz daily", "abbreviation[hctz>hydrochlorothiazide]"},
    {TEXT, "stop MTX and ASA", "abbreviation[MTX>methotrexate] abbreviation[ASA>aspirin]"},
    {TEXT, "tac and asa", ""},
    {TEXT, "hydrochlorothiazide", ""},

    {TEXT, "Inderal40 mg", "name-space[Inderal40>Inderal 40]"},
    {TEXT, "Tegretol300mg", "name-space[Tegretol300mg>Tegretol 300mg]"},
    {TEXT, "Inderal 40 mg", ""},
    {TEXT, "Inderal40mg\xc3\xa9\xc3\xa9",
     "name-space[Inderal40mg\xc3\xa9\xc3\xa9>Inderal 40mg\xc3\xa9\xc3\xa9]"},
    /* not cut: neither words nor half a letter is lost */
    {TEXT,
     "Inderal4\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
     "\xa9\xc3\xa9",
     ""},
    {TEXT, "Inderal40mgtwicedailybeforeallfood", ""},
    {TEXT, "Covid19 in room12", ""},
    {TEXT, "vitamin B12 and D3", ""},
    {TEXT, "10mg daily", "unit-space[10mg>10 mg]"},
    {DOSE, "100mL", "unit-space[100mL>100 mL]"},
    {TEXT, "10 mg daily", ""},
    {TEXT, "the 2nd and 3rd day, 24h", ""},

    {TEXT, "heparin 10000 units", "comma[10000>10,000]"},
    {DOSE, "1000000", "comma[1000000>1,000,000]"},
    {TEXT, "heparin 10,000 units", ""},
    {TEXT, "heparin 5000 units", ""},
    {TEXT, "call 5551234567 or 98101", ""},
};

Test(safety_writing, each_way_of_writing_is_found_where_it_is_and_nowhere_else)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = found_in(cases[i].value, cases[i].place);
        cr_expect_str_eq(found, cases[i].found, "%s: %s", cases[i].value, found);
    }
}

Test(safety_writing, a_trailing_zero_is_found)
{
    cr_assert_str_eq(found_in("1.0 mg", TEXT), "trailing-zero[1.0>1]");
}
Test(safety_writing, a_naked_decimal_is_found)
{
    cr_assert_str_eq(found_in(".5 mg", TEXT), "naked-decimal[.5>0.5]");
}

Test(safety_writing, laboratory_values_are_exempt)
{
    cr_assert_str_eq(found_in("INR 2.0; TSH 1.0 mg > 5 U", GALEN_WRITING_LAB), "");
    cr_assert_str_eq(found_in("1.0 mg", 0), "");
    const struct galen_document *pmr = galen_document(GALEN_DOC_PMR),
                                *map = galen_document(GALEN_DOC_MAP);
    cr_assert_eq(galen_writing_place(pmr, galen_field_named(pmr, "regimen")), GALEN_WRITING_DOSE);
    cr_assert_eq(galen_writing_place(pmr, galen_field_named(pmr, "instructions")),
                 GALEN_WRITING_TEXT);
    cr_assert_eq(galen_writing_place(pmr, galen_field_named(pmr, "pharmacy")), 0);
    cr_assert_eq(galen_writing_place(map, galen_field_named(map, "action")), GALEN_WRITING_TEXT);
}

Test(safety_writing, what_is_suggested_is_itself_not_found)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct galen_writing found[GALEN_SAFETY_WRITINGS_MAX];
        size_t count = galen_safety_writing(text(cases[i].value), cases[i].place, found,
                                            GALEN_SAFETY_WRITINGS_MAX);
        char better[400], once[2000];
        size_t from = 0, n = 0;
        for (size_t k = 0; k < count; k++) { /* all of them put in, the first where two overlap */
            if (found[k].at < from)
                continue;
            n +=
                (size_t)snprintf(better + n, sizeof better - n, "%.*s%s", (int)(found[k].at - from),
                                 cases[i].value + from, found[k].suggestion);
            from = found[k].at + found[k].size;
        }
        snprintf(better + n, sizeof better - n, "%s", cases[i].value + from);
        snprintf(once, sizeof once, "%s", found_in(better, cases[i].place));
        cr_expect(count == 0 || !strstr(once, found[0].rule), "%s: %s: %s", cases[i].value, better,
                  once);
    }
}

Test(safety_writing, no_more_than_there_is_room_for_whatever_the_bytes)
{
    struct galen_writing found[2];
    char many[4000];
    memset(found, 0, sizeof found);
    for (size_t i = 0; i + 4 < sizeof many; i += 3)
        memcpy(many + i, "QD ", 4);
    cr_assert_eq(galen_safety_writing(text(many), TEXT, found, 1), 1332);
    cr_assert_str_eq(found[0].rule, "qd");
    cr_assert_null(found[1].rule);
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t bytes[3] = {(uint8_t)a, (uint8_t)b, (uint8_t)a};
            (void)galen_safety_writing((struct galen_bytes){bytes, 3}, TEXT, found, 2);
        }
    memset(many, '9', sizeof many - 1);
    many[sizeof many - 1] = 0;
    (void)galen_safety_writing(text(many), DOSE, found, 2);
    memcpy(many + 10, ".0", 2);
    (void)galen_safety_writing(text(many), DOSE, found, 2);
    cr_assert_eq(galen_safety_writing((struct galen_bytes){0}, TEXT, found, 2), 0);
}
