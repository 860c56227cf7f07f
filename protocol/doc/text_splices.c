/* Lists of splices: as bytes, as the difference of two texts, and against the edits they undo. */
#include "galen/op.h"
#include "galen/text.h"

#include "text_state.h"

#include <stdlib.h>
#include <string.h>

void galen_splices_free(struct galen_splices *splices)
{
    free(splices->at);
    free(splices->bytes);
    memset(splices, 0, sizeof *splices);
}

bool making_add(struct making *making, uint32_t at, uint32_t deleted, struct galen_bytes inserted)
{
    if (making->count == 0 || making->behind != at) {
        if (making->count == making->room) {
            size_t room = making->room * 2 + 4;
            struct galen_splice *more = realloc(making->at, room * sizeof *more);
            if (more == NULL)
                return false;
            making->at = more;
            making->room = room;
        }
        making->at[making->count++] = (struct galen_splice){at, 0, {NULL, 0}};
    }
    struct galen_splice *last = &making->at[making->count - 1];
    last->deleted += deleted;
    last->inserted.size += inserted.size;
    galen_write(&making->inserted, inserted.at, inserted.size);
    making->behind = at + (uint32_t)utf8_points(inserted.at, inserted.size);
    return !making->inserted.failed;
}

enum galen_err making_end(struct making *making, enum galen_err err, struct galen_splices *out)
{
    *out = (struct galen_splices){making->at, making->count, making->inserted.at};
    const uint8_t *at = out->bytes;
    for (size_t i = 0; i < out->count; i++) {
        out->at[i].inserted.at = at;
        if (at != NULL)
            at += out->at[i].inserted.size;
    }
    if (err != GALEN_OK)
        galen_splices_free(out);
    return err;
}

/* ---- As bytes ------------------------------------------------------------------------------------ */

void galen_splices_write(struct galen_writer *w, const struct galen_splice *splices, size_t count)
{
    uint32_t behind = 0; /* where the splice before ends */
    for (size_t i = 0; i < count; i++) {
        const struct galen_splice *splice = &splices[i];
        if (splice->at < behind || (i > 0 && splice->at == behind) ||
            (splice->deleted == 0 && splice->inserted.size == 0)) {
            w->failed = true;
            return;
        }
        galen_write_u32(w, splice->at - behind);
        galen_write_u32(w, splice->deleted);
        galen_write_vector(w, splice->inserted);
        behind = splice->at + (uint32_t)galen_text_points(splice->inserted);
    }
}

/* Reads one; `behind` is where the one before ends, and then where this one does. */
static bool read_splice(struct galen_reader *r, bool is_first, uint32_t *behind,
                        struct galen_splice *splice)
{
    uint32_t kept = galen_read_u32(r);
    splice->deleted = galen_read_u32(r);
    splice->inserted = galen_read_vector(r, GALEN_PLAIN_MAX);
    if (r->failed || (kept == 0 && !is_first) || kept > GALEN_TEXT_LENGTH_MAX - *behind ||
        (splice->deleted == 0 && splice->inserted.size == 0) || !galen_text_ok(splice->inserted))
        return false;
    splice->at = *behind + kept;
    uint32_t points = (uint32_t)galen_text_points(splice->inserted);
    if (points > GALEN_TEXT_LENGTH_MAX - splice->at)
        return false;
    *behind = splice->at + points;
    return true;
}

/* Goes through all of them; `out` NULL: only counts. False: VALUE. */
static bool read_splices(struct galen_bytes in, struct galen_splice *out, size_t *count)
{
    struct galen_reader r;
    uint32_t behind = 0;
    galen_reader_init(&r, in);
    for (*count = 0; r.left > 0; ++*count) {
        struct galen_splice splice;
        if (!read_splice(&r, *count == 0, &behind, &splice))
            return false;
        if (out != NULL)
            out[*count] = splice;
    }
    return true;
}

enum galen_err galen_splices_check(struct galen_bytes in)
{
    size_t count;
    return read_splices(in, NULL, &count) ? GALEN_OK : GALEN_ERR_VALUE;
}

enum galen_err galen_splices_read(struct galen_bytes in, struct galen_splices *splices)
{
    memset(splices, 0, sizeof *splices);
    size_t count;
    if (!read_splices(in, NULL, &count))
        return GALEN_ERR_VALUE;
    splices->at = malloc((count + 1) * sizeof *splices->at);
    if (splices->at == NULL)
        return GALEN_ERR_MEMORY;
    (void)read_splices(in, splices->at, &splices->count);
    return GALEN_OK;
}

