/*
 * The input is a history of a text: for each edit flags (u8), how many edits its author had not seen (u8), of one that
 * was taken over the same of whom it was taken from (three u8), and its splices as they stand in an operation (a
 * vector). Any bytes are splices, with any pasts: those that fit are applied to a text, to one that is saved and loaded
 * and refuses and gives up along the way, and, while that is quick, to a model that is slow and obviously right.
 */
#include "galen/op.h"
#include "galen/text.h"

#include "support/slow_text.h"

#include <stdlib.h>
#include <string.h>

enum { DEVICES = 8, EDITS_MAX = 60, NODES_MAX = 400, POINTS_MAX = 4096 };

enum flag { DEVICE = 7, AS_OF = 8, GIVES_UP = 16, SAVES = 32, CHOSEN = 64 };

struct run {
    struct galen_text *text, *other;
    struct slow_text *slow;
    bool is_modelled;
    uint32_t seen[DEVICES]; /* bases never sink in a log that is read */
    bool chosen[EDITS_MAX];
    struct edit {
        struct galen_edit edit;
        struct galen_splices splices;
    } * edits; /* that were applied */
};

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void say(const struct galen_text *text, struct galen_writer *w)
{
    galen_writer_clear(w);
    galen_text_say(text, w);
    check(!w->failed);
}

static void check_same(const struct galen_text *one, const struct galen_text *other)
{
    struct galen_writer w, v;
    galen_writer_init(&w);
    galen_writer_init(&v);
    say(one, &w);
    say(other, &v);
    check(galen_bytes_equal(galen_written(&w), galen_written(&v)));
    check(galen_text_points(galen_written(&w)) == galen_text_length(one));
    check(galen_text_size(one) == w.size && galen_text_length(one) <= POINTS_MAX);
    galen_writer_wipe(&w);
    galen_writer_wipe(&v);
}

static struct galen_text *load_again(struct galen_text *text)
{
    struct galen_writer w;
    struct galen_text *again = NULL;
    galen_writer_init(&w);
    galen_text_save(text, &w);
    check(!w.failed && galen_text_load(galen_written(&w), &again) == GALEN_OK);
    galen_writer_wipe(&w);
    return again;
}

/* ---- The model ----------------------------------------------------------------------------------- */

/* Can the model follow? Of ASCII only, of histories that a log can have, and not for long. */
static bool fits_model(struct run *run, const struct galen_edit *edit)
{
    uint32_t author = edit->as_of ? edit->author : edit->device;
    size_t nodes = (size_t)run->slow->node_count;
    bool fits = run->slow->edits < EDITS_MAX && edit->seen >= run->seen[edit->device] &&
                (!edit->as_of || (edit->author_seen >= run->seen[author] &&
                                  (edit->own <= edit->seen || edit->author == edit->device)));
    for (size_t i = 0; i < edit->count; i++) {
        struct galen_bytes inserted = edit->splices[i].inserted;
        nodes += inserted.size;
        for (size_t k = 0; k < inserted.size; k++)
            fits = fits && inserted.at[k] < 0x80;
    }
    return fits && nodes <= NODES_MAX;
}

