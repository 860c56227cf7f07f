#include "galen/voice.h"

#include <assert.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

/*
 * 32 kbit/s: on speech the decoded wave correlates with the source at 0.99 (24 kbit/s: 0.98, and less
 * when packets are lost), and a packet with SFrame, WebSocket and TLS around it is still 170 bytes,
 * 68 kbit/s on the line.
 *
 * OPUS_APPLICATION_AUDIO with the voice hint codes speech with SILK and CELT together, as
 * OPUS_APPLICATION_VOIP does, but leaves out the latter's high-pass filter, whose moving corner
 * changes the wave. Complexity 5 costs half of complexity 10 and sounds the same at this rate.
 *
 * No in-band redundancy: under TCP a single packet is never lost, and a stall loses more than the one
 * packet before.
 */
#define BIT_RATE     (GALEN_VOICE_BYTES * 8 * 1000 / GALEN_VOICE_MS)
#define COMPLEXITY   5
#define CHANNELS     1
#define CONCEAL_UNIT 120 /* samples: 2.5 ms, what libopus can conceal at least */

_Static_assert(GALEN_VOICE_SAMPLES * 1000 == GALEN_VOICE_RATE * GALEN_VOICE_MS, "20 ms at 48 kHz");

struct galen_voice_encoder {
    OpusEncoder *opus; /* behind this struct, in the same allocation */
};

struct galen_voice_decoder {
    OpusDecoder *opus;
};

/** Room for `head` bytes, rounded up so that what follows is aligned for anything. */
static size_t aligned(size_t head)
{
    size_t unit = _Alignof(max_align_t);
    return (head + unit - 1) / unit * unit;
}

struct galen_voice_encoder *galen_voice_encoder_new(void)
{
    size_t head = aligned(sizeof(struct galen_voice_encoder));
    struct galen_voice_encoder *encoder = calloc(1, head + (size_t)opus_encoder_get_size(CHANNELS));
    if (!encoder)
        return NULL;
    encoder->opus = (OpusEncoder *)(void *)((char *)encoder + head);
    if (opus_encoder_init(encoder->opus, GALEN_VOICE_RATE, CHANNELS, OPUS_APPLICATION_AUDIO) ||
        opus_encoder_ctl(encoder->opus, OPUS_SET_BITRATE(BIT_RATE)) ||
        opus_encoder_ctl(encoder->opus, OPUS_SET_VBR(0)) ||
        opus_encoder_ctl(encoder->opus, OPUS_SET_DTX(0)) ||
        opus_encoder_ctl(encoder->opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE)) ||
        opus_encoder_ctl(encoder->opus, OPUS_SET_COMPLEXITY(COMPLEXITY))) {
        galen_voice_encoder_free(encoder);
        return NULL;
    }
    return encoder;
}

void galen_voice_encoder_free(struct galen_voice_encoder *encoder)
{
    free(encoder);
}

unsigned galen_voice_delay(const struct galen_voice_encoder *encoder)
{
    opus_int32 samples = 0;
    if (opus_encoder_ctl(encoder->opus, OPUS_GET_LOOKAHEAD(&samples)) || samples < 0)
        return 0;
    return (unsigned)samples;
}

enum galen_err galen_voice_encode(struct galen_voice_encoder *encoder,
                                  const int16_t pcm[GALEN_VOICE_SAMPLES],
                                  uint8_t packet[GALEN_VOICE_BYTES])
{
    opus_int32 n = opus_encode(encoder->opus, pcm, GALEN_VOICE_SAMPLES, packet, GALEN_VOICE_BYTES);
    if (n <= 0)
        return GALEN_ERR_VALUE;
    /* Constant bit rate fills the packet by itself. Should a version of libopus ever write a shorter
       one, padding (RFC 6716 section 3.2.5) keeps its size from telling anything. */
    if (n < GALEN_VOICE_BYTES && opus_packet_pad(packet, n, GALEN_VOICE_BYTES) != OPUS_OK)
        return GALEN_ERR_VALUE;
    return GALEN_OK;
}

enum galen_err galen_voice_encode_muted(struct galen_voice_encoder *encoder,
                                        uint8_t packet[GALEN_VOICE_BYTES])
{
    static const int16_t silence[GALEN_VOICE_SAMPLES];
    return galen_voice_encode(encoder, silence, packet);
}

struct galen_voice_decoder *galen_voice_decoder_new(void)
{
    size_t head = aligned(sizeof(struct galen_voice_decoder));
    struct galen_voice_decoder *decoder = calloc(1, head + (size_t)opus_decoder_get_size(CHANNELS));
    if (!decoder)
        return NULL;
    decoder->opus = (OpusDecoder *)(void *)((char *)decoder + head);
    if (opus_decoder_init(decoder->opus, GALEN_VOICE_RATE, CHANNELS)) {
        galen_voice_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void galen_voice_decoder_free(struct galen_voice_decoder *decoder)
{
    free(decoder);
}

enum galen_err galen_voice_decode(struct galen_voice_decoder *decoder, struct galen_bytes packet,
                                  int16_t pcm[GALEN_VOICE_SAMPLES])
{
    if (packet.size != GALEN_VOICE_BYTES)
        return GALEN_ERR_FORMAT;
    int n = opus_packet_get_nb_samples(packet.at, GALEN_VOICE_BYTES, GALEN_VOICE_RATE);
    if (n != GALEN_VOICE_SAMPLES || opus_packet_get_nb_channels(packet.at) != CHANNELS)
        return GALEN_ERR_FORMAT;
    n = opus_decode(decoder->opus, packet.at, GALEN_VOICE_BYTES, pcm, GALEN_VOICE_SAMPLES, 0);
    return n == GALEN_VOICE_SAMPLES ? GALEN_OK : GALEN_ERR_FORMAT;
}

void galen_voice_conceal(struct galen_voice_decoder *decoder, int16_t *pcm, size_t samples)
{
    assert(samples <= GALEN_VOICE_SAMPLES && samples % CONCEAL_UNIT == 0);
    int n = opus_decode(decoder->opus, NULL, 0, pcm, (int)samples, 0);
    if (n != (int)samples)
        memset(pcm, 0, samples * sizeof *pcm);
}
