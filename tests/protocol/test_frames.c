/* PROTOCOL.md, "Frames": each row written a second time here, field by field. */
#include "galen/call.h"
#include "galen/frames.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t types[] = {1,  2,  3,  4,  5,  6,  7,  8,  16, 17, 18, 19, 20, 21, 22, 23,
                                24, 25, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45};
enum { TYPE_COUNT = sizeof types };

static void expect(enum galen_err got, enum galen_err wanted, const char *what)
{
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
}

/* Values that tell fields apart. */
static struct galen_id id(uint8_t n)
{
    struct galen_id made;
    memset(made.bytes, n, sizeof made.bytes);
    return made;
}

static void put(struct galen_writer *w, uint8_t value, size_t times)
{
    while (times-- > 0)
        galen_write_u8(w, value);
}

static const struct party *somebody(void)
{
    static struct party practice, administrator;
    if (!administrator.issuer) {
        party_make(&practice, 1);
        party_make(&administrator, 2);
        party_certify(&administrator, &practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE,
                      NULL);
    }
    return &administrator;
}

static void put_keys(struct galen_writer *w)
{
    galen_write(w, somebody()->keys.sign, 32);
    galen_write(w, somebody()->keys.seal, 32);
}

static void put_chain(struct galen_writer *w)
{
    size_t mark = galen_write_begin(w);
    galen_cert_write(w, &somebody()->cert);
    galen_write_end(w, mark);
}

static void set_chain(struct galen_chain *chain)
{
    party_chain(somebody(), false, chain);
}

static const struct galen_bytes word = {(const uint8_t *)"word", 4};

static void put_word(struct galen_writer *w)
{
    galen_write_u8(w, 4);
    galen_write(w, "word", 4);
}

static const struct galen_bytes other_word = {(const uint8_t *)"other", 5};

static void put_other_word(struct galen_writer *w)
{
    galen_write_u8(w, 5);
    galen_write(w, "other", 5);
}

/* Two records as ENTRIES carries them, without bodies. */
static struct galen_bytes records(void)
{
    static const uint8_t bytes[2 * (8 + GALEN_SIGNED_HEADER_BYTES + 2)];
    return (struct galen_bytes){bytes, sizeof bytes};
}

/* The frames before a chart is open. */
static bool connection_example(uint8_t type, struct galen_frame *f, struct galen_writer *w)
{
    switch (type) {
    case GALEN_FRAME_CHALLENGE:
        f->as.challenge = (struct galen_frame_challenge){
            .version = 0x0102, .practice = somebody()->keys, .clock_ms = 0x0a0b};
        memset(f->as.challenge.nonce, 0x33, 32);
        galen_write_u16(w, 0x0102);
        put(w, 0x33, 32);
        put_keys(w);
        galen_write_u64(w, 0x0a0b);
        return true;
    case GALEN_FRAME_SIGN_IN:
        f->as.sign_in = (struct galen_frame_sign_in){
            .version = 0x0102, .purpose = 2, .keys = somebody()->keys, .host = word};
        memset(f->as.sign_in.nonce, 0x33, 32);
        memset(f->as.sign_in.signature, 0x44, 64);
        set_chain(&f->as.sign_in.chain);
        galen_write_u16(w, 0x0102);
        galen_write_u8(w, 2);
        put(w, 0x33, 32);
        put_keys(w);
        put_word(w);
        put_chain(w);
        put(w, 0x44, 64);
        return true;
    case GALEN_FRAME_WELCOME: {
        static const uint8_t charts[64] = {1};
        f->as.welcome = (struct galen_frame_welcome){.clock_ms = 5, .charts = {charts, 64}};
        galen_write_u64(w, 5);
        galen_write_u16(w, 0x4040);
        galen_write(w, charts, 64);
        return true;
    }
    case GALEN_FRAME_REFUSED:
        f->as.refused =
            (struct galen_frame_refused){.request = 6, .err = 7, .chart = id(8), .detail = 9};
        galen_write_u32(w, 6);
        galen_write_u16(w, 7);
        put(w, 8, 32);
        galen_write_u64(w, 9);
        return true;
    case GALEN_FRAME_PING:
    case GALEN_FRAME_PONG:
        f->as.ping.token = 10;
        galen_write_u64(w, 10);
        return true;
    case GALEN_FRAME_SETUP:
        f->as.setup = (struct galen_frame_setup){.token = word, .practice = somebody()->keys};
        memset(f->as.setup.signature, 0x44, 64);
        put_word(w);
        put_keys(w);
        put(w, 0x44, 64);
        return true;
    case GALEN_FRAME_DONE:
        f->as.done.request = 11;
        galen_write_u32(w, 11);
        return true;
    default:
        return false;
    }
}

