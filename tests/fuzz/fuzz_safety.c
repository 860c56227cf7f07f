/*
 * The input is names of medicines, one a line; the last line is an allergy. Each is looked up, looked at for its
 * writing, and all of them are compared. Places are to lie in the text and in order, ingredients in the
 * table and ascending, and the same list backwards is to give the same findings.
 */
#include "galen/safety.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 24

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void look_up(struct galen_bytes line)
{
    struct galen_safety_match match = galen_safety_match(line);
    demand(match.count <= GALEN_SAFETY_INGREDIENTS_MAX);
    for (size_t i = 0; i < match.count; i++) {
        demand(galen_safety_ingredient(match.ingredients[i]) != NULL);
        demand(i == 0 || match.ingredients[i - 1] < match.ingredients[i]);
    }
}

static void look_at(struct galen_bytes line, uint8_t place)
{
    struct galen_writing found[8];
    size_t count = galen_safety_writing(line, place, found, 8);
    demand(place != GALEN_WRITING_LAB || count == 0);
    for (size_t i = 0; i < count && i < 8; i++) {
        demand(found[i].size > 0 && found[i].at <= line.size);
        demand(found[i].size <= line.size - found[i].at);
        demand(memchr(found[i].suggestion, 0, sizeof found[i].suggestion) &&
               found[i].suggestion[0]);
        demand(found[i].source && found[i].title && found[i].why);
    }
}

static struct galen_safety_findings *compare(struct galen_safety_medicine *medicines, size_t count,
                                             struct galen_bytes allergy)
{
    static const uint8_t id[GALEN_RECORD_ID_BYTES] = {0xff};
    struct galen_safety_allergy one = {.record = id, .substance = allergy};
    struct galen_safety_input input = {.medicines = medicines,
                                       .medicine_count = count,
                                       .allergies = &one,
                                       .allergy_count = 1,
                                       .birth = {1950, 1, 1},
                                       .today = {2026, 3, 14}};
    return galen_safety_find(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_bytes lines[LINES_MAX + 1], allergy = {0};
    struct galen_safety_medicine forth[LINES_MAX], back[LINES_MAX];
    uint8_t ids[LINES_MAX][GALEN_RECORD_ID_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < size && count < LINES_MAX;) {
        const uint8_t *end = memchr(data + i, '\n', size - i);
        size_t n = end ? (size_t)(end - data) - i : size - i;
        lines[count++] = (struct galen_bytes){data + i, n};
        i += n + 1;
    }
    if (count > 1)
        allergy = lines[--count];
    for (size_t i = 0; i < count; i++) {
        look_up(lines[i]);
        for (unsigned place = 0; place <= GALEN_WRITING_LAB; place++)
            look_at(lines[i], (uint8_t)place);
        memset(ids[i], (int)i + 1, sizeof ids[i]);
        forth[i] =
            (struct galen_safety_medicine){.record = ids[i], .drugs = &lines[i], .drug_count = 1};
        back[count - 1 - i] = forth[i];
    }
    struct galen_safety_findings *one = compare(forth, count, allergy);
    struct galen_safety_findings *other = compare(back, count, allergy);
    demand(one && other && one->count == other->count);
    for (size_t i = 0; i < one->count; i++)
        demand(strcmp(one->at[i].key, other->at[i].key) == 0);
    galen_safety_findings_free(one);
    galen_safety_findings_free(other);
    return 0;
}
