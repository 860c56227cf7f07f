#include "state.h"
#include "writing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool item_in_past(const struct item *earlier, const struct item *later)
{
    return earlier->entry.index < later->base ||
           (earlier->device == later->device && earlier->entry.index < later->entry.index);
}

bool reg_reserve(struct reg *reg, size_t n)
{
    if (n <= reg->room - reg->count)
        return true;
    size_t room = reg->room == 0 ? 2 : reg->room * 2;
    if (room < reg->count + n)
        room = reg->count + n;
    if (room > SIZE_MAX / 2 / sizeof *reg->said || room > UINT32_MAX)
        return false;
    struct saying *said = realloc(reg->said, room * sizeof *said);
    if (said == NULL)
        return false;
    reg->said = said;
    uint32_t *current = realloc(reg->current, room * sizeof *current);
    if (current == NULL)
        return false;
    reg->current = current;
    reg->room = room;
    return true;
}

/* Is the value at this place of `current` the first one of its kind? Equal values are one (D1). */
static bool is_first(const struct reg *reg, size_t place)
{
    for (size_t i = 0; i < place; i++)
        if (galen_bytes_equal(reg->said[reg->current[i]].value,
                              reg->said[reg->current[place]].value))
            return false;
    return true;
}

/* Does another current value equal the one at `place`, either standing before it or not replaced by
 * `item`? Then the number of different values does not depend on it. */
static bool has_equal(const struct reg *reg, size_t place, const struct item *item)
{
    const struct saying *one = &reg->said[reg->current[place]];
    for (size_t i = 0; i < reg->current_count; i++) {
        const struct saying *other = &reg->said[reg->current[i]];
        if (i != place && (i < place || !item_in_past(other->item, item)) &&
            galen_bytes_equal(one->value, other->value))
            return true;
    }
    return false;
}

/* Makes the saying at `place` current, and those in its past not. The number of different values is
 * kept along the way: counting anew each time would let a few devices make a long log slow to read. */
static void replace(struct reg *reg, size_t place)
{
    const struct saying *saying = &reg->said[place];
    for (size_t i = 0; i < reg->current_count; i++)
        if (item_in_past(reg->said[reg->current[i]].item, saying->item) &&
            !has_equal(reg, i, saying->item))
            reg->different--;
    size_t kept = 0;
    bool is_new = true;
    for (size_t i = 0; i < reg->current_count; i++) {
        struct saying *other = &reg->said[reg->current[i]];
        other->current = !item_in_past(other->item, saying->item);
        if (other->current) {
            is_new &= !galen_bytes_equal(other->value, saying->value);
            reg->current[kept++] = reg->current[i];
        }
    }
    reg->said[place].current = true;
    reg->current[kept++] = (uint32_t)place;
    reg->current_count = kept;
    reg->different += is_new;
}

void reg_say(struct reg *reg, const struct saying *saying)
{
    assert(reg->count < reg->room);
    reg->said[reg->count] = *saying;
    replace(reg, reg->count++);
}

void reg_take_back(struct reg *reg, const struct item *item)
{
    bool was_current = false;
    for (size_t i = reg->count; i > 0 && !was_current; i--) {
        struct saying *saying = &reg->said[i - 1];
        if (saying->item == item) {
            saying->taken_back = true;
            was_current = saying->current;
            break;
        }
    }
    if (!was_current)
        return; /* what it had replaced is replaced by what replaced it */
    reg->current_count = reg->different = 0;
    for (size_t i = 0; i < reg->count; i++) {
        reg->said[i].current = false;
        if (!reg->said[i].taken_back)
            replace(reg, i);
    }
}

const struct saying *reg_value(const struct reg *reg, size_t i)
{
    assert(i < reg->different);
    for (size_t place = 0;; place++)
        if (is_first(reg, place) && i-- == 0)
            return &reg->said[reg->current[place]];
}

void reg_wipe(struct reg *reg)
{
    writing_free(reg->writing);
    free(reg->said);
    free(reg->current);
    memset(reg, 0, sizeof *reg);
}