static void head_example(struct galen_frame *f, struct galen_writer *w)
{
    f->as.head.head =
        (struct galen_head){.chart = id(1), .device = id(2), .size = 3, .clock_ms = 5};
    memset(f->as.head.head.root, 4, 32);
    memset(f->as.head.head.signature, 6, 64);
    put(w, 1, 32);
    put(w, 2, 32);
    galen_write_u64(w, 3);
    put(w, 4, 32);
    galen_write_u64(w, 5);
    put(w, 6, 64);
}

static void statement_example(struct galen_frame *f, struct galen_writer *w)
{
    f->as.statement.request = 1;
    party_state(somebody(), GALEN_STATEMENT_REVOKED, somebody(), NULL, &f->as.statement.statement);
    set_chain(&f->as.statement.chain);
    galen_write_u32(w, 1);
    galen_write_u8(w, 1);
    galen_write_u8(w, 1);
    galen_write_u64(w, SCENE_NOW_MS);
    galen_write_id(w, &somebody()->id);
    put(w, 0, 32);
    galen_write_id(w, &somebody()->id);
    galen_write(w, f->as.statement.statement.signature, 64);
    put_chain(w);
}

static bool log_example(uint8_t type, struct galen_frame *f, struct galen_writer *w)
{
    static const uint8_t heads[2 * GALEN_HEAD_BYTES] = {1};
    switch (type) {
    case GALEN_FRAME_OPEN:
        f->as.open = (struct galen_frame_open){.request = 1, .chart = id(2), .from = 3};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        galen_write_u64(w, 3);
        return true;
    case GALEN_FRAME_ENTRIES:
        f->as.entries = (struct galen_frame_entries){
            .chart = id(1), .first = 2, .size = 3, .again = true, .records = records()};
        put(w, 1, 32);
        galen_write_u64(w, 2);
        galen_write_u64(w, 3);
        galen_write_u8(w, 1);
        galen_write_vector(w, records());
        return true;
    case GALEN_FRAME_APPEND:
        f->as.append = (struct galen_frame_append){.request = 1, .entry = word};
        galen_write_u32(w, 1);
        put_word(w);
        return true;
    case GALEN_FRAME_APPENDED:
        f->as.appended = (struct galen_frame_appended){
            .request = 1, .chart = id(2), .index = 3, .received_ms = 4};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        galen_write_u64(w, 3);
        galen_write_u64(w, 4);
        return true;
    case GALEN_FRAME_HEAD:
        head_example(f, w);
        return true;
    case GALEN_FRAME_HEADS:
        f->as.heads = (struct galen_frame_heads){.chart = id(1), .heads = {heads, sizeof heads}};
        put(w, 1, 32);
        galen_write_u16(w, 0x4000 | sizeof heads);
        galen_write(w, heads, sizeof heads);
        return true;
    case GALEN_FRAME_BODIES:
        f->as.bodies =
            (struct galen_frame_bodies){.request = 1, .chart = id(2), .from = 3, .to = 4};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        galen_write_u64(w, 3);
        galen_write_u64(w, 4);
        return true;
    case GALEN_FRAME_STATEMENT:
        statement_example(f, w);
        return true;
    case GALEN_FRAME_NOTICE:
        f->as.notice =
            (struct galen_frame_notice){.kind = 1, .chart = id(2), .device = id(3), .at_ms = 4};
        galen_write_u8(w, 1);
        put(w, 2, 32);
        put(w, 3, 32);
        galen_write_u64(w, 4);
        return true;
    case GALEN_FRAME_CHART_ADDED:
        f->as.chart_added.chart = id(1);
        put(w, 1, 32);
        return true;
    default:
        return false;
    }
}

