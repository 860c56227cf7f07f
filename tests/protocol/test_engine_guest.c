/* protocol/engine/guest.c: an interpreter's home, and what a server can make of it. */
#include "galen/call_keys.h"
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <string.h>

#define LIVE GALEN_CONNECTION_LIVE

/* The pharmacist has opened a visit, and an interpreter's home was given a link to it. */
struct party {
    struct visit v;
    struct home *staff, *guest;
    struct galen_id visit;
    struct galen_chain host_chain;
    struct galen_writer link;
};

static const struct galen_id *chart_of(const struct party *p)
{
    return galen_rules_chart(p->v.chart->rules);
}

static void tell_visit(const struct party *p, struct home *to, const struct chart_device *host,
                       const struct galen_chain *chain)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT};
    frame.as.visit =
        (struct galen_frame_visit){.chart = *chart_of(p), .visit = p->visit, .host = host->id};
    memset(frame.as.visit.nonce, 5, sizeof frame.as.visit.nonce);
    if (chain)
        frame.as.visit.chain = *chain;
    home_hear(to, LIVE, &frame);
}

static struct party begin(uint64_t seed)
{
    struct party p = {.v = visit_new(seed)};
    galen_writer_init(&p.link);
    p.staff = home_new(p.v.chart, NULL);
    home_is(p.staff, GALEN_HOME_MEMBER, p.v.pharmacist);
    home_has_read(p.staff);
    home_start(p.staff);
    home_go_live(p.staff);
    struct galen_engine *engine = p.staff->engine;
    cr_assert_eq(galen_engine_invite_guest(engine, home_now(p.staff), chart_of(&p), &p.link),
                 GALEN_ERR_NO_VISIT);
    cr_assert_eq(galen_engine_visit_open(engine, home_now(p.staff), chart_of(&p), &p.visit),
                 GALEN_OK);
    home_pump(p.staff);
    p.host_chain = p.v.pharmacist->chain;
    cr_assert_eq(p.host_chain.count, 2);
    tell_visit(&p, p.staff, p.v.pharmacist, NULL);
    cr_assert_eq(galen_engine_invite_guest(engine, home_now(p.staff), chart_of(&p), &p.link),
                 GALEN_OK);
    p.guest = home_new(p.v.chart, NULL);
    home_wake(p.guest);
    return p;
}

static void end(struct party *p)
{
    home_free(p->staff);
    home_free(p->guest);
    chart_free(p->v.chart);
    galen_writer_wipe(&p->link);
}

static enum galen_err join(struct party *p)
{
    enum galen_err err =
        galen_engine_join(p->guest->engine, home_now(p->guest), galen_written(&p->link));
    home_pump(p->guest);
    return err;
}

static void welcome(struct home *home)
{
    struct galen_frame frame = {.type = GALEN_FRAME_WELCOME};
    frame.as.welcome.clock_ms = home_now(home);
    home_hear(home, LIVE, &frame);
}

static void refuse(struct home *home, uint32_t request, enum galen_err err)
{
    struct galen_frame frame = {.type = GALEN_FRAME_REFUSED};
    frame.as.refused.request = request;
    frame.as.refused.err = (uint16_t)err;
    home_hear(home, LIVE, &frame);
}

/* The line it closed by itself comes up again. */
static void dial_again(struct home *home)
{
    galen_engine_disconnected(home->engine, home_now(home), LIVE);
    galen_engine_tick(home->engine, home_now(home));
    home_pump(home);
    home_challenge(home, LIVE);
}

static struct galen_frame_sign_in signed_in(const struct home *home, size_t chain)
{
    struct galen_frame_sign_in s = home_sent(home, GALEN_FRAME_SIGN_IN).as.sign_in;
    cr_assert_eq(s.purpose, LIVE);
    cr_assert_eq(s.chain.count, chain);
    cr_assert_arr_eq(&s.chain.certs[chain - 1].keys, &s.keys, sizeof s.keys);
    return s;
}

