/* What people do, by questions of the module; what they may choose from they ask it first. */
#include "acts.h"

#include "support/any_value.h"

#include <string.h>

#define CHARTS_WANTED 3

static const char *const words[] = {"Madeupol",
                                    "one tablet",
                                    "in the morning \\u2600",
                                    "\\\"as needed\\\"",
                                    "na\xc3\xafve caf\xc3\xa9",
                                    "\xf0\x9f\x92\x8a twice",
                                    "line\\nbreak",
                                    ""};

static const char *word(struct script *script)
{
    return words[chance_below(&script->chance, sizeof words / sizeof *words)];
}

static size_t any_below(struct script *script, size_t n)
{
    return (size_t)chance_below(&script->chance, n);
}

/* A member of a list by chance; NULL: it is empty. */
static const cJSON *one_of(struct script *script, const cJSON *list)
{
    int count = cJSON_GetArraySize(list);
    return count > 0 ? cJSON_GetArrayItem(list, (int)any_below(script, (size_t)count)) : NULL;
}

static const cJSON *list_of(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static bool is_staff(const struct home *home)
{
    return strcmp(home->role, "pharmacist") == 0 || strcmp(home->role, "technician") == 0;
}

/* -- coming in ---------------------------------------------------------------------------------------- */

/* Keeps the link of an answer, to be joined with. NULL: there is none. */
static struct link_made *keep_link(struct script *script, cJSON *answer)
{
    struct link_made *link = NULL;
    if (answer) {
        size_t at =
            script->link_count < LINKS_MAX ? script->link_count++ : any_below(script, LINKS_MAX);
        link = &script->links[at];
        *link = (struct link_made){0};
        snprintf(link->text, sizeof link->text, "%s", text_of(answer, "link"));
        snprintf(link->token, sizeof link->token, "%s", text_of(answer, "token"));
    }
    cJSON_Delete(answer);
    return link;
}

/* chart "": as staff of the practice. */
struct link_made *act_invited(struct home *by, const char *role, const char *chart)
{
    char where[100] = "";
    if (chart[0])
        snprintf(where, sizeof where, "\"chart\":\"%s\",", chart);
    return keep_link(by->script,
                     home_asks(by, "{\"do\":\"invite\",\"role\":\"%s\",%s\"name\":\"P%zu %s\"}",
                               role, where, by->script->home_count, word(by->script)));
}

static void invite(struct actor *a)
{
    static const char *const patients[] = {"patient", "caregiver", "prescriber"};
    static const char *const staff[] = {"pharmacist", "technician"};
    if (a->script->home_count == HOMES_MAX)
        return;
    if (a->is_practice || !is_staff(a->home))
        (void)act_invited(a->home, staff[any_below(a->script, 2)], "");
    else
        (void)act_invited(a->home, patients[any_below(a->script, 3)], a->chart);
}

static void further_device(struct actor *a)
{
    bool sheet = chance_in(&a->script->chance, 400);
    if (a->script->home_count < HOMES_MAX)
        (void)keep_link(a->script,
                        home_asks(a->home, "{\"do\":\"further_device\",\"purpose\":\"%s\"}",
                                  sheet ? "sheet" : "code"));
}

struct home *act_join_with(struct script *script, struct link_made *link)
{
    struct home *home = home_new(script);
    link->uses++;
    cJSON_Delete(home_asks(home, "{\"do\":\"look\",\"link\":\"%s\"}", link->text));
    cJSON_Delete(home_asks(home, "{\"do\":\"join\",\"link\":\"%s\"}", link->text));
    return home;
}

/* With a link that nobody used, or seldom with one that somebody did. */
static void join(struct script *script)
{
    if (script->home_count == HOMES_MAX || script->link_count == 0)
        return;
    struct link_made *link = &script->links[any_below(script, script->link_count)];
    bool again = link->uses == 1 && chance_in(&script->chance, 100);
    if (link->works && (link->uses == 0 || again))
        (void)act_join_with(script, link);
}

static void say_lost(struct home *home)
{
    home->lost_asked = false;
    cJSON_Delete(home_asks(home, "{\"do\":\"lost\",\"devices\":[]}"));
}

static void chart_new(struct actor *a)
{
    if (a->charts < CHARTS_WANTED && is_staff(a->home))
        cJSON_Delete(
            home_asks(a->home, "{\"do\":\"chart_new\",\"name\":\"Pat %s\"}", word(a->script)));
}

/* -- members ------------------------------------------------------------------------------------------ */

/* Another account of the chart; of the practice's, those of its staff. */
static bool somebody_of(struct actor *a, const char *chart, char account[65], bool newcomer)
{
    cJSON *members = home_asks(a->home, "{\"do\":\"members\",\"chart\":\"%s\"}", chart);
    const cJSON *member = one_of(a->script, members);
    bool found = member && !is_true(member, "self") && !is_said(member, "role", "custodian") &&
                 !(newcomer && is_true(member, "holder"));
    if (found)
        snprintf(account, 65, "%s", text_of(member, "account"));
    cJSON_Delete(members);
    return found;
}

static void identify(struct actor *a)
{
    char account[65];
    if (is_staff(a->home) && somebody_of(a, a->chart, account, true))
        cJSON_Delete(home_asks(a->home,
                               "{\"do\":\"identify\",\"chart\":\"%s\",\"account\":\"%s\","
                               "\"check\":\"birthday and street\"}",
                               a->chart, account));
}

static void add_member(struct actor *a)
{
    char account[65];
    cJSON *home = home_asks(a->home, "{\"do\":\"home\"}");
    const char *practice = text_of(home, "practice_chart");
    if (practice[0] && somebody_of(a, practice, account, false))
        cJSON_Delete(home_asks(a->home,
                               "{\"do\":\"add_member\",\"chart\":\"%s\",\"account\":\"%s\"}",
                               a->chart, account));
    cJSON_Delete(home);
}

static void remove_somebody(struct actor *a)
{
    char account[65];
    if (!is_staff(a->home) || a->is_practice || a->script->counts.removed >= 2 ||
        !somebody_of(a, a->chart, account, false))
        return;
    cJSON *answer =
        home_asks(a->home, "{\"do\":\"remove_member\",\"chart\":\"%s\",\"account\":\"%s\"}",
                  a->chart, account);
    a->script->counts.removed += answer != NULL;
    cJSON_Delete(answer);
}

/* A further device of one's own. */
static void remove_device(struct actor *a)
{
    cJSON *members = home_asks(a->home, "{\"do\":\"members\",\"chart\":\"%s\"}", a->chart);
    const cJSON *member = one_of(a->script, members);
    if (member && !is_true(member, "self") && is_said(member, "account", a->home->account) &&
        chance_in(&a->script->chance, 300))
        cJSON_Delete(home_asks(a->home, "{\"do\":\"remove_device\",\"device\":\"%s\"}",
                               text_of(member, "device")));
    cJSON_Delete(members);
}

static void renew(struct actor *a)
{
    cJSON_Delete(home_asks(a->home, "{\"do\":\"renew\",\"chart\":\"%s\"}", a->chart));
}

/* -- writing ------------------------------------------------------------------------------------------ */

void act_message(struct actor *a)
{
    char text[1200];
    size_t size = 0, many = any_below(a->script, 12);
    for (size_t i = 0; i < many; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s ", word(a->script));
    cJSON_Delete(home_asks(a->home, "{\"do\":\"message\",\"chart\":\"%s\",\"text\":\"%.*s.\"}",
                           a->chart, (int)size, text));
}

/* What people write again and again, so that they meet in it. */
static const struct {
    const char *doc, *field, *value; /* NULL: some words */
} edits[] = {
    {"pmr", "regimen", "drug=Madeupol; strength=10 mg; dose=1; frequency=daily"},
    {"pmr", "regimen", "drug=Madeupol; dose=2; frequency=at night"},
    {"pmr", "reason", NULL},
    {"pmr", "taken_as", NULL},
    {"pmr", "effects", NULL},
    {"pmr", "status", "active"},
    {"pmr", "status", "stopped"},
    {"pmr", "barriers", "cost, forgets"},
    {"pmr", "start", "2026-03"},
    {"pmr", "teach_back", "yes"},
    {"pmr", "order", "1048577"},
    {"map", "topic", NULL},
    {"map", "goal", NULL},
    {"map", "due", "2027-01-31"},
    {"map", "status", "doing"},
};
#define EDITS (sizeof edits / sizeof *edits)

struct edit {
    const char *doc, *field;
    char value[2 * ANY_VALUE_MAX]; /* as it stands in JSON */
};

/* One of those, or any field of any document. */
static struct edit any_edit(struct script *script)
{
    size_t i = any_below(script, EDITS), size = 0;
    struct edit edit = {edits[i].doc, edits[i].field, ""};
    if (chance_in(&script->chance, 500)) {
        snprintf(edit.value, sizeof edit.value, "%s",
                 edits[i].value ? edits[i].value : word(script));
        return edit;
    }
    char text[ANY_VALUE_MAX];
    const struct galen_document *document =
        &galen_documents[any_below(script, galen_document_count)];
    const struct galen_field *field = &document->fields[any_below(script, document->field_count)];
    edit.doc = document->name;
    edit.field = field->name;
    any_value(field, (uint32_t)any_below(script, 1000), text);
    for (const char *c = text; *c != '\0'; c++)
        size += (size_t)snprintf(edit.value + size, sizeof edit.value - size, "%s%c",
                                 *c == '\n' ? "\\" : "", *c == '\n' ? 'n' : *c);
    return edit;
}

/* Of a record that is there, or of a new one; two fields at times. */
static void write(struct actor *a)
{
    struct edit first = any_edit(a->script), other = any_edit(a->script);
    char record[48] = "", second[400] = "";
    cJSON *records = home_asks(a->home, "{\"do\":\"records\",\"chart\":\"%s\",\"doc\":\"%s\"}",
                               a->chart, first.doc);
    const cJSON *one = one_of(a->script, records);
    if (one && (cJSON_GetArraySize(records) > 5 || chance_in(&a->script->chance, 800)))
        snprintf(record, sizeof record, "\"record\":\"%s\",", text_of(one, "record"));
    if (strcmp(first.doc, other.doc) == 0 && strcmp(first.field, other.field) != 0)
        snprintf(second, sizeof second, ",\"%s\":\"%s\"", other.field, other.value);
    cJSON *answer = home_asks(
        a->home,
        "{\"do\":\"write\",\"chart\":\"%s\",\"doc\":\"%s\",%s\"fields\":{\"%s\":\"%s\"%s}}",
        a->chart, first.doc, record, first.field, first.value, second);
    a->script->counts.proposals += is_true(answer, "proposed");
    cJSON_Delete(answer);
    cJSON_Delete(records);
}

static void answer_one(struct actor *a, const cJSON *proposal)
{
    cJSON *answer = home_asks(
        a->home, "{\"do\":\"answer\",\"chart\":\"%s\",\"proposal\":%.0f,\"accepted\":%s}", a->chart,
        number_of(proposal, "index"), chance_in(&a->script->chance, 600) ? "true" : "false");
    a->script->counts.answers += answer != NULL;
    cJSON_Delete(answer);
}

static void answer_in(struct actor *a, const char *doc)
{
    const cJSON *record, *proposal;
    cJSON *records =
        home_asks(a->home, "{\"do\":\"records\",\"chart\":\"%s\",\"doc\":\"%s\"}", a->chart, doc);
    cJSON_ArrayForEach(record, records)
    {
        cJSON_ArrayForEach(proposal, list_of(record, "proposals"))
        {
            bool pending = is_said(proposal, "state", "pending");
            if (is_staff(a->home) && (pending || chance_in(&a->script->chance, 30)) &&
                chance_in(&a->script->chance, 500))
                answer_one(a, proposal);
        }
    }
    cJSON_Delete(records);
}

static void answer(struct actor *a)
{
    for (size_t i = 0; i < galen_document_count; i++)
        answer_in(a, galen_documents[i].name);
}

void act_release(struct actor *a)
{
    const cJSON *one;
    cJSON *waiting = home_asks(a->home, "{\"do\":\"waiting\",\"chart\":\"%s\"}", a->chart);
    cJSON_ArrayForEach(one, waiting)
    {
        if (!is_true(one, "held"))
            continue;
        cJSON *done =
            home_asks(a->home, "{\"do\":\"release\",\"token\":\"%s\",\"send\":%s}",
                      text_of(one, "token"), chance_in(&a->script->chance, 800) ? "true" : "false");
        a->script->counts.released += done != NULL;
        cJSON_Delete(done);
    }
    cJSON_Delete(waiting);
}

/* -- live --------------------------------------------------------------------------------------------- */

static void live(struct actor *a)
{
    a->home->live = !a->home->live || chance_in(&a->script->chance, 800);
    cJSON_Delete(
        home_asks(a->home, "{\"do\":\"live\",\"on\":%s}", a->home->live ? "true" : "false"));
}

static void draft(struct actor *a)
{
    struct edit edit = any_edit(a->script);
    char record[33] = "00000000000000000000000000000000";
    cJSON *records = home_asks(a->home, "{\"do\":\"records\",\"chart\":\"%s\",\"doc\":\"%s\"}",
                               a->chart, edit.doc);
    const cJSON *one = one_of(a->script, records);
    if (one)
        snprintf(record, sizeof record, "%s", text_of(one, "record"));
    cJSON_Delete(records);
    for (size_t n = 1 + any_below(a->script, 3); n > 0; n--) {
        char said[200] = "\"text\":\"\"";
        if (chance_in(&a->script->chance, 300)) /* of a text; in other fields it is refused */
            snprintf(said, sizeof said, "\"was\":\"\",\"made\":\"%s\",\"caret\":1,\"end\":0",
                     word(a->script));
        else if (chance_in(&a->script->chance, 900))
            snprintf(said, sizeof said, "\"text\":\"%s\"", word(a->script));
        cJSON_Delete(
            home_asks(a->home,
                      "{\"do\":\"draft\",\"chart\":\"%s\",\"doc\":\"%s\",\"record\":\"%s\","
                      "\"field\":\"%s\",%s}",
                      a->chart, edit.doc, record, edit.field, said));
    }
}

static void let_in(struct actor *a)
{
    const cJSON *one;
    cJSON *call = home_asks(a->home, "{\"do\":\"call\"}");
    cJSON_ArrayForEach(one, list_of(call, "knocking"))
    {
        cJSON_Delete(home_asks(a->home, "{\"do\":\"admit\",\"device\":\"%s\",\"admitted\":%s}",
                               text_of(one, "device"),
                               chance_in(&a->script->chance, 900) ? "true" : "false"));
    }
    cJSON_Delete(call);
}

/* What the home says itself of being in a call. */
static const char *call_state(struct home *home)
{
    cJSON *call = home_asks(home, "{\"do\":\"call\"}");
    home->in_call = is_said(call, "state", "admitted");
    bool none = is_said(call, "state", "none");
    cJSON_Delete(call);
    return home->in_call ? "admitted" : none ? "none" : "waiting";
}

/* Those of the chart who are about knock; and those who were let in say something. */
static void gather(struct actor *a)
{
    struct script *script = a->script;
    for (size_t i = 0; i < script->home_count; i++) {
        struct home *home = script->homes[i];
        if (home->open && home->member && home != a->home && chance_in(&script->chance, 600))
            cJSON_Delete(home_asks(home, "{\"do\":\"knock\",\"chart\":\"%s\"}", a->chart));
    }
    script_go(script, 40);
    let_in(a);
    script_go(script, 60);
    for (size_t i = 0; i < script->home_count; i++)
        if (script->homes[i]->open && script->homes[i]->member)
            (void)call_state(script->homes[i]);
}

void act_visit(struct actor *a)
{
    if (a->is_practice)
        return;
    if (!a->has_visit && is_staff(a->home)) {
        cJSON_Delete(home_asks(a->home, "{\"do\":\"visit_open\",\"chart\":\"%s\"}", a->chart));
        script_go(a->script, 30);
        gather(a);
    } else if (a->has_visit && strcmp(call_state(a->home), "none") == 0) {
        cJSON_Delete(home_asks(a->home, "{\"do\":\"knock\",\"chart\":\"%s\"}", a->chart));
    } else {
        let_in(a);
    }
}

static void mute(struct actor *a)
{
    cJSON_Delete(home_asks(a->home, "{\"do\":\"mute\",\"muted\":%s}",
                           chance_in(&a->script->chance, 500) ? "true" : "false"));
}

static void leave(struct actor *a)
{
    if (chance_in(&a->script->chance, 700)) {
        cJSON_Delete(home_asks(a->home, "{\"do\":\"leave\"}"));
        a->home->in_call = false;
    } else if (is_staff(a->home)) {
        cJSON_Delete(home_asks(a->home, "{\"do\":\"visit_end\",\"chart\":\"%s\"}", a->chart));
    }
}

/* -- looking ------------------------------------------------------------------------------------------ */

static void look(struct actor *a)
{
    static const char *const classes[] = {"epoch", "message", "record", "visit"};
    const char *class = classes[any_below(a->script, 4)];
    size_t from = any_below(a->script, 60), count = any_below(a->script, 30);
    switch (chance_below(&a->script->chance, 5)) {
    case 0:
        cJSON_Delete(home_asks(a->home,
                               "{\"do\":\"entries\",\"chart\":\"%s\",\"from\":%zu,\"count\":%zu}",
                               a->chart, from, count));
        break;
    case 1:
        cJSON_Delete(home_asks(a->home,
                               "{\"do\":\"entries\",\"chart\":\"%s\",\"before\":9007199254740991,"
                               "\"count\":%zu,\"class\":\"%s\"}",
                               a->chart, count, class));
        break;
    case 2:
        cJSON_Delete(home_asks(a->home, "{\"do\":\"waiting\",\"chart\":\"%s\"}", a->chart));
        break;
    case 3:
        cJSON_Delete(home_asks(a->home, "{\"do\":\"schema\"}"));
        break;
    default:
        cJSON_Delete(home_asks(a->home, "{\"do\":\"members\",\"chart\":\"%s\"}", a->chart));
    }
}

/* -- which of it -------------------------------------------------------------------------------------- */

static const struct {
    uint32_t weight;
    void (*act)(struct actor *a);
} acts[] = {
    {20, act_message},   {26, write},    {14, answer},         {14, draft},        {4, live},
    {16, act_visit},     {12, let_in},   {3, leave},           {3, mute},          {3, invite},
    {2, further_device}, {2, chart_new}, {4, identify},        {3, add_member},    {1, renew},
    {6, act_release},    {5, look},      {1, remove_somebody}, {1, remove_device},
};

void act_know_oneself(struct home *home)
{
    if (home->role[0])
        return;
    cJSON *answer = home_asks(home, "{\"do\":\"home\"}");
    snprintf(home->role, sizeof home->role, "%s", text_of(answer, "role"));
    snprintf(home->device, sizeof home->device, "%s", text_of(answer, "device"));
    snprintf(home->account, sizeof home->account, "%s", text_of(answer, "account"));
    cJSON_Delete(answer);
    home->live = true;
    cJSON_Delete(home_asks(home, "{\"do\":\"live\",\"on\":true}"));
}

/* Chooses a chart of this home's; patients' charts rather than the practice's. */
static bool choose_chart(struct actor *a)
{
    cJSON *charts = home_asks(a->home, "{\"do\":\"charts\"}");
    const cJSON *one, *chosen = NULL;
    cJSON_ArrayForEach(one, charts)
    {
        bool practice = is_true(one, "practice");
        a->charts += !practice;
        if (is_true(one, "member") && (!chosen || (is_true(chosen, "practice") && !practice) ||
                                       (!practice && chance_in(&a->script->chance, 400))))
            chosen = one;
    }
    if (chosen && chance_in(&a->script->chance, 60))
        chosen = cJSON_GetArrayItem(charts, 0);
    if (chosen) {
        snprintf(a->chart, sizeof a->chart, "%s", text_of(chosen, "chart"));
        a->is_practice = is_true(chosen, "practice");
        a->has_visit = list_of(chosen, "visit") != NULL;
    }
    cJSON_Delete(charts);
    return chosen;
}

void script_act(struct script *script)
{
    uint64_t total = 0, n;
    struct actor a = {.script = script,
                      .home = script->homes[any_below(script, script->home_count)]};
    if (chance_in(&script->chance, 100)) {
        join(script);
        return;
    }
    if (!a.home->open || !a.home->member) {
        if (a.home->open && a.home->lost_asked)
            say_lost(a.home);
        return;
    }
    act_know_oneself(a.home);
    if (!a.home->live && chance_in(&script->chance, 300))
        live(&a);
    if (!choose_chart(&a))
        return;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        total += acts[i].weight;
    n = chance_below(&script->chance, total);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (n < acts[i].weight) {
            acts[i].act(&a);
            return;
        }
        n -= acts[i].weight;
    }
}