static bool visit_example(uint8_t type, struct galen_frame *f, struct galen_writer *w)
{
    switch (type) {
    case GALEN_FRAME_LIVE_OPEN:
        f->as.live_open = (struct galen_frame_live_open){.request = 1, .chart = id(2)};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        return true;
    case GALEN_FRAME_RELAY:
        f->as.relay = (struct galen_frame_relay){.chart = id(1), .device = id(2), .sealed = word};
        put(w, 1, 32);
        put(w, 2, 32);
        put_word(w);
        return true;
    case GALEN_FRAME_VISIT_OPEN:
        f->as.visit_open =
            (struct galen_frame_visit_open){.request = 1, .chart = id(2), .visit = id(3)};
        memset(f->as.visit_open.nonce, 4, 32);
        set_chain(&f->as.visit_open.chain);
        galen_write_u32(w, 1);
        put(w, 2, 32);
        put(w, 3, 32);
        put(w, 4, 32);
        put_chain(w);
        return true;
    case GALEN_FRAME_VISIT:
        f->as.visit = (struct galen_frame_visit){.chart = id(1), .visit = id(2), .host = id(3)};
        memset(f->as.visit.nonce, 4, 32);
        set_chain(&f->as.visit.chain);
        put(w, 1, 32);
        put(w, 2, 32);
        put(w, 3, 32);
        put(w, 4, 32);
        put_chain(w);
        return true;
    case GALEN_FRAME_KNOCK:
        f->as.knock = (struct galen_frame_knock){.request = 1, .visit = id(2), .hello = word};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        put_word(w);
        return true;
    case GALEN_FRAME_KNOCKED:
        f->as.knocked = (struct galen_frame_knocked){
            .visit = id(1), .number = 2, .admitted = true, .hello = word, .admission = other_word};
        set_chain(&f->as.knocked.chain);
        put(w, 1, 32);
        galen_write_u16(w, 2);
        galen_write_u8(w, 1);
        put_word(w);
        put_other_word(w);
        put_chain(w);
        return true;
    case GALEN_FRAME_ADMIT:
        f->as.admit = (struct galen_frame_admit){.request = 1, .visit = id(2), .admission = word};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        put_word(w);
        return true;
    default:
        return false;
    }
}

static bool call_example(uint8_t type, struct galen_frame *f, struct galen_writer *w)
{
    switch (type) {
    case GALEN_FRAME_ADMITTED:
        f->as.admitted =
            (struct galen_frame_admitted){.visit = id(1), .number = 2, .admitted = true};
        put(w, 1, 32);
        galen_write_u16(w, 2);
        galen_write_u8(w, 1);
        return true;
    case GALEN_FRAME_ROSTER:
        f->as.roster = (struct galen_frame_roster){.visit = id(1), .roster = word};
        put(w, 1, 32);
        put_word(w);
        return true;
    case GALEN_FRAME_LEAVE:
    case GALEN_FRAME_VISIT_END:
    case GALEN_FRAME_VISIT_ENDED:
        f->as.visit_id = (struct galen_frame_visit_id){.request = 1, .visit = id(2)};
        galen_write_u32(w, 1);
        put(w, 2, 32);
        return true;
    case GALEN_FRAME_LEFT:
        f->as.left = (struct galen_frame_left){.visit = id(1), .number = 2, .device = id(3)};
        put(w, 1, 32);
        galen_write_u16(w, 2);
        put(w, 3, 32);
        return true;
    case GALEN_FRAME_MEDIA:
        f->as.media.sframe = word;
        galen_write(w, "word", 4);
        return true;
    default:
        return false;
    }
}

/* Fills the frame, and writes what it should look like on the wire. */
static void example(uint8_t type, struct galen_frame *frame, struct galen_writer *w)
{
    memset(frame, 0, sizeof *frame);
    frame->type = type;
    galen_writer_clear(w);
    galen_write_u8(w, type);
    bool known = connection_example(type, frame, w) || log_example(type, frame, w) ||
                 visit_example(type, frame, w) || call_example(type, frame, w);
    cr_assert(known, "no example for type %u", type);
}