/* Until the fresh device is on the line. */
static void redeem(struct party *p)
{
    cr_assert_eq(join(p), GALEN_OK);
    home_challenge(p->guest, LIVE);
    signed_in(p->guest, 1);
    welcome(p->guest);
    struct galen_frame_statement said = home_sent(p->guest, GALEN_FRAME_STATEMENT).as.statement;
    struct galen_frame done = {.type = GALEN_FRAME_DONE, .as.done.request = said.request};
    home_hear(p->guest, LIVE, &done);
    dial_again(p->guest);
    signed_in(p->guest, 2);
    welcome(p->guest);
    cr_assert_eq(galen_engine_state(p->guest->engine), GALEN_HOME_GUEST);
    cr_assert_eq(p->guest->events[GALEN_EVENT_JOINED], 1);
}

TestSuite(engine_guest);

Test(engine_guest, a_link_says_what_it_is_and_holds_a_certificate_for_a_day)
{
    struct party p = begin(1000);
    struct galen_link look;
    cr_assert_eq(galen_link_look(galen_written(&p.link), &look), GALEN_OK);
    cr_assert(look.guest);
    cr_assert_eq(look.until_ms, home_now(p.staff) + GALEN_DAY_MS);
    for (size_t n = 0; n < p.link.size; n++)
        cr_assert_eq(galen_link_look((struct galen_bytes){p.link.at, n}, &look), GALEN_ERR_FORMAT,
                     "cut to %zu", n);
    cr_assert_eq(join(&p), GALEN_OK);
    home_challenge(p.guest, LIVE);
    struct galen_frame_sign_in s = signed_in(p.guest, 1);
    cr_assert_eq(galen_rules_judge_guest(p.v.chart->rules, &s.chain, &p.visit, home_now(p.guest)),
                 GALEN_OK, "the server takes what the link says");
    cr_assert_eq(s.chain.certs[0].purpose, GALEN_PURPOSE_INVITATION);
    struct galen_id elsewhere = p.visit;
    elsewhere.bytes[7] ^= 1;
    cr_assert_eq(galen_rules_judge_guest(p.v.chart->rules, &s.chain, &elsewhere, home_now(p.guest)),
                 GALEN_ERR_CERTIFICATE);
    cr_assert_eq(galen_rules_judge_guest(p.v.chart->rules, &s.chain, &p.visit,
                                         home_now(p.guest) + GALEN_DAY_MS + 1),
                 GALEN_ERR_EXPIRED);
    end(&p);
}

Test(engine_guest, only_staff_invite_a_guest)
{
    struct party p = begin(1001);
    struct home *patient = home_new(p.v.chart, NULL);
    home_is(patient, GALEN_HOME_MEMBER, p.v.patient);
    home_has_read(patient);
    home_start(patient);
    home_go_live(patient);
    tell_visit(&p, patient, p.v.pharmacist, NULL);
    cr_assert_eq(
        galen_engine_invite_guest(patient->engine, home_now(patient), chart_of(&p), &p.link),
        GALEN_ERR_ROLE);
    struct galen_id nothing = {{9}};
    cr_assert_eq(galen_engine_invite_guest(p.staff->engine, home_now(p.staff), &nothing, &p.link),
                 GALEN_ERR_CHART);
    home_free(patient);
    end(&p);
}

Test(engine_guest, redeems_the_link_by_its_one_word_and_keeps_a_device_of_its_own)
{
    struct party p = begin(1002);
    redeem(&p);
    struct galen_frame_statement said = home_sent(p.guest, GALEN_FRAME_STATEMENT).as.statement;
    struct galen_frame_sign_in s = signed_in(p.guest, 2);
    cr_assert_eq(said.statement.kind, GALEN_STATEMENT_REPLACED);
    cr_assert(galen_id_equal(&said.statement.successor, galen_engine_device(p.guest->engine)));
    cr_assert_eq(galen_statement_check(galen_sodium_primitives(), &said.statement,
                                       s.chain.certs[0].keys.sign),
                 GALEN_OK);
    cr_assert_eq(galen_rules_judge_guest(p.v.chart->rules, &s.chain, &p.visit, home_now(p.guest)),
                 GALEN_OK);
    cr_assert_eq(s.chain.certs[1].purpose, GALEN_PURPOSE_DEVICE);
    cr_assert_eq(galen_engine_role(p.guest->engine), GALEN_ROLE_INTERPRETER);
    struct galen_guest guest;
    cr_assert(galen_engine_guest(p.guest->engine, &guest));
    cr_assert(galen_id_equal(&guest.visit, &p.visit) && galen_id_is_none(&guest.chart));
    /* The next start knows it; the disk holds who it is, and nothing else. */
    home_crash(p.guest);
    cr_assert_eq(p.guest->pair_count, 1);
    home_wake(p.guest);
    cr_assert_eq(galen_engine_state(p.guest->engine), GALEN_HOME_GUEST);
    galen_engine_go_live(p.guest->engine, home_now(p.guest), true);
    home_pump(p.guest);
    home_challenge(p.guest, LIVE);
    signed_in(p.guest, 2);
    end(&p);
}

