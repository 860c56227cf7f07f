/*
 * The door of a visit: who knocks, whom staff let in or send away, and whom the host therefore seats
 * (rule R1). The server only carries their words: each is signed, checked here, and never undone by an
 * older one.
 */
#include "live.h"

#include <string.h>

#include "galen/mutation.h"

static bool is_me(const struct galen_engine *engine, const struct galen_id *device)
{
    return galen_id_equal(device, &engine->me.device);
}

/* -- the words of staff ----------------------------------------------------------------------------- */

void door_begin(struct live *live, const struct galen_id *visit)
{
    struct admissions *all = live->admissions;
    size_t at = 0;
    while (at < GALEN_VISITS_KEPT && !galen_id_equal(&all[at].visit, visit))
        at++;
    if (at == 0)
        return;
    struct admissions present = {.visit = *visit};
    if (at < GALEN_VISITS_KEPT)
        present = all[at];
    else
        at--; /* that of the visit longest ago is forgotten */
    memmove(&all[1], &all[0], at * sizeof all[0]);
    all[0] = present;
}

static struct galen_call_admission *word_about(struct live *live, const struct galen_id *device)
{
    struct admissions *known = &live->admissions[0];
    for (size_t i = 0; i < known->count; i++)
        if (galen_id_equal(&known->words[i].device, device))
            return &known->words[i];
    return NULL;
}

/* False: there are as many as one visit may have; nobody else is let in. */
static bool keep_word(struct live *live, const struct galen_call_admission *word)
{
    struct galen_call_admission *known = word_about(live, &word->device);
    if (!known && live->admissions[0].count == GALEN_ADMISSIONS_MAX)
        return false;
    if (!known)
        known = &live->admissions[0].words[live->admissions[0].count++];
    *known = *word;
    return true;
}

/* Staff of the chart as our own log says. NULL: it is not that now. */
static const struct galen_member *staff_member(const struct galen_engine *engine,
                                               const struct galen_id *chart,
                                               const struct galen_id *device)
{
    const struct galen_member *member = live_member(engine, chart, device);
    bool is_staff = member && galen_role_is_staff(member->role);
    return member && member->purpose == GALEN_PURPOSE_DEVICE &&
                   (is_staff || !GALEN_CHECKED(ADMISSION_STAFF))
               ? member
               : NULL;
}

/* Takes the word that came with a hello of `device`. True: it is one, and newer than what was known. */
static bool take_word(struct galen_engine *engine, const struct galen_id *device,
                      struct galen_bytes bytes)
{
    struct live *live = engine->live;
    struct galen_call_admission word;
    if (galen_call_admission_read(bytes, &word) != GALEN_OK ||
        !galen_id_equal(&word.chart, &live->visit.chart) ||
        !galen_id_equal(&word.visit, &live->visit.visit) || !galen_id_equal(&word.device, device) ||
        !galen_call_admission_outdoes(&word, word_about(live, device)))
        return false;
    const struct galen_member *staff = staff_member(engine, &word.chart, &word.staff);
    return staff &&
           galen_call_admission_verify(engine->primitives, &word, staff->keys.sign) == GALEN_OK &&
           keep_word(live, &word);
}

/* Staff are in by their role; others by the word of somebody who is staff now. */
static bool is_let_in(const struct galen_engine *engine, const struct galen_id *device)
{
    const struct galen_id *chart = &engine->live->visit.chart;
    const struct galen_call_admission *word = word_about(engine->live, device);
    const struct galen_member *member = live_member(engine, chart, device);
    if (!GALEN_CHECKED(ADMISSION) ||
        (member && galen_role_is_staff(member->role) && member->purpose == GALEN_PURPOSE_DEVICE))
        return true;
    return word && word->admitted && staff_member(engine, chart, &word->staff);
}

/* -- guests ----------------------------------------------------------------------------------------- */

/* Whose hello it is: a member's, as our own log says, or a guest's, by the chain that came with it. NULL: we
 * do not know. Members say which head they have verified, guests have none. */
