/* Guests: an interpreter of one visit, let in by a link that is good once, for a day, for the call alone. */
#include "support/primitives.h"
#include "support/stage_call.h"

#include <criterion/criterion.h>
#include <string.h>

static struct stage s;
#define CAST s.scene

static void begin(void)
{
    stage_begin_visits(&s);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(guest, .init = begin, .fini = end);

/* -- signing in --------------------------------------------------------------------------------- */

static struct line *try_sign_in(const struct party *guest, uint8_t purpose)
{
    struct galen_frame frame;
    struct line *line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, guest, purpose, true, &frame);
    stage_send(&s, line, &frame);
    line->party = guest;
    return line;
}

static struct line *sign_in(const struct party *guest)
{
    struct line *line = try_sign_in(guest, GALEN_CONNECTION_LIVE);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_WELCOME).as.welcome.charts.size, 0u);
    return line;
}

static void refuse(const struct party *guest, uint8_t purpose, enum galen_err err)
{
    stage_expect_closed(try_sign_in(guest, purpose), err);
}

/* A link, as the pharmacist certifies it, and the device that is to take its place. */
static void make_link(struct party *link, struct party *fresh, unsigned number)
{
    stage_make_guest(&s, link, number);
    link->cert.purpose = GALEN_PURPOSE_INVITATION;
    link->cert.issues_until_ms = link->cert.not_after_ms;
    party_certify_again(link);
    party_make(fresh, number + 1);
    fresh->issuer = link;
    fresh->cert = link->cert;
    fresh->cert.purpose = GALEN_PURPOSE_DEVICE;
    fresh->cert.issues_until_ms = fresh->cert.not_before_ms;
    fresh->cert.keys = fresh->keys;
    fresh->cert.issuer = link->id;
    party_certify_again(fresh);
}

static uint32_t say_replaced(struct line *line, const struct party *link, const struct party *by)
{
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    frame.as.statement.request = ++s.request;
    party_state(link, GALEN_STATEMENT_REPLACED, link, by, &frame.as.statement.statement);
    stage_send(&s, line, &frame);
    return s.request;
}

static void redeem(const struct party *link, const struct party *by)
{
    struct line *line = sign_in(link);
    uint32_t request = say_replaced(line, link, by);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_DONE).as.done.request, request);
}

Test(guest, an_interpreter_is_a_guest_of_one_open_visit)
{
    struct party guest;
    stage_make_guest(&s, &guest, 400);
    refuse(&guest, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);

    struct stage_call call = stage_begin_call(&s);
    struct line *line = sign_in(&guest);
    struct galen_frame frame = stage_expect(line, GALEN_FRAME_VISIT);
    cr_assert(galen_id_equal(&frame.as.visit.visit, &s.visit));
    cr_assert_not(stage_knock(&s, line).admitted);
    struct galen_frame knocked = stage_expect(call.pharmacist, GALEN_FRAME_KNOCKED);
    cr_assert_eq(knocked.as.knocked.chain.count, 3u, "so that staff see who it is");
    stage_send_media(&s, line, 3, 5);
    stage_expect_refused(line, GALEN_ERR_WAITING);
    stage_send_admit(&s, call.pharmacist, &guest, true);
    stage_expect(line, GALEN_FRAME_ADMITTED);
    stage_send_media(&s, line, 3, 6);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_MEDIA), 1u);
    stage_send_media(&s, call.patient, 2, 7);
    cr_assert_eq(stage_count(line, GALEN_FRAME_MEDIA), 1u);
    stage_send_visit_id(&s, call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect(line, GALEN_FRAME_VISIT_ENDED);
    stage_expect_closed(line, GALEN_ERR_NO_VISIT);
    refuse(&guest, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);
}

Test(guest, comes_for_what_is_live_and_for_nothing_else)
{
    struct party guest;
    stage_make_guest(&s, &guest, 401);
    stage_begin_call(&s);
    refuse(&guest, GALEN_CONNECTION_LOG, GALEN_ERR_ROLE);
    struct line *line = sign_in(&guest);
    stage_expect(line, GALEN_FRAME_VISIT);
    cr_assert_eq(line->inbox_next, line->inbox_count, "nothing of the chart is told");
}

