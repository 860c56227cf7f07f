#include "galen/mutation.h"
#include "galen/op.h"

/* Reads one code point (RFC 3629 section 4). Gives its length in bytes, or 0 if it is not well formed. */
static size_t next_point(struct galen_bytes text, size_t at, uint32_t *point)
{
    const uint8_t *b = text.at + at;
    size_t left = text.size - at;
    uint32_t lead = b[0];
    if (lead < 0x80) {
        *point = lead;
        return 1;
    }
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || length > left)
        return 0;
    uint32_t value = lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (b[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return length;
}

/* What embeds, overrides or isolates a direction turns what stands around it too: "05" is read as "50" (Unicode
 * Standard Annex 9). The marks of languages that are written from right to left turn nothing by themselves. */
static bool turns(uint32_t point)
{
    return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
           (GALEN_CHECKED(TEXT_TURNS) && turns(point));
}

bool galen_text_ok(struct galen_bytes text)
{
    for (size_t at = 0; at < text.size;) {
        uint32_t point;
        if (text.at[at] >= 0x20 && text.at[at] < 0x7f) { /* most of it */
            at++;
            continue;
        }
        size_t length = next_point(text, at, &point);
        if (length == 0 || (is_control(point) && point != '\n' && point != '\t'))
            return false;
        at += length;
    }
    return true;
}

bool galen_line_ok(struct galen_bytes text)
{
    if (text.size == 0 || text.at[0] == ' ' || text.at[text.size - 1] == ' ')
        return false;
    size_t points = 0;
    for (size_t at = 0; at < text.size; points++) {
        uint32_t point;
        size_t length = next_point(text, at, &point);
        if (length == 0 || is_control(point) || points == GALEN_LINE_POINTS_MAX)
            return false;
        at += length;
    }
    return true;
}

size_t galen_text_points(struct galen_bytes text)
{
    size_t points = 0;
    for (size_t i = 0; i < text.size; i++)
        points += (text.at[i] & 0xc0) != 0x80;
    return points;
}