static const uint8_t *key_of(const struct galen_engine *engine, const struct knocker *k)
{
    const struct galen_member *m = live_member(engine, &engine->live->visit.chart, &k->device);
    bool guest = !m && k->guest;
    if (k->has_head == guest)
        return NULL;
    return m ? m->keys.sign : guest ? k->sign_key : NULL;
}

/* Another device by the same link came before. */
static bool came_before(const struct visit *v, const struct galen_cert *cert,
                        const struct galen_id *device)
{
    for (size_t i = 0; i < v->knocker_count; i++)
        if (v->knockers[i].guest && galen_id_equal(&v->knockers[i].account, &cert->account) &&
            !galen_id_equal(&v->knockers[i].device, device))
            return true;
    return false;
}

/*
 * Judges the chain that came with the hello of somebody who is no member. CERTIFICATE, also where none came:
 * we do not know who this is, perhaps not yet.
 */
static enum galen_err judge_guest(const struct galen_engine *engine, uint64_t now_ms,
                                  const struct galen_chain *chain, const struct galen_id *device)
{
    const struct visit *v = &engine->live->visit;
    const struct chart *chart = chart_find(engine, &v->chart);
    if (!chart || chain->count == 0)
        return GALEN_ERR_CERTIFICATE;
    const struct galen_cert *own = &chain->certs[chain->count - 1];
    struct galen_id id = galen_device_id(engine->primitives, &own->keys);
    if (!galen_id_equal(&id, device) || own->purpose != GALEN_PURPOSE_DEVICE)
        return GALEN_ERR_SENDER;
    if (came_before(v, own, device))
        return GALEN_ERR_REPLACED;
    enum galen_err err = galen_rules_judge_guest(galen_log_rules(chart->log), chain, &v->visit,
                                                 server_time(engine, now_ms));
    return GALEN_CHECKED(GUEST_CHAIN) ? err : GALEN_OK;
}

static void note_guest(struct knocker *k, const struct galen_chain *chain)
{
    const struct galen_cert *own = &chain->certs[chain->count - 1];
    k->guest = true;
    k->account = own->account;
    k->not_after_ms = own->not_after_ms;
    memcpy(k->sign_key, own->keys.sign, sizeof k->sign_key);
}

/* -- the host's list -------------------------------------------------------------------------------- */

static struct knocker *knocker_of(struct visit *v, const struct galen_id *device)
{
    for (size_t i = v->knocker_count; i-- > 0;)
        if (galen_id_equal(&v->knockers[i].device, device))
            return &v->knockers[i];
    return NULL;
}

static void knocker_remove(struct visit *v, struct knocker *k)
{
    size_t i = (size_t)(k - v->knockers);
    v->knocker_count--;
    memmove(k, k + 1, (v->knocker_count - i) * sizeof *k);
}

/*
 * Our own roster is taken at once: the server might keep it back, and we would go on speaking to whom it
 * leaves out. If none can be drawn we speak no more at all.
 */
static void draw_roster(struct galen_engine *engine, uint64_t now_ms)
{
    struct visit *v = &engine->live->visit;
    uint8_t secret[GALEN_KEY_BYTES];
    struct galen_writer roster;
    draw(engine, secret, sizeof secret);
    galen_writer_init(&roster);
    enum galen_err err = galen_call_host_draw(v->host, secret, &roster);
    galen_wipe(secret, sizeof secret);
    if (err == GALEN_OK) {
        struct galen_frame frame = {.type = GALEN_FRAME_ROSTER,
                                    .as.roster = {v->visit, galen_written(&roster)}};
        send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
        err = visit_take_roster(engine, now_ms, frame.as.roster.roster,
                                live_member(engine, &v->chart, &engine->me.device));
    } else if (err != GALEN_ERR_STATE) { /* STATE: our own hello is still on its way */
        visit_event(engine, GALEN_EVENT_CALL_FAILED, NULL, 0, err);
    }
    if (err != GALEN_OK && v->call)
        galen_call_stop(v->call);
    galen_writer_wipe(&roster);
}