/* Killed after every save, before the answer: the fresh device asks first, then the link says it again (I2). */
Test(engine_guest, I2_goes_on_after_a_crash_or_a_lost_answer)
{
    for (int reached = 0; reached < 2; reached++) {
        struct party p = begin(1003 + (uint64_t)reached);
        cr_assert_eq(join(&p), GALEN_OK);
        home_challenge(p.guest, LIVE);
        welcome(p.guest);
        home_crash(p.guest); /* the word may have reached the server */
        home_wake(p.guest);
        home_challenge(p.guest, LIVE);
        signed_in(p.guest, 2);
        if (!reached) {
            refuse(p.guest, 0, GALEN_ERR_NOT_MEMBER);
            dial_again(p.guest);
            signed_in(p.guest, 1);
            welcome(p.guest);
            galen_engine_disconnected(p.guest->engine, home_now(p.guest), LIVE);
            p.v.chart->now_ms += 1000;
            galen_engine_tick(p.guest->engine, home_now(p.guest));
            home_pump(p.guest);
            home_challenge(p.guest, LIVE);
            signed_in(p.guest, 2);
        }
        welcome(p.guest);
        cr_assert_eq(galen_engine_state(p.guest->engine), GALEN_HOME_GUEST, "%d", reached);
        end(&p);
    }
}

Test(engine_guest, who_comes_second_is_told_and_stays_outside)
{
    struct party p = begin(1006);
    cr_assert_eq(join(&p), GALEN_OK);
    home_challenge(p.guest, LIVE);
    welcome(p.guest);
    struct galen_frame_statement said = home_sent(p.guest, GALEN_FRAME_STATEMENT).as.statement;
    struct galen_frame done = {.type = GALEN_FRAME_DONE, .as.done.request = said.request};
    home_hear(p.guest, LIVE, &done); /* the first word stands: it named another */
    dial_again(p.guest);
    refuse(p.guest, 0, GALEN_ERR_REPLACED);
    cr_assert_eq(p.guest->events[GALEN_EVENT_REFUSED], 1);
    cr_assert_eq(galen_engine_state(p.guest->engine), GALEN_HOME_JOINING);
    size_t before = p.guest->connects;
    galen_engine_disconnected(p.guest->engine, home_now(p.guest), LIVE);
    p.v.chart->now_ms += 60000;
    galen_engine_tick(p.guest->engine, home_now(p.guest));
    home_pump(p.guest);
    cr_assert_eq(p.guest->connects, before, "it is not tried again");
    end(&p);
}

/* -- the visit ------------------------------------------------------------------------------------- */

static void knock(struct party *p)
{
    tell_visit(p, p->guest, p->v.pharmacist, &p->host_chain);
    cr_assert_eq(galen_engine_knock(p->guest->engine, home_now(p->guest), chart_of(p)), GALEN_OK);
    home_pump(p->guest);
}

