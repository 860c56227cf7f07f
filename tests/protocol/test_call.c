/* protocol/include/galen/call.h, call_keys.h: hellos, rosters, and whose frames are heard (R1 to R4). */
#include "galen/call_keys.h"
#include "galen/crypto.h"
#include "galen/keys.h"
#include "support/allocator.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PEOPLE = GALEN_PARTICIPANTS_MAX + 2, PHARMACIST = 0, PATIENT = 1, CAREGIVER = 2 };

struct person {
    struct galen_call_config config;
    uint8_t sign_key[32];
    struct galen_call *call;
    struct galen_writer hello;
};

static struct person people[PEOPLE];
static struct galen_call_host *host;
static struct galen_writer roster;
static const uint8_t nonce[GALEN_CALL_NONCE_BYTES] = {42};
static const uint8_t head_root[GALEN_HASH_BYTES] = {9};
static uint8_t secret[GALEN_KEY_BYTES];
static uint16_t next_number;

static struct galen_id id_of(uint8_t kind, size_t n)
{
    struct galen_id id = {{kind, (uint8_t)(n + 1)}};
    return id;
}

/** Connects (again): new ephemeral key, new hello. */
static void connect_person(size_t n)
{
    struct person *p = &people[n];
    static uint8_t drawn;
    p->config = (struct galen_call_config){id_of('c', 0), id_of('v', 0), id_of('d', n), {0}, {0}};
    memset(p->config.sign_seed, (int)n + 1, 32);
    memset(p->config.ephemeral_secret, ++drawn, 32);
    test_sign_key(p->config.sign_seed, p->sign_key);
    galen_call_free(p->call);
    p->call = galen_call_new(&p->config);
    cr_assert_not_null(p->call);
    galen_writer_wipe(&p->hello);
    galen_writer_init(&p->hello);
    cr_assert_eq(
        galen_call_make_hello(p->call, nonce, 7, n == CAREGIVER ? NULL : head_root, &p->hello),
        GALEN_OK);
}

static void set_up(void)
{
    cr_assert(galen_crypto_start());
    for (size_t i = 0; i < PEOPLE; i++)
        connect_person(i);
    host = galen_call_host_new(&people[PHARMACIST].config, nonce, 0, 0);
    cr_assert_not_null(host);
    next_number = 0;
}

static void tear_down(void)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        galen_call_free(people[i].call);
        galen_writer_wipe(&people[i].hello);
    }
    galen_call_host_free(host);
    galen_writer_wipe(&roster);
}

TestSuite(call, .init = set_up, .fini = tear_down);

static enum galen_err admit(size_t n)
{
    return galen_call_host_admit(host, ++next_number, galen_written(&people[n].hello),
                                 people[n].sign_key);
}

static void draw(void)
{
    secret[0]++;
    galen_writer_wipe(&roster);
    galen_writer_init(&roster);
    cr_assert_eq(galen_call_host_draw(host, secret, &roster), GALEN_OK);
}

static enum galen_err take_bytes(size_t n, uint64_t now_ms, struct galen_bytes bytes)
{
    return galen_call_take_roster(people[n].call, now_ms, bytes, &people[PHARMACIST].config.device,
                                  people[PHARMACIST].sign_key);
}

static enum galen_err take(size_t n, uint64_t now_ms)
{
    return take_bytes(n, now_ms, galen_written(&roster));
}

/** Pharmacist, patient and caregiver in one call. */
static void meet(void)
{
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(admit(i), GALEN_OK);
    draw();
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(take(i, 1000), GALEN_OK);
}

struct frame {
    uint8_t bytes[128];
    size_t size;
};

static struct frame say(size_t n, const char *what)
{
    struct frame frame;
    struct galen_bytes plain = {(const uint8_t *)what, strlen(what)};
    cr_assert_eq(galen_call_seal(people[n].call, GALEN_STREAM_VOICE, plain, frame.bytes,
                                 sizeof frame.bytes, &frame.size),
                 GALEN_OK);
    return frame;
}

static enum galen_err hear(size_t n, uint64_t now_ms, const struct frame *frame,
                           struct galen_call_opened *opened)
{
    uint8_t plain[128];
    return galen_call_open(people[n].call, now_ms, (struct galen_bytes){frame->bytes, frame->size},
                           plain, sizeof plain, opened);
}

/* --- formats ----------------------------------------------------------------------------------- */