Test(guest, of_another_visit_stays_outside)
{
    struct party guest;
    s.visit.bytes[9] ^= 1;
    stage_make_guest(&s, &guest, 402);
    s.visit.bytes[9] ^= 1;
    stage_begin_call(&s);
    refuse(&guest, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);
}

/* Visit A and visit B are both open; the guest of B knocks at A. */
Test(guest, of_one_visit_does_not_knock_at_another)
{
    struct party guest;
    struct galen_id ours = s.visit;
    stage_begin_call(&s);
    struct galen_rules *first = CAST.rules;
    CAST.rules = galen_rules_new(&test_primitives, &CAST.practice.keys);
    stage_draft_chart(&s);
    stage_append(&s, stage_log(&s, &CAST.pharmacist));
    s.visit.bytes[0]++;
    stage_open_visit(&s, stage_sign_in(&s, &CAST.pharmacist, GALEN_CONNECTION_LIVE));
    stage_make_guest(&s, &guest, 403);
    struct line *line = sign_in(&guest);
    cr_assert_eq(stage_count(line, GALEN_FRAME_VISIT), 1u);
    struct galen_id theirs = stage_expect(line, GALEN_FRAME_VISIT).as.visit.visit;
    cr_assert(galen_id_equal(&theirs, &s.visit));
    galen_rules_free(CAST.rules);
    CAST.rules = first;
    s.visit = ours;
    struct galen_call_hello hello = stage_make_hello(&s, &guest);
    stage_send_hello(&s, line, &hello);
    stage_expect_refused(line, GALEN_ERR_NOT_MEMBER);
}

Test(guest, certified_by_whom_the_chart_does_not_have_comes_in_by_the_practices_chain_alone)
{
    struct party guest;
    struct galen_frame frame;
    stage_begin_call(&s);
    stage_make_guest(&s, &guest, 404);
    /* By a member alone: as the link of a colleague who is staff of this chart. */
    struct line *line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &guest, GALEN_CONNECTION_LIVE, true, &frame);
    party_chain(&guest, true, &frame.as.sign_in.chain);
    stage_sign_sign_in(line, &guest, &frame);
    stage_send(&s, line, &frame);
    stage_expect(line, GALEN_FRAME_WELCOME);
    /* By the patient, who is a member, too. */
    guest.issuer = &CAST.patient;
    guest.cert.issuer = CAST.patient.id;
    party_certify_again(&guest);
    line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &guest, GALEN_CONNECTION_LIVE, true, &frame);
    party_chain(&guest, true, &frame.as.sign_in.chain);
    stage_sign_sign_in(line, &guest, &frame);
    stage_send(&s, line, &frame);
    stage_expect_closed(line, GALEN_ERR_ROLE);
}

/* -- what a guest may say (PROTOCOL.md, "Connections") -------------------------------------------- */

static bool guest_may_say(uint8_t type)
{
    return type == GALEN_FRAME_PING || type == GALEN_FRAME_PONG || type == GALEN_FRAME_KNOCK ||
           type == GALEN_FRAME_LEAVE || type == GALEN_FRAME_MEDIA;
}

static bool link_may_say(uint8_t type)
{
    return type == GALEN_FRAME_PING || type == GALEN_FRAME_PONG || type == GALEN_FRAME_STATEMENT;
}

