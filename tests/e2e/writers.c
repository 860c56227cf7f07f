/*
 * Clients who write without end to a server that may go away at any time, and go on by themselves: what
 * is not acknowledged is sent again, byte for byte. They remember every acknowledgement, and hold the
 * log against that.
 *
 *     e2e-writers CA PORT TOKEN-FILE WRITERS
 *
 * Prints a JSON line twice a second. Takes lines from its input: "read" holds the log of now against
 * what is acknowledged, "stop" has everything acknowledged first and then ends.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

#define WRITERS_MAX  16
#define ENTRIES_MAX  200000 /* of one writer */
#define IN_FLIGHT    8
#define RETRY_NS     20000000u
#define REPORT_NS    500000000u
#define SEALED_BYTES 272
#define PACE_NS      1000000u /* between the entries of one writer, at least */

struct written {
    struct galen_writer frame; /* APPEND; the request is the entry's place in the list */
    uint8_t signed_header[GALEN_SIGNED_HEADER_BYTES];
    bool acknowledged;
    uint64_t index, received_ms;
};

struct pen {
    struct session session;
    struct person person;
    bool welcome;
    uint64_t retry_ns; /* when to connect or to send again; 0: nothing to wait for */
    uint64_t next_ns;
    uint32_t first_number;
    struct written *list;
    size_t count;     /* made */
    size_t sent;      /* on this connection, since the last rewind */
    size_t confirmed; /* all before are acknowledged */
};

static struct {
    struct stage stage;
    struct link_loop loop;
    struct chart chart;
    struct person reader;
    struct pen pens[WRITERS_MAX];
    size_t count;
    bool stopping;
    uint64_t reconnects, refused[GALEN_ERR_COUNT];
} desk;

/* -- writing ------------------------------------------------------------------------------------ */

static void make_entry(struct pen *pen)
{
    struct written *made = &pen->list[pen->count];
    uint8_t sealed[SEALED_BYTES];
    struct galen_header header = {
        .class = GALEN_CLASS_MESSAGE,
        .chart = desk.chart.id,
        .epoch = desk.chart.epoch,
        .author = pen->person.id,
        .number = pen->first_number + (uint32_t)pen->count,
        .head_size = desk.chart.head_size,
    };
    memcpy(header.head_root, desk.chart.head_root, sizeof header.head_root);
    bench_random(header.salt, sizeof header.salt);
    bench_random(header.commitment, sizeof header.commitment);
    bench_random(sealed, sizeof sealed);
    struct galen_writer entry;
    galen_writer_init(&entry);
    galen_writer_init(&made->frame);
    stage_sign_entry(&desk.stage, &pen->person, &header,
                     (struct galen_bytes){sealed, sizeof sealed}, &entry);
    memcpy(made->signed_header, entry.at, sizeof made->signed_header);
    galen_frame_write(&made->frame, &(struct galen_frame){.type = GALEN_FRAME_APPEND,
                                                          .as.append = {(uint32_t)pen->count,
                                                                        galen_written(&entry)}});
    galen_writer_wipe(&entry);
    pen->count++;
}

static void write_on(struct pen *pen, uint64_t now_ns)
{
    while (pen->welcome && !pen->retry_ns && pen->sent < pen->confirmed + IN_FLIGHT) {
        if (pen->sent == pen->count) {
            if (desk.stopping || pen->count == ENTRIES_MAX || now_ns < pen->next_ns)
                return;
            make_entry(pen);
            pen->next_ns = now_ns + PACE_NS;
        }
        if (!link_send(pen->session.link, galen_written(&pen->list[pen->sent].frame)))
            return;
        pen->sent++;
    }
}

static void acknowledged(struct pen *pen, const struct galen_frame_appended *answer)
{
    if (answer->request >= pen->count)
        bench_fail("an answer to nothing");
    struct written *entry = &pen->list[answer->request];
    if (entry->acknowledged &&
        (entry->index != answer->index || entry->received_ms != answer->received_ms))
        bench_fail("one entry was acknowledged at two places");
    entry->acknowledged = true;
    entry->index = answer->index;
    entry->received_ms = answer->received_ms;
    while (pen->confirmed < pen->count && pen->list[pen->confirmed].acknowledged)
        pen->confirmed++;
}

