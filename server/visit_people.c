/*
 * The people of a visit: they knock with a signed hello and get a number, wait until staff let them in,
 * and leave. A device that was let in is in again when it comes back on another line (admissions.c).
 */
#include "hub_state.h"

#include <stdlib.h>
#include <string.h>

static struct hub_participant *find_device(const struct hub_visit *visit,
                                           const struct galen_id *device)
{
    struct hub_participant *at = visit->participants;
    while (at && !galen_id_equal(&at->connection->id, device))
        at = at->next;
    return at;
}

/* -- telling ------------------------------------------------------------------------------------ */

static void tell_staff(struct hub *hub, const struct hub_visit *visit,
                       const struct galen_frame *frame)
{
    bool host_is_in = false;
    for (struct hub_participant *at = visit->participants; at; at = at->next) {
        host_is_in = host_is_in || at->connection == visit->host_connection;
        if (at->staff)
            hub_send(hub, at->connection, frame);
    }
    if (visit->host_connection && !host_is_in)
        hub_send(hub, visit->host_connection, frame);
}

static struct galen_frame knocked(const struct hub_participant *who)
{
    struct galen_frame frame = {.type = GALEN_FRAME_KNOCKED};
    frame.as.knocked.visit = who->visit->node.id;
    frame.as.knocked.number = who->number;
    frame.as.knocked.admitted = who->admitted;
    frame.as.knocked.hello = (struct galen_bytes){who->hello, who->hello_size};
    const struct hub_admission *kept = hub_admission_about(who->visit, &who->connection->id);
    if (kept)
        frame.as.knocked.admission = (struct galen_bytes){kept->bytes, sizeof kept->bytes};
    if (who->connection->guest)
        frame.as.knocked.chain = who->connection->guest->chain;
    return frame;
}

static void tell_knocked(struct hub *hub, const struct hub_participant *who)
{
    struct galen_frame frame = knocked(who);
    tell_staff(hub, who->visit, &frame);
}

/* Staff who come later hear of those who are there. */
static void tell_all_knocked(struct hub *hub, const struct hub_participant *staff)
{
    for (const struct hub_participant *at = staff->visit->participants; at; at = at->next) {
        struct galen_frame frame = knocked(at);
        if (at != staff)
            hub_send(hub, staff->connection, &frame);
    }
}

static void tell_admitted(struct hub *hub, const struct hub_visit *visit,
                          struct hub_connection *connection, uint16_t number, bool admitted)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ADMITTED};
    frame.as.admitted.visit = visit->node.id;
    frame.as.admitted.number = number;
    frame.as.admitted.admitted = admitted;
    hub_send(hub, connection, &frame);
}

static void tell_left(struct hub *hub, const struct hub_visit *visit, uint16_t number,
                      const struct galen_id *device)
{
    struct galen_frame frame = {.type = GALEN_FRAME_LEFT};
    frame.as.left.visit = visit->node.id;
    frame.as.left.number = number;
    frame.as.left.device = *device;
    for (struct hub_participant *at = visit->participants; at; at = at->next) {
        if (!at->staff)
            hub_send(hub, at->connection, &frame);
    }
    tell_staff(hub, visit, &frame);
}

/* -- leaving ------------------------------------------------------------------------------------ */

static void remove_participant(struct hub *hub, struct hub_participant *who)
{
    struct hub_visit *visit = who->visit;
    struct hub_participant **at = &visit->participants;
    while (*at != who)
        at = &(*at)->next;
    *at = who->next;
    visit->participant_count--;
    visit->admitted_now -= who->admitted;
    who->connection->participant = NULL;
    who->connection->was_in = visit->chart->node.id;
    tell_left(hub, visit, who->number, &who->connection->id);
    free(who);
}

void hub_visit_leave(struct hub *hub, struct hub_connection *connection)
{
    struct hub_participant *who = connection->participant;
    struct hub_visit *visit = who ? who->visit : NULL;
    if (who)
        remove_participant(hub, who);
    if (connection->hosting > 0)
        hub_visit_give_up_hosting(hub, connection);
    if (visit)
        hub_visit_settle_host(hub, visit);
}