/* The shortest frames that can be read; whether they are right is not asked in the wrong state. */
static void fill(struct galen_frame *frame, uint8_t type)
{
    static const uint8_t word[] = {1, 2, 3};
    struct galen_bytes some = {word, sizeof word};
    *frame = (struct galen_frame){.type = type};
    switch (type) {
    case GALEN_FRAME_SIGN_IN:
        frame->as.sign_in.keys = CAST.pharmacist.keys;
        break;
    case GALEN_FRAME_SETUP:
        frame->as.setup.practice = CAST.practice.keys;
        break;
    case GALEN_FRAME_STATEMENT:
        party_state(&CAST.patient, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL,
                    &frame->as.statement.statement);
        break;
    case GALEN_FRAME_OPEN:
        frame->as.open.chart = *stage_chart(&s);
        break;
    case GALEN_FRAME_BODIES:
        frame->as.bodies.chart = *stage_chart(&s);
        break;
    case GALEN_FRAME_LIVE_OPEN:
        frame->as.live_open.chart = *stage_chart(&s);
        break;
    case GALEN_FRAME_RELAY:
        frame->as.relay = (struct galen_frame_relay){*stage_chart(&s), CAST.patient.id, some};
        break;
    case GALEN_FRAME_VISIT_OPEN:
        frame->as.visit_open.chart = *stage_chart(&s);
        frame->as.visit_open.visit = s.visit;
        memcpy(frame->as.visit_open.nonce, s.nonce, sizeof s.nonce);
        break;
    case GALEN_FRAME_KNOCK:
        frame->as.knock = (struct galen_frame_knock){1, s.visit, some};
        break;
    case GALEN_FRAME_ADMIT:
        frame->as.admit = (struct galen_frame_admit){1, s.visit, some};
        break;
    case GALEN_FRAME_ROSTER:
        frame->as.roster = (struct galen_frame_roster){s.visit, some};
        break;
    case GALEN_FRAME_LEAVE:
    case GALEN_FRAME_VISIT_END:
        frame->as.visit_id = (struct galen_frame_visit_id){1, s.visit};
        break;
    default:
        break;
    }
}

static const uint8_t said_by_clients[] = {
    GALEN_FRAME_SIGN_IN,   GALEN_FRAME_SETUP,     GALEN_FRAME_PING,   GALEN_FRAME_PONG,
    GALEN_FRAME_OPEN,      GALEN_FRAME_APPEND,    GALEN_FRAME_HEAD,   GALEN_FRAME_BODIES,
    GALEN_FRAME_STATEMENT, GALEN_FRAME_LIVE_OPEN, GALEN_FRAME_RELAY,  GALEN_FRAME_VISIT_OPEN,
    GALEN_FRAME_KNOCK,     GALEN_FRAME_ADMIT,     GALEN_FRAME_ROSTER, GALEN_FRAME_LEAVE,
    GALEN_FRAME_VISIT_END,
};

static void says_what_it_may(const struct party *party, bool (*may)(uint8_t type))
{
    for (size_t i = 0; i < sizeof said_by_clients; i++) {
        uint8_t type = said_by_clients[i];
        struct galen_frame frame;
        struct line *line = sign_in(party);
        stage_forget(line);
        fill(&frame, type);
        stage_send(&s, line, &frame);
        if (may(type))
            cr_assert_not(line->closed_by_hub, "%s", galen_frame_name(type));
        else
            stage_expect_closed(line, GALEN_ERR_STATE);
        stage_give_back(&s, line);
    }
}

Test(guest, every_other_frame_is_refused_by_name)
{
    struct party guest, link, fresh;
    s.config.limits.sign_ins_per_minute = 1000;
    stage_restart_hub(&s);
    stage_begin_call(&s);
    stage_make_guest(&s, &guest, 410);
    says_what_it_may(&guest, guest_may_say);
    make_link(&link, &fresh, 411);
    says_what_it_may(&link, link_may_say);
}

/* -- a link --------------------------------------------------------------------------------------- */

Test(guest, a_link_is_good_once)
{
    struct party link, fresh, thief;
    stage_begin_call(&s);
    make_link(&link, &fresh, 420);
    refuse(&fresh, GALEN_CONNECTION_LIVE, GALEN_ERR_NOT_MEMBER); /* the link has not said so */
    redeem(&link, &fresh);
    struct line *line = sign_in(&fresh);
    stage_expect(line, GALEN_FRAME_VISIT);
    cr_assert_not(stage_knock(&s, line).admitted);
    /* Who opens it after that is told, and so is whoever kept a device certified by it. */
    refuse(&link, GALEN_CONNECTION_LIVE, GALEN_ERR_REPLACED);
    thief = fresh;
    party_make(&thief, 429);
    thief.issuer = &link;
    thief.cert = fresh.cert;
    thief.cert.keys = thief.keys;
    party_certify_again(&thief);
    refuse(&thief, GALEN_CONNECTION_LIVE, GALEN_ERR_REPLACED);
    /* Also after the server was started anew, once the visit goes on. */
    stage_restart(&s);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    stage_open_visit(&s, pharmacist);
    refuse(&link, GALEN_CONNECTION_LIVE, GALEN_ERR_REPLACED);
    refuse(&thief, GALEN_CONNECTION_LIVE, GALEN_ERR_REPLACED);
    sign_in(&fresh);
}