Test(engine_guest, knocks_without_a_head_and_writes_nothing)
{
    struct party p = begin(1010);
    struct galen_call_hello hello;
    galen_token token;
    struct galen_writer link;
    galen_writer_init(&link);
    redeem(&p);
    knock(&p);
    struct galen_bytes bytes = home_sent(p.guest, GALEN_FRAME_KNOCK).as.knock.hello;
    cr_assert_eq(galen_call_hello_read(bytes, &hello), GALEN_OK);
    cr_assert_not(hello.has_head);
    struct galen_engine *engine = p.guest->engine;
    uint64_t now = home_now(p.guest);
    const struct galen_id *chart = chart_of(&p);
    struct galen_bytes text = {(const uint8_t *)"x", 1};
    struct galen_id visit;
    cr_assert_eq(galen_engine_message(engine, now, chart, text, token), GALEN_ERR_CHART);
    cr_assert_eq(galen_engine_write(engine, now, chart, text, NULL, &(bool){false}, token),
                 GALEN_ERR_CHART);
    cr_assert_eq(galen_engine_visit_open(engine, now, chart, &visit), GALEN_ERR_CHART);
    cr_assert_eq(galen_engine_visit_end(engine, now, chart), GALEN_ERR_ROLE);
    cr_assert_eq(galen_engine_admit(engine, now, &p.v.patient->id, true), GALEN_ERR_ROLE);
    cr_assert_eq(galen_engine_invite_guest(engine, now, chart, &link), GALEN_ERR_CHART);
    cr_assert_eq(galen_engine_chart_new(engine, now, text, &visit, token), GALEN_ERR_ROLE);
    cr_assert_eq(galen_engine_further_device(engine, now, GALEN_PURPOSE_SHEET, &link, token),
                 GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(galen_engine_draft(engine, chart, 1, (uint8_t[16]){1}, 1, text), GALEN_ERR_CHART);
    cr_assert_eq(galen_engine_chart_count(engine), 0);
    galen_writer_wipe(&link);
    end(&p);
}

Test(engine_guest, looks_at_nothing_else_that_a_server_hands_it)
{
    struct party p = begin(1011);
    redeem(&p);
    knock(&p);
    struct galen_frame frames[8] = {{0}};
    struct galen_writer records;
    galen_writer_init(&records);
    for (size_t i = 0; i < p.v.chart->size; i++)
        galen_write(&records, p.v.chart->entries[i].record.at, p.v.chart->entries[i].record.size);
    frames[0].type = GALEN_FRAME_ENTRIES;
    frames[0].as.entries.chart = *chart_of(&p);
    frames[0].as.entries.size = p.v.chart->size;
    frames[0].as.entries.records = galen_written(&records);
    frames[1].type = GALEN_FRAME_CHART_ADDED;
    frames[1].as.chart_added.chart = *chart_of(&p);
    frames[2] = home_sent(p.staff, GALEN_FRAME_RELAY); /* somebody's presence */
    frames[3].type = GALEN_FRAME_WELCOME;
    frames[3].as.welcome.clock_ms = home_now(p.guest);
    frames[3].as.welcome.charts = (struct galen_bytes){chart_of(&p)->bytes, GALEN_ID_BYTES};
    frames[4].type = GALEN_FRAME_HEADS;
    frames[4].as.heads.chart = *chart_of(&p);
    frames[5].type = GALEN_FRAME_NOTICE;
    frames[6].type = GALEN_FRAME_VISIT; /* another visit, and asked to preside over its own */
    frames[6].as.visit = (struct galen_frame_visit){
        .chart = *chart_of(&p), .visit = {{77}}, .host = p.v.pharmacist->id, .nonce = {1}};
    frames[6].as.visit.chain = p.host_chain;
    frames[7].type = GALEN_FRAME_VISIT;
    frames[7].as.visit = (struct galen_frame_visit){
        .chart = *chart_of(&p), .visit = p.visit, .host = *galen_engine_device(p.guest->engine)};
    size_t before[HOME_FRAME_MAX];
    memcpy(before, p.guest->sent, sizeof before);
    size_t events[64], pairs = p.guest->pair_count;
    memcpy(events, p.guest->events, sizeof events);
    for (size_t i = 0; i < 8; i++)
        home_hear(p.guest, LIVE, &frames[i]);
    cr_assert_arr_eq(before, p.guest->sent, sizeof before, "it answers nothing");
    cr_assert_arr_eq(events, p.guest->events, sizeof events, "it says nothing");
    cr_assert_eq(p.guest->pair_count, pairs, "it keeps nothing");
    cr_assert_eq(galen_engine_chart_count(p.guest->engine), 0);
    galen_writer_wipe(&records);
    end(&p);
}

Test(engine_guest, believes_a_host_that_the_practice_vouches_for)
{
    enum { NO_CHAIN, OTHER_HOST, PATIENT, SELF_MADE, WAYS };
    static const char *const ways[] = {"no chain", "another's chain", "a patient", "self-made"};
    for (size_t way = 0; way < WAYS; way++) {
        struct party p = begin(1020 + way);
        struct chart *chart = p.v.chart;
        struct galen_chain chain = p.host_chain;
        const struct chart_device *host = p.v.pharmacist;
        struct chart_device *other =
            chart_person(chart, "other", GALEN_ROLE_PHARMACIST, chart->admin);
        redeem(&p);
        switch (way) {
        case NO_CHAIN:
            chain.count = 0;
            break;
        case OTHER_HOST:
            host = other;
            break;
        case PATIENT:
            chain = p.host_chain;
            chain.certs[chain.count++] = p.v.patient->chain.certs[p.v.patient->chain.count - 1];
            host = p.v.patient;
            break;
        default: /* a server's own pharmacist, certified by itself */
            chain.certs[chain.count - 1].keys = other->keys;
            chart_sign_cert(&other->secrets, &chain.certs[chain.count - 1]);
            host = other;
            break;
        }
        tell_visit(&p, p.guest, host, &chain);
        struct galen_guest guest;
        cr_assert(galen_engine_guest(p.guest->engine, &guest));
        cr_assert(galen_id_is_none(&guest.chart), "%s", ways[way]);
        cr_assert_eq(p.guest->events[GALEN_EVENT_CALL_FAILED], way == NO_CHAIN ? 0 : 1);
        tell_visit(&p, p.guest, p.v.pharmacist, &p.host_chain); /* the real one */
        galen_engine_guest(p.guest->engine, &guest);
        cr_assert(galen_id_equal(&guest.chart, chart_of(&p)));
        end(&p);
    }
}

/* The pharmacist hosts, the guest knocks, and each hears the other. */
Test(engine_guest, hears_and_speaks_under_the_hosts_roster)
{
    struct party p = begin(1030);
    struct galen_call_host *list;
    redeem(&p);
    knock(&p);
    struct galen_call_config config = {
        .chart = *chart_of(&p), .visit = p.visit, .device = p.v.pharmacist->id};
    memcpy(config.sign_seed, p.v.pharmacist->secrets.sign_seed, sizeof config.sign_seed);
    config.ephemeral_secret[4] = 7;
    uint8_t nonce[32], secret[32] = {3}, root[32] = {0}, packet[GALEN_VOICE_BYTES] = {8};
    memset(nonce, 5, sizeof nonce);
    list = galen_call_host_new(&config, nonce, 0, 0);
    struct galen_call *call = galen_call_new(&config);
    struct galen_writer own, roster;
    galen_writer_init(&own);
    galen_writer_init(&roster);
    cr_assert_eq(galen_call_make_hello(call, nonce, 0, root, &own), GALEN_OK);
    cr_assert_eq(galen_call_host_admit(list, 1, galen_written(&own), p.v.pharmacist->keys.sign),
                 GALEN_OK);
    struct galen_bytes hello = home_sent(p.guest, GALEN_FRAME_KNOCK).as.knock.hello;
    struct galen_frame_sign_in s = signed_in(p.guest, 2);
    cr_assert_eq(galen_call_host_admit(list, 2, hello, s.keys.sign), GALEN_OK);
    cr_assert_eq(galen_call_host_draw(list, secret, &roster), GALEN_OK);
    struct galen_frame frame = {.type = GALEN_FRAME_ADMITTED, .as.admitted = {p.visit, 2, true}};
    home_hear(p.guest, LIVE, &frame);
    frame = (struct galen_frame){.type = GALEN_FRAME_ROSTER,
                                 .as.roster = {p.visit, galen_written(&roster)}};
    home_hear(p.guest, LIVE, &frame);
    struct galen_call_view view;
    galen_engine_call(p.guest->engine, &view);
    cr_assert_eq(view.state, GALEN_CALL_ADMITTED);
    cr_assert_eq(view.participant_count, 2);
    cr_assert_eq(view.participants[1].role, GALEN_ROLE_INTERPRETER);
    cr_assert(galen_id_is_none(&view.participants[0].account), "it knows nobody");
    cr_assert_eq(galen_engine_speak(p.guest->engine, home_now(p.guest), packet), GALEN_OK);
    home_pump(p.guest);
    struct galen_call_opened opened;
    uint8_t plain[256];
    cr_assert_eq(galen_call_take_roster(call, 0, galen_written(&roster), &config.device,
                                        p.v.pharmacist->keys.sign),
                 GALEN_OK);
    struct galen_bytes media = home_sent(p.guest, GALEN_FRAME_MEDIA).as.media.sframe;
    cr_assert_eq(galen_call_open(call, 0, media, plain, sizeof plain, &opened), GALEN_OK);
    cr_assert_arr_eq(plain, packet, sizeof packet);
    /* Whether it is muted it says to the call, having no key of the chart. */
    galen_engine_mute(p.guest->engine, true);
    home_pump(p.guest);
    media = home_sent(p.guest, GALEN_FRAME_MEDIA).as.media.sframe;
    cr_assert_eq(galen_call_open(call, 0, media, plain, sizeof plain, &opened), GALEN_OK);
    cr_assert_eq(opened.stream, GALEN_STREAM_SELF);
    cr_assert(opened.size == 1 && plain[0] == 1);
    cr_assert_eq(p.guest->sent[GALEN_FRAME_RELAY], 0);
    frame = (struct galen_frame){.type = GALEN_FRAME_VISIT_ENDED, .as.visit_id = {0, p.visit}};
    home_hear(p.guest, LIVE, &frame);
    cr_assert_eq(p.guest->events[GALEN_EVENT_VISIT_ENDED], 1);
    cr_assert_eq(galen_engine_speak(p.guest->engine, home_now(p.guest), packet),
                 GALEN_ERR_NO_VISIT);
    galen_call_free(call);
    galen_call_host_free(list);
    galen_writer_wipe(&own);
    galen_writer_wipe(&roster);
    end(&p);
}

Test(engine_guest, a_guests_home_takes_the_next_link_and_forgets_the_visit_before)
{
    struct party p = begin(1040);
    redeem(&p);
    knock(&p);
    struct galen_id before = *galen_engine_device(p.guest->engine);
    galen_writer_clear(&p.link);
    cr_assert_eq(
        galen_engine_invite_guest(p.staff->engine, home_now(p.staff), chart_of(&p), &p.link),
        GALEN_OK);
    cr_assert_eq(join(&p), GALEN_OK);
    cr_assert_eq(galen_engine_state(p.guest->engine), GALEN_HOME_JOINING);
    galen_engine_disconnected(p.guest->engine, home_now(p.guest), LIVE);
    p.v.chart->now_ms += 1000;
    galen_engine_tick(p.guest->engine, home_now(p.guest));
    home_pump(p.guest);
    home_challenge(p.guest, LIVE);
    signed_in(p.guest, 1);
    cr_assert_not(galen_id_equal(&before, galen_engine_device(p.guest->engine)));
    cr_assert_eq(galen_engine_join(p.staff->engine, home_now(p.staff), galen_written(&p.link)),
                 GALEN_ERR_STATE, "a member's home is no guest's");
    end(&p);
}

/* A server that was started anew knows of no visit before its host is back. */
Test(engine_guest, comes_back_until_it_was_told_that_the_visit_is_over)
{
    for (int over = 0; over < 2; over++) {
        struct party p = begin(1050 + (uint64_t)over);
        redeem(&p);
        knock(&p);
        struct galen_frame ended = {.type = GALEN_FRAME_VISIT_ENDED, .as.visit_id = {0, p.visit}};
        if (over)
            home_hear(p.guest, LIVE, &ended);
        size_t before = p.guest->connects;
        refuse(p.guest, 0, GALEN_ERR_NO_VISIT);
        galen_engine_disconnected(p.guest->engine, home_now(p.guest), LIVE);
        p.v.chart->now_ms += 60000;
        galen_engine_tick(p.guest->engine, home_now(p.guest));
        home_pump(p.guest);
        cr_assert_eq(p.guest->connects, over ? before : before + 1, "%d", over);
        end(&p);
    }
}
