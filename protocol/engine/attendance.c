/* Who is in the call in hand, and who waits at its door. */
#include "live.h"

static struct galen_call_person person(const struct galen_engine *engine, const struct visit *v,
                                       const struct galen_id *device)
{
    struct galen_call_person p = {.device = *device};
    const struct chart *chart = chart_find(engine, &v->chart);
    const struct galen_member *m =
        chart ? galen_rules_ever_member(galen_log_rules(chart->log), device) : NULL;
    if (m) {
        p.account = m->account;
        p.role = m->role;
    }
    return p;
}

void galen_engine_call(const struct galen_engine *engine, struct galen_call_view *view)
{
    const struct visit *v = visit_current(engine);
    *view = (struct galen_call_view){.muted = engine->live && engine->live->muted};
    if (!v)
        return;
    view->state = v->admitted ? GALEN_CALL_ADMITTED : GALEN_CALL_WAITING;
    view->chart = v->chart;
    view->visit = v->visit;
    view->host = galen_engine_visit_host(engine, &v->chart);
    const struct galen_call_roster *roster = v->call ? galen_call_roster(v->call) : NULL;
    for (size_t i = 0; roster && i < roster->count; i++) {
        struct galen_call_person *p = &view->participants[view->participant_count++];
        *p = person(engine, v, &roster->places[i].device);
        p->muted = galen_engine_participant_muted(engine, &p->device);
    }
    for (size_t i = 0; i < v->knocker_count; i++) {
        const struct knocker *k = &v->knockers[i];
        if (!door_waits(k) || galen_id_equal(&k->device, &engine->me.device))
            continue;
        struct galen_call_person *p = &view->knocking[view->knocking_count++];
        *p = person(engine, v, &k->device);
        p->since_ms = k->since_ms;
    }
}
