/* protocol/engine/door.c: whom the host of a visit seats, whatever the server says (R1, R2). */
#include "galen/call_keys.h"
#include "galen/crypto.h"
#include "galen/keys.h"
#include "galen/sframe_header.h"
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <string.h>

/* The pharmacist's home in a visit, or a colleague's; the server is played by hand. */
struct room {
    struct visit v;
    struct chart_device *colleague, *caregiver, *me;
    struct home *home;
    struct galen_id visit;
    uint8_t nonce[GALEN_CALL_NONCE_BYTES]; /* the present host's */
    uint32_t count;                        /* of the last word made */
    bool headless;                         /* hellos are without head */
    const struct galen_chain *chain;       /* that comes with a hello; NULL: none */
};

static const struct galen_id *chart_of(const struct room *r)
{
    return galen_rules_chart(r->v.chart->rules);
}

static void hear(struct room *r, const struct galen_frame *frame)
{
    home_hear(r->home, GALEN_CONNECTION_LIVE, frame);
}

/* -- what is signed --------------------------------------------------------------------------------- */

static struct galen_call_admission make_word(struct room *r, const struct chart_device *staff,
                                             const struct galen_id *about, bool admitted)
{
    return (struct galen_call_admission){.chart = *chart_of(r),
                                         .visit = r->visit,
                                         .device = *about,
                                         .staff = staff->id,
                                         .count = ++r->count,
                                         .admitted = admitted};
}

static void sign_word(const struct chart_device *staff, struct galen_call_admission *word)
{
    struct galen_writer w;
    galen_writer_init(&w);
    cr_assert_eq(galen_call_make_admission(staff->secrets.sign_seed, word, &w), GALEN_OK);
    cr_assert_eq(galen_call_admission_read(galen_written(&w), word), GALEN_OK);
    galen_writer_wipe(&w);
}

static struct galen_call_admission say(struct room *r, const struct chart_device *staff,
                                       const struct chart_device *about, bool admitted)
{
    struct galen_call_admission word = make_word(r, staff, &about->id, admitted);
    sign_word(staff, &word);
    return word;
}

/* -- what the server tells -------------------------------------------------------------------------- */

static void tell_knocked(struct room *r, struct galen_bytes hello, uint16_t number, bool passed,
                         const struct galen_call_admission *word)
{
    struct galen_frame frame = {.type = GALEN_FRAME_KNOCKED};
    struct galen_writer w;
    galen_writer_init(&w);
    if (word)
        galen_call_admission_write(&w, word);
    frame.as.knocked.visit = r->visit;
    frame.as.knocked.number = number;
    frame.as.knocked.admitted = passed;
    frame.as.knocked.hello = hello;
    frame.as.knocked.admission = galen_written(&w);
    if (r->chain)
        frame.as.knocked.chain = *r->chain;
    hear(r, &frame);
    galen_writer_wipe(&w);
}

/* The same number is the same hello. `passed`: the server says that it is let in. */
static void knocks(struct room *r, const struct chart_device *who, uint16_t number, bool passed,
                   const struct galen_call_admission *word)
{
    struct galen_call_hello hello = {.chart = *chart_of(r), .visit = r->visit, .device = who->id};
    hello.has_head = !r->headless;
    uint8_t secret[32] = {(uint8_t)number, 1};
    struct galen_writer w;
    galen_seal_public(secret, hello.key);
    memcpy(hello.nonce, r->nonce, sizeof hello.nonce);
    galen_writer_init(&w);
    galen_call_hello_write_unsigned(&w, &hello);
    galen_sign(&who->secrets, GALEN_SIGN_CALL_HELLO, galen_written(&w), hello.signature);
    galen_writer_clear(&w);
    galen_call_hello_write(&w, &hello);
    tell_knocked(r, galen_written(&w), number, passed, word);
    galen_writer_wipe(&w);
}

static void tell_visit(struct room *r, const struct chart_device *host)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT};
    frame.as.visit =
        (struct galen_frame_visit){.chart = *chart_of(r), .visit = r->visit, .host = host->id};
    memcpy(frame.as.visit.nonce, r->nonce, sizeof r->nonce);
    hear(r, &frame);
}

static void tell_left(struct room *r, const struct galen_id *who, uint16_t number)
{
    struct galen_frame frame = {.type = GALEN_FRAME_LEFT};
    frame.as.left = (struct galen_frame_left){r->visit, number, *who};
    hear(r, &frame);
}

/* This home's own hello comes back to it with a number. */
static void tell_own_knock(struct room *r, uint16_t number)
{
    struct galen_frame knock = home_sent(r->home, GALEN_FRAME_KNOCK);
    tell_knocked(r, knock.as.knock.hello, number, true, NULL);
}

/* -- what the home did ------------------------------------------------------------------------------ */

static bool is_seated(const struct room *r, const struct chart_device *who)
{
    struct galen_call_roster roster;
    struct galen_frame frame = home_sent(r->home, GALEN_FRAME_ROSTER);
    cr_assert_eq(galen_call_roster_read(frame.as.roster.roster, &roster), GALEN_OK);
    cr_assert(galen_call_place_of(&roster, &r->me->id), "the host is in");
    return galen_call_place_of(&roster, &who->id) != NULL;
}

static size_t asked(const struct room *r)
{
    return r->home->events[GALEN_EVENT_KNOCK];
}