Test(call, hellos_have_one_encoding)
{
    for (size_t n = PATIENT; n <= CAREGIVER; n++) {
        struct galen_bytes bytes = galen_written(&people[n].hello);
        struct galen_call_hello hello;
        cr_assert_eq(galen_call_hello_read(bytes, &hello), GALEN_OK);
        cr_assert(hello.has_head == (n == PATIENT) && bytes.size <= GALEN_CALL_HELLO_MAX);
        cr_assert_eq(galen_call_hello_verify(&test_primitives, &hello, people[n].sign_key),
                     GALEN_OK);
        struct galen_writer again;
        galen_writer_init(&again);
        galen_call_hello_write(&again, &hello);
        cr_assert(galen_bytes_equal(galen_written(&again), bytes));
        galen_write_u8(&again, 0);
        cr_assert_eq(galen_call_hello_read(galen_written(&again), &hello), GALEN_ERR_FORMAT);
        galen_writer_wipe(&again);
        for (size_t cut = 0; cut < bytes.size; cut++)
            cr_assert_eq(galen_call_hello_read((struct galen_bytes){bytes.at, cut}, &hello),
                         GALEN_ERR_FORMAT, "cut to %zu", cut);
    }
}

/** The word of person `n` on the patient. */
static struct galen_call_admission word_of(size_t n, uint32_t count, bool admitted)
{
    return (struct galen_call_admission){.chart = id_of('c', 0),
                                         .visit = id_of('v', 0),
                                         .device = people[PATIENT].config.device,
                                         .staff = people[n].config.device,
                                         .count = count,
                                         .admitted = admitted};
}

