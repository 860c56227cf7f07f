/*
 * talk.wasm, the sound module (galen/talk.h): one person's ear and mouth, in the thread that has the
 * sound. No engine, no key and no randomness are there.
 *
 * What goes in and out lies in one struct, which stays where it is; the module's memory may still move
 * under the host in any call, so that views of it are made anew when its buffer is another.
 *
 * Time. `now_ms` is of any one clock that goes forward, best that of the sound itself. Errors are numbers
 * of `enum galen_err`, 0 is success. Before galen_talk_open all calls do nothing and give STATE.
 */
#ifndef GALEN_TALK_WASM_H
#define GALEN_TALK_WASM_H

#include "galen_wasm.h"

#define GALEN_TALK_SAMPLES      960 /* 20 ms at 48 kHz: in one packet, and taken at most at once */
#define GALEN_TALK_PACKET_BYTES 80
#define GALEN_TALK_DEVICE_BYTES 32
#define GALEN_TALK_SPEAKERS_MAX 16

struct galen_talk_io {
    float samples[GALEN_TALK_SAMPLES]; /* encode takes 960 of them; take gives them; -1 to 1 */
    uint8_t packet[GALEN_TALK_PACKET_BYTES]; /* encode gives it; put takes it */
    uint8_t device[GALEN_TALK_DEVICE_BYTES]; /* put, gone: whose */
    /* galen_talk_look: sums since galen_talk_open, levels since the last look, 0 to 32767 */
    uint32_t speakers, delay_ms, target_ms, received, concealed_ms, discarded, late;
    uint32_t own_level;
    uint32_t levels[GALEN_TALK_SPEAKERS_MAX];
    uint8_t devices[GALEN_TALK_SPEAKERS_MAX][GALEN_TALK_DEVICE_BYTES];
};

/** Begins; again: anew. MEMORY. */
GALEN_EXPORT("galen_talk_open") uint32_t galen_talk_wasm_open(void);
GALEN_EXPORT("galen_talk_close") void galen_talk_wasm_close(void);
/** Where things are passed, for the module's life. */
GALEN_EXPORT("galen_talk_io") struct galen_talk_io *galen_talk_wasm_io(void);
/** From the next packet on: silence of the same size. */
GALEN_EXPORT("galen_talk_mute") uint32_t galen_talk_wasm_mute(uint32_t muted);
/** samples → packet. What is not a number is silence; what is too loud is clipped. */
GALEN_EXPORT("galen_talk_encode") uint32_t galen_talk_wasm_encode(void);
/** device, packet: the device's `number`th 20 ms (a whole number) came. As galen_talk_put. */
GALEN_EXPORT("galen_talk_put") uint32_t galen_talk_wasm_put(double now_ms, double number);
/** device: it speaks no more. */
GALEN_EXPORT("galen_talk_gone") uint32_t galen_talk_wasm_gone(void);
/** The next `count` samples of everybody, heard from `now_ms` on → samples. VALUE: 0 or over 960. */
GALEN_EXPORT("galen_talk_take") uint32_t galen_talk_wasm_take(double now_ms, uint32_t count);
/** → speakers … devices. */
GALEN_EXPORT("galen_talk_look") uint32_t galen_talk_wasm_look(void);

#endif