static void send_away(struct hub *hub, struct hub_visit *visit, struct hub_participant *who)
{
    tell_admitted(hub, visit, who->connection, 0, false);
    remove_participant(hub, who);
}

void hub_visit_drop_device(struct hub *hub, struct hub_visit *visit, const struct galen_id *device)
{
    struct hub_participant *who = find_device(visit, device);
    struct hub_admission *kept = hub_admission_about(visit, device);
    if (kept)
        kept->lapsed = true;
    if (visit->host_connection && galen_id_equal(&visit->host_connection->id, device)) {
        visit->host_connection->hosting--;
        visit->host_connection = NULL;
    }
    if (who)
        send_away(hub, visit, who);
    hub_visit_settle_host(hub, visit);
}

void hub_visit_forget_people(struct hub_visit *visit)
{
    while (visit->participants) {
        struct hub_participant *next = visit->participants->next;
        visit->participants->connection->participant = NULL;
        visit->participants->connection->was_in = visit->chart->node.id;
        free(visit->participants);
        visit->participants = next;
    }
}

/* -- knocking ----------------------------------------------------------------------------------- */

static bool may_be_in(const struct hub_visit *visit, const struct hub_connection *connection)
{
    const struct galen_member *member = hub_chart_member(visit->chart, connection);
    if (connection->guest)
        return galen_id_equal(&connection->guest->visit, &visit->node.id);
    return member && member->purpose == GALEN_PURPOSE_DEVICE;
}

static enum galen_err check_hello(const struct hub *hub, const struct hub_visit *visit,
                                  const struct hub_connection *connection, struct galen_bytes bytes)
{
    struct galen_call_hello hello;
    enum galen_err err = galen_call_hello_read(bytes, &hello);
    if (err != GALEN_OK)
        return err;
    if (!galen_id_equal(&hello.visit, &visit->node.id) ||
        !galen_id_equal(&hello.chart, &visit->chart->node.id))
        return GALEN_ERR_CHART;
    if (!galen_id_equal(&hello.device, &connection->id))
        return GALEN_ERR_SENDER;
    if (memcmp(hello.nonce, visit->nonce, sizeof hello.nonce) != 0)
        return GALEN_ERR_VALUE; /* of an earlier host: the newer VISIT is on its way */
    return galen_call_hello_verify(hub->config.primitives, &hello, connection->keys.sign);
}

static enum galen_err check_knock(const struct hub *hub, struct hub_connection *connection,
                                  const struct galen_frame_knock *knock, struct hub_visit **out)
{
    struct hub_visit *visit = hub_visit_find(hub, &knock->visit);
    const struct hub_participant *before = connection->participant;
    if (!visit)
        return GALEN_ERR_NO_VISIT;
    if (!may_be_in(visit, connection))
        return GALEN_ERR_NOT_MEMBER;
    if (before && before->visit != visit)
        return GALEN_ERR_STATE; /* it leaves the one before it knocks at another */
    struct bucket_rate rate = {HUB_KNOCKS_A_MINUTE, 60000, HUB_KNOCKS_BURST};
    if (!bucket_take(&connection->knocks, rate, hub->now_ms) || visit->last_number == UINT16_MAX)
        return GALEN_ERR_LIMIT;
    size_t others = visit->participant_count - (before ? 1 : 0);
    size_t inside = visit->admitted_now - (before && before->admitted ? 1 : 0);
    bool is_in =
        hub_visit_is_staff(visit, connection) || hub_admission_holds(visit, &connection->id);
    if (is_in ? inside >= GALEN_PARTICIPANTS_MAX : others - inside >= hub->config.limits.waiting)
        return GALEN_ERR_LIMIT;
    *out = visit;
    return check_hello(hub, visit, connection, knock->hello);
}

