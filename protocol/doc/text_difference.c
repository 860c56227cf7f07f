/* The difference of two texts: first which words stay, then what changes between them. */
#include "galen/mutation.h"
#include "galen/op.h"
#include "galen/text.h"

#include "text_state.h"

#include <stdlib.h>
#include <string.h>

enum { DIFFERENCES_MAX = 256 }; /* with more than this, all between the first and the last is one */
#define NOWHERE UINT32_MAX

/* Two rows of things that are compared by number: code points, or words by their hash. */
struct sides {
    uint32_t *before, *after;
    uint32_t before_count, after_count;
};

static void free_sides(struct sides *s)
{
    free(s->before);
    free(s->after);
}

/* Where each of `before` stands in `after`, NOWHERE if it goes. Myers' greedy algorithm (1986). NULL: out of
 * memory. */
static uint32_t *find_kept(const struct sides *s)
{
    const int32_t n = (int32_t)s->before_count, m = (int32_t)s->after_count;
    const int32_t most = n + m < DIFFERENCES_MAX ? n + m : DIFFERENCES_MAX, width = 2 * most + 3;
    uint32_t *kept = malloc(((size_t)n + 1) * sizeof *kept);
    int32_t *rows = malloc((size_t)(most + 1) * (size_t)width * sizeof *rows);
    if (kept == NULL || rows == NULL) {
        free(kept);
        free(rows);
        return NULL;
    }
    for (int32_t i = 0; i <= n; i++)
        kept[i] = NOWHERE;
    int32_t d, k = 0, x = 0, *row = rows;
    for (d = 0; d <= most; d++) {
        row = rows + d * width + most + 1;
        const int32_t *last = row - width;
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
    return kept;
found:
    for (; d > 0; d--) {
        const int32_t *last = row - width;
        bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
        int32_t from = down ? last[k + 1] : last[k - 1] + 1;
        for (; x > from; x--)
            kept[x - 1] = (uint32_t)(x - 1 - k);
        k += down ? 1 : -1;
        x = last[k];
        row -= width;
    }
    for (; x > 0; x--)
        kept[x - 1] = (uint32_t)(x - 1);
    free(rows);
    return kept;
}

static bool is_space(uint32_t point)
{
    return point == ' ' || point == '\n' || point == '\t';
}

/* A digit of some script, or a fraction. */
static bool is_digit(uint32_t point)
{
    return (point >= '0' && point <= '9') || (point >= 0xbc && point <= 0xbe) ||
           (point >= 0x2150 && point <= 0x215e) || (point >= 0x660 && point <= 0x669) ||
           (point >= 0x6f0 && point <= 0x6f9) || (point >= 0x966 && point <= 0x96f) ||
           (point >= 0xff10 && point <= 0xff19);
}

/* A space that is typeset, not typed: it holds a number and its unit together, or the thousands of one. */
static bool is_narrow(uint32_t point)
{
    return point == 0xa0 || (point >= 0x2000 && point <= 0x200a) || point == 0x202f ||
           point == 0x205f || point == 0x3000;
}

/* What stands between the digits of one amount: "1,000", "10–20", "10×2", "140/90". */
static bool is_joint(uint32_t point)
{
    return point == '.' || point == ',' || point == '-' || point == '/' || point == '+' ||
           point == '*' || point == 0xb1 || point == 0xd7 || point == 0x2212 ||
           (point >= 0x2010 && point <= 0x2015);
}

/* Does a number run into this? Where people write without spaces, what runs on is a sentence. */
static bool runs_on(uint32_t point)
{
    bool spaced = point < 0xe00 || (point >= 0x2000 && point < 0x2e80);
    return (spaced || is_digit(point)) && point > ' ' && !is_narrow(point);
}

/* The code point that begins at a byte, and its size. */
static uint32_t point_at(struct galen_bytes text, size_t at, size_t *size)
{
    uint32_t lead = text.at[at];
    *size = utf8_skip(text.at + at, 1);
    uint32_t point = *size == 1 ? lead : lead & (0x7fu >> *size);
    for (size_t i = 1; i < *size; i++)
        point = point << 6 | (text.at[at + i] & 0x3fu);
    return point;
}

/* The one before a byte. */
static uint32_t point_before(struct galen_bytes text, size_t at, size_t *size)
{
    size_t from = at - 1;
    while (from > 0 && (text.at[from] & 0xc0) == 0x80)
        from--;
    return point_at(text, from, size);
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

static bool has_number(struct galen_bytes text)
{
    size_t size;
    for (size_t i = 0; i < text.size; i += size)
        if (is_digit(point_at(text, i, &size)))
            return true;
    return false;
}

static struct galen_bytes part(struct galen_bytes text, size_t from, size_t to)
{
    return (struct galen_bytes){text.size == 0 ? (const uint8_t *)"" : text.at + from, to - from};
}

static size_t word_from(struct galen_bytes text, size_t to)
{
    while (to > 0 && !is_space(text.at[to - 1]))
        to--;
    return to;
}

static size_t word_to(struct galen_bytes text, size_t from)
{
    while (from < text.size && !is_space(text.at[from]))
        from++;
    return from;
}

/* Spaces of whatever kind that end, or begin, at a byte: in front of, or behind them. A line's end is none. */
static size_t before_spaces(struct galen_bytes text, size_t at)
{
    for (size_t size; at > 0; at -= size) {
        uint32_t point = point_before(text, at, &size);
        if (point != ' ' && point != '\t' && !is_narrow(point))
            break;
    }
    return at;
}

static size_t behind_spaces(struct galen_bytes text, size_t at)
{
    for (size_t size; at < text.size; at += size) {
        uint32_t point = point_at(text, at, &size);
        if (point != ' ' && point != '\t' && !is_narrow(point))
            break;
    }
    return at;
}

/* Does an amount end here that has no unit yet: "10", "(1½", "10–20" or "mg/5", but not "B12"? */
static bool is_amount(struct galen_bytes text, size_t to)
{
    size_t at = to, size;
    uint32_t point = to > 0 ? point_before(text, to, &size) : ' ';
    if (!is_digit(point))
        return false;
    while (at > 0 && (is_digit(point = point_before(text, at, &size)) || is_joint(point)))
        at -= size;
    if (at == 0 || is_space(point) || is_narrow(point) ||
        (point < 0x80 && !((point | 0x20) >= 'a' && (point | 0x20) <= 'z')))
        return true;
    size_t from = word_from(text, to);
    return is_digit(point_at(text, from, &size)) || memchr(text.at + from, '/', to - from) != NULL;
}

/* "10 - 20", "10 to 20": is this word what holds two amounts together? */
static bool is_between(struct galen_bytes text, size_t from, size_t to)
{
    static const char *const words[] = {"-", "\u2013", "\u2014", "\u2212", "/",
                                        "x", "\u00d7", "to",     "or"};
    bool between = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        between |=
            strlen(words[i]) == to - from && memcmp(words[i], text.at + from, to - from) == 0;
    return between;
}

/* Is the word that begins here one with the amount before it: its unit, or the other end of a range? */
static bool is_unit(struct galen_bytes text, size_t at)
{
    size_t end = before_spaces(text, at), size;
    if (end == at || end == 0 || at >= text.size || is_space(text.at[at]))
        return false;
    if (!is_digit(point_at(text, at, &size)))
        return is_amount(text, end);
    if (is_narrow(point_before(text, at, &size)))
        return is_amount(text, end);
    size_t from = word_from(text, end), before = before_spaces(text, from);
    return before < from && is_between(text, from, end) && is_amount(text, before);
}

/* Behind the words that are one with what ends here. */
static size_t behind_units(struct galen_bytes text, size_t to)
{
    for (size_t next = behind_spaces(text, to); next > to && is_unit(text, next);
         next = behind_spaces(text, to))
        to = word_to(text, next);
    return to;
}

/* The same, in whole words, without a space beside them, and no amount without its unit. */
static void find_word_ends(struct galen_bytes before, struct galen_bytes after, size_t *front,
                           size_t *back)
{
    find_ends(before, after, front, back);
    size_t from = word_from(before, *front), to = word_to(before, before.size - *back);
    size_t end = before_spaces(before, from);
    if (end < from && is_amount(before, end))
        from = word_from(before, end);
    while (is_unit(before, from))
        from = word_from(before, before_spaces(before, from));
    to = behind_units(before, to);
    to += to < before.size;
    *front = from - (from > 0);
    *back = before.size - to;
}

/* ---- Between words that stay ----------------------------------------------------------------------- */

static uint32_t *decode(struct galen_bytes text, uint32_t *count)
{
    *count = (uint32_t)galen_text_points(text);
    uint32_t *points = malloc(((size_t)*count + 1) * sizeof *points);
    size_t at = 0, size;
    for (uint32_t i = 0; points != NULL && i < *count; i++, at += size)
        points[i] = point_at(text, at, &size);
    return points;
}

/* Numbers are compared whole, with what they run into, their unit and a space beside them: of two people's one takes
 * the place of the other or stands behind it, and no digit or unit of one beside those of the other. */
enum { WHOLE = 0x40000000, SPACE = 0x20000000, INSIDE = SPACE - 1 }; /* no code point's bytes */

static void make_whole(uint32_t *points, uint32_t from, uint32_t to)
{
    uint32_t hash = 0x811c9dc5;
    for (uint32_t i = from; i < to; i++)
        hash = (hash ^ points[i]) * 0x01000193;
    for (uint32_t i = from; i < to; i++)
        points[i] = WHOLE | (is_space(points[i]) ? SPACE : 0) | ((hash + i - from) & INSIDE);
}

static void make_numbers_whole(uint32_t *points, struct galen_bytes text)
{
    uint32_t i = 0;
    for (size_t at = 0, size; at < text.size;) {
        uint32_t from = i;
        size_t began = at;
        bool is_number = false;
        for (; at < text.size && runs_on(point_at(text, at, &size)); at += size, i++)
            is_number |= is_digit(points[i]);
        if (is_number) {
            size_t to = behind_units(text, at);
            i += (uint32_t)utf8_points(text.at + at, to - at);
            at = to;
            bool spaced = at < text.size && is_space(text.at[at]);
            i += spaced;
            at += spaced;
            make_whole(points, !spaced && from > 0 && is_space(points[from - 1]) ? from - 1 : from,
                       i);
        } else if (at == began) {
            (void)point_at(text, at, &size);
            at += size;
            i++;
        }
    }
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
        if (is_space(s->before[i]) || (s->before[i] & ~(uint32_t)INSIDE) == (WHOLE | SPACE))
            return true;
    return false;
}

/* Makes splices of what is kept; `text` is `after` from `start` code points on. */
static bool cut_splices(const struct sides *s, const uint32_t *kept, uint32_t start,
                        const uint8_t *text, struct making *making)
{
    struct change last = {0};
    bool is_first = true;
    uint32_t i = 0, k = 0;
    while (i < s->before_count || k < s->after_count) {
        if (i < s->before_count && kept[i] == k) {
            text += utf8_skip(text, 1);
            i++;
            k++;
            continue;
        }
        struct change change = {i, 0, k, {text, 0}};
        for (; i < s->before_count && kept[i] == NOWHERE; i++)
            change.deleted++;
        uint32_t until = i < s->before_count ? kept[i] : s->after_count;
        change.inserted.size = utf8_skip(text, until - k);
        k = until;
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

/* find_kept, of numbers whole. Only of one hash may be what is another number. */
static uint32_t *keep(struct sides *s, struct galen_bytes before, struct galen_bytes after,
                      bool numbers)
{
    if (!numbers || !GALEN_CHECKED(MERGE_NUMBERS))
        return find_kept(s);
    make_numbers_whole(s->before, before);
    make_numbers_whole(s->after, after);
    uint32_t *kept = find_kept(s), count = 0;
    uint32_t *was = decode(before, &count), *is = decode(after, &count);
    for (uint32_t i = 0; kept && was && is && i < s->before_count; i++)
        if (kept[i] != NOWHERE && was[i] != is[kept[i]])
            kept[i] = NOWHERE;
    if (was == NULL || is == NULL) {
        free(kept);
        kept = NULL;
    }
    free(was);
    free(is);
    return kept;
}

/* What changes from one to the other, `start` code points from the beginning. */
static bool compare_points(struct galen_bytes before, struct galen_bytes after, uint32_t start,
                           struct making *making)
{
    struct sides s = {0};
    size_t front, back;
    if (galen_bytes_equal(before, after))
        return true;
    bool numbers = has_number(before) || has_number(after);
    if (numbers)
        find_word_ends(before, after, &front, &back);
    else
        find_ends(before, after, &front, &back);
    struct galen_bytes was = part(before, front, before.size - back),
                       is = part(after, front, after.size - back);
    s.before = decode(was, &s.before_count);
    s.after = decode(is, &s.after_count);
    uint32_t *kept = s.before != NULL && s.after != NULL ? keep(&s, was, is, numbers) : NULL;
    bool ok = kept != NULL && cut_splices(&s, kept, start + (uint32_t)utf8_points(before.at, front),
                                          part(after, front, after.size).at, making);
    free_sides(&s);
    free(kept);
    return ok;
}

/* ---- Words ----------------------------------------------------------------------------------------- */

struct word {
    size_t from, to; /* bytes */
};

/* An amount and its unit are one. */
static struct word *find_words(struct galen_bytes text, uint32_t *count)
{
    size_t starts = 0;
    for (size_t i = 0; i < text.size; i++)
        starts += !is_space(text.at[i]) && (i == 0 || is_space(text.at[i - 1]));
    struct word *words = malloc((starts + 1) * sizeof *words);
    *count = 0;
    for (size_t i = 0; words != NULL && i < text.size; i++) {
        if (is_space(text.at[i]))
            continue;
        size_t to = word_to(text, i);
        if (!is_unit(text, i) || !GALEN_CHECKED(MERGE_NUMBERS))
            words[(*count)++].from = i;
        words[*count - 1].to = to;
        i = to;
    }
    return words;
}

static uint32_t *hash_words(struct galen_bytes text, const struct word *words, uint32_t count)
{
    uint32_t *hashes = malloc(((size_t)count + 1) * sizeof *hashes);
    for (uint32_t i = 0; hashes != NULL && i < count; i++) {
        hashes[i] = 0x811c9dc5;
        for (size_t k = words[i].from; k < words[i].to; k++)
            hashes[i] = (hashes[i] ^ text.at[k]) * 0x01000193;
    }
    return hashes;
}

/* Two texts by words. */
struct worded {
    struct galen_bytes before, after;
    struct word *before_words, *after_words;
    struct sides hashes;
};

/* Splices of what stands between the words that stay. */
static bool cut_words(const struct worded *w, const uint32_t *kept, uint32_t start,
                      struct making *making)
{
    size_t before = 0, after = 0; /* behind the last word that stays */
    for (uint32_t i = 0; i < w->hashes.before_count; i++) {
        if (kept[i] == NOWHERE)
            continue;
        struct word one = w->before_words[i], other = w->after_words[kept[i]];
        struct galen_bytes word = part(w->before, one.from, one.to);
        if (!galen_bytes_equal(word, part(w->after, other.from, other.to)))
            continue; /* only of one hash */
        struct galen_bytes made = part(w->after, after, other.from);
        if (!compare_points(part(w->before, before, one.from), made, start, making))
            return false;
        start += (uint32_t)(utf8_points(made.at, made.size) + utf8_points(word.at, word.size));
        before = one.to;
        after = other.to;
    }
    return compare_points(part(w->before, before, w->before.size),
                          part(w->after, after, w->after.size), start, making);
}

static bool compare_words(struct galen_bytes before, struct galen_bytes after, uint32_t start,
                          struct making *making)
{
    struct worded w = {.before = before, .after = after};
    uint32_t *kept = NULL;
    w.before_words = find_words(before, &w.hashes.before_count);
    w.after_words = find_words(after, &w.hashes.after_count);
    if (w.before_words != NULL && w.after_words != NULL) {
        w.hashes.before = hash_words(before, w.before_words, w.hashes.before_count);
        w.hashes.after = hash_words(after, w.after_words, w.hashes.after_count);
        if (w.hashes.before != NULL && w.hashes.after != NULL)
            kept = find_kept(&w.hashes);
    }
    bool ok = kept != NULL && cut_words(&w, kept, start, making);
    free(kept);
    free_sides(&w.hashes);
    free(w.before_words);
    free(w.after_words);
    return ok;
}

enum galen_err galen_text_difference(struct galen_bytes before, struct galen_bytes after,
                                     struct galen_splices *out)
{
    struct making making = {0};
    bool ok = true;
    if (!galen_bytes_equal(before, after)) {
        size_t front, back;
        find_word_ends(before, after, &front, &back);
        ok = compare_words(part(before, front, before.size - back),
                           part(after, front, after.size - back),
                           (uint32_t)utf8_points(before.at, front), &making);
    }
    return making_end(&making, ok ? GALEN_OK : GALEN_ERR_MEMORY, out);
}