Test(guest, a_link_speaks_of_itself_alone_and_hears_nothing)
{
    struct party link, fresh, other, others;
    struct stage_call call = stage_begin_call(&s);
    make_link(&link, &fresh, 430);
    make_link(&other, &others, 440);
    struct line *line = sign_in(&link);
    stage_send_visit_id(&s, call.patient, GALEN_FRAME_LEAVE);
    stage_open_visit(&s, call.pharmacist);
    cr_assert_eq(line->inbox_next, line->inbox_count, "the link is told of no visit");
    say_replaced(line, &other, &others);
    stage_expect_refused(line, GALEN_ERR_ROLE);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_ROLE), 1u);
    stage_send_visit_id(&s, call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect_closed(line, GALEN_ERR_NO_VISIT);
}

Test(guest, after_the_visit_a_link_is_good_for_nothing)
{
    struct party link, fresh, unused, unborn;
    struct stage_call call = stage_begin_call(&s);
    make_link(&link, &fresh, 450);
    make_link(&unused, &unborn, 460);
    redeem(&link, &fresh);
    stage_send_visit_id(&s, call.pharmacist, GALEN_FRAME_VISIT_END);
    refuse(&unused, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);
    refuse(&fresh, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);
    s.visit.bytes[0]++;
    stage_forget(call.pharmacist);
    stage_open_visit(&s, call.pharmacist);
    refuse(&unused, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);
    refuse(&fresh, GALEN_CONNECTION_LIVE, GALEN_ERR_NO_VISIT);
}

/* -- how it ends ---------------------------------------------------------------------------------- */

Test(guest, goes_when_the_day_is_over)
{
    struct party guest, link, fresh;
    struct stage_call call = stage_begin_call(&s);
    make_link(&link, &fresh, 470);
    stage_make_guest(&s, &guest, 480);
    struct line *line = sign_in(&guest);
    stage_knock(&s, line);
    stage_forget(call.pharmacist);
    uint64_t hour = 1000u * 60 * 60;
    for (uint64_t at = 0; at < hour; at += 30000) { /* everybody is heard meanwhile */
        struct galen_frame ping = {.type = GALEN_FRAME_PING};
        cr_assert_not(line->closed_by_hub);
        stage_send(&s, line, &ping);
        stage_send(&s, call.pharmacist, &ping);
        stage_send(&s, call.patient, &ping);
        stage_pass(&s, 30000);
    }
    stage_pass(&s, 2000);
    stage_expect_closed(line, GALEN_ERR_EXPIRED);
    stage_expect(call.pharmacist, GALEN_FRAME_LEFT);
    refuse(&guest, GALEN_CONNECTION_LIVE, GALEN_ERR_EXPIRED);
    refuse(&link, GALEN_CONNECTION_LIVE, GALEN_ERR_EXPIRED);
}

/* -- by whom a guest knows the host ---------------------------------------------------------------- */

Test(guest, is_told_by_which_chain_to_know_the_host)
{
    struct party guest;
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct galen_frame open = {.type = GALEN_FRAME_VISIT_OPEN};
    open.as.visit_open.request = ++s.request;
    open.as.visit_open.chart = *stage_chart(&s);
    open.as.visit_open.visit = s.visit;
    memcpy(open.as.visit_open.nonce, s.nonce, sizeof s.nonce);
    party_chain(&CAST.patient, true, &open.as.visit_open.chain);
    stage_send(&s, pharmacist, &open);
    stage_expect_refused(pharmacist, GALEN_ERR_CERTIFICATE); /* not the sender's */
    party_chain(&CAST.pharmacist, false, &open.as.visit_open.chain);
    stage_send(&s, pharmacist, &open);
    cr_assert_eq(stage_expect(patient, GALEN_FRAME_VISIT).as.visit.chain.count, 0u);
    stage_make_guest(&s, &guest, 490);
    struct line *line = sign_in(&guest);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_VISIT).as.visit.chain.count, 2u);
    stage_send(&s, pharmacist, &open); /* it comes back on this line, or another presides */
    cr_assert_eq(stage_expect(line, GALEN_FRAME_VISIT).as.visit.chain.count, 2u);
}