static void admit(struct room *r, const struct chart_device *who, bool admitted)
{
    cr_assert_eq(galen_engine_admit(r->home->engine, home_now(r->home), &who->id, admitted),
                 GALEN_OK);
    home_pump(r->home);
}

/* The word that this home sent last. */
static struct galen_call_admission said(const struct room *r)
{
    struct galen_call_admission word;
    struct galen_frame frame = home_sent(r->home, GALEN_FRAME_ADMIT);
    cr_assert_eq(galen_call_admission_read(frame.as.admit.admission, &word), GALEN_OK);
    cr_assert_eq(galen_call_admission_verify(galen_sodium_primitives(), &word, r->me->keys.sign),
                 GALEN_OK);
    return word;
}

/* The generation under whose keys this home speaks; 0: it does not. */
static uint16_t speaks_under(struct room *r)
{
    static const uint8_t packet[GALEN_VOICE_BYTES] = {1};
    struct galen_sframe_header header;
    struct galen_call_key_id id;
    size_t size, before = r->home->sent[GALEN_FRAME_MEDIA];
    if (galen_engine_speak(r->home->engine, home_now(r->home), packet) != GALEN_OK)
        return 0;
    home_pump(r->home);
    cr_assert_eq(r->home->sent[GALEN_FRAME_MEDIA], before + 1);
    struct galen_frame frame = home_sent(r->home, GALEN_FRAME_MEDIA);
    cr_assert_eq(galen_sframe_header_read(frame.as.media.sframe, &header, &size), GALEN_OK);
    cr_assert_eq(galen_call_key_id_unpack(header.key_id, &id), GALEN_OK);
    return id.generation;
}

/* That of the last roster that it drew. */
static uint16_t drawn(const struct room *r)
{
    struct galen_call_roster roster;
    struct galen_frame frame = home_sent(r->home, GALEN_FRAME_ROSTER);
    cr_assert_eq(galen_call_roster_read(frame.as.roster.roster, &roster), GALEN_OK);
    return roster.generation;
}

static void tell_admitted(struct room *r, uint16_t number)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ADMITTED,
                                .as.admitted = {r->visit, number, true}};
    hear(r, &frame);
}

/* -- the stage -------------------------------------------------------------------------------------- */

static void enter(struct room *r, struct chart_device *me)
{
    r->me = me;
    r->home = home_new(r->v.chart, NULL);
    home_is(r->home, GALEN_HOME_MEMBER, me);
    home_has_read(r->home);
    home_start(r->home);
    home_go_live(r->home);
}

static struct room begin(uint64_t seed)
{
    struct room r = {.v = visit_new(seed)};
    struct chart *chart = r.v.chart;
    r.colleague = chart_person(chart, "colleague", GALEN_ROLE_PHARMACIST, chart->admin);
    chart_add(chart, r.v.pharmacist, r.colleague, true);
    r.caregiver = chart_person(chart, "caregiver", GALEN_ROLE_CAREGIVER, r.v.pharmacist);
    chart_add(chart, r.v.pharmacist, r.caregiver, false);
    return r;
}

/* The pharmacist presides, alone, as number 1. */
static struct room preside(uint64_t seed)
{
    struct room r = begin(seed);
    enter(&r, r.v.pharmacist);
    cr_assert_eq(galen_engine_visit_open(r.home->engine, home_now(r.home), chart_of(&r), &r.visit),
                 GALEN_OK);
    home_pump(r.home);
    memcpy(r.nonce, home_sent(r.home, GALEN_FRAME_VISIT_OPEN).as.visit_open.nonce, sizeof r.nonce);
    tell_visit(&r, r.me);
    tell_own_knock(&r, 1);
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], 1);
    return r;
}

static void end(struct room *r)
{
    home_free(r->home);
    chart_free(r->v.chart);
}

/* -- who is let in ---------------------------------------------------------------------------------- */

Test(door, R1_the_host_seats_whom_it_has_let_in)
{
    struct room r = preside(800);
    knocks(&r, r.v.patient, 2, false, NULL);
    cr_assert_eq(asked(&r), 1);
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], 1);
    admit(&r, r.v.patient, true);
    struct galen_call_admission word = said(&r);
    cr_assert(word.admitted && word.count == 1);
    cr_assert(galen_id_equal(&word.device, &r.v.patient->id));
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], 1, "the server does not let them through yet");
    knocks(&r, r.v.patient, 2, true, &word);
    cr_assert(is_seated(&r, r.v.patient));
    knocks(&r, r.v.patient, 2, true, &word);
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], 2, "told twice, seated once");
    cr_assert_eq(asked(&r), 1);
    end(&r);
}

