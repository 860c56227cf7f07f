/* What the hub tells those who run it: the event log and the counters. No addresses, no names. */
#include "hub_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EVENT_MAX 512

struct hub_hex hub_hex(const struct galen_id *id)
{
    struct hub_hex hex;
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(hex.text + 2 * i, 3, "%02x", id->bytes[i]);
    return hex;
}

void hub_event(const struct hub *hub, const char *event, const char *format, ...)
{
    char members[EVENT_MAX];
    va_list arguments;
    if (!hub->config.log)
        return;
    va_start(arguments, format);
    (void)vsnprintf(members, sizeof members, format, arguments);
    va_end(arguments);
    hub->config.log(hub->config.context, event, members);
}

static void line(struct galen_writer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void line(struct galen_writer *out, const char *format, ...)
{
    char text[EVENT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < sizeof text)
        galen_write(out, text, (size_t)size);
}

static void counted(struct galen_writer *out, const char *name, const char *kind, const char *help,
                    uint64_t value)
{
    line(out, "# HELP galen_%s %s\n# TYPE galen_%s %s\ngalen_%s %" PRIu64 "\n", name, help, name,
         kind, name, value);
}

static void write_refused(const struct hub *hub, struct galen_writer *out)
{
    line(out, "# HELP galen_refused_total Requests and connections refused, by reason.\n"
              "# TYPE galen_refused_total counter\n");
    for (size_t i = 1; i < GALEN_ERR_COUNT; i++)
        line(out, "galen_refused_total{reason=\"%s\"} %" PRIu64 "\n",
             galen_err_name((enum galen_err)i), hub->counters.refused[i]);
}

static void write_frames(const struct hub *hub, struct galen_writer *out)
{
    line(out, "# HELP galen_frames_total Frames heard, by type.\n"
              "# TYPE galen_frames_total counter\n");
    for (size_t i = 0; i < 256; i++) {
        if (hub->counters.frames[i] > 0 && galen_frame_name((uint8_t)i))
            line(out, "galen_frames_total{type=\"%s\"} %" PRIu64 "\n", galen_frame_name((uint8_t)i),
                 hub->counters.frames[i]);
    }
}

void hub_metrics(const struct hub *hub, struct galen_writer *out)
{
    const struct hub_counters *n = &hub->counters;
    const struct {
        const char *name, *kind, *help;
        uint64_t value;
    } rows[] = {
        {"connections", "gauge", "Connections now.", hub->connection_count},
        {"connections_total", "counter", "Connections that came.", n->connections},
        {"devices", "gauge", "Devices signed in now.", hub->devices.count},
        {"sign_ins_total", "counter", "Sign-ins that succeeded.", n->sign_ins},
        {"displaced_total", "counter", "Connections displaced by a newer one.", n->displaced},
        {"charts_loaded", "gauge", "Charts held in memory.", hub->charts.count},
        {"visits", "gauge", "Visits open now.", hub->visits.count},
        {"entries_total", "counter", "Entries made durable.", n->entries},
        {"statements_total", "counter", "Statements made durable.", n->statements},
        {"heads_total", "counter", "Signed heads taken.", n->heads},
        {"batches_total", "counter", "Batches committed.", n->batches},
        {"batches_failed_total", "counter", "Batches that failed.", n->batches_failed},
        {"pending_bytes", "gauge", "Bytes that wait for the disk.", hub->pending_bytes},
        {"media_total", "counter", "Media frames relayed.", n->media},
        {"media_sent_total", "counter", "Media frames queued for receivers.", n->media_sent},
        {"media_lost_total", "counter", "Media frames dropped, the oldest.", n->media_lost},
        {"admissions_total", "counter", "Words of staff on who may be in a visit, taken.",
         n->admissions},
        {"relayed_total", "counter", "Drafts and presence relayed.", n->relayed},
        {"relay_lost_total", "counter", "Drafts and presence dropped.", n->relay_lost},
        {"links_opened_again_total", "counter", "Used links that were opened again.",
         n->links_opened_again},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        counted(out, rows[i].name, rows[i].kind, rows[i].help, rows[i].value);
    write_refused(hub, out);
    write_frames(hub, out);
}