/* What the server may say of an entry while it is ill or going; anything else is a fault. */
static void was_refused(struct pen *pen, enum galen_err err)
{
    switch (err) {
    case GALEN_ERR_STORE:
    case GALEN_ERR_DISK_FULL:
    case GALEN_ERR_NUMBER: /* the one before was refused */
    case GALEN_ERR_LIMIT:
    case GALEN_ERR_SHUTDOWN:
        desk.refused[err]++;
        pen->sent = pen->confirmed;
        pen->retry_ns = bench_now_ns() + RETRY_NS;
        return;
    default:
        bench_fail("an entry was refused: %s", galen_err_name(err));
    }
}

static void frame_came(struct session *session, struct galen_bytes bytes)
{
    struct pen *pen = session->user;
    struct galen_frame frame;
    if (galen_frame_read(bytes, &frame) != GALEN_OK)
        bench_fail("a frame cannot be read");
    switch (frame.type) {
    case GALEN_FRAME_CHALLENGE:
        session_sign_in(session, &frame.as.challenge, GALEN_CONNECTION_LOG);
        break;
    case GALEN_FRAME_WELCOME:
        pen->welcome = true;
        pen->sent = pen->confirmed;
        pen->retry_ns = 0;
        break;
    case GALEN_FRAME_APPENDED:
        acknowledged(pen, &frame.as.appended);
        break;
    case GALEN_FRAME_REFUSED:
        was_refused(pen, (enum galen_err)frame.as.refused.err);
        break;
    default:
        break;
    }
}

static void was_closed(struct session *session)
{
    struct pen *pen = session->user;
    pen->welcome = false;
    pen->retry_ns = bench_now_ns() + RETRY_NS;
    desk.reconnects++;
}

static void go_on(struct pen *pen, uint64_t now_ns)
{
    if (pen->retry_ns && now_ns >= pen->retry_ns) {
        pen->retry_ns = 0;
        if (!pen->session.link && !session_dial(&pen->session, &desk.stage, &pen->person))
            pen->retry_ns = now_ns + RETRY_NS;
    }
    write_on(pen, now_ns);
}

/* -- holding the log against what is remembered ------------------------------------------------- */

struct audit {
    uint64_t next, size;
    size_t known; /* entries of the log that the writers made */
    size_t damaged, doubled;
    uint8_t *seen[WRITERS_MAX]; /* by number */
    bool done;
};

static void audit_entry(struct audit *audit, const struct galen_entry *entry)
{
    for (size_t w = 0; w < desk.count; w++) {
        struct pen *pen = &desk.pens[w];
        size_t place = entry->header.number - pen->first_number;
        if (!galen_id_equal(&pen->person.id, &entry->header.author) ||
            entry->header.number < pen->first_number || place >= pen->count)
            continue;
        const struct written *mine = &pen->list[place];
        audit->known++;
        audit->doubled += audit->seen[w][place]++ > 0;
        audit->damaged +=
            memcmp(mine->signed_header, entry->signed_header.at, sizeof mine->signed_header) != 0 ||
            (mine->acknowledged &&
             (mine->index != audit->next || mine->received_ms != entry->received_ms));
    }
    audit->next++;
}

static void entries_came(struct session *session, struct galen_bytes bytes)
{
    struct audit *audit = session->user;
    struct galen_frame frame;
    struct galen_reader records;
    struct galen_entry entry;
    if (bytes.at[0] != GALEN_FRAME_ENTRIES || audit->done)
        return;
    if (galen_frame_read(bytes, &frame) != GALEN_OK || frame.as.entries.first != audit->next)
        bench_fail("the log came in a wrong order");
    if (audit->size == 0)
        audit->size = frame.as.entries.size;
    galen_reader_init(&records, frame.as.entries.records);
    while (galen_entries_next(&records, &entry) == GALEN_OK && audit->next < audit->size)
        audit_entry(audit, &entry);
    audit->done = audit->next >= audit->size;
}

static void wait_for(const bool *done)
{
    for (uint64_t end_ns = bench_now_ns() + 60000000000u; !*done;) {
        link_loop_turn(&desk.loop, 2000);
        if (bench_now_ns() > end_ns)
            bench_fail("the log did not come");
    }
}

