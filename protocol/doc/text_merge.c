/* What two people made of one text, put together without its history. */
#include "galen/mutation.h"
#include "galen/op.h"
#include "galen/text.h"

#include "text_state.h"

#define NOWHERE UINT32_MAX

/* A text that is looked at from its front to its end, by code points. */
struct looking {
    struct galen_bytes text;
    size_t byte;
    uint32_t point, count;
};

static void look(struct looking *l, struct galen_bytes text)
{
    *l = (struct looking){.text = text, .count = (uint32_t)galen_text_points(text)};
}

/* The byte with which a code point begins; a space for what is before or behind the text. */
static uint8_t look_at(struct looking *l, uint32_t point)
{
    if (point >= l->count)
        return ' ';
    while (l->point > point) {
        while ((l->text.at[--l->byte] & 0xc0) == 0x80)
            continue;
        l->point--;
    }
    l->byte += utf8_skip(l->text.at + l->byte, point - l->point);
    l->point = point;
    return l->text.at[l->byte];
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t';
}

/* Where a code point of the text before stands in that after the splices; NOWHERE: it was taken out. */
static uint32_t forth(const struct galen_splices *splices, uint32_t point)
{
    for (size_t i = 0; i < splices->count && splices->at[i].at <= point; i++) {
        const struct galen_splice *splice = &splices->at[i];
        if (point - splice->at < splice->deleted)
            return NOWHERE;
        point = point - splice->deleted + (uint32_t)galen_text_points(splice->inserted);
    }
    return point;
}

/* … and the other way. */
static uint32_t back(const struct galen_splices *splices, uint32_t point)
{
    for (size_t i = splices->count; i-- > 0;) {
        const struct galen_splice *splice = &splices->at[i];
        uint32_t inserted = (uint32_t)galen_text_points(splice->inserted);
        if (point < splice->at)
            continue;
        if (point - splice->at < inserted)
            return NOWHERE;
        point = point - inserted + splice->deleted;
    }
    return point;
}

struct merging {
    struct looking now, after;
    struct galen_splices theirs, mine;
};

/* A code point of what comes out: where it stands in what others made, and in what this person made. */
struct place {
    uint32_t now, after;
};

static const struct place outside = {NOWHERE, NOWHERE};

static struct place place_of(const struct merging *m, uint32_t now)
{
    if (now >= m->now.count)
        return outside;
    uint32_t before = back(&m->theirs, now);
    return (struct place){now, before == NOWHERE ? NOWHERE : forth(&m->mine, before)};
}

static bool is_beside(uint32_t one, uint32_t next)
{
    return one != NOWHERE && next != NOWHERE && next == one + 1;
}

static bool is_of_word(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}

/* What stands behind it, or before it: a space, if one does in either text, or else what ends a word. */
static uint8_t beside(struct merging *m, struct place p, bool behind)
{
    uint8_t now = 'a', after = 'a';
    if (p.now != NOWHERE)
        now = look_at(&m->now, behind ? p.now + 1 : p.now - 1);
    if (p.after != NOWHERE)
        after = look_at(&m->after, behind ? p.after + 1 : p.after - 1);
    return is_space(now) || is_of_word(after) ? now : after;
}

static uint8_t look_up(struct merging *m, struct place p)
{
    return p.now != NOWHERE ? look_at(&m->now, p.now) : look_at(&m->after, p.after);
}

/* The end of a word of one of them and the beginning of one of the other's: 0, or what has to stand between. */
static uint8_t space_between(struct merging *m, struct place one, struct place next)
{
    if (!GALEN_CHECKED(MERGE_SPACE) || is_beside(one.now, next.now) ||
        is_beside(one.after, next.after) || is_space(look_up(m, one)) || is_space(look_up(m, next)))
        return 0;
    uint8_t behind = beside(m, one, true), before = beside(m, next, false);
    if (is_of_word(behind) || is_of_word(before) || (!is_space(behind) && !is_space(before)))
        return 0;
    return is_space(behind) && (behind != ' ' || !is_space(before)) ? behind : before;
}

/* Splices that are given out, with the spaces between words that would grow together. */
struct cutting {
    struct merging *m;
    struct making *making;
    uint32_t put, gone; /* code points, so far: what is given out, and what it replaces of `now` */
    struct place last;
};

static bool put_between(struct cutting *c, struct place next, uint32_t at)
{
    uint8_t space = space_between(c->m, c->last, next);
    c->last = next;
    if (space == 0)
        return true;
    c->put++;
    return making_add(c->making, at, 0, (struct galen_bytes){&space, 1});
}

/* Changes one after the other, each to what those before it left; what they insert is that of `mine`. */
static bool cut_changes(struct cutting *c, const struct galen_text_change *changes, size_t count)
{
    const struct galen_splice *splice = c->m->mine.at;
    uint32_t put = 0; /* … without the spaces */
    for (size_t i = 0; i < count; i++) {
        const struct galen_text_change *change = &changes[i];
        uint32_t now = change->at - put + c->gone;
        bool joins = i > 0 && changes[i - 1].at + changes[i - 1].inserted == change->at;
        struct galen_bytes inserted = {NULL, 0};
        if (!joins)
            c->last = place_of(c->m, now - 1);
        if (change->deleted > 0 &&
            !making_add(c->making, now - c->gone + c->put, change->deleted, inserted))
            return false;
        if (change->inserted > 0) {
            while (splice->inserted.size == 0)
                splice++;
            inserted = splice->inserted;
            if (!put_between(c, (struct place){NOWHERE, splice->at}, now - c->gone + c->put) ||
                !making_add(c->making, now - c->gone + c->put, 0, inserted))
                return false;
            c->last.after = splice++->at + change->inserted - 1;
        }
        put += change->inserted;
        c->put += change->inserted;
        c->gone += change->deleted;
        bool joined = i + 1 < count && changes[i + 1].at == change->at + change->inserted;
        now += change->deleted;
        if (!joined && !put_between(c, place_of(c->m, now), now - c->gone + c->put))
            return false;
    }
    return true;
}

enum galen_err galen_text_merge(struct galen_bytes before, struct galen_bytes after,
                                struct galen_bytes now, struct galen_splices *out)
{
    struct making making = {0};
    struct merging m = {0};
    struct galen_splice whole = {.inserted = before};
    struct galen_text *text = galen_text_new();
    enum galen_err err = text == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    if (err == GALEN_OK)
        err = galen_text_difference(before, now, &m.theirs);
    if (err == GALEN_OK)
        err = galen_text_difference(before, after, &m.mine);
    const struct galen_edit edits[3] = {
        {.device = 0, .seen = 0, .splices = &whole, .count = 1},
        {.device = 1, .seen = 1, .splices = m.theirs.at, .count = m.theirs.count},
        {.device = 2, .seen = 1, .splices = m.mine.at, .count = m.mine.count},
    };
    for (size_t i = 0; i < 3 && err == GALEN_OK; i++)
        err = galen_text_apply(text, &edits[i], 0);
    if (err == GALEN_OK) {
        struct cutting c = {.m = &m, .making = &making, .last = outside};
        size_t count;
        const struct galen_text_change *changes = galen_text_changes(text, &count);
        look(&m.now, now);
        look(&m.after, after);
        if (!cut_changes(&c, changes, count))
            err = GALEN_ERR_MEMORY;
    }
    galen_text_free(text);
    galen_splices_free(&m.theirs);
    galen_splices_free(&m.mine);
    return making_end(&making, err, out);
}