/* ---- The difference of two texts ----------------------------------------------------------------- */

enum { DIFFERENCES_MAX = 256 }; /* with more than this, all between the first and the last is one */

/* Two texts as code points, without what is the same at both ends. */
struct sides {
    uint32_t *before, *after;
    uint32_t before_count, after_count;
};

static uint32_t *decode(struct galen_bytes text, uint32_t *count)
{
    *count = (uint32_t)galen_text_points(text);
    uint32_t *points = malloc(((size_t)*count + 1) * sizeof *points);
    size_t at = 0;
    for (uint32_t i = 0; points != NULL && i < *count; i++) {
        size_t size = utf8_skip(text.at + at, 1);
        uint32_t point =
            0; /* the bytes themselves: all that matters is whether they are the same */
        for (size_t k = 0; k < size; k++)
            point = point << 8 | text.at[at + k];
        points[i] = point;
        at += size;
    }
    return points;
}

/* kept[i]: the i-th code point of `before` stays. Myers' greedy algorithm (1986); false: out of memory. */
static bool find_kept(const struct sides *s, bool *kept)
{
    const int32_t n = (int32_t)s->before_count, m = (int32_t)s->after_count;
    enum { WIDTH = 2 * DIFFERENCES_MAX + 3 };
    int32_t *rows = malloc((size_t)(DIFFERENCES_MAX + 1) * WIDTH * sizeof *rows);
    if (rows == NULL)
        return false;
    int32_t d, k = 0, x = 0, *row = rows;
    for (d = 0; d <= DIFFERENCES_MAX; d++) {
        row = rows + (size_t)d * WIDTH + DIFFERENCES_MAX + 1;
        const int32_t *last = row - WIDTH;
        for (k = -d; k <= d; k += 2) {
            x = 0;
            if (d > 0)
                x = k == -d || (k != d && last[k - 1] < last[k + 1]) ? last[k + 1]
                                                                     : last[k - 1] + 1;
            /* A place outside of either text leads nowhere, but is kept: others are counted from it. */
            while (x >= 0 && x < n && x - k >= 0 && x - k < m && s->before[x] == s->after[x - k])
                x++;
            row[k] = x;
            if (x >= n && x - k >= m)
                goto found;
        }
    }
    free(rows);
    return true; /* nothing is kept */
found:
    for (; d > 0; d--) {
        const int32_t *last = row - WIDTH;
        bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
        int32_t from = down ? last[k + 1] : last[k - 1] + 1;
        while (x > from)
            kept[--x] = true;
        k += down ? 1 : -1;
        x = last[k];
        row -= WIDTH;
    }
    while (x > 0)
        kept[--x] = true;
    free(rows);
    return true;
}

static bool is_space(uint32_t point)
{
    return point == ' ' || point == '\n' || point == '\t';
}

static size_t point_size(uint32_t point)
{
    return point < 0x100 ? 1 : point < 0x10000 ? 2 : point < 0x1000000 ? 3 : 4;
}

/* A change: from here on in both texts, and how much of each it is about. */
struct change {
    uint32_t before, deleted, after;
    struct galen_bytes inserted;
};

/* Is there a space in what is kept between two changes? Else they are of one word. */
static bool apart(const struct sides *s, const struct change *one, const struct change *next)
{
    for (uint32_t i = one->before + one->deleted; i < next->before; i++)
        if (is_space(s->before[i]))
            return true;
    return false;
}

/* Makes splices of what is kept; `text` is `after` from `start` code points on. What is kept of `before`
 * is found again in `after`, in order. */
static bool cut_splices(const struct sides *s, const bool *kept, uint32_t start,
                        const uint8_t *text, struct making *making)
{
    struct change last = {0};
    bool is_first = true;
    uint32_t i = 0, k = 0;
    while (i < s->before_count || k < s->after_count) {
        if (i < s->before_count && k < s->after_count && kept[i] && s->before[i] == s->after[k]) {
            text += point_size(s->after[k]);
            i++;
            k++;
            continue;
        }
        struct change change = {i, 0, k, {text, 0}};
        for (; i < s->before_count && !kept[i]; i++)
            change.deleted++;
        while (k < s->after_count && (i == s->before_count || s->after[k] != s->before[i]))
            change.inserted.size += point_size(s->after[k++]);
        text += change.inserted.size;
        if (!is_first && !apart(s, &last, &change)) {
            last.deleted = i - last.before;
            last.inserted.size = (size_t)(text - last.inserted.at);
            continue;
        }
        if (!is_first && !making_add(making, start + last.after, last.deleted, last.inserted))
            return false;
        last = change;
        is_first = false;
    }
    return is_first || making_add(making, start + last.after, last.deleted, last.inserted);
}