/* Entries acknowledged before it was asked must be there. */
static bool audit_log(const char *event)
{
    struct audit audit = {0};
    struct session session;
    size_t missing = 0, acknowledged_before[WRITERS_MAX];
    for (size_t w = 0; w < desk.count; w++) {
        acknowledged_before[w] = desk.pens[w].confirmed;
        audit.seen[w] = calloc(ENTRIES_MAX, 1);
        if (!audit.seen[w])
            bench_fail("out of memory");
    }
    session_open(&session, &desk.stage, &desk.reader, GALEN_CONNECTION_LOG);
    session.on_frame = entries_came;
    session.user = &audit;
    session_send(&session,
                 &(struct galen_frame){.type = GALEN_FRAME_OPEN, .as.open = {1, desk.chart.id, 0}});
    wait_for(&audit.done);
    session_close(&session);
    size_t total = 0;
    for (size_t w = 0; w < desk.count; w++) {
        for (size_t i = 0; i < acknowledged_before[w]; i++)
            missing += audit.seen[w][i] == 0;
        total += acknowledged_before[w];
        free(audit.seen[w]);
    }
    printf("{\"event\": \"%s\", \"acknowledged\": %zu, \"in_log\": %zu, \"missing\": %zu, "
           "\"doubled\": %zu, \"damaged\": %zu, \"reconnects\": %" PRIu64 "}\n",
           event, total, audit.known, missing, audit.doubled, audit.damaged, desk.reconnects);
    fflush(stdout);
    return missing + audit.doubled + audit.damaged == 0;
}

/* -- the desk ----------------------------------------------------------------------------------- */

static void set_up(const struct load_options *options)
{
    struct person *staff[WRITERS_MAX + 1];
    struct session first;
    link_loop_init(&desk.loop, options->ca);
    stage_init(&desk.stage, &desk.loop, options);
    for (size_t w = 0; w <= desk.count; w++) {
        staff[w] = w < desk.count ? &desk.pens[w].person : &desk.reader;
        stage_person(&desk.stage, staff[w], GALEN_ROLE_ADMINISTRATOR, NULL, NULL);
    }
    session_open(&first, &desk.stage, staff[0], GALEN_CONNECTION_LOG);
    stage_chart(&desk.stage, &first, &desk.chart, staff, desk.count + 1);
    session_close(&first);
    for (size_t w = 0; w < desk.count; w++) {
        struct pen *pen = &desk.pens[w];
        pen->first_number = w == 0 ? 2 : 1;
        pen->list = calloc(ENTRIES_MAX, sizeof *pen->list);
        if (!pen->list)
            bench_fail("out of memory");
        pen->session.user = pen;
        pen->session.on_frame = frame_came;
        pen->session.on_close = was_closed;
        pen->retry_ns = 1;
    }
}

static bool all_confirmed(void)
{
    for (size_t w = 0; w < desk.count; w++) {
        if (desk.pens[w].confirmed < desk.pens[w].count)
            return false;
    }
    return true;
}

static void report(void)
{
    size_t confirmed = 0;
    for (size_t w = 0; w < desk.count; w++)
        confirmed += desk.pens[w].confirmed;
    printf("{\"event\": \"progress\", \"acknowledged\": %zu, \"reconnects\": %" PRIu64, confirmed,
           desk.reconnects);
    for (int i = 0; i < GALEN_ERR_COUNT; i++) {
        if (desk.refused[i])
            printf(", \"%s\": %" PRIu64, galen_err_name((enum galen_err)i), desk.refused[i]);
    }
    printf("}\n");
    fflush(stdout);
}

/* False: the input ended. */
static bool take_orders(bool *good)
{
    char order[16];
    ssize_t size = read(STDIN_FILENO, order, sizeof order - 1);
    if (size < 0)
        return true;
    order[size] = '\0';
    if (strncmp(order, "read", 4) == 0)
        *good = audit_log("read") && *good;
    if (strncmp(order, "stop", 4) == 0)
        desk.stopping = true;
    return size > 0;
}

int main(int argc, char **argv)
{
    if (argc != 5 || (desk.count = strtoul(argv[4], NULL, 10)) == 0 || desk.count > WRITERS_MAX) {
        fputs("usage: e2e-writers CA PORT TOKEN-FILE WRITERS\n", stderr);
        return 2;
    }
    struct load_options options = {.ca = argv[1], .port = atoi(argv[2]), .token = argv[3]};
    bool good = true;
    set_up(&options);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    for (uint64_t report_ns = 0; !desk.stopping || !all_confirmed();) {
        link_loop_turn(&desk.loop, 500);
        uint64_t now_ns = bench_now_ns();
        for (size_t w = 0; w < desk.count; w++)
            go_on(&desk.pens[w], now_ns);
        if (now_ns >= report_ns) {
            report();
            report_ns = now_ns + REPORT_NS;
        }
        if (!take_orders(&good))
            desk.stopping = true;
    }
    return audit_log("end") && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