/* Puts an admitted hello on the host's list. */
static bool seat(struct galen_engine *engine, const struct knocker *k)
{
    struct visit *v = &engine->live->visit;
    const uint8_t *key = key_of(engine, k);
    if (!v->hosting || !key)
        return false;
    return galen_call_host_admit(v->host, k->number, (struct galen_bytes){k->hello, k->hello_size},
                                 key) == GALEN_OK;
}

/* Who stands on the list is not always among the knockers: what the server says of those may be wrong. */
static bool is_seated(const struct visit *v, const struct galen_id *device)
{
    const struct galen_call_roster *roster = v->hosting ? galen_call_host_list(v->host)
                                             : v->call  ? galen_call_roster(v->call)
                                                        : NULL;
    return roster && galen_call_place_of(roster, device);
}

/* Takes a device off the list, whatever the server says or keeps to itself. */
static bool unseat(struct visit *v, const struct galen_id *device)
{
    return v->hosting && galen_call_host_dismiss(v->host, device);
}

/* Judges a knocker by what is known now. True: the host's list has changed. */
static bool judge(struct galen_engine *engine, struct knocker *k)
{
    bool before = k->admitted; /* who is in stays until they leave or are sent away */
    k->admitted = k->passed && !k->away && (before || is_let_in(engine, &k->device));
    if (k->away)
        return unseat(&engine->live->visit, &k->device);
    return k->admitted && seat(engine, k);
}

/* -- knocking --------------------------------------------------------------------------------------- */

static struct knocker *knocker_get(struct visit *v, const struct galen_id *device)
{
    struct knocker *k = knocker_of(v, device);
    if (!k && v->knocker_count < sizeof v->knockers / sizeof v->knockers[0]) {
        k = &v->knockers[v->knocker_count++];
        *k = (struct knocker){.device = *device};
    }
    return k;
}

static void note_hello(struct knocker *k, uint64_t now_ms, const struct galen_frame_knocked *frame,
                       bool has_head)
{
    if (k->number != frame->number) { /* it knocks anew */
        k->away = k->admitted = false;
        k->since_ms = now_ms;
    }
    k->number = frame->number;
    k->has_head = has_head;
    k->passed = frame->admitted;
    k->hello_size = frame->hello.size;
    memcpy(k->hello, frame->hello.at, frame->hello.size);
    k->admission_size = frame->admission.size;
    if (frame->admission.size > 0)
        memcpy(k->admission, frame->admission.at, frame->admission.size);
    k->told_ms = now_ms;
}

void door_knocked(struct galen_engine *engine, uint64_t now_ms,
                  const struct galen_frame_knocked *frame)
{
    struct visit *v = visit_current(engine);
    struct galen_call_hello hello;
    if (!v || !galen_id_equal(&frame->visit, &v->visit) || frame->number == 0 ||
        frame->hello.size > GALEN_CALL_HELLO_MAX ||
        frame->admission.size > GALEN_CALL_ADMISSION_BYTES ||
        galen_call_hello_read(frame->hello, &hello) != GALEN_OK)
        return;
    visit_number(v, frame->number);
    bool member = live_member(engine, &v->chart, &hello.device);
    enum galen_err guest =
        member ? GALEN_OK : judge_guest(engine, now_ms, &frame->chain, &hello.device);
    if (guest != GALEN_OK && guest != GALEN_ERR_CERTIFICATE)
        return; /* a guest of yesterday, or of another visit */
    struct knocker *k = knocker_get(v, &hello.device);
    if (!k)
        return;
    bool again = k->number == frame->number, before = again && k->admitted;
    note_hello(k, now_ms, frame, hello.has_head);
    if (!member && guest == GALEN_OK)
        note_guest(k, &frame->chain);
    if (take_word(engine, &k->device, frame->admission))
        k->away = again && !word_about(engine->live, &k->device)->admitted;
    bool changed = judge(engine, k);
    if ((!again || before) && !k->admitted && !k->away && !is_me(engine, &k->device))
        visit_event(engine, GALEN_EVENT_KNOCK, &k->device, k->number, GALEN_OK);
    if (changed)
        draw_roster(engine, now_ms);
}

