/* protocol/view of the safety aids: for staff and for patients, and writing with its places. */
#include "view/view.h"

#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define NOW_MS UINT64_C(1773446400000) /* 2026-03-14 */

static const cJSON *in(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    cr_assert_not_null(item, "%s", name);
    return item;
}

static const char *text_in(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(in(object, name));
}

static cJSON *findings_for(enum galen_role role)
{
    struct story story;
    enum galen_err err;
    story_begin(&story);
    story_write(&story, &ana, 0, GALEN_DOC_PMR, 'a', "regimen", "drug=Augmentin");
    story_write(&story, &ana, 1, GALEN_DOC_PMR, 'b', "regimen", "drug=little white pill");
    story_write(&story, &ana, 2, GALEN_DOC_ALLERGIES, 'x', "substance", "penicillin");
    cJSON *all = findings_json(story.docs, NOW_MS, role, &err);
    cr_assert(all && err == GALEN_OK);
    story_end(&story);
    return all;
}

Test(safety_view, a_finding_in_the_words_of_whoever_asks)
{
    cJSON *all = findings_for(GALEN_ROLE_PHARMACIST);
    const cJSON *findings = in(all, "findings"), *one = cJSON_GetArrayItem(findings, 0);
    cr_assert_eq(cJSON_GetArraySize(findings), 1);
    cr_assert_str_eq(text_in(one, "kind"), "allergy");
    cr_assert_str_eq(text_in(one, "severity"), "high");
    cr_assert_str_eq(text_in(one, "status"), "open");
    cr_assert_str_eq(text_in(in(one, "source"), "key"), "us-labels");
    cr_assert_eq(cJSON_GetArraySize(in(one, "records")), 1);
    cr_assert_eq(cJSON_GetArraySize(in(one, "allergies")), 1);
    cr_assert_null(cJSON_GetObjectItemCaseSensitive(one, "dtp"));
    cr_assert(strstr(text_in(one, "title"), "a class named as an allergy"));
    cr_assert(strstr(text_in(in(one, "plain"), "title"), "please check your allergy"));
    const cJSON *gap = cJSON_GetArrayItem(in(all, "not_checked"), 0);
    cr_assert(strstr(text_in(gap, "what"), "little white pill"));
    cr_assert_eq(cJSON_GetArraySize(in(gap, "records")), 1);
    cr_assert_gt(cJSON_GetArraySize(in(all, "checked")), 5);
    cr_assert_str_eq(text_in(in(all, "data"), "date"), galen_safety_data_date);
    cJSON_Delete(all);

    static const enum galen_role plain[] = {GALEN_ROLE_PATIENT, GALEN_ROLE_CAREGIVER};
    for (size_t i = 0; i < 2; i++) {
        all = findings_for(plain[i]);
        one = cJSON_GetArrayItem(in(all, "findings"), 0);
        cr_assert_str_eq(text_in(one, "title"), text_in(in(one, "plain"), "title"));
        cr_assert_str_eq(text_in(one, "why"), text_in(in(one, "plain"), "why"));
        cr_assert_str_eq(text_in(one, "do"), text_in(in(one, "plain"), "do"));
        cr_assert(strstr(text_in(cJSON_GetArrayItem(in(all, "not_checked"), 0), "what"),
                         "We do not know"));
        cJSON_Delete(all);
    }
}

/* rule@place+size=text of each. */
static const char *writing_in(uint8_t doc, const char *field, const char *text)
{
    static char out[600];
    cJSON *list = NULL;
    const cJSON *one;
    if (!writing_json(galen_document(doc), field,
                      (struct galen_bytes){(const uint8_t *)text, strlen(text)}, &list))
        return "no such field";
    out[0] = 0;
    cJSON_ArrayForEach(one, list)
    {
        size_t used = strlen(out);
        snprintf(out + used, sizeof out - used, "%s%s@%d+%d=%s", used > 0 ? " " : "",
                 text_in(one, "rule"), in(one, "at")->valueint, in(one, "size")->valueint,
                 text_in(one, "text"));
    }
    cJSON_Delete(list);
    return out;
}

Test(safety_view, writing_has_its_place_in_code_points)
{
    static const struct {
        uint8_t doc;
        const char *field, *text, *found;
    } cases[] = {
        {GALEN_DOC_PMR, "instructions", "1.0 mg", "trailing-zero@0+3=1.0"},
        {GALEN_DOC_PMR, "instructions", "\xc3\xa9t\xc3\xa9 50 \xc2\xb5g QD",
         "microgram@7+2=\xc2\xb5g qd@10+2=QD"},
        {GALEN_DOC_PMR, "regimen", "drug=Lantus; dose=1.0; unit=U; frequency=QD",
         "trailing-zero@18+3=1.0 u@28+1=U qd@41+2=QD"},
        {GALEN_DOC_PMR, "regimen", "drug=a\\;.5 b; dose=.5",
         "naked-decimal@8+2=.5 naked-decimal@19+2=.5"},
        {GALEN_DOC_PMR, "regimen.dose", "1.0", "trailing-zero@0+3=1.0"},
        {GALEN_DOC_PMR, "regimen.colour", "1.0", "no such field"},
        {GALEN_DOC_PMR, "regimen.", "1.0", "no such field"},
        {GALEN_DOC_MAP, "regimen.dose", "1.0", "no such field"},
        {GALEN_DOC_MAP, "action", "1.0 mg", "trailing-zero@0+3=1.0"},
        {GALEN_DOC_PMR, "pharmacy", "1.0 mg QD", ""},
        {GALEN_DOC_PROFILE, "labs", "INR 1.0 mg QD", ""},
        {GALEN_DOC_PMR, "instructions", "", ""},
        {GALEN_DOC_PMR, "regimen", "", ""},
        {GALEN_DOC_PMR, "regimen", "QD", "qd@0+2=QD"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = writing_in(cases[i].doc, cases[i].field, cases[i].text);
        cr_expect_str_eq(found, cases[i].found, "%s %s: %s", cases[i].field, cases[i].text, found);
    }
}