Test(frames, are_written_as_the_protocol_says)
{
    struct galen_frame frame;
    struct galen_writer wanted, w;
    galen_writer_init(&wanted);
    galen_writer_init(&w);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        example(types[i], &frame, &wanted);
        galen_writer_clear(&w);
        galen_frame_write(&w, &frame);
        cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&wanted)), "%s",
                  galen_frame_name(types[i]));
    }
    galen_writer_wipe(&wanted);
    galen_writer_wipe(&w);
}

/* Writing was held against the protocol, so what was read is held against writing. */
Test(frames, are_read_as_they_were_written)
{
    struct galen_frame frame;
    struct galen_writer wanted, w;
    galen_writer_init(&wanted);
    galen_writer_init(&w);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        example(types[i], &frame, &wanted);
        memset(&frame, 0xee, sizeof frame);
        expect(galen_frame_read(galen_written(&wanted), &frame), GALEN_OK,
               galen_frame_name(types[i]));
        cr_assert_eq(frame.type, types[i]);
        galen_writer_clear(&w);
        galen_frame_write(&w, &frame);
        cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&wanted)), "%s",
                  galen_frame_name(types[i]));
    }
    galen_writer_wipe(&wanted);
    galen_writer_wipe(&w);
}

Test(frames, V_f_cut_anywhere_are_refused)
{
    struct galen_frame frame;
    struct galen_writer wanted;
    galen_writer_init(&wanted);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        example(types[i], &frame, &wanted);
        for (size_t cut = 0; cut < wanted.size; cut++) {
            /* A media frame is all the rest, whose end its tag decides. */
            bool media = types[i] == GALEN_FRAME_MEDIA && cut > 1;
            uint8_t *exact = malloc(cut > 0 ? cut : 1); /* so that reading beyond is noticed */
            memcpy(exact, wanted.at, cut);
            expect(galen_frame_read((struct galen_bytes){exact, cut}, &frame),
                   media ? GALEN_OK : GALEN_ERR_FORMAT, galen_frame_name(types[i]));
            free(exact);
        }
    }
    galen_writer_wipe(&wanted);
}

Test(frames, with_something_behind_them_are_refused)
{
    struct galen_frame frame;
    struct galen_writer wanted;
    galen_writer_init(&wanted);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        example(types[i], &frame, &wanted);
        galen_write_u8(&wanted, 0);
        expect(galen_frame_read(galen_written(&wanted), &frame),
               types[i] == GALEN_FRAME_MEDIA ? GALEN_OK : GALEN_ERR_FORMAT,
               galen_frame_name(types[i]));
    }
    galen_writer_wipe(&wanted);
}

Test(frames, of_other_types_are_refused)
{
    struct galen_frame frame;
    for (unsigned type = 0; type < 256; type++) {
        bool known = memchr(types, (int)type, TYPE_COUNT) != NULL;
        cr_assert_eq(galen_frame_name((uint8_t)type) != NULL, known, "%u", type);
        uint8_t bytes[200] = {(uint8_t)type};
        if (!known)
            expect(galen_frame_read((struct galen_bytes){bytes, sizeof bytes}, &frame),
                   GALEN_ERR_FORMAT, "an unknown type");
    }
    expect(galen_frame_read((struct galen_bytes){NULL, 0}, &frame), GALEN_ERR_FORMAT, "nothing");
    cr_assert_str_eq(galen_frame_name(GALEN_FRAME_APPEND), "append");
    cr_assert_str_eq(galen_frame_name(GALEN_FRAME_VISIT_ENDED), "visit-ended");
}

