/* Rooms of two who talk: each sends a voice frame every 20 ms, and the other's frames are timed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "galen/frames.h"
#include "galen/sframe_header.h"
#include "load.h"
#include "rooms.h"

#define VOICE_BYTES  120
#define VOICE_NS     20000000u
#define WARM_UP_NS   1500000000u
#define PAUSE_MIN_US 300

struct voices {
    struct room_side *sides; /* two a room */
    size_t count, next;
    uint64_t start_ns, cycle;
    bool measuring;
    uint64_t sent, blocked, received;
    struct samples delays;
};
static struct voices voices;

/* The sealed part is the time of sending, then zeros: the relay cannot tell. */
static void speak(struct room_side *side)
{
    uint8_t frame[VOICE_BYTES] = {GALEN_FRAME_MEDIA};
    struct galen_sframe_header header = {.key_id = side->key_id, .counter = side->counter++};
    size_t at = 1 + galen_sframe_header_write(&header, frame + 1);
    uint64_t now_ns = bench_now_ns();
    memcpy(frame + at, &now_ns, sizeof now_ns);
    bool sent = link_send(side->link, (struct galen_bytes){frame, sizeof frame});
    voices.sent += voices.measuring && sent;
    voices.blocked += voices.measuring && !sent;
}

static void heard(struct galen_bytes frame)
{
    struct galen_sframe_header header;
    size_t size = 0;
    struct galen_bytes sealed = {frame.at + 1, frame.size - 1};
    uint64_t sent_ns;
    if (galen_sframe_header_read(sealed, &header, &size) != GALEN_OK ||
        sealed.size < size + sizeof sent_ns)
        bench_fail("a voice frame came back damaged");
    memcpy(&sent_ns, sealed.at + size, sizeof sent_ns);
    if (!voices.measuring)
        return;
    voices.received++;
    samples_add(&voices.delays, bench_now_ns() - sent_ns);
}

static uint64_t due_ns(void)
{
    return voices.start_ns + voices.cycle * VOICE_NS + VOICE_NS * voices.next / voices.count;
}

static void talk_until(struct link_loop *loop, uint64_t end_ns)
{
    for (uint64_t now_ns; (now_ns = bench_now_ns()) < end_ns;) {
        while (due_ns() <= now_ns) {
            speak(&voices.sides[voices.next]);
            if (++voices.next == voices.count) {
                voices.next = 0;
                voices.cycle++;
            }
        }
        now_ns = bench_now_ns();
        int64_t wait_us = due_ns() > now_ns ? (int64_t)(due_ns() - now_ns) / 1000 : 0;
        link_loop_turn(loop, wait_us < PAUSE_MIN_US ? PAUSE_MIN_US : wait_us);
    }
}

void load_relay(const struct load_options *options)
{
    struct link_loop loop;
    link_loop_init(&loop, options->ca);
    voices.count = options->rooms * 2;
    voices.sides = rooms_open(&loop, options, heard);
    voices.start_ns = bench_now_ns();
    talk_until(&loop, voices.start_ns + WARM_UP_NS);
    voices.measuring = true;
    uint64_t began_ns = bench_now_ns();
    double cpu_us = process_cpu_us(options->pid), own_us = process_own_cpu_us();
    talk_until(&loop, began_ns + (uint64_t)(options->seconds * 1e9));
    cpu_us = process_cpu_us(options->pid) - cpu_us;
    own_us = process_own_cpu_us() - own_us;
    double took_us = (double)(bench_now_ns() - began_ns) / 1000.0;
    double received = voices.received ? (double)voices.received : 1.0;
    /* A few that were sent just before the window arrive within it. */
    double lost = 1.0 - received / (double)(voices.sent + voices.blocked);
    printf("{\"rooms\": %zu, \"frames_per_s\": %.0f, \"lost_percent\": %.3f, \"cpu_us_per_frame\": "
           "%.2f, "
           "\"p50_ms\": %.2f, \"p99_ms\": %.2f, \"server_busy\": %.3f, \"load_busy\": %.3f}\n",
           options->rooms, received * 1e6 / took_us, lost > 0 ? 100.0 * lost : 0.0,
           cpu_us / received, samples_ms(&voices.delays, 0.5), samples_ms(&voices.delays, 0.99),
           cpu_us / took_us, own_us / took_us);
}
