#include "http_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transport_parts.h"

static void put(struct galen_writer *out, const char *name, const char *type, const char *help,
                const char *labels, double value)
{
    char text[400];
    int size = 0;
    if (help)
        size = snprintf(text, sizeof text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    galen_write(out, text, (size_t)size);
    size = snprintf(text, sizeof text, "%s%s %.15g\n", name, labels, value);
    galen_write(out, text, (size_t)size);
}

static void gauge(struct galen_writer *out, const char *name, const char *help, double value)
{
    put(out, name, "gauge", help, "", value);
}

static void counter(struct galen_writer *out, const char *name, const char *help, uint64_t value)
{
    put(out, name, "counter", help, "", (double)value);
}

static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    if (file) {
        if (fscanf(file, "%*u %lu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double count = 0;
    if (folder) {
        while (readdir(folder))
            count++;
        closedir(folder);
    }
    return count > 3 ? count - 3 : 0; /* ".", ".." and the folder itself */
}

static void put_process(struct galen_writer *out)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    put(out, "process_cpu_seconds_total", "counter", "Processor time used.", "", cpu_s);
    gauge(out, "process_resident_memory_bytes", "Memory in use.", resident_bytes());
    gauge(out, "process_open_fds", "Open files and sockets.", open_files());
}

static void put_client(struct galen_writer *out, const struct http_client *client)
{
    static const char *const kinds[HTTP_KINDS] = {
        [HTTP_KIND_PAGE] = "{kind=\"page\"}",
        [HTTP_KIND_HASHED] = "{kind=\"hashed\"}",
        [HTTP_KIND_OTHER] = "{kind=\"other\"}",
        [HTTP_KIND_UNCHANGED] = "{kind=\"unchanged\"}",
    };
    const struct http_files *files = client->files;
    gauge(out, "galen_edge_client_files", "Files of the web client.",
          files ? (double)files->count : 0);
    gauge(out, "galen_edge_client_file_bytes", "Their size in memory, in all codings.",
          files ? (double)files->bytes : 0);
    gauge(out, "galen_edge_client_sending", "Files that are on their way.",
          (double)client->sending);
    for (int kind = 0; kind < HTTP_KINDS; kind++)
        put(out, "galen_edge_client_requests_total", "counter",
            kind == 0 ? "Requests for files of the web client." : NULL, kinds[kind],
            (double)client->requests[kind]);
    counter(out, "galen_edge_client_bytes_total", "Bytes of files that were sent.", client->bytes);
    counter(out, "galen_edge_client_cut_total", "Files that were not taken to their end.",
            client->cut);
}

void http_metrics(struct transport *transport, struct galen_writer *out)
{
    const struct transport_counters *counters = &transport->counters;
    uint64_t asked, known;
    ahead_count(&asked, &known);
    gauge(out, "galen_edge_sockets", "WebSockets that are open.", (double)transport->sockets);
    gauge(out, "galen_edge_sockets_high", "Most WebSockets that were open at once.",
          (double)transport->sockets_high);
    gauge(out, "galen_edge_handshakes", "Sockets before their WebSocket handshake is done.",
          (double)transport->waiting);
    counter(out, "galen_edge_sockets_refused_total", "Sockets closed at once: too many.",
            transport->listen.refused);
    counter(out, "galen_edge_not_binary_total", "Text messages, which the protocol has not.",
            counters->not_binary);
    counter(out, "galen_edge_library_errors_total", "Errors that libwebsockets reported.",
            counters->library_errors);
    counter(out, "galen_edge_commits_total", "Batches made durable.", counters->commits);
    counter(out, "galen_edge_commit_failures_total", "Batches that failed.",
            counters->commit_failures);
    put(out, "galen_edge_commit_seconds_total", "counter", "Time the disk took for batches.", "",
        (double)counters->commit_us / 1e6);
    counter(out, "galen_edge_signatures_total", "Signatures the rules asked about.", asked);
    counter(out, "galen_edge_signatures_ahead_total", "Of them, verified on another processor.",
            known);
    for (size_t i = 1; i < sizeof counters->http / sizeof counters->http[0]; i++) {
        char labels[24];
        snprintf(labels, sizeof labels, "{status=\"%zuxx\"}", i);
        put(out, "galen_edge_http_answers_total", "counter",
            i == 1 ? "HTTP answers by status." : NULL, labels, (double)counters->http[i]);
    }
    put_client(out, &transport->client);
    gauge(out, "galen_edge_store_ok", "1: the last batch was stored; 0: it failed.",
          transport->store_state == GALEN_OK ? 1 : 0);
    gauge(out, "galen_edge_certificate_expires_seconds", "Until the certificate's end.",
          (double)tls_expires_in_s(transport->tls, transport_now_ms(transport)));
    put_process(out);
}
