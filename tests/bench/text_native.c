/*
 * An editing trace through galen/text.h, on this machine. The file has for each edit device, seen, at, deleted and
 * the size of what is inserted (u32 each, little-endian), then those bytes. Says, as JSON, the best of several
 * runs: of applying all edits, and of loading what was saved; and how large that is.
 */
#include "galen/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void demand(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "text-native: %s\n", what);
    exit(1);
}

static struct galen_bytes read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    demand(file != NULL && fseek(file, 0, SEEK_END) == 0, name);
    long size = ftell(file);
    uint8_t *at = malloc((size_t)size + 1);
    rewind(file);
    demand(at != NULL && fread(at, 1, (size_t)size, file) == (size_t)size, name);
    fclose(file);
    return (struct galen_bytes){at, (size_t)size};
}

static double apply(struct galen_text *text, struct galen_bytes trace)
{
    double start = now_ms();
    for (size_t at = 0; at < trace.size;) {
        uint32_t n[5];
        memcpy(n, trace.at + at, sizeof n);
        at += sizeof n;
        struct galen_splice splice = {n[2], n[3], {trace.at + at, n[4]}};
        struct galen_edit edit = {.device = n[0], .seen = n[1], .splices = &splice, .count = 1};
        demand(galen_text_apply(text, &edit, 0) == GALEN_OK, "an edit was refused");
        at += n[4];
    }
    return now_ms() - start;
}

static double load(struct galen_bytes saved, const struct galen_writer *says)
{
    struct galen_text *text;
    struct galen_writer w;
    galen_writer_init(&w);
    double start = now_ms();
    demand(galen_text_load(saved, &text) == GALEN_OK, "what was saved does not load");
    galen_text_say(text, &w);
    double took = now_ms() - start;
    demand(galen_bytes_equal(galen_written(&w), galen_written(says)), "another text was loaded");
    galen_text_free(text);
    galen_writer_wipe(&w);
    return took;
}

int main(int count, char **arguments)
{
    demand(count == 3, "usage: text-native TRACE TEXT");
    struct galen_bytes trace = read_file(arguments[1]), text = read_file(arguments[2]);
    double apply_ms = 1e9, load_ms = 1e9;
    struct galen_writer saved, says;
    galen_writer_init(&saved);
    galen_writer_init(&says);
    for (int i = 0; i < 9; i++) {
        struct galen_text *made = galen_text_new();
        double took = apply(made, trace);
        apply_ms = took < apply_ms ? took : apply_ms;
        galen_writer_clear(&saved);
        galen_writer_clear(&says);
        galen_text_save(made, &saved);
        galen_text_say(made, &says);
        demand(galen_bytes_equal(galen_written(&says), text), "the trace ends in another text");
        galen_text_free(made);
    }
    for (int i = 0; i < 20; i++) {
        double took = load(galen_written(&saved), &says);
        load_ms = took < load_ms ? took : load_ms;
    }
    printf("{\"apply_ms\": %.3f, \"load_ms\": %.3f, \"encoded_bytes\": %zu}\n", apply_ms, load_ms,
           saved.size);
    return 0;
}
