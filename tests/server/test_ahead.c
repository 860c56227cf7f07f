/* Signatures verified ahead: the hub's answers are the same, and frames keep their order. */
#include <criterion/criterion.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "../../server/transport_ahead.c"
#include "galen/crypto.h"

static sem_t done_count;
static struct ahead *ahead;
static struct ahead_queue queue;
static struct galen_device_secrets secrets;
static struct galen_public_keys keys;
static int owner;

static void on_done(void *context)
{
    (void)context;
    sem_post(&done_count);
}

static void set_up(void)
{
    uint8_t material[32] = {7};
    cr_assert(galen_crypto_start());
    galen_device_secrets_derive(material, &secrets);
    memcpy(keys.sign, secrets.sign_public, sizeof keys.sign);
    memcpy(keys.seal, secrets.seal_public, sizeof keys.seal);
    sem_init(&done_count, 0, 0);
    ahead = ahead_new(verify_openssl(), 2, on_done, NULL);
    cr_assert(ahead);
    queue = (struct ahead_queue){.owner = &owner, .nonce = {9}};
}

static void tear_down(void)
{
    ahead_drop(&queue);
    ahead_free(ahead);
    sem_destroy(&done_count);
}

TestSuite(ahead, .init = set_up, .fini = tear_down);

static enum ahead_way take(const struct galen_writer *w)
{
    return ahead_take(ahead, &queue, galen_written(w));
}

/* Waits until the threads are done with `count` frames more, and takes note of them. */
static size_t wait_for(size_t count)
{
    size_t named = 0;
    for (size_t i = 0; i < count; i++)
        sem_wait(&done_count);
    while (ahead_next_done(ahead))
        named++;
    return named;
}

static void write_sign_in(struct galen_writer *w, bool forged)
{
    struct galen_frame frame = {.type = GALEN_FRAME_SIGN_IN};
    struct galen_frame_sign_in *sign_in = &frame.as.sign_in;
    struct galen_id id = galen_device_id(verify_openssl(), &keys);
    struct galen_writer text;
    sign_in->version = GALEN_VERSION;
    sign_in->purpose = GALEN_CONNECTION_LOG;
    sign_in->keys = keys;
    sign_in->host = (struct galen_bytes){(const uint8_t *)"localhost", 9};
    galen_writer_init(&text);
    galen_sign_in_message(&text, sign_in->host, queue.nonce, sign_in->nonce, &id, sign_in->purpose);
    galen_sign(&secrets, GALEN_SIGN_SIGN_IN, galen_written(&text), sign_in->signature);
    sign_in->signature[5] ^= forged;
    galen_writer_wipe(&text);
    galen_writer_init(w);
    galen_frame_write(w, &frame);
}

static void write_append(struct galen_writer *w, uint32_t number, bool forged)
{
    struct galen_entry entry = {.header = {.class = GALEN_CLASS_MESSAGE,
                                           .number = number,
                                           .author = galen_device_id(verify_openssl(), &keys)},
                                .body_state = GALEN_BODY_PRESENT};
    struct galen_writer header, bytes;
    galen_writer_init(&header);
    galen_writer_init(&bytes);
    galen_writer_init(w);
    galen_header_write(&header, &entry.header);
    galen_sign(&secrets, GALEN_SIGN_ENTRY, galen_written(&header), entry.signature);
    entry.signature[5] ^= forged;
    galen_write(&header, entry.signature, sizeof entry.signature);
    entry.signed_header = galen_written(&header);
    galen_entry_write_new(&bytes, &entry);
    galen_frame_write(w, &(struct galen_frame){.type = GALEN_FRAME_APPEND,
                                               .as.append = {number, galen_written(&bytes)}});
    galen_writer_wipe(&header);
    galen_writer_wipe(&bytes);
}

