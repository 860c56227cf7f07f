/* What somebody types: how it changes the text that is here, with some of what stands around it. */
#include "galen/op.h"
#include "view.h"

#include <string.h>

enum {
    CHANGES_MAX = 16, /* of one draft; the others are left out */
    AROUND_MAX = 60,  /* code points shown before and behind each */
    GONE_MAX = 200,   /* code points shown of what goes, at most */
};

/* So many code points from a byte on; gives the byte behind. */
static size_t step(struct galen_bytes text, size_t byte, uint32_t points)
{
    for (; points > 0 && byte < text.size; points--)
        for (byte++; byte < text.size && (text.at[byte] & 0xc0) == 0x80;)
            byte++;
    return byte;
}

static size_t step_back(struct galen_bytes text, size_t byte, uint32_t points)
{
    for (; points > 0 && byte > 0; points--)
        for (byte--; byte > 0 && (text.at[byte] & 0xc0) == 0x80;)
            byte--;
    return byte;
}

static void add_part(cJSON *object, const char *name, struct galen_bytes text, size_t from,
                     size_t to)
{
    json_text(object, name, (struct galen_bytes){text.size ? text.at + from : text.at, to - from});
}

/* Splices stand one after the other, each in what those before it left. */
static void add_changes(cJSON *object, struct galen_bytes text, const struct galen_splices *splices)
{
    cJSON *changes = cJSON_AddArrayToObject(object, "changes");
    size_t byte = 0,
           shown = 0;   /* … up to which it was shown as standing before or behind a change */
    uint32_t point = 0; /* of the text that comes out */
    for (size_t i = 0; i < splices->count && i < CHANGES_MAX; i++) {
        const struct galen_splice *splice = &splices->at[i];
        byte = step(text, byte, splice->at - point);
        size_t from = step_back(text, byte, AROUND_MAX), gone = step(text, byte, splice->deleted);
        size_t end = step(text, byte, splice->deleted < GONE_MAX ? splice->deleted : GONE_MAX);
        size_t behind = step(text, gone, AROUND_MAX);
        if (i + 1 < splices->count && i + 1 < CHANGES_MAX) {
            const struct galen_splice *next = &splices->at[i + 1];
            uint32_t between =
                next->at - splice->at - (uint32_t)galen_text_points(splice->inserted);
            if (between <= AROUND_MAX)
                behind = step(text, gone, between);
        }
        cJSON *one = cJSON_CreateObject();
        add_part(one, "before", text, from > shown ? from : shown, byte);
        add_part(one, "deleted", text, byte, end);
        json_text(one, "inserted", splice->inserted);
        add_part(one, "behind", text, gone, behind);
        json_append(changes, one);
        shown = behind;
        byte = gone;
        point = splice->at + (uint32_t)galen_text_points(splice->inserted);
    }
}

void draft_json(const struct galen_engine *engine, const struct galen_event *e, cJSON *object)
{
    struct galen_writer text;
    struct galen_placed placed;
    if (e->number == 0) {
        cJSON_AddBoolToObject(object, "stopped", true);
        return;
    }
    const struct galen_document *document = galen_document(e->doc);
    const struct galen_field *field = document ? galen_field(document, e->field) : NULL;
    if (!field || field->kind != GALEN_VALUE_TEXT) {
        json_text(object, "text", e->text);
        return;
    }
    galen_writer_init(&text);
    if (galen_engine_drafted(engine, e, &text, &placed) == GALEN_OK) {
        add_changes(object, galen_written(&text), &placed.splices);
        json_number(object, "caret", placed.caret);
        json_number(object, "end", placed.end);
        json_number(object, "points", galen_text_points(galen_written(&text)));
        galen_splices_free(&placed.splices);
    }
    galen_writer_wipe(&text);
}