/* The host of a call knows itself whether it has left. */
static bool is_our_place(const struct galen_engine *engine, const struct visit *v, uint16_t number)
{
    const struct galen_call_place *place =
        v->hosting ? galen_call_place_numbered(galen_call_host_list(v->host), number) : NULL;
    return place && is_me(engine, &place->device);
}

void door_left(struct galen_engine *engine, uint64_t now_ms, const struct galen_frame_left *frame)
{
    struct visit *v = visit_current(engine);
    if (!v || !galen_id_equal(&frame->visit, &v->visit) || is_our_place(engine, v, frame->number))
        return;
    visit_number(v, frame->number);
    struct knocker *k = knocker_of(v, &frame->device);
    if (k && k->number == frame->number)
        knocker_remove(v, k);
    if (v->hosting && galen_call_host_remove(v->host, frame->number))
        draw_roster(engine, now_ms);
}

/* -- letting in, sending away ----------------------------------------------------------------------- */

/* Our own word, signed and kept. LIMIT: there are too many in this visit; another has to be opened. */
static enum galen_err say(struct galen_engine *engine, const struct galen_id *device, bool admitted,
                          struct galen_writer *out)
{
    struct live *live = engine->live;
    const struct galen_call_admission *known = word_about(live, device);
    struct galen_call_admission word = {.chart = live->visit.chart,
                                        .visit = live->visit.visit,
                                        .device = *device,
                                        .staff = engine->me.device,
                                        .count = 1,
                                        .admitted = admitted};
    if (known)
        word.count = known->count < UINT32_MAX ? known->count + 1 : UINT32_MAX;
    if (!galen_call_admission_outdoes(&word, known))
        return GALEN_ERR_LIMIT;
    if (!known && live->admissions[0].count == GALEN_ADMISSIONS_MAX)
        return GALEN_ERR_LIMIT;
    enum galen_err err = galen_call_make_admission(engine->me.secrets.sign_seed, &word, out);
    if (err == GALEN_OK)
        (void)keep_word(live, &word);
    return err;
}

enum galen_err galen_engine_admit(struct galen_engine *engine, uint64_t now_ms,
                                  const struct galen_id *device, bool admitted)
{
    struct visit *v = visit_current(engine);
    if (!v)
        return GALEN_ERR_NO_VISIT;
    if (!galen_role_is_staff(engine->me.role))
        return GALEN_ERR_ROLE;
    if (!line_ready(engine, GALEN_CONNECTION_LIVE))
        return GALEN_ERR_OFFLINE;
    struct knocker *k = knocker_of(v, device);
    bool was_in = word_about(engine->live, device) || is_seated(v, device);
    if (!k && (admitted || !was_in)) /* who has left may be sent away */
        return GALEN_ERR_NOT_MEMBER;
    struct galen_writer word;
    galen_writer_init(&word);
    enum galen_err err = say(engine, device, admitted, &word);
    if (err == GALEN_OK) {
        struct galen_frame frame = {
            .type = GALEN_FRAME_ADMIT,
            .as.admit = {next_request(engine), v->visit, galen_written(&word)}};
        send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
        /* Who is sent away is off the list at once; who is let in waits for the server to let
         * their media through. */
        if (k)
            k->away = !admitted;
        if (k && !admitted)
            k->admitted = false;
        if (!admitted && unseat(v, device))
            draw_roster(engine, now_ms);
    }
    galen_writer_wipe(&word);
    return err;
}

/* -- while time passes and members come and go ------------------------------------------------------ */

