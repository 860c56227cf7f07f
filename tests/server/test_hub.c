#include "support/stage.h"

#include <criterion/criterion.h>

static struct stage s;

static void begin(void)
{
    stage_begin(&s);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(hub, .init = begin, .fini = end);

Test(hub, two_people_read_the_same_chart)
{
    struct line *pharmacist = stage_log(&s, &s.scene.pharmacist);
    struct line *patient = stage_log(&s, &s.scene.patient);
    cr_assert_eq(stage_open(&s, pharmacist, 0, NULL), 2u);
    cr_assert_eq(stage_open(&s, patient, 0, NULL), 2u);
    cr_assert_eq(stage_say(&s, pharmacist), 2u);
    struct galen_frame frame = stage_expect(patient, GALEN_FRAME_ENTRIES);
    cr_assert_eq(frame.as.entries.first, 2u);
    cr_assert_eq(frame.as.entries.size, 3u);
}