/* What the hub does with an entry: asks galen_verify, with its primitives. */
static bool hub_would_accept(struct galen_bytes frame_bytes)
{
    struct galen_primitives primitives = {verify_openssl()->sha256, ahead_verify};
    struct galen_frame frame;
    struct galen_reader reader;
    struct galen_entry entry;
    cr_assert_eq(galen_frame_read(frame_bytes, &frame), GALEN_OK);
    galen_reader_init(&reader, frame.as.append.entry);
    cr_assert_eq(galen_entry_read_new(&reader, &entry), GALEN_OK);
    struct galen_bytes header = {entry.signed_header.at, GALEN_HEADER_BYTES};
    return galen_verify(&primitives, GALEN_SIGN_ENTRY, keys.sign, header, entry.signature);
}

static uint64_t known(void)
{
    uint64_t asked_now, known_now;
    ahead_count(&asked_now, &known_now);
    return known_now;
}

static void sign_in(void)
{
    struct galen_writer w;
    struct galen_bytes frame;
    write_sign_in(&w, false);
    cr_assert_eq(take(&w), AHEAD_WAITS);
    cr_assert_eq(wait_for(1), 1);
    cr_assert(ahead_first(&queue, &frame));
    cr_assert(galen_bytes_equal(frame, galen_written(&w)));
    ahead_drop_first(&queue);
    galen_writer_wipe(&w);
}

Test(ahead, knows_the_signature_of_a_sign_in)
{
    for (int forged = 0; forged < 2; forged++) {
        struct galen_writer w;
        struct galen_bytes bytes;
        struct galen_frame frame;
        struct galen_writer text;
        queue.signed_in = false;
        write_sign_in(&w, forged);
        cr_assert_eq(take(&w), AHEAD_WAITS);
        cr_assert_eq(wait_for(1), 1);
        cr_assert(ahead_first(&queue, &bytes));
        cr_assert_eq(galen_frame_read(bytes, &frame), GALEN_OK);
        struct galen_id id = galen_device_id(verify_openssl(), &keys);
        galen_writer_init(&text);
        galen_sign_in_message(&text, frame.as.sign_in.host, queue.nonce, frame.as.sign_in.nonce,
                              &id, frame.as.sign_in.purpose);
        struct galen_primitives primitives = {verify_openssl()->sha256, ahead_verify};
        uint64_t before = known();
        cr_assert_eq(galen_verify(&primitives, GALEN_SIGN_SIGN_IN, keys.sign, galen_written(&text),
                                  frame.as.sign_in.signature),
                     !forged);
        cr_assert_eq(known(), before + 1);
        ahead_drop_first(&queue);
        galen_writer_wipe(&text);
        galen_writer_wipe(&w);
    }
}

Test(ahead, knows_good_and_forged_entries_apart)
{
    struct galen_writer frames[8];
    sign_in();
    for (uint32_t i = 0; i < 8; i++) {
        write_append(&frames[i], i, i % 3 == 1);
        cr_assert_eq(take(&frames[i]), AHEAD_WAITS);
    }
    cr_assert_eq(wait_for(8), 8);
    for (uint32_t i = 0; i < 8; i++) {
        struct galen_bytes frame;
        uint64_t before = known();
        cr_assert(ahead_first(&queue, &frame), "frame %u", i);
        cr_assert(galen_bytes_equal(frame, galen_written(&frames[i])), "out of order at %u", i);
        cr_assert_eq(hub_would_accept(frame), i % 3 != 1, "frame %u", i);
        cr_assert_eq(known(), before + 1, "it was verified again");
        ahead_drop_first(&queue);
    }
    struct galen_bytes frame;
    cr_assert_not(ahead_first(&queue, &frame));
    for (size_t i = 0; i < 8; i++)
        galen_writer_wipe(&frames[i]);
}

Test(ahead, says_nothing_about_another_frame)
{
    struct galen_writer good, forged;
    struct galen_bytes frame;
    sign_in();
    write_append(&good, 1, false);
    write_append(&forged, 1, true);
    cr_assert_eq(take(&good), AHEAD_WAITS);
    wait_for(1);
    cr_assert(ahead_first(&queue, &frame));
    uint64_t before = known();
    cr_assert_not(hub_would_accept(galen_written(&forged)));
    cr_assert_eq(known(), before, "what is in mind is another signature");
    ahead_drop_first(&queue);
    cr_assert(hub_would_accept(galen_written(&good)));
    cr_assert_eq(known(), before, "nothing is in mind any more");
    galen_writer_wipe(&good);
    galen_writer_wipe(&forged);
}