/* A new hello of this connection, at the end: numbers ascend. Its earlier one gives way unsaid. */
static struct hub_participant *add_participant(const struct hub *hub, struct hub_visit *visit,
                                               struct hub_connection *connection,
                                               struct galen_bytes hello)
{
    struct hub_participant *who = malloc(sizeof *who + hello.size);
    struct hub_participant *before = connection->participant, **at = &visit->participants;
    if (!who)
        return NULL;
    *who = (struct hub_participant){.visit = visit,
                                    .connection = connection,
                                    .number = ++visit->last_number,
                                    .staff = hub_visit_is_staff(visit, connection),
                                    .knocked_ms = hub->now_ms,
                                    .hello_size = hello.size};
    memcpy(who->hello, hello.at, hello.size);
    who->admitted = who->staff || hub_admission_holds(visit, &connection->id);
    while (*at) {
        if (*at == before)
            *at = before->next;
        else
            at = &(*at)->next;
    }
    *at = who;
    visit->participant_count++;
    visit->admitted_now += who->admitted;
    if (before) {
        who->last_number = before->admitted ? before->number : 0;
        visit->participant_count--;
        visit->admitted_now -= before->admitted;
        free(before);
    }
    connection->participant = who;
    return who;
}

void hub_on_knock(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame)
{
    const struct galen_frame_knock *knock = &frame->as.knock;
    struct hub_visit *visit = NULL;
    struct hub_participant *who = NULL;
    enum galen_err err = check_knock(hub, connection, knock, &visit);
    if (err == GALEN_OK) {
        who = add_participant(hub, visit, connection, knock->hello);
        if (!who)
            err = GALEN_ERR_MEMORY;
    }
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, knock->request, err, NULL, 0);
        return;
    }
    hub_done(hub, connection, knock->request);
    tell_admitted(hub, visit, connection, who->number, who->admitted);
    tell_knocked(hub, who);
    if (who->staff)
        tell_all_knocked(hub, who);
    hub_visit_settle_host(hub, visit);
}

/* -- letting in --------------------------------------------------------------------------------- */

static enum galen_err check_admit(const struct hub *hub, const struct hub_connection *connection,
                                  const struct galen_frame_admit *admit,
                                  struct galen_call_admission *word, struct hub_visit **visit,
                                  struct hub_participant **who)
{
    *visit = hub_visit_find(hub, &admit->visit);
    if (!*visit || !may_be_in(*visit, connection))
        return GALEN_ERR_NO_VISIT;
    if (!hub_visit_is_staff(*visit, connection))
        return GALEN_ERR_ROLE;
    enum galen_err err = hub_admission_check(hub, *visit, connection, admit->admission, word);
    if (err != GALEN_OK)
        return err;
    /* Who is away just now does not come back if they are sent away; nobody else is judged unseen. */
    *who = find_device(*visit, &word->device);
    if (!*who)
        return !word->admitted && hub_admission_about(*visit, &word->device) ? GALEN_OK
                                                                             : GALEN_ERR_NOT_MEMBER;
    if (word->admitted && !(*who)->admitted && (*visit)->admitted_now >= GALEN_PARTICIPANTS_MAX)
        return GALEN_ERR_LIMIT;
    return GALEN_OK;
}

void hub_on_admit(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame)
{
    const struct galen_frame_admit *admit = &frame->as.admit;
    struct galen_call_admission word;
    struct hub_visit *visit;
    struct hub_participant *who;
    enum galen_err err = check_admit(hub, connection, admit, &word, &visit, &who);
    if (err == GALEN_OK)
        err = hub_admission_keep(visit, &word, admit->admission);
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, admit->request, err, NULL, 0);
        return;
    }
    hub->counters.admissions++;
    hub_done(hub, connection, admit->request);
    if (!who)
        return;
    visit->admitted_now += word.admitted;
    visit->admitted_now -= who->admitted;
    who->admitted = word.admitted;
    tell_knocked(hub, who); /* the word goes to the other staff, too */
    if (word.admitted) {
        tell_admitted(hub, visit, who->connection, who->number, true);
    } else {
        send_away(hub, visit, who);
        hub_visit_settle_host(hub, visit);
    }
}

void hub_on_leave(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame)
{
    const struct galen_frame_visit_id *leave = &frame->as.visit_id;
    const struct hub_participant *who = connection->participant;
    if (!who || !galen_id_equal(&who->visit->node.id, &leave->visit)) {
        hub_refuse(hub, connection, leave->request, GALEN_ERR_NO_VISIT, NULL, 0);
        return;
    }
    hub_done(hub, connection, leave->request);
    hub_visit_leave(hub, connection);
}
