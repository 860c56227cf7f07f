/* What was heard on this run: of requests, of charts, of the server. */
#include "session_state.h"

#include <stdlib.h>
#include <string.h>

static struct request *find_request(const struct session *s, const uint8_t *token)
{
    for (size_t i = 0; i < s->request_count; i++)
        if (memcmp(s->requests[i].token, token, sizeof s->requests[i].token) == 0)
            return (struct request *)&s->requests[i];
    return NULL;
}

static void note_held(struct session *s, const struct galen_event *e)
{
    session_unhold(s, e->token);
    if (e->kind != GALEN_EVENT_HELD || s->held_count == SESSION_HELD_MAX)
        return;
    struct request *r = &s->held[s->held_count++];
    *r = (struct request){.state = REQUEST_HELD, .chart = e->chart};
    memcpy(r->token, e->token, sizeof r->token);
}

static void note_request(struct session *s, const struct galen_event *e)
{
    note_held(s, e);
    struct request *r = find_request(s, e->token);
    if (!r)
        return;
    r->state = e->kind == GALEN_EVENT_DONE   ? REQUEST_DONE
               : e->kind == GALEN_EVENT_HELD ? REQUEST_HELD
                                             : REQUEST_FAILED;
    r->err = e->err;
    r->index = e->index;
    r->chart = e->chart;
}

static struct heard *find_heard(const struct session *s, const struct galen_id *chart)
{
    struct heard *heard = s->heard;
    while (heard && !galen_id_equal(&heard->chart, chart))
        heard = heard->next;
    return heard;
}

static void note_heard(struct session *s, const struct galen_event *e)
{
    struct heard *heard = find_heard(s, &e->chart);
    if (!heard) {
        heard = calloc(1, sizeof *heard);
        if (!heard)
            return; /* then a wait for it lasts until its deadline */
        heard->chart = e->chart;
        heard->next = s->heard;
        s->heard = heard;
    }
    heard->heads = heard->heads || e->kind == GALEN_EVENT_VERIFIED;
    heard->shut_out = heard->shut_out || e->err == GALEN_ERR_NOT_MEMBER;
}

/* The engine tries these again by itself. */
static bool is_passing(enum galen_err err)
{
    return err == GALEN_ERR_LIMIT || err == GALEN_ERR_SHUTDOWN || err == GALEN_ERR_STORE ||
           err == GALEN_ERR_DISK_FULL || err == GALEN_ERR_TIMEOUT || err == GALEN_ERR_SLOW ||
           err == GALEN_ERR_STATE || err == GALEN_ERR_FORMAT;
}

void note_event(struct session *s, const struct galen_event *e)
{
    switch (e->kind) {
    case GALEN_EVENT_ONLINE:
        if (e->purpose == galen_engine_line(s->engine)) {
            s->failed_tries = 0;
            s->refusal = GALEN_OK;
        }
        break;
    case GALEN_EVENT_REFUSED:
        if (e->purpose == galen_engine_line(s->engine) && !is_passing(e->err)) {
            s->refusal = e->err;
            s->refused_at = e->number;
        }
        break;
    case GALEN_EVENT_CHART:
    case GALEN_EVENT_VERIFIED:
        note_heard(s, e);
        break;
    case GALEN_EVENT_DONE:
    case GALEN_EVENT_FAILED:
    case GALEN_EVENT_HELD:
        note_request(s, e);
        break;
    default:
        break;
    }
}

/* -- asking ----------------------------------------------------------------------------------------- */

bool session_track(struct session *s, const galen_token token)
{
    if (find_request(s, token))
        return true;
    if (s->request_count == SESSION_REQUESTS_MAX)
        return false;
    struct request *r = &s->requests[s->request_count++];
    *r = (struct request){.state = REQUEST_WAITS, .index = GALEN_NO_ENTRY};
    memcpy(r->token, token, sizeof r->token);
    return true;
}

const struct request *session_request(const struct session *s, const galen_token token)
{
    return find_request(s, token);
}

void session_untrack(struct session *s, const galen_token token)
{
    struct request *r = find_request(s, token);
    if (r)
        *r = s->requests[--s->request_count];
}

bool session_held(const struct session *s, struct galen_id *chart, galen_token token)
{
    if (s->held_count == 0)
        return false;
    *chart = s->held[0].chart;
    memcpy(token, s->held[0].token, sizeof s->held[0].token);
    return true;
}

void session_unhold(struct session *s, const galen_token token)
{
    for (size_t i = 0; i < s->held_count; i++)
        if (memcmp(s->held[i].token, token, sizeof s->held[i].token) == 0)
            s->held[i--] = s->held[--s->held_count];
}

bool session_shut_out(const struct session *s, const struct galen_id *chart)
{
    const struct heard *heard = find_heard(s, chart);
    return heard && heard->shut_out;
}

bool session_heads_came(const struct session *s, const struct galen_id *chart)
{
    const struct heard *heard = find_heard(s, chart);
    return heard && heard->heads;
}
