/*
 * Voice: Opus (RFC 6716), 48 kHz, mono, 20 ms a packet. Every packet has the same size, whether
 * somebody speaks, pauses or is muted, because size and pauses leak what is said (RFC 6562).
 */
#ifndef GALEN_VOICE_H
#define GALEN_VOICE_H

#include "galen/base.h"

#define GALEN_VOICE_RATE    48000 /* samples a second */
#define GALEN_VOICE_MS      20
#define GALEN_VOICE_SAMPLES 960 /* in one packet */
#define GALEN_VOICE_BYTES   80  /* in one packet: 32 kbit/s */

struct galen_voice_encoder;
struct galen_voice_encoder *galen_voice_encoder_new(void); /* NULL: out of memory */
void galen_voice_encoder_free(struct galen_voice_encoder *encoder);

/** Samples of delay between what goes into an encoder and what comes out of a decoder. */
unsigned galen_voice_delay(const struct galen_voice_encoder *encoder);

/** Encodes 20 ms. GALEN_ERR_VALUE: libopus refused, which no samples can cause. */
GALEN_MUST_USE enum galen_err galen_voice_encode(struct galen_voice_encoder *encoder,
                                                 const int16_t pcm[GALEN_VOICE_SAMPLES],
                                                 uint8_t packet[GALEN_VOICE_BYTES]);
/** 20 ms of somebody muted: silence, at the same size; to be sent at the same pace. */
GALEN_MUST_USE enum galen_err galen_voice_encode_muted(struct galen_voice_encoder *encoder,
                                                       uint8_t packet[GALEN_VOICE_BYTES]);

struct galen_voice_decoder;
struct galen_voice_decoder *galen_voice_decoder_new(void); /* NULL: out of memory */
void galen_voice_decoder_free(struct galen_voice_decoder *decoder);

/** Decodes one packet. GALEN_ERR_FORMAT: not 20 ms of mono Opus in GALEN_VOICE_BYTES bytes. */
GALEN_MUST_USE enum galen_err galen_voice_decode(struct galen_voice_decoder *decoder,
                                                 struct galen_bytes packet,
                                                 int16_t pcm[GALEN_VOICE_SAMPLES]);
/**
 * Sound in place of a packet that did not come, made from what was heard before. `samples` is a
 * multiple of 120 (2.5 ms) and at most GALEN_VOICE_SAMPLES (asserted).
 */
void galen_voice_conceal(struct galen_voice_decoder *decoder, int16_t *pcm, size_t samples);

#endif