Test(door, R1_the_servers_word_alone_seats_nobody)
{
    struct room r = preside(801);
    knocks(&r, r.v.patient, 2, true, NULL);
    cr_assert_not(is_seated(&r, r.v.patient));
    cr_assert_eq(asked(&r), 1, "it waits like anybody");
    admit(&r, r.v.patient, true);
    struct galen_call_admission word = said(&r);
    knocks(&r, r.v.patient, 2, true, &word);
    cr_assert(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, R1_staff_are_in_by_their_role_in_our_own_log)
{
    struct room r = preside(802);
    knocks(&r, r.colleague, 2, true, NULL);
    cr_assert(is_seated(&r, r.colleague));
    cr_assert_eq(asked(&r), 0);
    end(&r);
}

Test(door, R1_the_word_is_of_staff_and_holds)
{
    struct room r = preside(803);
    struct chart_device *stranger =
        chart_person(r.v.chart, "stranger", GALEN_ROLE_PHARMACIST, r.v.chart->admin);
    struct galen_call_admission forged[6];
    uint16_t number = 2;
    forged[0] = say(&r, r.caregiver, r.v.patient, true); /* no staff */
    forged[1] = say(&r, r.v.patient, r.v.patient, true); /* its own */
    forged[2] = say(&r, stranger, r.v.patient, true);    /* no member */
    forged[3] = say(&r, r.colleague, r.caregiver, true); /* of somebody else */
    forged[4] = make_word(&r, r.colleague, &r.v.patient->id, true);
    forged[4].visit.bytes[3] ^= 1; /* of another visit */
    sign_word(r.colleague, &forged[4]);
    forged[5] = say(&r, r.colleague, r.v.patient, true);
    forged[5].signature[9] ^= 1;
    for (size_t i = 0; i < 6; i++) {
        knocks(&r, r.v.patient, number++, true, &forged[i]);
        cr_assert_not(is_seated(&r, r.v.patient), "%d", (int)i);
        cr_assert_eq(asked(&r), i + 1);
    }
    /* None of them is in the way of a good one, be its count ever so low. */
    r.count = 0;
    struct galen_call_admission good = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, number, true, &good);
    cr_assert(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, R1_a_role_that_only_the_server_claims_lets_nobody_in)
{
    struct room r = preside(804);
    struct galen_call_admission own = say(&r, r.caregiver, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &own);
    cr_assert_not(is_seated(&r, r.v.patient), "a caregiver lets nobody in");
    end(&r);
}

Test(door, R1_a_word_of_staff_who_came_just_now_waits_for_the_log)
{
    struct room r = preside(805);
    struct chart_device *third =
        chart_person(r.v.chart, "third", GALEN_ROLE_PHARMACIST, r.v.chart->admin);
    chart_add(r.v.chart, r.colleague, third, true);
    struct galen_call_admission word = say(&r, third, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &word);
    cr_assert_not(is_seated(&r, r.v.patient));
    home_show(r.home);
    cr_assert(is_seated(&r, r.v.patient));
    /* Who is in stays in when that colleague goes; but is not let in again by their word. */
    chart_drop(r.v.chart, r.colleague, third);
    home_show(r.home);
    cr_assert_not(galen_rules_member(
        galen_log_rules(galen_engine_log(r.home->engine, chart_of(&r))), &third->id));
    cr_assert(is_seated(&r, r.v.patient));
    tell_left(&r, &r.v.patient->id, 2);
    knocks(&r, r.v.patient, 3, true, &word);
    cr_assert_not(is_seated(&r, r.v.patient));
    end(&r);
}

/* -- who is sent away ------------------------------------------------------------------------------- */

Test(door, R1_who_is_sent_away_is_off_the_list_at_once)
{
    struct room r = preside(806);
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    cr_assert(is_seated(&r, r.v.patient));
    /* A later hello of the same device that waits does not hide the one that is seated. */
    knocks(&r, r.v.patient, 3, false, NULL);
    admit(&r, r.v.patient, false);
    cr_assert_not(is_seated(&r, r.v.patient), "the server has not said that they left");
    cr_assert_eq(said(&r).count, 2);
    size_t before = asked(&r), rosters = r.home->sent[GALEN_FRAME_ROSTER];
    struct galen_call_admission away = said(&r);
    knocks(&r, r.v.patient, 3, false, &away);
    tell_left(&r, &r.v.patient->id, 3);
    cr_assert_eq(asked(&r), before, "nobody is asked about who was just sent away");
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], rosters);
    knocks(&r, r.v.patient, 4, false, &away);
    cr_assert_eq(asked(&r), before + 1, "they may knock again");
    end(&r);
}

/* The server makes another hello of theirs come and go, so that nobody seems to be there. */
static void hide(struct room *r, const struct chart_device *who, uint16_t number)
{
    knocks(r, who, number, false, NULL);
    tell_left(r, &who->id, number);
}

Test(door, R1_who_is_sent_away_is_off_the_list_though_the_server_says_they_left)
{
    struct room r = preside(820);
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    knocks(&r, r.colleague, 3, true, NULL); /* about whom there is no word */
    hide(&r, r.v.patient, 4);
    hide(&r, r.colleague, 5);
    cr_assert(is_seated(&r, r.v.patient) && is_seated(&r, r.colleague));
    admit(&r, r.v.patient, false);
    cr_assert_not(is_seated(&r, r.v.patient));
    admit(&r, r.colleague, false);
    cr_assert_not(is_seated(&r, r.colleague));
    end(&r);
}

Test(door, R1_the_host_speaks_no_more_to_whom_it_sent_away_whatever_the_server_keeps_back)
{
    struct room r = preside(821);
    tell_admitted(&r, 1);
    cr_assert_eq(speaks_under(&r), drawn(&r));
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    cr_assert_eq(speaks_under(&r), drawn(&r));
    uint16_t before = drawn(&r);
    tell_left(&r, &r.me->id, 1); /* we know better */
    struct galen_frame other = {.type = GALEN_FRAME_VISIT};
    other.as.visit = (struct galen_frame_visit){
        .chart = *chart_of(&r), .visit = {{9}}, .host = r.colleague->id, .nonce = {9}};
    hear(&r, &other); /* nor is somebody else the host of ours */
    admit(&r, r.v.patient, false);
    cr_assert_not(is_seated(&r, r.v.patient));
    cr_assert_gt(drawn(&r), before);
    cr_assert_eq(speaks_under(&r), drawn(&r), "the roster never came back to us");
    end(&r);
}