static void check_model(const struct run *run)
{
    static char want[SLOW_SIZE_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    say(run->text, &w);
    size_t size = slow_say(run->slow, &slow_everything, want);
    check(w.size == size && (size == 0 || memcmp(w.at, want, size) == 0));
    galen_writer_wipe(&w);
}

/* What taking the chosen edits back comes to. */
static void check_undo(struct run *run)
{
    static char want[SLOW_SIZE_MAX];
    struct galen_splices splices;
    struct galen_writer w;
    size_t count = galen_text_edits(run->text);
    struct galen_text_choice choice = {run->chosen, count < EDITS_MAX ? count : EDITS_MAX};
    check(galen_text_undo(run->text, choice, &splices) == GALEN_OK);
    struct galen_edit edit = {
        .device = DEVICES, .seen = (uint32_t)count, .splices = splices.at, .count = splices.count};
    check(galen_text_apply(run->other, &edit, 0) == GALEN_OK);
    galen_writer_init(&w);
    say(run->other, &w);
    if (run->is_modelled) {
        size_t size = slow_without(run->slow, run->chosen, want);
        check(w.size == size && (size == 0 || memcmp(w.at, want, size) == 0));
    }
    galen_writer_wipe(&w);
    galen_splices_free(&splices);
}

/* ---- Edits --------------------------------------------------------------------------------------- */

static uint32_t not_seen(struct galen_reader *r, uint32_t edits)
{
    return edits - galen_read_u8(r) % (edits + 1);
}

static void model(struct run *run, const struct galen_edit *edit)
{
    run->is_modelled = run->is_modelled && fits_model(run, edit);
    run->seen[edit->device] = edit->seen;
    if (!run->is_modelled)
        return;
    slow_edit(run->slow, edit);
    check_model(run);
}

/* The last two edits, if they did not know each other, in both orders: as many code points come and go, and if only
 * one of them inserts, the same. */
static void swap(struct run *run)
{
    uint32_t count = galen_text_edits(run->text);
    if (count < 2)
        return;
    const struct galen_edit *one = &run->edits[count - 2].edit, *last = &run->edits[count - 1].edit;
    if (last->as_of || one->as_of || last->device == one->device || last->seen > count - 2)
        return;
    struct galen_text *text = galen_text_new();
    bool inserts = false;
    check(text != NULL);
    for (uint32_t i = 0; i < count - 2; i++)
        check(galen_text_apply(text, &run->edits[i].edit, 0) == GALEN_OK);
    check(galen_text_apply(text, last, 0) == GALEN_OK);
    check(galen_text_apply(text, one, 0) == GALEN_OK);
    check(galen_text_length(text) == galen_text_length(run->text));
    for (size_t i = 0; i < one->count; i++)
        inserts |= one->splices[i].inserted.size > 0;
    if (!inserts)
        check_same(text, run->text);
    galen_text_free(text);
}

static void apply(struct run *run, uint8_t flags, struct galen_edit *edit,
                  struct galen_splices *splices)
{
    enum galen_err verdict = galen_text_check(run->text, edit, POINTS_MAX);
    if (flags & GIVES_UP && galen_text_prepare(run->other, edit, POINTS_MAX) == GALEN_OK)
        galen_text_abort(run->other);
    if (flags & SAVES) {
        struct galen_text *again = load_again(run->other);
        galen_text_free(run->other);
        run->other = again;
    }
    uint32_t number = galen_text_edits(run->text);
    check(galen_text_apply(run->text, edit, POINTS_MAX) == verdict);
    check(galen_text_apply(run->other, edit, POINTS_MAX) == verdict);
    check_same(run->text, run->other);
    if (verdict != GALEN_OK) {
        check(galen_text_edits(run->text) == number);
        galen_splices_free(splices);
        return;
    }
    if (number < EDITS_MAX)
        run->chosen[number] = flags & CHOSEN;
    model(run, edit);
    run->edits[number] = (struct edit){*edit, *splices};
}

static void read_edit(struct run *run, struct galen_reader *r, size_t size)
{
    uint32_t edits = galen_text_edits(run->text);
    uint8_t flags = galen_read_u8(r);
    struct galen_edit edit = {.device = flags & DEVICE, .seen = not_seen(r, edits)};
    if (flags & AS_OF) {
        edit.as_of = true;
        edit.author = galen_read_u8(r) & DEVICE;
        edit.author_seen = not_seen(r, edits);
        edit.own = not_seen(r, edits);
        edit.device = flags & 1 ? edit.author : edit.device;
    }
    struct galen_bytes value = galen_read_vector(r, size);
    struct galen_splices splices;
    enum galen_err err = r->failed ? GALEN_ERR_FORMAT : galen_splices_read(value, &splices);
    check(r->failed || galen_splices_check(value) == err);
    if (err != GALEN_OK)
        return;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_splices_write(&w, splices.at, splices.count);
    check(galen_bytes_equal(galen_written(&w), value));
    galen_writer_wipe(&w);
    edit.splices = splices.at;
    edit.count = splices.count;
    apply(run, flags, &edit, &splices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct slow_text slow;
    struct run run = {.text = galen_text_new(), .other = galen_text_new(), .slow = &slow};
    struct galen_reader r;
    slow.node_count = slow.edits = 0;
    run.is_modelled = true;
    run.edits = calloc(size + 1, sizeof *run.edits); /* an edit is longer than a byte */
    check(run.edits != NULL && run.text != NULL && run.other != NULL);
    galen_reader_init(&r, (struct galen_bytes){data, size});
    while (r.left > 0 && !r.failed)
        read_edit(&run, &r, size);
    if (run.is_modelled)
        check(slow_is_in_order(&slow) && slow_runs_are_whole(&slow));
    swap(&run);
    uint32_t count = galen_text_edits(run.text);
    check_undo(&run);
    for (uint32_t i = 0; i < count; i++)
        galen_splices_free(&run.edits[i].splices);
    free(run.edits);
    galen_text_free(run.text);
    galen_text_free(run.other);
    return 0;
}