/* How many bytes are the same at both ends, in whole code points. */
static void find_ends(struct galen_bytes before, struct galen_bytes after, size_t *front,
                      size_t *back)
{
    size_t least = before.size < after.size ? before.size : after.size;
    *front = *back = 0;
    while (*front < least && before.at[*front] == after.at[*front])
        ++*front;
    while (*front > 0 && ((*front < before.size && (before.at[*front] & 0xc0) == 0x80) ||
                          (*front < after.size && (after.at[*front] & 0xc0) == 0x80)))
        --*front;
    while (*back < least - *front &&
           before.at[before.size - 1 - *back] == after.at[after.size - 1 - *back])
        ++*back;
    while (*back > 0 && (before.at[before.size - *back] & 0xc0) == 0x80)
        --*back;
}

enum galen_err galen_text_difference(struct galen_bytes before, struct galen_bytes after,
                                     struct galen_splices *out)
{
    struct making making = {0};
    struct sides s = {0};
    size_t front, back;
    find_ends(before, after, &front, &back);
    bool *kept = NULL, ok = true;
    if (!galen_bytes_equal(before, after)) {
        s.before = decode((struct galen_bytes){before.at + front, before.size - front - back},
                          &s.before_count);
        s.after = decode((struct galen_bytes){after.at + front, after.size - front - back},
                         &s.after_count);
        kept = calloc((size_t)s.before_count + 1, sizeof *kept);
        ok = s.before != NULL && s.after != NULL && kept != NULL && find_kept(&s, kept);
        ok = ok && cut_splices(&s, kept, (uint32_t)utf8_points(before.at, front),
                               after.size == 0 ? (const uint8_t *)"" : after.at + front, &making);
    }
    free(s.before);
    free(s.after);
    free(kept);
    return making_end(&making, ok ? GALEN_OK : GALEN_ERR_MEMORY, out);
}

/* ---- Two people's changes ------------------------------------------------------------------------- */

enum galen_err galen_text_merge(struct galen_bytes before, struct galen_bytes after,
                                struct galen_bytes now, struct galen_splices *out)
{
    struct galen_splice whole = {.inserted = before};
    struct galen_splices theirs = {0}, mine = {0};
    struct galen_text *text = galen_text_new();
    enum galen_err err = text == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    memset(out, 0, sizeof *out);
    if (err == GALEN_OK)
        err = galen_text_difference(before, now, &theirs);
    if (err == GALEN_OK)
        err = galen_text_difference(before, after, &mine);
    const struct galen_edit edits[3] = {
        {.device = 0, .seen = 0, .splices = &whole, .count = 1},
        {.device = 1, .seen = 1, .splices = theirs.at, .count = theirs.count},
        {.device = 2, .seen = 1, .splices = mine.at, .count = mine.count},
    };
    for (size_t i = 0; i < 2 && err == GALEN_OK; i++)
        err = galen_text_apply(text, &edits[i], 0);
    if (err == GALEN_OK)
        err = galen_text_preview(text, &edits[2], out);
    galen_text_free(text);
    galen_splices_free(&theirs);
    galen_splices_free(&mine);
    return err;
}

enum galen_err galen_text_spliced(struct galen_bytes text, const struct galen_splices *splices,
                                  struct galen_writer *w)
{
    struct galen_text *plain = galen_text_new();
    struct galen_splice whole = {.inserted = text};
    struct galen_edit first = {.splices = &whole, .count = text.size > 0};
    struct galen_edit edit = {.seen = 1, .splices = splices->at, .count = splices->count};
    enum galen_err err = plain == NULL ? GALEN_ERR_MEMORY : galen_text_apply(plain, &first, 0);
    if (err == GALEN_OK)
        err = galen_text_apply(plain, &edit, 0);
    if (err == GALEN_OK)
        galen_text_say(plain, w);
    galen_text_free(plain);
    return err == GALEN_OK && w->failed ? GALEN_ERR_MEMORY : err;
}