Test(door, R1_who_has_left_may_be_kept_out)
{
    struct room r = preside(813);
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    tell_left(&r, &r.v.patient->id, 2);
    cr_assert_eq(galen_engine_admit(r.home->engine, home_now(r.home), &r.v.patient->id, true),
                 GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(galen_engine_admit(r.home->engine, home_now(r.home), &r.caregiver->id, false),
                 GALEN_ERR_NOT_MEMBER, "of whom nothing was heard");
    admit(&r, r.v.patient, false);
    knocks(&r, r.v.patient, 3, true, &in);
    cr_assert_not(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, R1_a_colleague_sends_away)
{
    struct room r = preside(807);
    struct galen_call_admission in = say(&r, r.me, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    struct galen_call_admission away = say(&r, r.colleague, r.v.patient, false);
    away.count = in.count; /* said at the same time as the admission: sending away counts */
    sign_word(r.colleague, &away);
    knocks(&r, r.v.patient, 2, true, &away); /* and the server may say what it likes */
    cr_assert_not(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, R1_an_older_word_lets_nobody_back_in)
{
    struct room r = preside(808);
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    admit(&r, r.v.patient, false);
    tell_left(&r, &r.v.patient->id, 2);
    knocks(&r, r.v.patient, 3, true, &in);
    cr_assert_not(is_seated(&r, r.v.patient));
    /* Neither after the line was down, nor after leaving, nor after a visit that "ended". */
    for (int i = 0; i < 3; i++) {
        struct galen_frame ended = {.type = GALEN_FRAME_VISIT_ENDED, .as.visit_id = {0, r.visit}};
        if (i == 0) {
            galen_engine_disconnected(r.home->engine, home_now(r.home), GALEN_CONNECTION_LIVE);
            r.v.chart->now_ms += 1000; /* until it is tried again */
            home_go_live(r.home);
        } else if (i == 1) {
            galen_engine_leave(r.home->engine, home_now(r.home));
        } else {
            hear(&r, &ended);
        }
        struct galen_frame take_over = {.type = GALEN_FRAME_VISIT};
        take_over.as.visit = (struct galen_frame_visit){
            .chart = *chart_of(&r), .visit = r.visit, .host = r.colleague->id, .nonce = {9}};
        hear(&r, &take_over);
        (void)!galen_engine_knock(r.home->engine, home_now(r.home), chart_of(&r));
        take_over.as.visit.host = r.me->id;
        memset(take_over.as.visit.nonce, 0, sizeof take_over.as.visit.nonce);
        hear(&r, &take_over);
        memcpy(r.nonce, home_sent(r.home, GALEN_FRAME_VISIT_OPEN).as.visit_open.nonce,
               sizeof r.nonce);
        tell_visit(&r, r.me);
        size_t rosters = r.home->sent[GALEN_FRAME_ROSTER];
        tell_own_knock(&r, (uint16_t)(20 + 2 * i));
        cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], rosters + 1, "it presides again");
        knocks(&r, r.v.patient, (uint16_t)(21 + 2 * i), true, &in);
        cr_assert_not(is_seated(&r, r.v.patient), "%d", i);
    }
    /* A newer word does. */
    admit(&r, r.v.patient, true);
    struct galen_call_admission again = said(&r);
    cr_assert_eq(again.count, in.count + 2);
    knocks(&r, r.v.patient, 25, true, &again);
    cr_assert(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, R1_nor_does_it_after_other_visits)
{
    struct room r = preside(823);
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    struct galen_id visit = r.visit;
    knocks(&r, r.v.patient, 2, true, &in);
    admit(&r, r.v.patient, false);
    for (uint8_t i = 0; i < GALEN_VISITS_KEPT; i++) {
        memset(r.visit.bytes, 0x40 + i, sizeof r.visit.bytes);
        if (i + 1 == GALEN_VISITS_KEPT)
            r.visit = visit; /* the server says that it is still open */
        struct galen_frame ended = {.type = GALEN_FRAME_VISIT_ENDED};
        ended.as.visit_id.visit = i == 0 ? visit : (struct galen_id){{0}};
        if (i > 0)
            memset(ended.as.visit_id.visit.bytes, 0x3f + i, sizeof ended.as.visit_id.visit.bytes);
        hear(&r, &ended);
        memset(r.nonce, 0x60 + i, sizeof r.nonce);
        tell_visit(&r, r.colleague);
        cr_assert_eq(galen_engine_knock(r.home->engine, home_now(r.home), chart_of(&r)), GALEN_OK);
        home_pump(r.home);
    }
    memset(r.nonce, 0, sizeof r.nonce);
    tell_visit(&r, r.me);
    memcpy(r.nonce, home_sent(r.home, GALEN_FRAME_VISIT_OPEN).as.visit_open.nonce, sizeof r.nonce);
    tell_visit(&r, r.me);
    tell_own_knock(&r, 20);
    knocks(&r, r.v.patient, 21, true, &in);
    cr_assert_not(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, R1_who_was_dropped_from_the_chart_needs_a_new_word)
{
    struct room r = preside(809);
    struct galen_call_admission in = say(&r, r.colleague, r.caregiver, true);
    knocks(&r, r.caregiver, 2, true, &in);
    knocks(&r, r.caregiver, 3, false, NULL); /* and waits with another hello */
    cr_assert(is_seated(&r, r.caregiver));
    chart_drop(r.v.chart, r.colleague, r.caregiver);
    home_show(r.home);
    cr_assert_not(is_seated(&r, r.caregiver), "whichever of its hellos was seated");
    chart_add(r.v.chart, r.colleague, r.caregiver, false);
    home_show(r.home);
    knocks(&r, r.caregiver, 4, true, &in);
    cr_assert_not(is_seated(&r, r.caregiver));
    end(&r);
}

Test(door, R1_who_was_dropped_from_the_chart_is_off_the_list_and_needs_a_new_word_unseen)
{
    struct room r = preside(822);
    struct galen_call_admission in = say(&r, r.colleague, r.caregiver, true);
    knocks(&r, r.caregiver, 2, true, &in);
    hide(&r, r.caregiver, 3);
    cr_assert(is_seated(&r, r.caregiver));
    chart_drop(r.v.chart, r.colleague, r.caregiver);
    home_show(r.home);
    cr_assert_not(is_seated(&r, r.caregiver));
    chart_add(r.v.chart, r.colleague, r.caregiver, false);
    home_show(r.home);
    knocks(&r, r.caregiver, 4, true, &in);
    cr_assert_not(is_seated(&r, r.caregiver));
    end(&r);
}

/* -- the next host ---------------------------------------------------------------------------------- */

Test(door, R2_the_next_host_knows_whom_others_let_in_and_sent_away)
{
    struct room r = begin(810);
    enter(&r, r.colleague);
    memset(r.visit.bytes, 7, sizeof r.visit.bytes);
    memset(r.nonce, 8, sizeof r.nonce);
    tell_visit(&r, r.v.pharmacist);
    cr_assert_eq(galen_engine_knock(r.home->engine, home_now(r.home), chart_of(&r)), GALEN_OK);
    home_pump(r.home);
    tell_own_knock(&r, 4);
    struct galen_call_admission patient = say(&r, r.v.pharmacist, r.v.patient, true);
    struct galen_call_admission in = say(&r, r.v.pharmacist, r.caregiver, true);
    struct galen_call_admission away = say(&r, r.v.pharmacist, r.caregiver, false);
    knocks(&r, r.v.patient, 2, true, &patient);
    knocks(&r, r.caregiver, 3, true, &in);
    knocks(&r, r.caregiver, 3, false, &away);
    tell_left(&r, &r.caregiver->id, 3);
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], 0, "it does not preside");
    memset(r.nonce, 0, sizeof r.nonce);
    tell_visit(&r, r.me); /* the host has gone */
    memcpy(r.nonce, home_sent(r.home, GALEN_FRAME_VISIT_OPEN).as.visit_open.nonce, sizeof r.nonce);
    tell_visit(&r, r.me);
    tell_own_knock(&r, 5);
    knocks(&r, r.v.patient, 6, true, &patient);
    knocks(&r, r.caregiver, 7, true, &in);
    cr_assert(is_seated(&r, r.v.patient), "no second knock at the door");
    cr_assert_not(is_seated(&r, r.caregiver));
    end(&r);
}

Test(door, R2_nobody_but_staff_presides_be_they_asked_to)
{
    struct room r = begin(824);
    enter(&r, r.v.patient);
    memset(r.visit.bytes, 7, sizeof r.visit.bytes);
    memset(r.nonce, 8, sizeof r.nonce);
    tell_visit(&r, r.v.pharmacist);
    cr_assert_eq(galen_engine_knock(r.home->engine, home_now(r.home), chart_of(&r)), GALEN_OK);
    home_pump(r.home);
    memset(r.nonce, 0, sizeof r.nonce);
    tell_visit(&r, r.me);
    cr_assert_eq(r.home->sent[GALEN_FRAME_VISIT_OPEN], 0);
    end(&r);
}

/* A host at the end of the generations, who seats itself as 1 and `hello` as 2. */
static void draw_as(struct room *r, const struct chart_device *host, struct galen_bytes hello)
{
    struct galen_call_config config = {
        .chart = *chart_of(r), .visit = r->visit, .device = host->id, .ephemeral_secret = {1, 1}};
    memcpy(config.sign_seed, host->secrets.sign_seed, sizeof config.sign_seed);
    struct galen_call *call = galen_call_new(&config);
    struct galen_call_host *list = galen_call_host_new(&config, r->nonce, UINT16_MAX - 1, 0);
    struct galen_writer own, roster;
    galen_writer_init(&own);
    galen_writer_init(&roster);
    cr_assert_eq(galen_call_make_hello(call, r->nonce, 0, NULL, &own), GALEN_OK);
    cr_assert_eq(galen_call_host_admit(list, 1, galen_written(&own), host->keys.sign), GALEN_OK);
    cr_assert_eq(galen_call_host_admit(list, 2, hello, r->me->keys.sign), GALEN_OK);
    cr_assert_eq(galen_call_host_draw(list, (const uint8_t[32]){5}, &roster), GALEN_OK);
    struct galen_frame frame = {.type = GALEN_FRAME_ROSTER,
                                .as.roster = {r->visit, galen_written(&roster)}};
    hear(r, &frame);
    galen_writer_wipe(&own);
    galen_writer_wipe(&roster);
    galen_call_host_free(list);
    galen_call_free(call);
}

Test(door, R2_a_host_that_can_draw_no_roster_speaks_to_nobody)
{
    struct room r = begin(825);
    enter(&r, r.v.pharmacist);
    memset(r.visit.bytes, 7, sizeof r.visit.bytes);
    memset(r.nonce, 8, sizeof r.nonce);
    tell_visit(&r, r.colleague);
    cr_assert_eq(galen_engine_knock(r.home->engine, home_now(r.home), chart_of(&r)), GALEN_OK);
    home_pump(r.home);
    tell_admitted(&r, 2);
    draw_as(&r, r.colleague, home_sent(r.home, GALEN_FRAME_KNOCK).as.knock.hello);
    cr_assert_eq(speaks_under(&r), UINT16_MAX);
    memset(r.nonce, 0, sizeof r.nonce);
    tell_visit(&r, r.me);
    memcpy(r.nonce, home_sent(r.home, GALEN_FRAME_VISIT_OPEN).as.visit_open.nonce, sizeof r.nonce);
    tell_visit(&r, r.me);
    tell_own_knock(&r, 3);
    cr_assert_eq(r.home->sent[GALEN_FRAME_ROSTER], 0);
    cr_assert_eq(r.home->events[GALEN_EVENT_CALL_FAILED], 1);
    cr_assert_eq(speaks_under(&r), 0);
    end(&r);
}

/* Who found a sheet of staff has keys of the practice's, and no business in a call. */
Test(door, R2_a_roster_of_staffs_sheet_is_nobodys)
{
    for (size_t i = 0; i < 2; i++) {
        struct room r = begin(830);
        struct chart *chart = r.v.chart;
        struct chart_device *sheet =
            chart_next_device(chart, "sheet", GALEN_PURPOSE_SHEET, r.colleague);
        chart_add(chart, r.colleague, sheet, true);
        const struct chart_device *host = i == 0 ? r.colleague : sheet;
        enter(&r, r.v.pharmacist);
        memset(r.visit.bytes, 7, sizeof r.visit.bytes);
        memset(r.nonce, 8, sizeof r.nonce);
        tell_visit(&r, host);
        cr_assert_eq(galen_engine_knock(r.home->engine, home_now(r.home), chart_of(&r)), GALEN_OK);
        home_pump(r.home);
        tell_admitted(&r, 2);
        draw_as(&r, host, home_sent(r.home, GALEN_FRAME_KNOCK).as.knock.hello);
        cr_assert_eq(speaks_under(&r), i == 0 ? UINT16_MAX : 0, "%s", host->name);
        end(&r);
    }
}

/* -- bounds ----------------------------------------------------------------------------------------- */

static void passer_by(struct room *r, uint16_t number, enum galen_err err)
{
    struct chart_device nobody = *r->caregiver;
    memset(nobody.id.bytes, 0xee, sizeof nobody.id.bytes);
    nobody.id.bytes[0] = (uint8_t)(number >> 8);
    nobody.id.bytes[1] = (uint8_t)number;
    knocks(r, &nobody, number, false, NULL);
    cr_assert_eq(galen_engine_admit(r->home->engine, home_now(r->home), &nobody.id, false), err,
                 "%d", (int)number);
    tell_left(r, &nobody.id, number);
}

Test(door, the_words_of_a_visit_are_bounded)
{
    struct room r = preside(811);
    for (uint16_t i = 0; i < GALEN_ADMISSIONS_MAX; i++)
        passer_by(&r, (uint16_t)(100 + i), GALEN_OK);
    passer_by(&r, 100 + GALEN_ADMISSIONS_MAX, GALEN_ERR_LIMIT);
    passer_by(&r, 100, GALEN_OK); /* about whom there is a word, there may be another */
    struct galen_call_admission word = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 900, true, &word);
    cr_assert_not(is_seated(&r, r.v.patient), "nobody is let in whom it could not send away");
    end(&r);
}

Test(door, the_last_count_sends_away)
{
    struct room r = preside(812);
    r.count = UINT32_MAX - 1;
    struct galen_call_admission in = say(&r, r.colleague, r.v.patient, true);
    knocks(&r, r.v.patient, 2, true, &in);
    admit(&r, r.v.patient, false);
    cr_assert_not(is_seated(&r, r.v.patient));
    knocks(&r, r.v.patient, 3, true, &in);
    cr_assert_not(is_seated(&r, r.v.patient));
    cr_assert_eq(galen_engine_admit(r.home->engine, home_now(r.home), &r.v.patient->id, true),
                 GALEN_ERR_LIMIT);
    end(&r);
}

/* -- guests ----------------------------------------------------------------------------------------- */

static const struct galen_call_place *place_of(const struct room *r, const struct chart_device *who,
                                               struct galen_call_roster *roster)
{
    struct galen_frame frame = home_sent(r->home, GALEN_FRAME_ROSTER);
    cr_assert_eq(galen_call_roster_read(frame.as.roster.roster, roster), GALEN_OK);
    return galen_call_place_of(roster, &who->id);
}

/* A guest's hello, with its chain. */
static void guest_knocks(struct room *r, const struct chart_device *who,
                         const struct galen_chain *chain, uint16_t number, bool passed,
                         const struct galen_call_admission *word)
{
    r->headless = true;
    r->chain = chain;
    knocks(r, who, number, passed, word);
    r->headless = false;
    r->chain = NULL;
}

static void seat_guest(struct room *r, const struct chart_device *guest, uint16_t number)
{
    guest_knocks(r, guest, &guest->chain, number, false, NULL);
    admit(r, guest, true);
    struct galen_call_admission word = said(r);
    guest_knocks(r, guest, &guest->chain, number, true, &word);
    cr_assert(is_seated(r, guest));
}

Test(door, a_guest_is_seated_by_the_word_of_staff_and_named_one_in_the_roster)
{
    struct room r = preside(900);
    struct galen_call_roster roster;
    struct galen_call_view view;
    struct chart_device *guest = chart_guest(r.v.chart, "guest", r.colleague, &r.visit);
    guest_knocks(&r, guest, &guest->chain, 2, true, NULL); /* the server's word alone */
    cr_assert_not(is_seated(&r, guest));
    galen_engine_call(r.home->engine, &view);
    cr_assert_eq(view.knocking_count, 1);
    cr_assert_eq(view.knocking[0].role, GALEN_ROLE_INTERPRETER);
    cr_assert(galen_engine_is_guest(r.home->engine, &guest->id));
    cr_assert_eq(asked(&r), 1);
    admit(&r, guest, true);
    struct galen_call_admission word = said(&r);
    guest_knocks(&r, guest, &guest->chain, 2, true, &word);
    cr_assert(place_of(&r, guest, &roster)->guest);
    cr_assert_not(place_of(&r, r.me, &roster)->guest);
    /* Members come and go; a guest was never one. */
    chart_drop(r.v.chart, r.me, r.caregiver);
    home_show(r.home);
    cr_assert(is_seated(&r, guest));
    guest_knocks(&r, guest, &guest->chain, 9, true, &word); /* with another key */
    cr_assert_eq(place_of(&r, guest, &roster)->number, 9, "the word holds for the next hello");
    galen_engine_call(r.home->engine, &view);
    cr_assert_eq(view.participants[1].role, GALEN_ROLE_INTERPRETER);
    admit(&r, guest, false);
    cr_assert_not(is_seated(&r, guest), "sent away as anybody");
    end(&r);
}

Test(door, a_guests_chain_is_judged_by_our_own_log_whatever_the_server_says)
{
    enum { OTHER_VISIT, OLD, BY_PATIENT, BY_STRANGER, LINK, NOT_ITS_OWN, NONE, WAYS };
    static const char *const ways[] = {
        "of another visit", "of yesterday",    "by a patient", "by a stranger",
        "the link itself",  "another's chain", "none"};
    for (size_t way = 0; way < WAYS; way++) {
        struct room r = preside(910 + way);
        struct chart *chart = r.v.chart;
        struct chart_device *guest = chart_guest(chart, "guest", r.me, &r.visit);
        struct chart_device *other = chart_guest(chart, "other", r.me, &r.visit);
        struct galen_chain chain = guest->chain;
        struct galen_id elsewhere = r.visit;
        elsewhere.bytes[0] ^= 1;
        switch (way) {
        case OTHER_VISIT:
            guest = chart_guest(chart, "elsewhere", r.me, &elsewhere);
            chain = guest->chain;
            break;
        case OLD:
            chart->now_ms += GALEN_DAY_MS + 1;
            break;
        case BY_PATIENT:
            guest = chart_guest(chart, "patients", r.v.patient, &r.visit);
            chain = guest->chain;
            break;
        case BY_STRANGER:
            guest = chart_guest(
                chart, "strangers",
                chart_person(chart, "stranger", GALEN_ROLE_PHARMACIST, chart->admin), &r.visit);
            chain = guest->chain;
            break;
        case LINK:
            guest = chart_invitation(chart, "link", GALEN_ROLE_INTERPRETER, r.me);
            guest->chain.certs[0].scope_kind = GALEN_SCOPE_VISIT;
            guest->chain.certs[0].scope = r.visit;
            guest->chain.certs[0].not_after_ms = chart->now_ms + 1000;
            guest->chain.certs[0].issues_until_ms = chart->now_ms + 1000;
            chart_sign_cert(&r.me->secrets, &guest->chain.certs[0]);
            chain = guest->chain;
            break;
        case NOT_ITS_OWN:
            chain = other->chain;
            break;
        default:
            chain.count = 0;
            break;
        }
        struct galen_call_admission word = say(&r, r.colleague, guest, true);
        guest_knocks(&r, guest, &chain, 2, true, &word);
        cr_assert_not(is_seated(&r, guest), "%s", ways[way]);
        cr_assert_not(galen_engine_is_guest(r.home->engine, &guest->id), "%s", ways[way]);
        end(&r);
    }
}

Test(door, whether_a_hello_has_a_head_says_who_is_a_guest)
{
    struct room r = preside(920);
    struct chart_device *guest = chart_guest(r.v.chart, "guest", r.me, &r.visit);
    struct galen_call_admission about_guest = say(&r, r.colleague, guest, true);
    r.chain = &guest->chain;
    knocks(&r, guest, 2, true, &about_guest); /* with a head */
    cr_assert_not(is_seated(&r, guest));
    struct galen_call_admission about_patient = say(&r, r.colleague, r.v.patient, true);
    guest_knocks(&r, r.v.patient, NULL, 3, true, &about_patient);
    cr_assert_not(is_seated(&r, r.v.patient), "a member is never taken for a guest");
    knocks(&r, r.v.patient, 4, true, &about_patient);
    cr_assert(is_seated(&r, r.v.patient));
    end(&r);
}

Test(door, of_two_devices_by_one_link_the_first_is_seated)
{
    struct room r = preside(930);
    struct chart_device *guest = chart_guest(r.v.chart, "guest", r.me, &r.visit);
    struct chart_device *second = chart_person(r.v.chart, "second", GALEN_ROLE_CAREGIVER, r.me);
    seat_guest(&r, guest, 2);
    /* The server lets both through: it keeps to itself that the link was used. */
    struct chart_device *link = &r.v.chart->devices[r.v.chart->device_count - 3];
    cr_assert_str_eq(link->name, "guest");
    second->chain = guest->chain;
    second->chain.certs[1].keys = second->keys;
    chart_sign_cert(&link->secrets, &second->chain.certs[1]);
    struct galen_call_admission word = say(&r, r.colleague, second, true);
    guest_knocks(&r, second, &second->chain, 3, true, &word);
    cr_assert_not(is_seated(&r, second));
    cr_assert(is_seated(&r, guest));
    end(&r);
}

/* The line is alive at the time that it is now. */
static uint64_t passes(struct room *r)
{
    struct galen_frame pong = {.type = GALEN_FRAME_PONG};
    home_hear(r->home, GALEN_CONNECTION_LOG, &pong);
    hear(r, &pong);
    uint64_t next = galen_engine_tick(r->home->engine, home_now(r->home));
    home_pump(r->home);
    return next;
}

Test(door, a_guest_leaves_the_call_when_the_day_is_over)
{
    struct room r = preside(940);
    struct chart_device *guest = chart_guest(r.v.chart, "guest", r.me, &r.visit);
    seat_guest(&r, guest, 2);
    uint64_t end_ms = guest->chain.certs[1].not_after_ms;
    r.v.chart->now_ms = end_ms;
    uint64_t next = passes(&r);
    cr_assert(is_seated(&r, guest));
    cr_assert_leq(next, end_ms + 1, "it is looked for in time");
    uint16_t before = drawn(&r);
    r.v.chart->now_ms = end_ms + 1;
    passes(&r);
    cr_assert_eq(drawn(&r), before + 1);
    cr_assert_not(is_seated(&r, guest));
    end(&r);
}

/* A participant with keys of its own, whose hello staff let in. */
static struct galen_call *joins_call(struct room *r, const struct chart_device *who, bool guest,
                                     uint16_t number)
{
    struct galen_call_config config = {.chart = *chart_of(r), .visit = r->visit, .device = who->id};
    uint8_t root[GALEN_HASH_BYTES] = {0};
    struct galen_writer hello;
    memcpy(config.sign_seed, who->secrets.sign_seed, sizeof config.sign_seed);
    config.ephemeral_secret[9] = (uint8_t)number;
    struct galen_call *call = galen_call_new(&config);
    galen_writer_init(&hello);
    cr_assert_eq(galen_call_make_hello(call, r->nonce, 0, guest ? NULL : root, &hello), GALEN_OK);
    struct galen_call_admission word = say(r, r->colleague, who, true);
    r->chain = guest ? &who->chain : NULL;
    tell_knocked(r, galen_written(&hello), number, true, &word);
    r->chain = NULL;
    cr_assert(is_seated(r, who));
    galen_writer_wipe(&hello);
    return call;
}

static void says_muted(struct room *r, struct galen_call *call, uint8_t muted)
{
    uint8_t sframe[64];
    struct galen_frame roster = home_sent(r->home, GALEN_FRAME_ROSTER);
    struct galen_frame frame = {.type = GALEN_FRAME_MEDIA};
    (void)!galen_call_take_roster(call, home_now(r->home), roster.as.roster.roster, &r->me->id,
                                  r->me->keys.sign);
    size_t size;
    cr_assert_eq(galen_call_seal(call, GALEN_STREAM_SELF, (struct galen_bytes){&muted, 1}, sframe,
                                 sizeof sframe, &size),
                 GALEN_OK);
    frame.as.media.sframe = (struct galen_bytes){sframe, size};
    hear(r, &frame);
}

Test(door, a_guest_says_in_the_call_that_it_is_muted_and_members_do_not)
{
    struct room r = preside(950);
    struct chart_device *guest = chart_guest(r.v.chart, "guest", r.me, &r.visit);
    struct galen_call *theirs = joins_call(&r, guest, true, 8);
    struct galen_call *patients = joins_call(&r, r.v.patient, false, 16);
    const struct galen_engine *engine = r.home->engine;
    says_muted(&r, theirs, 1);
    cr_assert(galen_engine_participant_muted(engine, &guest->id));
    size_t told = r.home->events[GALEN_EVENT_CALL];
    says_muted(&r, theirs, 1);
    says_muted(&r, theirs, 7);
    cr_assert_eq(r.home->events[GALEN_EVENT_CALL], told, "said again, or no word at all");
    cr_assert(galen_engine_participant_muted(engine, &guest->id));
    says_muted(&r, patients, 1);
    cr_assert_not(galen_engine_participant_muted(engine, &r.v.patient->id));
    says_muted(&r, theirs, 0);
    cr_assert_not(galen_engine_participant_muted(engine, &guest->id));
    says_muted(&r, theirs, 1);
    admit(&r, guest, false);
    cr_assert_not(galen_engine_participant_muted(engine, &guest->id), "gone with the guest");
    galen_call_free(theirs);
    galen_call_free(patients);
    end(&r);
}
