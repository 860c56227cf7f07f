#include "support/visit.h"

#include <criterion/criterion.h>

struct visit visit_new(uint64_t seed)
{
    struct visit v = {.chart = chart_new(seed)};
    v.pharmacist = chart_person(v.chart, "pharmacist", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_start(v.chart, v.pharmacist, NULL, 0);
    struct chart_device *link = chart_invitation(v.chart, "link", GALEN_ROLE_PATIENT, v.pharmacist);
    chart_add(v.chart, v.pharmacist, link, false);
    v.patient = chart_next_device(v.chart, "patient", GALEN_PURPOSE_DEVICE, link);
    chart_redeem(v.chart, link, v.patient);
    chart_read_all(v.chart);
    return v;
}

const struct galen_member *visit_member(const struct visit *v, const struct chart_device *device)
{
    return galen_rules_member(galen_log_rules(v->pharmacist->log), &device->id);
}

void visit_all_say(struct visit *v, uint64_t index, enum galen_read_state state, enum galen_err why)
{
    chart_read_all(v->chart);
    for (size_t i = 0; i < v->chart->device_count; i++) {
        struct chart_device *device = &v->chart->devices[i];
        if (!galen_rules_member(v->chart->rules, &device->id))
            continue;
        const struct galen_read *read = galen_log_read(device->log, index);
        cr_assert_eq(read->state, state, "%s: state %d of %d", device->name, read->state,
                     (int)index);
        cr_assert_eq(read->why, why, "%s: %s", device->name,
                     galen_err_name((enum galen_err)read->why));
    }
}

size_t visit_place_of(const struct galen_epoch_body *body, const struct chart_device *device)
{
    for (size_t i = 0; i < body->member_count; i++) {
        if (galen_id_equal(&body->members[i].device, &device->id))
            return i;
    }
    cr_assert_fail("not listed");
    return 0;
}