/* A guest never was a member. */
static bool was_dropped(const struct galen_engine *engine, const struct galen_call_admission *word)
{
    const struct chart *chart = chart_find(engine, &word->chart);
    const struct galen_rules *rules = chart ? galen_log_rules(chart->log) : NULL;
    return rules && galen_rules_ever_member(rules, &word->device) &&
           !galen_rules_member(rules, &word->device);
}

/* The words about those who were dropped from the chart count no longer, also when they come back. */
static void lapse(struct galen_engine *engine)
{
    for (size_t v = 0; v < GALEN_VISITS_KEPT; v++) {
        struct admissions *known = &engine->live->admissions[v];
        for (size_t i = 0; i < known->count; i++)
            if (was_dropped(engine, &known->words[i]))
                known->words[i].admitted = false;
    }
}

/* Whether the list has changed. */
static bool unseat_strangers(struct galen_engine *engine)
{
    struct visit *v = &engine->live->visit;
    bool changed = false;
    for (size_t i = v->hosting ? galen_call_host_list(v->host)->count : 0; i-- > 0;) {
        struct galen_id device = galen_call_host_list(v->host)->places[i].device;
        const struct knocker *k = knocker_of(v, &device);
        if (!live_member(engine, &v->chart, &device) && !(k && k->guest))
            changed = unseat(v, &device) || changed;
    }
    return changed;
}

void door_members(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    lapse(engine); /* also while we are not in the visit */
    struct visit *v = visit_current(engine);
    if (!v || !galen_id_equal(&v->chart, &chart->id))
        return;
    bool changed = unseat_strangers(engine);
    for (size_t i = v->knocker_count; i-- > 0;) {
        struct knocker *k = &v->knockers[i];
        if (!live_member(engine, &v->chart, &k->device) && !k->guest) {
            knocker_remove(v, k);
        } else if (k->passed && !k->admitted) { /* the word may be of staff who came just now */
            take_word(engine, &k->device, (struct galen_bytes){k->admission, k->admission_size});
            changed = judge(engine, k) || changed;
        }
    }
    if (changed)
        draw_roster(engine, now_ms);
}

bool door_waits(const struct knocker *k)
{
    return !k->admitted && !k->away;
}

/* A guest's day is over. */
static void expire(struct galen_engine *engine, uint64_t now_ms)
{
    struct visit *v = visit_current(engine);
    uint64_t now = server_time(engine, now_ms);
    bool changed = false;
    for (size_t i = v ? v->knocker_count : 0; i-- > 0;) {
        struct knocker *k = &v->knockers[i];
        if (!k->guest || now <= k->not_after_ms || !GALEN_CHECKED(GUEST_SEAT))
            continue;
        struct galen_id device = k->device;
        knocker_remove(v, k);
        changed = unseat(v, &device) || changed;
    }
    if (changed)
        draw_roster(engine, now_ms);
}

void door_tick(struct galen_engine *engine, uint64_t now_ms)
{
    struct visit *v = visit_current(engine);
    expire(engine, now_ms);
    for (size_t i = 0; v && i < v->knocker_count; i++) {
        struct knocker *k = &v->knockers[i];
        k->told_ms = earlier(k->told_ms, now_ms);
        if (!door_waits(k) || now_ms - k->told_ms < KNOCK_REPEAT_MS)
            continue;
        k->told_ms = now_ms;
        visit_event(engine, GALEN_EVENT_KNOCK, &k->device, k->number, GALEN_OK);
    }
}

uint64_t door_deadline(const struct galen_engine *engine)
{
    const struct visit *v = visit_current(engine);
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; v && i < v->knocker_count; i++) {
        const struct knocker *k = &v->knockers[i];
        if (door_waits(k))
            at = earlier(at, k->told_ms + KNOCK_REPEAT_MS);
        if (k->guest) /* by the server's clock */
            at = earlier(at, k->not_after_ms + 1 - (uint64_t)engine->clock_offset_ms);
    }
    return at;
}