/* Each vector of each frame with its most, and with one more. */
Test(frames, have_their_limits)
{
    static const struct {
        const char *name;
        uint8_t type;
        size_t offset; /* of the struct galen_bytes */
        size_t most, step;
    } cases[] = {
#define CASE(type, member, most, step)                                                             \
    {#member, GALEN_FRAME_##type, offsetof(struct galen_frame, as.member), most, step}
        CASE(SIGN_IN, sign_in.host, GALEN_HOST_NAME_MAX, 1),
        CASE(WELCOME, welcome.charts, GALEN_CHARTS_MAX * 32, 32),
        CASE(SETUP, setup.token, GALEN_TOKEN_MAX, 1),
        CASE(APPEND, append.entry, GALEN_SIGNED_HEADER_BYTES + 4 + GALEN_BODY_MAX, 1),
        CASE(HEADS, heads.heads, GALEN_HEADS_PER_FRAME * GALEN_HEAD_BYTES, GALEN_HEAD_BYTES),
        CASE(RELAY, relay.sealed, GALEN_RELAYED_MAX, 1),
        CASE(KNOCK, knock.hello, GALEN_CALL_HELLO_MAX, 1),
        CASE(KNOCKED, knocked.hello, GALEN_CALL_HELLO_MAX, 1),
        CASE(KNOCKED, knocked.admission, GALEN_CALL_ADMISSION_BYTES, 1),
        CASE(ADMIT, admit.admission, GALEN_CALL_ADMISSION_BYTES, 1),
        CASE(ROSTER, roster.roster, GALEN_CALL_ROSTER_MAX, 1),
        CASE(MEDIA, media.sframe, GALEN_LIVE_FRAME_MAX - 1, 1),
#undef CASE
    };
    uint8_t *bytes = calloc(1, GALEN_FRAME_MAX);
    struct galen_frame frame;
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        example(cases[i].type, &frame, &w);
        struct galen_bytes *vector = (void *)((char *)&frame + cases[i].offset);
        *vector = (struct galen_bytes){bytes, cases[i].most};
        galen_writer_clear(&w);
        galen_frame_write(&w, &frame);
        expect(galen_frame_read(galen_written(&w), &frame), GALEN_OK, cases[i].name);
        example(cases[i].type, &frame, &w);
        *vector = (struct galen_bytes){bytes, cases[i].most + cases[i].step};
        galen_writer_clear(&w);
        galen_frame_write(&w, &frame);
        expect(galen_frame_read(galen_written(&w), &frame), GALEN_ERR_TOO_LARGE, cases[i].name);
        if (cases[i].step == 1)
            continue;
        example(cases[i].type, &frame, &w);
        *vector = (struct galen_bytes){bytes, cases[i].step + 1};
        galen_writer_clear(&w);
        galen_frame_write(&w, &frame);
        expect(galen_frame_read(galen_written(&w), &frame), GALEN_ERR_FORMAT, cases[i].name);
    }
    galen_writer_wipe(&w);
    free(bytes);
}

Test(frames, V_f_oversized_are_refused)
{
    uint8_t *bytes = calloc(1, GALEN_FRAME_MAX + 1);
    struct galen_frame frame;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        bytes[0] = types[i];
        expect(galen_frame_read((struct galen_bytes){bytes, GALEN_FRAME_MAX + 1}, &frame),
               GALEN_ERR_TOO_LARGE, galen_frame_name(types[i]));
    }
    free(bytes);
}

Test(frames, K1_bad_keys_are_refused)
{
    static const uint8_t with_keys[] = {GALEN_FRAME_CHALLENGE, GALEN_FRAME_SIGN_IN,
                                        GALEN_FRAME_SETUP};
    struct galen_frame frame;
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < sizeof with_keys; i++) {
        for (int which = 0; which < 3; which++) {
            example(with_keys[i], &frame, &w);
            struct galen_public_keys *keys = i == 0   ? &frame.as.challenge.practice
                                             : i == 1 ? &frame.as.sign_in.keys
                                                      : &frame.as.setup.practice;
            if (which != 1)
                memset(keys->sign, 0, 32);
            if (which != 0)
                memset(keys->seal, 0, 32);
            galen_writer_clear(&w);
            galen_frame_write(&w, &frame);
            bool waits_for_setup = i == 0 && which == 2;
            expect(galen_frame_read(galen_written(&w), &frame),
                   waits_for_setup ? GALEN_OK : GALEN_ERR_KEY, galen_frame_name(with_keys[i]));
        }
    }
    galen_writer_wipe(&w);
}

Test(frames, a_flag_is_zero_or_one)
{
    struct galen_frame frame;
    struct galen_writer w;
    galen_writer_init(&w);
    example(GALEN_FRAME_ADMITTED, &frame, &w);
    w.at[w.size - 1] = 2;
    expect(galen_frame_read(galen_written(&w), &frame), GALEN_ERR_FORMAT, "admitted");
    galen_writer_wipe(&w);
}

