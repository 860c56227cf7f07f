/* How a script begins: people, a chart, a message that is held, and a visit. */
#include "acts.h"

#include <string.h>

#define TRIES 50

/* Who is there from the beginning: staff, and a chart with a patient and those around them. */
static struct home *bring(struct home *by, const char *role, const char *chart)
{
    struct script *script = by->script;
    struct link_made *link = NULL;
    for (size_t i = 0; i < TRIES && !link; i++) { /* until it has read enough */
        link = act_invited(by, role, chart);
        script_go(script, 20);
    }
    demand(link);
    script_wait(script, &link->works);
    struct home *home = act_join_with(script, link);
    script_wait(script, &home->member);
    act_know_oneself(home);
    return home;
}

/* What this home wrote before somebody came waits for its word, and goes on by it. */
static void write_before_somebody_comes(struct home *home, struct home *by, const char *chart)
{
    struct actor a = {.script = home->script, .home = home};
    snprintf(a.chart, sizeof a.chart, "%s", chart);
    home->still = true;
    act_message(&a);
    (void)bring(by, "prescriber", chart);
    home->still = false;
    script_go(home->script, 60);
    act_release(&a);
}

/* A visit to which everybody comes who hears of it. */
static void meet(struct home *host, const char *chart)
{
    struct actor a = {.script = host->script, .home = host};
    snprintf(a.chart, sizeof a.chart, "%s", chart);
    act_visit(&a);
    for (size_t i = 0; i < 5; i++) {
        script_speak(host->script);
        script_go(host->script, 10);
    }
}

void script_cast(struct script *script)
{
    static const char *const roles[] = {"patient", "caregiver"};
    struct home *founder = script->homes[0], *patients[2];
    char chart[65];
    act_know_oneself(founder);
    struct home *pharmacist = bring(founder, "pharmacist", "");
    (void)bring(founder, "technician", "");
    cJSON *answer = NULL;
    for (size_t i = 0; i < TRIES && !answer; i++) {
        answer = home_asks(pharmacist, "{\"do\":\"chart_new\",\"name\":\"Pat\"}");
        script_go(script, 20);
    }
    snprintf(chart, sizeof chart, "%s", text_of(answer, "chart"));
    cJSON_Delete(answer);
    for (size_t i = 0; i < 2; i++) {
        patients[i] = bring(pharmacist, roles[i], chart);
        cJSON_Delete(home_asks(pharmacist,
                               "{\"do\":\"identify\",\"chart\":\"%s\",\"account\":\"%s\","
                               "\"check\":\"birthday\"}",
                               chart, patients[i]->account));
        script_go(script, 60);
    }
    write_before_somebody_comes(patients[0], pharmacist, chart);
    meet(pharmacist, chart);
}
