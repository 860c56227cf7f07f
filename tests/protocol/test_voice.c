/* protocol/include/galen/voice.h: Opus packets of one size, and what a mute sounds like. */
#include "galen/voice.h"
#include "support/allocator.h"
#include "support/speech.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct galen_voice_encoder *encoder;
static struct galen_voice_decoder *decoder;

static void set_up(void)
{
    encoder = galen_voice_encoder_new();
    decoder = galen_voice_decoder_new();
    cr_assert(encoder && decoder);
}

static void tear_down(void)
{
    galen_voice_encoder_free(encoder);
    galen_voice_decoder_free(decoder);
}

TestSuite(voice, .init = set_up, .fini = tear_down);

static void encode(const int16_t *pcm, uint8_t *packet)
{
    cr_assert_eq(galen_voice_encode(encoder, pcm, packet), GALEN_OK);
}

static void decode(const uint8_t *packet, int16_t *pcm)
{
    cr_assert_eq(galen_voice_decode(decoder, (struct galen_bytes){packet, GALEN_VOICE_BYTES}, pcm),
                 GALEN_OK);
}

static double rms(const int16_t *pcm, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / (double)n);
}

enum { FRAMES = 200, SAMPLES = FRAMES * GALEN_VOICE_SAMPLES };

Test(voice, speech_comes_back_as_it_was)
{
    static int16_t spoken[SAMPLES], heard[SAMPLES];
    uint8_t packet[GALEN_VOICE_BYTES];
    speech_make(spoken, SAMPLES, 1);
    for (size_t i = 0; i < FRAMES; i++) {
        encode(spoken + i * GALEN_VOICE_SAMPLES, packet);
        decode(packet, heard + i * GALEN_VOICE_SAMPLES);
    }
    size_t delay = galen_voice_delay(encoder);
    cr_assert(delay > 0 && delay < GALEN_VOICE_SAMPLES);
    for (size_t at = 0; at + 2 * GALEN_VOICE_RATE <= SAMPLES; at += GALEN_VOICE_RATE) {
        double like = speech_likeness(spoken + at, heard + at + delay, GALEN_VOICE_RATE, 1);
        cr_assert_gt(like, 0.9, "second %zu: %.3f", at / GALEN_VOICE_RATE, like);
    }
}

/* Speech, pauses, noise, clipping, mute and back: whatever goes in, 80 bytes come out. */
Test(voice, every_packet_has_one_size)
{
    static int16_t pcm[SAMPLES];
    uint8_t packet[GALEN_VOICE_BYTES + 8];
    speech_make(pcm, SAMPLES, 2);
    uint32_t random = 7;
    for (size_t i = 40 * GALEN_VOICE_SAMPLES; i < 80 * GALEN_VOICE_SAMPLES; i++)
        pcm[i] = (int16_t)((random = random * 1664525u + 1013904223u) >> 16);
    for (size_t i = 80 * GALEN_VOICE_SAMPLES; i < 90 * GALEN_VOICE_SAMPLES; i++)
        pcm[i] = i / 50 % 2 ? INT16_MAX : INT16_MIN;
    memset(pcm + 90 * GALEN_VOICE_SAMPLES, 0, 40 * GALEN_VOICE_SAMPLES * sizeof pcm[0]);
    int16_t heard[GALEN_VOICE_SAMPLES];
    for (size_t i = 0; i < FRAMES; i++) {
        /* Libopus can only be seen to have filled the packet by what it wrote at its end. */
        memset(packet, 0xa5, sizeof packet);
        if (i >= 150 && i < 180)
            cr_assert_eq(galen_voice_encode_muted(encoder, packet), GALEN_OK);
        else
            encode(pcm + i * GALEN_VOICE_SAMPLES, packet);
        for (size_t after = GALEN_VOICE_BYTES; after < sizeof packet; after++)
            cr_assert_eq(packet[after], 0xa5, "wrote beyond the packet");
        decode(packet, heard);
        cr_assert_eq(
            galen_voice_decode(decoder, (struct galen_bytes){packet, GALEN_VOICE_BYTES - 1}, heard),
            GALEN_ERR_FORMAT, "no other size is taken");
    }
}

Test(voice, muted_is_silent)
{
    static int16_t pcm[SAMPLES];
    int16_t heard[GALEN_VOICE_SAMPLES];
    uint8_t packet[GALEN_VOICE_BYTES];
    speech_make(pcm, SAMPLES, 3);
    double before = 0;
    for (size_t i = 0; i < 60; i++) {
        encode(pcm + i * GALEN_VOICE_SAMPLES, packet);
        decode(packet, heard);
        before = fmax(before, rms(heard, GALEN_VOICE_SAMPLES));
    }
    cr_assert_gt(before, 300, "there was something to mute");
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(galen_voice_encode_muted(encoder, packet), GALEN_OK);
        decode(packet, heard);
        double level = 20 * log10(rms(heard, GALEN_VOICE_SAMPLES) / 32768 + 1e-9);
        if (i >= 5)
            cr_assert_lt(level, -60, "frame %zu after the mute: %.1f dBFS", i, level);
    }
}

Test(voice, a_missing_packet_is_made_up_from_what_was_heard)
{
    static int16_t pcm[SAMPLES];
    int16_t heard[GALEN_VOICE_SAMPLES];
    uint8_t packet[GALEN_VOICE_BYTES];
    speech_tone(pcm, SAMPLES, 200, 8000);
    for (size_t i = 0; i < 20; i++) {
        encode(pcm + i * GALEN_VOICE_SAMPLES, packet);
        decode(packet, heard);
    }
    double level = rms(heard, GALEN_VOICE_SAMPLES);
    galen_voice_conceal(decoder, heard, GALEN_VOICE_SAMPLES);
    cr_assert_gt(rms(heard, GALEN_VOICE_SAMPLES), level / 3);
    galen_voice_conceal(decoder, heard, 480);
    encode(pcm + 21 * GALEN_VOICE_SAMPLES, packet);
    decode(packet, heard);
}

Test(voice, what_is_not_ours_is_refused)
{
    uint8_t packet[GALEN_VOICE_BYTES];
    int16_t heard[GALEN_VOICE_SAMPLES];
    struct galen_bytes whole = {packet, sizeof packet};
    memset(packet, 0, sizeof packet);
    cr_assert_eq(galen_voice_decode(decoder, (struct galen_bytes){0}, heard), GALEN_ERR_FORMAT);
    packet[0] = 0x00; /* SILK, 10 ms */
    cr_assert_eq(galen_voice_decode(decoder, whole, heard), GALEN_ERR_FORMAT, "10 ms");
    packet[0] = 15 << 3 | 4; /* hybrid, 20 ms, stereo */
    cr_assert_eq(galen_voice_decode(decoder, whole, heard), GALEN_ERR_FORMAT, "stereo");
    packet[0] = 15 << 3 | 1; /* two frames of 20 ms */
    cr_assert_eq(galen_voice_decode(decoder, whole, heard), GALEN_ERR_FORMAT, "40 ms");
    packet[0] = 15 << 3 | 3; /* a count of frames follows: 0 */
    cr_assert_eq(galen_voice_decode(decoder, whole, heard), GALEN_ERR_FORMAT, "no frame at all");
}

Test(voice, memory_may_run_out)
{
    allocator_fail(1);
    cr_assert_null(galen_voice_encoder_new());
    allocator_fail(1);
    cr_assert_null(galen_voice_decoder_new());
    allocator_fail(0);
    galen_voice_encoder_free(NULL);
    galen_voice_decoder_free(NULL);
}
