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
        if (roster->places[i].guest) /* by the host's word */
            *p = (struct galen_call_person){.device = p->device, .role = GALEN_ROLE_INTERPRETER};
        p->muted = galen_engine_participant_muted(engine, &p->device);
    }
    for (size_t i = 0; i < v->knocker_count; i++) {
        const struct knocker *k = &v->knockers[i];
        if (!door_waits(k) || galen_id_equal(&k->device, &engine->me.device))
            continue;
        struct galen_call_person *p = &view->knocking[view->knocking_count++];
        *p = person(engine, v, &k->device);
        if (k->guest)
            p->role = GALEN_ROLE_INTERPRETER;
        p->since_ms = k->since_ms;
    }
}

bool galen_engine_is_guest(const struct galen_engine *engine, const struct galen_id *device)
{
    const struct visit *v = visit_current(engine);
    const struct galen_call_roster *roster = v && v->call ? galen_call_roster(v->call) : NULL;
    const struct galen_call_place *place = roster ? galen_call_place_of(roster, device) : NULL;
    bool guest = place && place->guest;
    for (size_t i = 0; v && i < v->knocker_count; i++)
        guest = guest || (v->knockers[i].guest && galen_id_equal(&v->knockers[i].device, device));
    return guest;
}
