/* What happens next: a frame arrives, time passes, somebody does something, or something breaks. */
#include "scripts.h"

#include <string.h>

/* -- what homes say ----------------------------------------------------------------------------------- */

const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool is_said(const cJSON *object, const char *name, const char *text)
{
    return strcmp(text_of(object, name), text) == 0;
}

static void on_entry(struct counts *c, const cJSON *entry)
{
    c->entries++;
    c->texts_opened += is_said(entry, "kind", "message") && is_said(entry, "state", "open");
}

static void on_done(struct script *script, const cJSON *event)
{
    for (size_t i = 0; i < script->link_count; i++)
        if (is_said(event, "token", script->links[i].token))
            script->links[i].works = true;
}

void script_event(struct home *home, const cJSON *event)
{
    struct counts *c = &home->script->counts;
    const char *name = text_of(event, "event");
    const cJSON *people = cJSON_GetObjectItemCaseSensitive(event, "participants");
    home->member = home->member || strcmp(name, "joined") == 0;
    if (home->unseen)
        return;
    if (strcmp(name, "entry") == 0)
        on_entry(c, event);
    if (strcmp(name, "done") == 0)
        on_done(home->script, event);
    if (strcmp(name, "admitted") == 0)
        home->in_call = is_true(event, "admitted");
    if (strcmp(name, "visit-ended") == 0)
        home->in_call = false;
    c->joined += strcmp(name, "joined") == 0;
    c->verified += strcmp(name, "verified") == 0;
    c->drafts += strcmp(name, "draft") == 0 && !is_true(event, "stopped");
    c->admitted += strcmp(name, "admitted") == 0 && is_true(event, "admitted");
    c->calls += strcmp(name, "call") == 0 && cJSON_GetNumberValue(people) >= 2;
    c->held += strcmp(name, "held") == 0;
    c->reopened += strcmp(name, "reopened") == 0;
    c->links_again += strcmp(name, "link-again") == 0;
    home->lost_asked = home->lost_asked || strcmp(name, "lost-asked") == 0;
}

/* -- lines -------------------------------------------------------------------------------------------- */

static void connect_line(struct home *home, uint32_t purpose)
{
    struct line *line = &home->lines[purpose - 1];
    if (chance_in(&home->script->chance, 950) && server_connect(home->script, home, purpose)) {
        home_connected(home, purpose);
        return;
    }
    line->state = LINE_NONE;
    home_disconnected(home, purpose);
}

static void crash(struct home *home)
{
    bool fresh = chance_in(&home->script->chance, 500);
    home_close(home);
    home_open(home, fresh);
    home->script->counts.crashes++;
}

/* Some bits of a frame, or its end, are others. */
static void meddle(struct script *script, struct letter *letter)
{
    if (!script->hostile || !chance_in(&script->chance, 20) || letter->size == 0)
        return;
    size_t at = chance_below(&script->chance, letter->size);
    if (chance_in(&script->chance, 400))
        letter->size = at;
    else
        letter->bytes[at] ^= (uint8_t)(1u << chance_below(&script->chance, 8));
    script->counts.garbage++;
}

static void bring_home(struct home *home, uint32_t purpose, struct letter *letter)
{
    struct script *script = home->script;
    bool crashes = chance_in(&script->chance, 2);
    uint32_t most = crashes ? (uint32_t)chance_below(&script->chance, 4) + 1 : TAKE_ALL;
    meddle(script, letter);
    home_received(home, purpose, (struct galen_bytes){letter->bytes, letter->size}, most);
    free(letter);
    if (crashes)
        crash(home);
}

/* One thing on this line; false: there is none. */
static bool move_line(struct home *home, uint32_t purpose)
{
    struct script *script = home->script;
    struct line *line = &home->lines[purpose - 1];
    struct letter *letter;
    if (line->state == LINE_ASKED) {
        connect_line(home, purpose);
        return true;
    }
    bool up_first = chance_in(&script->chance, 500);
    if (up_first && (letter = queue_take(&line->to_server))) {
        server_receive(script, line, (struct galen_bytes){letter->bytes, letter->size});
        free(letter);
        return true;
    }
    if ((letter = queue_take(&line->to_home))) {
        bring_home(home, purpose, letter);
        return true;
    }
    if (line->state == LINE_CLOSED) {
        line->state = LINE_NONE;
        queue_clear(&line->to_server);
        home_disconnected(home, purpose);
        return true;
    }
    if (!up_first && (letter = queue_take(&line->to_server))) {
        server_receive(script, line, (struct galen_bytes){letter->bytes, letter->size});
        free(letter);
        return true;
    }
    return false;
}