/* --------------------------------------------------------------------------------- entries frames */

static void entries_frame(size_t count, struct galen_writer *w)
{
    uint8_t *bytes = calloc(count + 1, 8 + GALEN_SIGNED_HEADER_BYTES + 2);
    struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES};
    frame.as.entries.records =
        (struct galen_bytes){bytes, count * (8 + GALEN_SIGNED_HEADER_BYTES + 2)};
    for (size_t i = 0; i < count; i++)
        bytes[i * (8 + GALEN_SIGNED_HEADER_BYTES + 2) + 7] = (uint8_t)i;
    galen_writer_clear(w);
    galen_frame_write(w, &frame);
    free(bytes);
}

Test(frames, entries_are_stepped_through)
{
    struct galen_frame frame;
    struct galen_writer w;
    struct galen_reader records_left;
    struct galen_entry entry;
    galen_writer_init(&w);
    for (size_t count = 0; count < 4; count++) {
        entries_frame(count, &w);
        expect(galen_frame_read(galen_written(&w), &frame), GALEN_OK, "entries");
        galen_reader_init(&records_left, frame.as.entries.records);
        for (size_t i = 0; i < count; i++) {
            expect(galen_entries_next(&records_left, &entry), GALEN_OK, "a record");
            cr_assert_eq(entry.received_ms, i);
        }
        expect(galen_entries_next(&records_left, &entry), GALEN_ERR_STATE, "the end");
        expect(galen_entries_next(&records_left, &entry), GALEN_ERR_STATE, "still the end");
    }
    galen_writer_wipe(&w);
}

Test(frames, entries_have_a_limit_and_are_whole)
{
    struct galen_frame frame;
    struct galen_writer w;
    struct galen_reader cut;
    struct galen_entry entry;
    galen_writer_init(&w);
    entries_frame(GALEN_ENTRIES_PER_FRAME, &w);
    expect(galen_frame_read(galen_written(&w), &frame), GALEN_OK, "the most");
    entries_frame(GALEN_ENTRIES_PER_FRAME + 1, &w);
    expect(galen_frame_read(galen_written(&w), &frame), GALEN_ERR_TOO_LARGE, "one more");
    entries_frame(2, &w);
    w.at[w.size - 2] = 3; /* a body state there is not, in the second record */
    expect(galen_frame_read(galen_written(&w), &frame), GALEN_ERR_FORMAT, "a bad record");
    galen_reader_init(&cut, records());
    cut.left -= 1;
    expect(galen_entries_next(&cut, &entry), GALEN_OK, "the first is whole");
    expect(galen_entries_next(&cut, &entry), GALEN_ERR_FORMAT, "the second is not");
    expect(galen_entries_next(&cut, &entry), GALEN_ERR_FORMAT, "and nothing follows it");
    galen_writer_wipe(&w);
}

Test(frames, a_sign_in_signs_host_nonces_device_and_purpose)
{
    struct galen_writer w, wanted;
    struct galen_id device = id(3);
    uint8_t server[32], client[32];
    memset(server, 1, 32);
    memset(client, 2, 32);
    galen_writer_init(&w);
    galen_writer_init(&wanted);
    galen_sign_in_message(&w, word, server, client, &device, GALEN_CONNECTION_LIVE);
    put_word(&wanted);
    put(&wanted, 1, 32);
    put(&wanted, 2, 32);
    put(&wanted, 3, 32);
    galen_write_u8(&wanted, 2);
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&wanted)));
    galen_writer_wipe(&w);
    galen_writer_wipe(&wanted);
}

Test(frames, a_set_up_signs_nonce_token_and_keys)
{
    struct galen_writer w, wanted;
    uint8_t server[32];
    memset(server, 1, 32);
    galen_writer_init(&w);
    galen_writer_init(&wanted);
    galen_setup_message(&w, server, word, &somebody()->keys);
    put(&wanted, 1, 32);
    put_word(&wanted);
    put_keys(&wanted);
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&wanted)));
    galen_writer_wipe(&w);
    galen_writer_wipe(&wanted);
}