Test(call, R1_admissions_have_one_encoding)
{
    struct galen_call_admission word = word_of(PHARMACIST, 0x01020304, true), read;
    struct galen_writer made, again;
    galen_writer_init(&made);
    galen_writer_init(&again);
    cr_assert_eq(galen_call_make_admission(people[PHARMACIST].config.sign_seed, &word, &made),
                 GALEN_OK);
    struct galen_bytes bytes = galen_written(&made);
    cr_assert_eq(bytes.size, GALEN_CALL_ADMISSION_BYTES);
    static const uint8_t count_and_answer[] = {1, 2, 3, 4, 1};
    cr_assert_arr_eq(bytes.at + 4 * GALEN_ID_BYTES, count_and_answer, sizeof count_and_answer);
    cr_assert_eq(galen_call_admission_read(bytes, &read), GALEN_OK);
    galen_call_admission_write(&again, &read);
    cr_assert(galen_bytes_equal(galen_written(&again), bytes));
    galen_write_u8(&again, 0);
    cr_assert_eq(galen_call_admission_read(galen_written(&again), &read), GALEN_ERR_FORMAT);
    for (size_t cut = 0; cut < bytes.size; cut++)
        cr_assert_eq(galen_call_admission_read((struct galen_bytes){bytes.at, cut}, &read),
                     GALEN_ERR_FORMAT, "cut to %zu", cut);
    made.at[4 * GALEN_ID_BYTES + 4] = 2; /* neither admitted nor sent away */
    cr_assert_eq(galen_call_admission_read(galen_written(&made), &read), GALEN_ERR_FORMAT);
    memset(made.at + 4 * GALEN_ID_BYTES, 0, 5);
    cr_assert_eq(galen_call_admission_read(galen_written(&made), &read), GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    galen_writer_wipe(&again);
}

Test(call, R1_every_part_of_an_admission_is_signed)
{
    struct galen_call_admission word = word_of(PHARMACIST, 7, true), good;
    struct galen_writer w;
    galen_writer_init(&w);
    cr_assert_eq(galen_call_make_admission(people[PHARMACIST].config.sign_seed, &word, &w),
                 GALEN_OK);
    cr_assert_eq(galen_call_admission_read(galen_written(&w), &good), GALEN_OK);
    const uint8_t *key = people[PHARMACIST].sign_key;
    cr_assert_eq(galen_call_admission_verify(&test_primitives, &good, key), GALEN_OK);
    cr_assert_eq(galen_call_admission_verify(&test_primitives, &good, people[PATIENT].sign_key),
                 GALEN_ERR_SIGNATURE);
    for (size_t i = 0; i < w.size; i++) {
        w.at[i] ^= 1;
        if (galen_call_admission_read(galen_written(&w), &word) == GALEN_OK)
            cr_assert_eq(galen_call_admission_verify(&test_primitives, &word, key),
                         GALEN_ERR_SIGNATURE, "byte %zu", i);
        w.at[i] ^= 1;
    }
    galen_writer_wipe(&w);
}

Test(call, R1_which_word_outdoes_which)
{
    static const struct {
        uint32_t count;
        bool admitted;
        uint32_t known_count;
        bool known_admitted;
        bool outdoes;
    } cases[] = {
        {2, true, 1, true, true},    {2, true, 1, false, true},
        {2, false, 1, true, true},   {2, true, 2, true, false},
        {2, true, 2, false, false},  {2, false, 2, true, true},
        {2, false, 2, false, false}, {2, true, 3, true, false},
        {2, false, 3, true, false},  {UINT32_MAX, false, UINT32_MAX, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_call_admission word = word_of(PHARMACIST, cases[i].count, cases[i].admitted);
        struct galen_call_admission known =
            word_of(CAREGIVER, cases[i].known_count, cases[i].known_admitted);
        cr_assert_eq(galen_call_admission_outdoes(&word, &known), cases[i].outdoes, "%zu", i);
        cr_assert(galen_call_admission_outdoes(&word, NULL));
    }
}

Test(call, rosters_have_one_encoding)
{
    meet();
    struct galen_call_roster read;
    struct galen_bytes bytes = galen_written(&roster);
    cr_assert_eq(galen_call_roster_read(bytes, &read), GALEN_OK);
    cr_assert_eq(galen_call_roster_verify(&test_primitives, &read, people[PHARMACIST].sign_key),
                 GALEN_OK);
    struct galen_writer again;
    galen_writer_init(&again);
    galen_call_roster_write(&again, &read);
    cr_assert(galen_bytes_equal(galen_written(&again), bytes));
    galen_writer_wipe(&again);
    for (size_t cut = 0; cut < bytes.size; cut++)
        cr_assert_eq(galen_call_roster_read((struct galen_bytes){bytes.at, cut}, &read),
                     GALEN_ERR_FORMAT, "cut to %zu", cut);
}

Test(call, whose_hello_has_no_head_is_a_guest_by_the_hosts_word)
{
    meet();
    struct galen_call_roster read;
    cr_assert_eq(galen_call_roster_read(galen_written(&roster), &read), GALEN_OK);
    cr_assert_not(galen_call_place_of(&read, &people[PATIENT].config.device)->guest);
    cr_assert(galen_call_place_of(&read, &people[CAREGIVER].config.device)->guest);
    read.places[2].guest = !read.places[2].guest;
    cr_assert_eq(galen_call_roster_verify(&test_primitives, &read, people[PHARMACIST].sign_key),
                 GALEN_ERR_SIGNATURE);
}

static enum galen_err read_changed(void (*change)(struct galen_call_roster *))
{
    struct galen_call_roster read;
    cr_assert_eq(galen_call_roster_read(galen_written(&roster), &read), GALEN_OK);
    change(&read);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_roster_write(&w, &read);
    enum galen_err err = galen_call_roster_read(galen_written(&w), &read);
    galen_writer_wipe(&w);
    return err;
}

static void no_generation(struct galen_call_roster *r)
{
    r->generation = 0;
}
static void number_zero(struct galen_call_roster *r)
{
    r->places[0].number = 0;
}
static void numbers_fall(struct galen_call_roster *r)
{
    r->places[2].number = r->places[1].number;
}
static void device_twice(struct galen_call_roster *r)
{
    r->places[2].device = r->places[1].device;
}
static void hello_twice(struct galen_call_roster *r)
{
    r->places[2].hello = r->places[1].hello;
}
static void host_elsewhere(struct galen_call_roster *r)
{
    r->host = id_of('d', 9);
}
static void nobody(struct galen_call_roster *r)
{
    r->count = 0;
}
static void small_order(struct galen_call_roster *r)
{
    memset(r->places[1].key, 0, 32);
}

Test(call, rosters_that_make_no_sense_are_refused)
{
    static const struct {
        const char *name;
        void (*change)(struct galen_call_roster *);
        enum galen_err err;
    } cases[] = {
        {"no generation", no_generation, GALEN_ERR_FORMAT},
        {"number zero", number_zero, GALEN_ERR_FORMAT},
        {"numbers do not ascend", numbers_fall, GALEN_ERR_FORMAT},
        {"a device twice", device_twice, GALEN_ERR_FORMAT},
        {"a hello twice", hello_twice, GALEN_ERR_FORMAT},
        {"a host who is not in", host_elsewhere, GALEN_ERR_FORMAT},
        {"nobody", nobody, GALEN_ERR_FORMAT},
        {"a key of small order", small_order, GALEN_ERR_KEY},
    };
    meet();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(read_changed(cases[i].change), cases[i].err, "%s", cases[i].name);
}

Test(call, a_roster_has_room_for_everybody)
{
    for (size_t i = 0; i < GALEN_PARTICIPANTS_MAX; i++)
        cr_assert_eq(admit(i), GALEN_OK);
    cr_assert_eq(admit(GALEN_PARTICIPANTS_MAX), GALEN_ERR_LIMIT);
    draw();
    cr_assert_leq(roster.size, GALEN_CALL_ROSTER_MAX);
    for (size_t i = 0; i < GALEN_PARTICIPANTS_MAX; i++)
        cr_assert_eq(take(i, 0), GALEN_OK);
    cr_assert_eq(galen_call_number(people[5].call), 6);
    cr_assert(galen_call_host_remove(host, 6));
    cr_assert_not(galen_call_host_remove(host, 6));
    cr_assert_eq(admit(GALEN_PARTICIPANTS_MAX), GALEN_OK);
}

/* --- the host ---------------------------------------------------------------------------------- */

Test(call, the_host_lets_in_good_hellos_only)
{
    struct galen_bytes hello = galen_written(&people[PATIENT].hello);
    const uint8_t *key = people[PATIENT].sign_key;
    cr_assert_eq(galen_call_host_admit(host, 0, hello, key), GALEN_ERR_NUMBER);
    cr_assert_eq(galen_call_host_admit(host, 1, hello, people[CAREGIVER].sign_key),
                 GALEN_ERR_SIGNATURE, "another device's hello");
    struct person *p = &people[PATIENT];
    for (size_t at = 0; at < p->hello.size; at++) {
        p->hello.at[at] ^= 1;
        cr_assert_neq(galen_call_host_admit(host, 1, hello, key), GALEN_OK, "byte %zu", at);
        p->hello.at[at] ^= 1;
    }
    cr_assert_eq(galen_call_host_admit(host, 3, hello, key), GALEN_OK);
    cr_assert_eq(galen_call_host_admit(host, 4, hello, key), GALEN_ERR_DUPLICATE);
    galen_writer_init(&roster);
    cr_assert_eq(galen_call_host_draw(host, secret, &roster), GALEN_ERR_STATE,
                 "the host is not in itself");
}

Test(call, a_hello_with_another_nonce_is_refused)
{
    static const uint8_t old_nonce[GALEN_CALL_NONCE_BYTES] = {41};
    struct person *p = &people[PATIENT];
    galen_writer_clear(&p->hello);
    cr_assert_eq(galen_call_make_hello(p->call, old_nonce, 7, head_root, &p->hello), GALEN_OK);
    cr_assert_eq(admit(PATIENT), GALEN_ERR_VALUE);
}

Test(call, a_hello_for_another_visit_or_chart_is_refused)
{
    for (int which = 0; which < 2; which++) {
        struct person *p = &people[PATIENT];
        struct galen_call_config config = p->config;
        *(which ? &config.visit : &config.chart) = id_of('x', 1);
        galen_call_free(p->call);
        p->call = galen_call_new(&config);
        galen_writer_clear(&p->hello);
        cr_assert_eq(galen_call_make_hello(p->call, nonce, 7, head_root, &p->hello), GALEN_OK);
        cr_assert_eq(admit(PATIENT), GALEN_ERR_CHART);
    }
}

Test(call, numbers_are_never_given_twice)
{
    meet();
    cr_assert(galen_call_host_remove(host, 2));
    struct galen_bytes hello = galen_written(&people[PATIENT].hello);
    cr_assert_eq(galen_call_host_admit(host, 2, hello, people[PATIENT].sign_key), GALEN_ERR_NUMBER,
                 "not even to the same hello");
    connect_person(PATIENT);
    hello = galen_written(&people[PATIENT].hello);
    cr_assert_eq(galen_call_host_admit(host, 2, hello, people[PATIENT].sign_key), GALEN_ERR_NUMBER);
    cr_assert_eq(galen_call_host_admit(host, 5, hello, people[PATIENT].sign_key), GALEN_OK);
    struct galen_call_host *next = galen_call_host_new(&people[PATIENT].config, nonce, 1, 5);
    cr_assert_eq(galen_call_host_admit(next, 4, hello, people[PATIENT].sign_key), GALEN_ERR_NUMBER,
                 "an earlier host may have given it");
    cr_assert_eq(galen_call_host_admit(next, 6, hello, people[PATIENT].sign_key), GALEN_OK);
    galen_call_host_free(next);
}

Test(call, a_reconnect_takes_the_place_of_the_same_device)
{
    meet();
    struct frame before = say(PATIENT, "before");
    connect_person(PATIENT);
    cr_assert_eq(admit(PATIENT), GALEN_OK);
    draw();
    cr_assert_eq(take(PHARMACIST, 2000), GALEN_OK);
    cr_assert_eq(take(PATIENT, 2000), GALEN_OK);
    const struct galen_call_roster *r = galen_call_roster(people[PHARMACIST].call);
    cr_assert_eq(r->count, 3);
    cr_assert_eq(galen_call_number(people[PATIENT].call), 4);
    struct galen_call_opened opened;
    cr_assert_eq(hear(PHARMACIST, 2001, &before, &opened), GALEN_ERR_SENDER,
                 "the old connection's number was taken off");
    struct frame after = say(PATIENT, "after");
    cr_assert_eq(hear(PHARMACIST, 2001, &after, &opened), GALEN_OK);
    cr_assert_eq(opened.participant, 4);
}

static bool pharmacist_or_caregiver(void *context, const struct galen_id *device)
{
    (void)context;
    return galen_id_equal(device, &people[PHARMACIST].config.device) ||
           galen_id_equal(device, &people[CAREGIVER].config.device);
}

static bool pharmacist_only(void *context, const struct galen_id *device)
{
    (void)context;
    return galen_id_equal(device, &people[PHARMACIST].config.device);
}

Test(call, the_longest_present_staff_becomes_the_next_host)
{
    meet();
    const struct galen_call_roster *r = galen_call_roster(people[PATIENT].call);
    const struct galen_call_place *next = galen_call_successor(r, pharmacist_or_caregiver, NULL);
    cr_assert_not_null(next);
    cr_assert(galen_id_equal(&next->device, &people[CAREGIVER].config.device));
    cr_assert_null(galen_call_successor(r, pharmacist_only, NULL), "the host itself is gone");
}

/* A staff member takes over: same visit, a higher generation, new hellos, and the call goes on. */
Test(call, a_next_host_goes_on_with_the_visit)
{
    static const uint8_t next_nonce[GALEN_CALL_NONCE_BYTES] = {43};
    meet();
    galen_call_host_free(host);
    host = galen_call_host_new(&people[CAREGIVER].config, next_nonce, 1, 3);
    next_number = 3;
    for (size_t n = PATIENT; n <= CAREGIVER; n++) {
        galen_writer_clear(&people[n].hello);
        cr_assert_eq(
            galen_call_make_hello(people[n].call, next_nonce, 8, head_root, &people[n].hello),
            GALEN_OK);
        cr_assert_eq(admit(n), GALEN_OK);
    }
    draw();
    for (size_t n = PATIENT; n <= CAREGIVER; n++) {
        cr_assert_eq(take(n, 5000), GALEN_ERR_SENDER, "the old host is still expected");
        cr_assert_eq(galen_call_take_roster(people[n].call, 5000, galen_written(&roster),
                                            &people[CAREGIVER].config.device,
                                            people[CAREGIVER].sign_key),
                     GALEN_OK);
    }
    struct frame frame = say(PATIENT, "still here");
    struct galen_call_opened opened;
    cr_assert_eq(hear(CAREGIVER, 5000, &frame, &opened), GALEN_OK);
    cr_assert_eq(galen_call_roster(people[PATIENT].call)->generation, 2);
}

/* --- participants ------------------------------------------------------------------------------ */

Test(call, everybody_hears_everybody_but_themselves)
{
    meet();
    for (size_t from = 0; from < 3; from++) {
        struct frame frame = say(from, "good morning");
        for (size_t to = 0; to < 3; to++) {
            struct galen_call_opened opened;
            enum galen_err expected = to == from ? GALEN_ERR_SENDER : GALEN_OK;
            cr_assert_eq(hear(to, 1100, &frame, &opened), expected, "%zu to %zu", from, to);
            if (expected)
                continue;
            cr_assert_eq(opened.participant, from + 1);
            cr_assert(galen_id_equal(&opened.device, &people[from].config.device));
            cr_assert_eq(opened.size, 12);
            cr_assert_eq(hear(to, 1100, &frame, &opened), GALEN_ERR_REPLAY);
        }
    }
}

Test(call, streams_have_keys_and_counters_of_their_own)
{
    meet();
    struct frame voice = say(PATIENT, "a"), video;
    cr_assert_eq(galen_call_seal(people[PATIENT].call, GALEN_STREAM_VIDEO,
                                 (struct galen_bytes){(const uint8_t *)"a", 1}, video.bytes, 128,
                                 &video.size),
                 GALEN_OK);
    cr_assert_neq(memcmp(voice.bytes + voice.size - 17, video.bytes + video.size - 17, 17), 0);
    struct galen_call_opened opened;
    cr_assert_eq(hear(PHARMACIST, 1100, &video, &opened), GALEN_OK);
    cr_assert_eq(opened.stream, GALEN_STREAM_VIDEO);
    cr_assert_eq(opened.counter, 0);
    cr_assert_eq(galen_call_seal(people[PATIENT].call, (enum galen_stream)GALEN_STREAMS,
                                 (struct galen_bytes){0}, video.bytes, 128, &video.size),
                 GALEN_ERR_FORMAT);
}

Test(call, counters_go_on_over_generations)
{
    meet();
    struct galen_call_opened opened;
    for (int i = 0; i < 5; i++)
        (void)say(PATIENT, "x");
    galen_call_skip(people[PATIENT].call, GALEN_STREAM_VOICE);
    draw();
    cr_assert_eq(take(PATIENT, 2000), GALEN_OK);
    cr_assert_eq(take(PHARMACIST, 2000), GALEN_OK);
    struct frame frame = say(PATIENT, "y");
    cr_assert_eq(hear(PHARMACIST, 2000, &frame, &opened), GALEN_OK);
    cr_assert_eq(opened.counter, 6);
}

Test(call, the_last_generation_passes_for_one_second)
{
    meet();
    struct frame first = say(PATIENT, "1"), second = say(PATIENT, "2");
    draw();
    cr_assert_eq(take(PHARMACIST, 5000), GALEN_OK);
    struct galen_call_opened opened;
    cr_assert_eq(hear(PHARMACIST, 5000 + GALEN_CALL_OVERLAP_MS, &first, &opened), GALEN_OK);
    cr_assert_eq(hear(PHARMACIST, 5001 + GALEN_CALL_OVERLAP_MS, &second, &opened), GALEN_ERR_EPOCH);
    struct frame third = say(PATIENT, "3");
    draw();
    cr_assert_eq(take(PHARMACIST, 7000), GALEN_OK);
    cr_assert_eq(hear(PHARMACIST, 7000, &third, &opened), GALEN_ERR_EPOCH,
                 "only the last one, not the one before");
}

Test(call, frames_of_somebody_removed_are_not_heard)
{
    meet();
    struct frame frame = say(CAREGIVER, "one more thing");
    struct frame kept = say(PATIENT, "thank you");
    cr_assert(galen_call_host_remove(host, 3));
    draw();
    cr_assert_eq(take(PHARMACIST, 5000), GALEN_OK);
    struct galen_call_opened opened;
    cr_assert_eq(hear(PHARMACIST, 5001, &frame, &opened), GALEN_ERR_SENDER);
    cr_assert_eq(hear(PHARMACIST, 5001, &kept, &opened), GALEN_OK);
}

/* Property, over comings and goings: who is out reads nothing of the generations without them. */
Test(call, who_is_out_reads_nothing)
{
    bool in[6] = {0};
    uint16_t numbers[6] = {0};
    uint32_t random = 12345;
    uint64_t now_ms = 0;
    cr_assert_eq(admit(PHARMACIST), GALEN_OK);
    in[PHARMACIST] = true;
    for (int round = 0; round < 60; round++) {
        random = random * 1664525u + 1013904223u;
        size_t n = 1 + (random >> 16) % 5;
        if (in[n]) {
            cr_assert(galen_call_host_remove(host, numbers[n]));
        } else {
            connect_person(n);
            cr_assert_eq(admit(n), GALEN_OK);
            numbers[n] = next_number;
        }
        in[n] = !in[n];
        draw();
        now_ms += 10;
        for (size_t i = 0; i < 6; i++) {
            enum galen_err err = take(i, now_ms);
            cr_assert_eq(err, in[i] ? GALEN_OK : GALEN_ERR_WAITING, "round %d, %zu", round, i);
        }
        struct frame frame = say(PHARMACIST, "for those who are in");
        for (size_t i = 1; i < 6; i++) {
            struct galen_call_opened opened;
            cr_assert_eq(hear(i, now_ms, &frame, &opened), in[i] ? GALEN_OK : GALEN_ERR_WAITING,
                         "round %d, %zu", round, i);
        }
    }
}

/* The same for one who does not play by the rules: the removed device keeps its old keys and
   pretends that the new roster is one it can open. */
Test(call, a_removed_participant_cannot_open_the_next_secret)
{
    meet();
    cr_assert(galen_call_host_remove(host, 3));
    draw();
    struct galen_call_roster read;
    cr_assert_eq(galen_call_roster_read(galen_written(&roster), &read), GALEN_OK);
    struct person *p = &people[CAREGIVER];
    struct galen_call_place *stolen = &read.places[1];
    struct galen_call_hello hello;
    cr_assert_eq(galen_call_hello_read(galen_written(&p->hello), &hello), GALEN_OK);
    stolen->device = p->config.device;
    stolen->hello = galen_call_hello_id(&test_primitives, galen_written(&p->hello));
    memcpy(stolen->key, hello.key, sizeof stolen->key);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_roster_write_unsigned(&w, &read);
    galen_sign_seed(people[PHARMACIST].config.sign_seed, GALEN_SIGN_CALL_ROSTER, galen_written(&w),
                    read.signature);
    galen_write(&w, read.signature, sizeof read.signature);
    cr_assert_eq(take_bytes(CAREGIVER, 2000, galen_written(&w)), GALEN_ERR_SEAL);
    cr_assert_null(galen_call_roster(p->call));
    galen_writer_wipe(&w);
}

Test(call, a_host_cannot_give_people_different_secrets)
{
    meet();
    draw();
    struct galen_call_roster read, other;
    cr_assert_eq(galen_call_roster_read(galen_written(&roster), &read), GALEN_OK);
    struct galen_call_host *second = galen_call_host_new(&people[PHARMACIST].config, nonce, 1, 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(galen_call_host_admit(second, (uint16_t)(i + 1),
                                           galen_written(&people[i].hello), people[i].sign_key),
                     GALEN_OK);
    secret[0]++;
    struct galen_writer w;
    galen_writer_init(&w);
    cr_assert_eq(galen_call_host_draw(second, secret, &w), GALEN_OK);
    cr_assert_eq(galen_call_roster_read(galen_written(&w), &other), GALEN_OK);
    memcpy(read.places[2].seal, other.places[2].seal, GALEN_CALL_SEAL_BYTES);
    galen_writer_clear(&w);
    galen_call_roster_write_unsigned(&w, &read);
    galen_sign_seed(people[PHARMACIST].config.sign_seed, GALEN_SIGN_CALL_ROSTER, galen_written(&w),
                    read.signature);
    galen_write(&w, read.signature, sizeof read.signature);
    for (size_t n = PATIENT; n <= CAREGIVER; n++)
        cr_assert_eq(take_bytes(n, 2000, galen_written(&w)), GALEN_ERR_SEAL, "%zu sees it", n);
    galen_writer_wipe(&w);
    galen_call_host_free(second);
}

Test(call, rosters_are_taken_once_and_in_order)
{
    meet();
    struct galen_writer first;
    galen_writer_init(&first);
    galen_write(&first, roster.at, roster.size);
    cr_assert_eq(take(PATIENT, 1100), GALEN_ERR_DUPLICATE);
    draw();
    cr_assert_eq(take(PATIENT, 1200), GALEN_OK);
    cr_assert_eq(take_bytes(PATIENT, 1300, galen_written(&first)), GALEN_ERR_REPLAY);
    cr_assert_eq(galen_call_roster(people[PATIENT].call)->generation, 2);
    struct frame frame = say(PATIENT, "undisturbed");
    struct galen_call_opened opened;
    cr_assert_eq(take(PHARMACIST, 1200), GALEN_OK);
    cr_assert_eq(hear(PHARMACIST, 1300, &frame, &opened), GALEN_OK);
    galen_writer_wipe(&first);
}

Test(call, two_rosters_of_one_generation_end_the_call)
{
    meet();
    struct galen_call_host *second = galen_call_host_new(&people[PHARMACIST].config, nonce, 0, 0);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(galen_call_host_admit(second, (uint16_t)(i + 1),
                                           galen_written(&people[i].hello), people[i].sign_key),
                     GALEN_OK);
    struct galen_writer w;
    galen_writer_init(&w);
    cr_assert_eq(galen_call_host_draw(second, secret, &w), GALEN_OK);
    cr_assert_eq(take_bytes(PATIENT, 2000, galen_written(&w)), GALEN_ERR_FORK);
    struct frame frame = say(PHARMACIST, "hello?");
    struct galen_call_opened opened;
    cr_assert_eq(hear(PATIENT, 2000, &frame, &opened), GALEN_ERR_FORK);
    draw();
    cr_assert_eq(take(PATIENT, 3000), GALEN_ERR_FORK, "for good");
    galen_writer_wipe(&w);
    galen_call_host_free(second);
}

Test(call, foreign_rosters_change_nothing)
{
    meet();
    draw();
    for (size_t at = 0; at < roster.size; at++) {
        roster.at[at] ^= 1;
        enum galen_err err = take(PATIENT, 2000);
        cr_assert(err == GALEN_ERR_SIGNATURE || err == GALEN_ERR_FORMAT || err == GALEN_ERR_CHART ||
                      err == GALEN_ERR_SENDER || err == GALEN_ERR_KEY,
                  "byte %zu: %s", at, galen_err_name(err));
        roster.at[at] ^= 1;
    }
    cr_assert_eq(galen_call_take_roster(people[PATIENT].call, 2000, galen_written(&roster),
                                        &people[CAREGIVER].config.device,
                                        people[CAREGIVER].sign_key),
                 GALEN_ERR_SENDER);
    cr_assert_eq(galen_call_roster(people[PATIENT].call)->generation, 1);
    cr_assert_eq(take(PATIENT, 2000), GALEN_OK);
}

Test(call, nothing_is_sent_or_heard_without_keys)
{
    struct galen_call_opened opened;
    struct frame frame;
    cr_assert_eq(galen_call_seal(people[PATIENT].call, GALEN_STREAM_VOICE, (struct galen_bytes){0},
                                 frame.bytes, 128, &frame.size),
                 GALEN_ERR_WAITING);
    meet();
    frame = say(PHARMACIST, "x");
    connect_person(PATIENT);
    cr_assert_eq(hear(PATIENT, 1000, &frame, &opened), GALEN_ERR_WAITING);
    static const uint8_t plain[] = "a frame in the clear that says nothing of keys";
    memcpy(frame.bytes, plain, sizeof plain);
    frame.size = sizeof plain;
    cr_assert_neq(hear(PHARMACIST, 1000, &frame, &opened), GALEN_OK);
    frame.size = 0;
    cr_assert_eq(hear(PHARMACIST, 1000, &frame, &opened), GALEN_ERR_FORMAT);
}

Test(call, every_allocation_may_fail)
{
    meet();
    for (size_t nth = 1;; nth++) {
        struct galen_writer w;
        galen_writer_init(&w);
        allocator_fail(nth);
        struct galen_call *call = galen_call_new(&people[PATIENT].config);
        struct galen_call_host *other =
            galen_call_host_new(&people[PHARMACIST].config, nonce, 0, 0);
        enum galen_err err = call && other ? GALEN_OK : GALEN_ERR_MEMORY;
        if (!err)
            err = galen_call_make_hello(call, nonce, 1, head_root, &w);
        if (!err)
            err = galen_call_host_admit(other, 1, galen_written(&people[PHARMACIST].hello),
                                        people[PHARMACIST].sign_key);
        if (!err)
            err = galen_call_host_admit(other, 2, galen_written(&w), people[PATIENT].sign_key);
        galen_writer_clear(&w);
        if (!err)
            err = galen_call_host_draw(other, secret, &w);
        if (!err)
            err = galen_call_take_roster(call, 0, galen_written(&w),
                                         &people[PHARMACIST].config.device,
                                         people[PHARMACIST].sign_key);
        struct galen_call_admission word = word_of(PHARMACIST, 1, true);
        if (!err)
            err = galen_call_make_admission(people[PHARMACIST].config.sign_seed, &word, &w);
        if (!err)
            err = galen_call_admission_verify(&test_primitives, &word,
                                              people[PHARMACIST].sign_key) == GALEN_ERR_MEMORY
                      ? GALEN_ERR_MEMORY
                      : GALEN_OK;
        bool failed = allocator_failed();
        allocator_fail(0);
        galen_call_free(call);
        galen_call_host_free(other);
        galen_writer_wipe(&w);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK, "allocation %zu: %s", nth,
                     galen_err_name(err));
        if (!failed)
            break;
        cr_assert_lt(nth, 1000);
    }
}