Test(ahead, others_wait_behind_and_come_in_order)
{
    static const uint8_t ping[9] = {GALEN_FRAME_PING};
    struct galen_writer append;
    struct galen_bytes frame, ping_frame = {ping, sizeof ping};
    cr_assert_eq(ahead_take(ahead, &queue, ping_frame), AHEAD_NOW, "nothing waits before it");
    sign_in();
    cr_assert_eq(ahead_take(ahead, &queue, ping_frame), AHEAD_NOW);
    write_append(&append, 1, false);
    cr_assert_eq(take(&append), AHEAD_WAITS);
    cr_assert_eq(ahead_take(ahead, &queue, ping_frame), AHEAD_WAITS);
    cr_assert_eq(take(&append), AHEAD_WAITS);
    wait_for(2);
    static const uint8_t order[] = {GALEN_FRAME_APPEND, GALEN_FRAME_PING, GALEN_FRAME_APPEND};
    for (size_t i = 0; i < sizeof order; i++) {
        cr_assert(ahead_first(&queue, &frame));
        cr_assert_eq(frame.at[0], order[i]);
        ahead_drop_first(&queue);
    }
    cr_assert_eq(queue.count, 0);
    cr_assert_eq(queue.bytes, 0);
    galen_writer_wipe(&append);
}

Test(ahead, works_for_nobody_who_has_not_signed_in)
{
    struct galen_writer append, in;
    write_append(&append, 1, false);
    cr_assert_eq(take(&append), AHEAD_NOW);
    sign_in();
    /* A second sign-in of the same connection is the hub's to refuse, not worth the threads' time. */
    write_sign_in(&in, false);
    cr_assert_eq(take(&in), AHEAD_NOW);
    /* Damaged frames are not worth it either, or are found to be by the threads. */
    cr_assert_eq(ahead_take(ahead, &queue, (struct galen_bytes){append.at, 0}), AHEAD_NOW);
    for (size_t size = 1; size < append.size; size++) {
        struct galen_bytes frame;
        cr_assert_eq(ahead_take(ahead, &queue, (struct galen_bytes){append.at, size}), AHEAD_WAITS);
        wait_for(1);
        cr_assert(ahead_first(&queue, &frame));
        cr_assert_eq(frame.size, size);
        ahead_drop_first(&queue);
    }
    galen_writer_wipe(&append);
    galen_writer_wipe(&in);
}

Test(ahead, says_when_a_connection_should_be_quiet)
{
    struct galen_writer append;
    sign_in();
    write_append(&append, 1, false);
    for (size_t i = 0; i < AHEAD_FRAMES_MAX; i++) {
        cr_assert_not(ahead_is_full(&queue), "at %zu", i);
        cr_assert_eq(take(&append), AHEAD_WAITS);
    }
    cr_assert(ahead_is_full(&queue));
    wait_for(AHEAD_FRAMES_MAX);
    ahead_drop_first(&queue);
    cr_assert_not(ahead_is_full(&queue));
    galen_writer_wipe(&append);
}

Test(ahead, a_connection_that_is_gone_is_never_named)
{
    struct galen_writer append;
    sign_in();
    write_append(&append, 1, false);
    for (size_t i = 0; i < 10; i++)
        cr_assert_eq(take(&append), AHEAD_WAITS);
    ahead_drop(&queue);
    cr_assert_eq(queue.count, 0);
    cr_assert_eq(wait_for(10), 0);
    cr_assert_not(ahead_is_busy(ahead));
    /* The end comes while threads have frames. */
    for (size_t i = 0; i < 10; i++)
        cr_assert_eq(take(&append), AHEAD_WAITS);
    galen_writer_wipe(&append);
}
