/*
 * Whatever comes as a media frame, a hello, an admission or a roster: a header read is written again byte for byte,
 * a frame that is not ours is refused and leaves the receiver as it was, formats have one encoding.
 * The first byte says which.
 */
#include "galen/call.h"
#include "galen/crypto.h"
#include "galen/playout.h"
#include "galen/sframe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void header(struct galen_bytes in)
{
    struct galen_sframe_header read;
    struct galen_call_key_id id;
    uint8_t again[GALEN_SFRAME_HEADER_MAX];
    size_t size;
    if (galen_sframe_header_read(in, &read, &size))
        return;
    require(size <= in.size && galen_sframe_header_write(&read, again) == size);
    require(memcmp(again, in.at, size) == 0);
    if (!galen_call_key_id_unpack(read.key_id, &id))
        require(galen_call_key_id_pack(id) == read.key_id);
}

/** Opens the input as a frame, then as one that was sealed and changed by the input. */
static void frame(struct galen_bytes in)
{
    static const uint8_t base_key[GALEN_KEY_BYTES] = {1};
    struct galen_sframe_receiver receiver, before;
    struct galen_sframe_sender sender;
    uint8_t sealed[256], plain[256];
    size_t n, opened;
    uint64_t counter;
    galen_sframe_receiver_init(&receiver, base_key, 0x100010);
    before = receiver;
    require(galen_sframe_open(&receiver, (struct galen_bytes){0}, in, plain, sizeof plain, &opened,
                              &counter) != GALEN_OK);
    require(memcmp(&receiver, &before, sizeof receiver) == 0);
    size_t text = in.size < 200 ? in.size : 200;
    galen_sframe_sender_init(&sender, base_key, 0x100010, in.size > 0 ? in.at[0] * 300u : 0);
    require(galen_sframe_seal(&sender, (struct galen_bytes){0}, (struct galen_bytes){in.at, text},
                              sealed, sizeof sealed, &n) == GALEN_OK);
    if (in.size > 1) {
        sealed[in.at[1] % n] ^= 0x40;
        require(galen_sframe_open(&receiver, (struct galen_bytes){0},
                                  (struct galen_bytes){sealed, n}, plain, sizeof plain, &opened,
                                  &counter) != GALEN_OK);
        sealed[in.at[1] % n] ^= 0x40;
    }
    require(galen_sframe_open(&receiver, (struct galen_bytes){0}, (struct galen_bytes){sealed, n},
                              plain, sizeof plain, &opened, &counter) == GALEN_OK);
    require(opened == text && (text == 0 || memcmp(plain, in.at, text) == 0));
}

static void formats(struct galen_bytes in)
{
    struct galen_call_hello hello;
    struct galen_call_admission admission;
    struct galen_call_roster roster;
    struct galen_writer w;
    galen_writer_init(&w);
    if (!galen_call_hello_read(in, &hello)) {
        galen_call_hello_write(&w, &hello);
        require(galen_bytes_equal(galen_written(&w), in));
    }
    galen_writer_clear(&w);
    if (!galen_call_admission_read(in, &admission)) {
        galen_call_admission_write(&w, &admission);
        require(galen_bytes_equal(galen_written(&w), in));
    }
    galen_writer_clear(&w);
    if (!galen_call_roster_read(in, &roster)) {
        galen_call_roster_write(&w, &roster);
        require(galen_bytes_equal(galen_written(&w), in));
    }
    galen_writer_wipe(&w);
}

/** Steps of playout, each from four bytes: how much time passes, which number comes, how much is heard. */
static void playout(struct galen_bytes in)
{
    struct galen_playout *p = galen_playout_new();
    uint8_t packet[GALEN_VOICE_BYTES];
    int16_t pcm[GALEN_VOICE_SAMPLES];
    uint64_t now_ms = 0, number = 1000;
    require(p != NULL);
    for (size_t i = 0; i + 4 <= in.size && i < 400; i += 4) {
        now_ms += in.at[i];
        number += (uint64_t)(int64_t)(int8_t)in.at[i + 1];
        if (in.at[i + 3] == 0xff)
            number <<= 7;
        memset(packet, in.at[i + 3], sizeof packet);
        packet[0] = 15 << 3;
        (void)galen_playout_put(p, now_ms, number, (struct galen_bytes){packet, GALEN_VOICE_BYTES});
        galen_playout_take(p, now_ms, pcm, in.at[i + 2] * 3u);
    }
    galen_playout_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        started = galen_crypto_start();
    if (!started || size == 0)
        return 0;
    struct galen_bytes in = {data + 1, size - 1};
    switch (data[0] % 4) {
    case 0:
        header(in);
        break;
    case 1:
        frame(in);
        break;
    case 2:
        formats(in);
        break;
    default:
        playout(in);
        break;
    }
    return 0;
}
