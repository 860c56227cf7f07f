/* Entries appended from many devices at once, each acknowledged when it is durable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define CHARTS          10
#define STAFF_PER_CHART 5
#define SESSIONS        (CHARTS * STAFF_PER_CHART)
#define SEALED_BYTES    272 /* the smallest sealed body: 256 padded, and its tag */
#define ENTRY_ROOM      640
#define WARM_UP_NS      500000000u

struct prepared {
    uint16_t size;
    uint8_t frame[ENTRY_ROOM];
};

struct author {
    struct session session;
    struct person person;
    struct chart *chart;
    uint32_t next_number;
    struct prepared *frames; /* signed beforehand: a server is to be measured */
    uint64_t *sent_ns;
    size_t count, sent, done;
};

static struct {
    struct stage stage;
    struct chart charts[CHARTS];
    struct author authors[SESSIONS];
    bool measuring, ran_out;
    uint64_t acknowledged;
    struct samples delays;
} all;

static void send_next(struct author *author)
{
    if (author->sent == author->count) {
        all.ran_out = true;
        return;
    }
    const struct prepared *next = &author->frames[author->sent];
    author->sent_ns[author->sent++] = bench_now_ns();
    if (!link_send(author->session.link, (struct galen_bytes){next->frame, next->size}))
        bench_fail("an entry cannot be sent");
}

static void answered(struct session *session, struct galen_bytes bytes)
{
    struct author *author = session->user;
    struct galen_frame frame;
    if (bytes.at[0] != GALEN_FRAME_APPENDED && bytes.at[0] != GALEN_FRAME_REFUSED)
        return;
    if (galen_frame_read(bytes, &frame) != GALEN_OK)
        bench_fail("an answer cannot be read");
    if (frame.type == GALEN_FRAME_REFUSED)
        bench_fail("an entry was refused: %s",
                   galen_err_name((enum galen_err)frame.as.refused.err));
    if (frame.as.appended.request >= author->sent)
        bench_fail("an answer to nothing");
    if (all.measuring) {
        all.acknowledged++;
        samples_add(&all.delays, bench_now_ns() - author->sent_ns[frame.as.appended.request]);
    }
    author->done++;
    send_next(author);
}

static void prepare(struct author *author, size_t count)
{
    uint8_t sealed[SEALED_BYTES];
    struct galen_writer entry, text;
    galen_writer_init(&entry);
    galen_writer_init(&text);
    author->count = count;
    author->frames = malloc(count * sizeof *author->frames);
    author->sent_ns = malloc(count * sizeof *author->sent_ns);
    if (!author->frames || !author->sent_ns)
        bench_fail("out of memory");
    for (size_t i = 0; i < count; i++) {
        struct galen_header header = {
            .class = GALEN_CLASS_MESSAGE,
            .chart = author->chart->id,
            .epoch = author->chart->epoch,
            .author = author->person.id,
            .number = author->next_number++,
            .head_size = author->chart->head_size,
        };
        memcpy(header.head_root, author->chart->head_root, sizeof header.head_root);
        bench_random(header.salt, sizeof header.salt);
        bench_random(header.commitment, sizeof header.commitment);
        bench_random(sealed, sizeof sealed);
        galen_writer_clear(&entry);
        galen_writer_clear(&text);
        stage_sign_entry(&all.stage, &author->person, &header,
                         (struct galen_bytes){sealed, sizeof sealed}, &entry);
        galen_frame_write(&text,
                          &(struct galen_frame){.type = GALEN_FRAME_APPEND,
                                                .as.append = {(uint32_t)i, galen_written(&entry)}});
        if (text.failed || text.size > ENTRY_ROOM)
            bench_fail("an entry is larger than expected");
        author->frames[i].size = (uint16_t)text.size;
        memcpy(author->frames[i].frame, text.at, text.size);
    }
    galen_writer_wipe(&entry);
    galen_writer_wipe(&text);
}

static void make_charts(void)
{
    for (size_t c = 0; c < CHARTS; c++) {
        struct person *staff[STAFF_PER_CHART];
        struct author *first = &all.authors[c * STAFF_PER_CHART];
        for (size_t i = 0; i < STAFF_PER_CHART; i++) {
            staff[i] = &first[i].person;
            stage_person(&all.stage, staff[i], GALEN_ROLE_ADMINISTRATOR, NULL, NULL);
            first[i].chart = &all.charts[c];
            first[i].next_number = 1;
        }
        session_open(&first->session, &all.stage, staff[0], GALEN_CONNECTION_LOG);
        stage_chart(&all.stage, &first->session, &all.charts[c], staff, STAFF_PER_CHART);
        session_close(&first->session);
        first->next_number = 2;
    }
}

static void run_until(struct link_loop *loop, uint64_t end_ns)
{
    while (bench_now_ns() < end_ns && !all.ran_out)
        link_loop_turn(loop, 20000);
}

void load_append(const struct load_options *options)
{
    struct link_loop loop;
    size_t sessions = options->in_flight < SESSIONS ? options->in_flight : SESSIONS;
    link_loop_init(&loop, options->ca);
    stage_init(&all.stage, &loop, options);
    make_charts();
    for (size_t i = 0; i < sessions; i++) {
        /* Neighbours belong to different charts. */
        struct author *author = &all.authors[i % CHARTS * STAFF_PER_CHART + i / CHARTS];
        prepare(author, options->entries / sessions);
        session_open(&author->session, &all.stage, &author->person, GALEN_CONNECTION_LOG);
        author->session.on_frame = answered;
        author->session.user = author;
    }
    for (size_t i = 0; i < options->in_flight; i++) {
        size_t place = i % sessions;
        send_next(&all.authors[place % CHARTS * STAFF_PER_CHART + place / CHARTS]);
    }
    run_until(&loop, bench_now_ns() + WARM_UP_NS);
    all.measuring = true;
    uint64_t began_ns = bench_now_ns();
    double cpu_us = process_cpu_us(options->pid), own_us = process_own_cpu_us();
    run_until(&loop, began_ns + (uint64_t)(options->seconds * 1e9));
    cpu_us = process_cpu_us(options->pid) - cpu_us;
    own_us = process_own_cpu_us() - own_us;
    double took_us = (double)(bench_now_ns() - began_ns) / 1000.0;
    printf("{\"in_flight\": %zu, \"acks_per_s\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, "
           "\"cpu_us_per_ack\": %.1f, \"server_busy\": %.3f, \"load_busy\": %.3f}\n",
           options->in_flight, (double)all.acknowledged * 1e6 / took_us,
           samples_ms(&all.delays, 0.5), samples_ms(&all.delays, 0.99),
           cpu_us / (double)(all.acknowledged ? all.acknowledged : 1), cpu_us / took_us,
           own_us / took_us);
}