/* One thing on some line; false: all are still. */
static bool move(struct script *script)
{
    size_t count = 2 * script->home_count, from = chance_below(&script->chance, count);
    script->now_ms += (double)chance_below(&script->chance, 9) / 4;
    if (chance_in(&script->chance, 150) && server_commit(script))
        return true;
    for (size_t i = 0; i < count; i++) {
        size_t at = (from + i) % count;
        struct home *home = script->homes[at / 2];
        if (home->open && !home->still && move_line(home, (uint32_t)(at % 2) + 1))
            return true;
    }
    return server_commit(script);
}

/* -- time --------------------------------------------------------------------------------------------- */

static void tick_homes(struct script *script)
{
    for (size_t i = 0; i < script->home_count; i++) {
        struct home *home = script->homes[i];
        if (home->open && home->deadline_ms <= home_now(home))
            home_tick(home);
    }
    server_tick(script);
}

/* To whatever is due first, within a second. */
static void pass(struct script *script)
{
    double to = script->now_ms + 1000;
    for (size_t i = 0; i < script->home_count; i++) {
        const struct home *home = script->homes[i];
        double due = home->deadline_ms - home->skew_ms;
        if (home->open && due < to)
            to = due;
    }
    script->now_ms = to > script->now_ms + 1 ? to : script->now_ms + 1;
    tick_homes(script);
}

/* -- what breaks -------------------------------------------------------------------------------------- */

static struct home *somebody(struct script *script)
{
    struct home *home = script->homes[chance_below(&script->chance, script->home_count)];
    return home->open ? home : NULL;
}

static void cut(struct home *home)
{
    for (size_t i = 0; i < 2; i++) {
        struct line *line = &home->lines[i];
        if (line->state != LINE_OPEN)
            continue;
        server_disconnect(home->script, line);
        if (chance_in(&home->script->chance, 500))
            queue_clear(&line->to_home);
        line->state = LINE_CLOSED;
        home->script->counts.cuts++;
    }
}

static void jump(struct script *script, struct home *home)
{
    static const double far[] = {1000, 5000, 20000, 700000, 8000000};
    if (chance_in(&script->chance, 300))
        home->skew_ms = (double)chance_below(&script->chance, 80000) / 2 - 20000;
    else
        script->now_ms +=
            far[chance_below(&script->chance, chance_in(&script->chance, 200) ? 5 : 3)];
    script->counts.jumps++;
    tick_homes(script);
}

static void restart(struct home *home)
{
    bool fresh = chance_in(&home->script->chance, 500);
    home_close(home);
    home_open(home, fresh);
    home->script->counts.restarts++;
}

static void misfortune(struct script *script)
{
    struct home *home = somebody(script);
    if (!home)
        return;
    uint64_t n = chance_below(&script->chance, 100);
    if (n < 20)
        cut(home);
    else if (n < 30)
        jump(script, home);
    else if (n < 44)
        restart(home);
    else if (n < 46) {
        server_crash(script);
        script->counts.server_crashes++;
    } else if (n < 52)
        script_send_garbage(script, home);
    else if (n < 95)
        script_ask_wrongly(script, home);
    else
        home_awake(home);
}

/* -- all of it ---------------------------------------------------------------------------------------- */

void script_speak(struct script *script)
{
    uint8_t packet[80];
    for (size_t i = 0; i < script->home_count; i++) {
        struct home *home = script->homes[i];
        if (!home->open || !home->in_call)
            continue;
        chance_fill(&script->chance, packet, sizeof packet);
        home_speak(home, (struct galen_bytes){packet, sizeof packet});
    }
    script->now_ms += 20;
}

#define SETTLING 200 /* times at which something is due */

/* All that is under way comes to an end. */
static void settle(struct script *script)
{
    for (size_t n = 0; n < SETTLING; n++) {
        for (size_t i = 0; i < 2000 && move(script); i++)
            ;
        pass(script);
    }
}

void script_go(struct script *script, size_t moves)
{
    for (size_t i = 0; i < moves; i++)
        if (!move(script))
            pass(script);
}

void script_wait(struct script *script, const bool *done)
{
    for (size_t i = 0; i < 10000 && !*done; i++)
        script_go(script, 1);
    demand(*done);
}

static void found(struct script *script)
{
    struct home *founder = home_founding(script);
    script_wait(script, &founder->member);
    home_founded(founder);
}

void script_run(struct script *script, uint64_t steps)
{
    script->now_ms = START_MS;
    server_start(script);
    found(script);
    script_cast(script);
    while (script->counts.steps < steps) {
        uint64_t n = chance_below(&script->chance, 1000);
        script->hostile = script->counts.steps * 10 > steps * 8;
        if (n < 70)
            script_act(script);
        else if (n < 78)
            misfortune(script);
        else if (n < 96)
            script_speak(script);
        else if (n > 990 || !move(script))
            pass(script);
    }
    script->hostile = false;
    settle(script);
    script_look(script);
}
