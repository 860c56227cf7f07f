#include "galen/schema.h"

#include <string.h>

#define LAST_MS_OF_9999 253402300799999u /* 9999-12-31T23:59:59.999Z */

/* What several people wrote at once may have made a text longer than any of them may write one. */
static enum galen_err read_text(struct galen_bytes in, bool limited, struct galen_value *value)
{
    value->as.text = in;
    bool fits = !limited || galen_text_points(in) <= GALEN_TEXT_POINTS_MAX;
    return fits && galen_text_ok(in) ? GALEN_OK : GALEN_ERR_VALUE;
}

static enum galen_err read_choice(const struct galen_field *field, struct galen_reader *r,
                                  struct galen_value *value)
{
    value->as.choice = galen_read_u8(r);
    if (value->as.choice == 0)
        return GALEN_ERR_VALUE;
    return value->as.choice > field->option_count ? GALEN_ERR_UNKNOWN_KIND : GALEN_OK;
}

static enum galen_err read_set(const struct galen_field *field, struct galen_reader *r,
                               struct galen_value *value)
{
    enum galen_err err = GALEN_OK;
    unsigned last = 0;
    while (r->left > 0) {
        unsigned option = galen_read_u8(r);
        if (option <= last || option > 64)
            return GALEN_ERR_VALUE;
        if (option > field->option_count)
            err = GALEN_ERR_UNKNOWN_KIND;
        value->as.set |= UINT64_C(1) << (option - 1);
        last = option;
    }
    return err;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static enum galen_err read_date(struct galen_reader *r, struct galen_value *value)
{
    struct galen_date *date = &value->as.date;
    date->year = galen_read_u16(r);
    date->month = galen_read_u8(r);
    date->day = galen_read_u8(r);
    bool ok = date->year >= 1 && date->year <= 9999 && date->month <= 12 &&
              date->day <= (date->month == 0 ? 0 : days_in_month(date->year, date->month));
    return ok ? GALEN_OK : GALEN_ERR_VALUE;
}

static enum galen_err read_regimen(struct galen_reader *r, struct galen_value *value)
{
    struct galen_regimen *regimen = &value->as.regimen;
    for (size_t i = 0; i < GALEN_REGIMEN_PARTS; i++) {
        regimen->parts[i] = galen_read_vector(r, 4 * GALEN_LINE_POINTS_MAX);
        if (regimen->parts[i].size > 0 && !galen_line_ok(regimen->parts[i]))
            return GALEN_ERR_VALUE;
    }
    regimen->as_needed = galen_read_bool(r);
    return regimen->parts[GALEN_REGIMEN_DRUG].size > 0 ? GALEN_OK : GALEN_ERR_VALUE;
}

static enum galen_err read_record(const struct galen_field *field, struct galen_reader *r,
                                  struct galen_value *value)
{
    static const uint8_t none[GALEN_RECORD_ID_BYTES];
    value->as.record.doc = galen_read_u8(r);
    galen_read_into(r, value->as.record.id, sizeof value->as.record.id);
    bool ok = value->as.record.doc == field->refers &&
              memcmp(value->as.record.id, none, sizeof none) != 0;
    return ok ? GALEN_OK : GALEN_ERR_VALUE;
}

static enum galen_err read_kind(const struct galen_field *field, struct galen_reader *r,
                                struct galen_value *value)
{
    switch ((enum galen_value_kind)field->kind) {
    case GALEN_VALUE_TEXT:
    case GALEN_VALUE_WORDING:
        return read_text(galen_take(r, r->left), field->kind == GALEN_VALUE_WORDING, value);
    case GALEN_VALUE_LINE:
        value->as.text = galen_take(r, r->left);
        return galen_line_ok(value->as.text) ? GALEN_OK : GALEN_ERR_VALUE;
    case GALEN_VALUE_CHOICE:
        return read_choice(field, r, value);
    case GALEN_VALUE_SET:
        return read_set(field, r, value);
    case GALEN_VALUE_DATE:
        return read_date(r, value);
    case GALEN_VALUE_TIME:
        value->as.time_ms = galen_read_u64(r);
        return value->as.time_ms <= LAST_MS_OF_9999 ? GALEN_OK : GALEN_ERR_VALUE;
    case GALEN_VALUE_YES_NO:
        value->as.yes = galen_read_bool(r);
        return GALEN_OK;
    case GALEN_VALUE_REGIMEN:
        return read_regimen(r, value);
    case GALEN_VALUE_RECORD:
        return read_record(field, r, value);
    case GALEN_VALUE_POSITION:
        value->as.position = galen_read_u64(r);
        return value->as.position == 0 ? GALEN_ERR_VALUE : GALEN_OK;
    case GALEN_VALUE_NUMBER:
        value->as.number = galen_read_u32(r);
        return value->as.number >= field->least && value->as.number <= field->most
                   ? GALEN_OK
                   : GALEN_ERR_VALUE;
    }
    return GALEN_ERR_VALUE;
}

enum galen_err galen_value_read(const struct galen_field *field, struct galen_bytes in,
                                struct galen_value *value)
{
    struct galen_reader r;
    memset(value, 0, sizeof *value);
    if (in.size == 0)
        return GALEN_OK;
    galen_reader_init(&r, in);
    enum galen_err err = read_kind(field, &r, value);
    /* A shape that does not fit is refused, also where an unknown option stands in it. */
    if (!galen_reader_done(&r))
        err = GALEN_ERR_VALUE;
    if (err != GALEN_OK)
        memset(value, 0, sizeof *value);
    else
        value->kind = field->kind;
    return err;
}

enum galen_err galen_value_check(const struct galen_field *field, struct galen_bytes in)
{
    struct galen_value value;
    return galen_value_read(field, in, &value);
}

static void encode(struct galen_writer *w, const struct galen_value *value)
{
    switch ((enum galen_value_kind)value->kind) {
    case GALEN_VALUE_TEXT:
    case GALEN_VALUE_WORDING:
    case GALEN_VALUE_LINE:
        galen_write(w, value->as.text.at, value->as.text.size);
        break;
    case GALEN_VALUE_CHOICE:
        galen_write_u8(w, value->as.choice);
        break;
    case GALEN_VALUE_SET:
        for (uint8_t option = 1; option <= 64; option++)
            if (value->as.set >> (option - 1) & 1)
                galen_write_u8(w, option);
        break;
    case GALEN_VALUE_DATE:
        galen_write_u16(w, value->as.date.year);
        galen_write_u8(w, value->as.date.month);
        galen_write_u8(w, value->as.date.day);
        break;
    case GALEN_VALUE_TIME:
        galen_write_u64(w, value->as.time_ms);
        break;
    case GALEN_VALUE_YES_NO:
        galen_write_bool(w, value->as.yes);
        break;
    case GALEN_VALUE_REGIMEN:
        for (size_t i = 0; i < GALEN_REGIMEN_PARTS; i++)
            galen_write_vector(w, value->as.regimen.parts[i]);
        galen_write_bool(w, value->as.regimen.as_needed);
        break;
    case GALEN_VALUE_RECORD:
        galen_write_u8(w, value->as.record.doc);
        galen_write(w, value->as.record.id, sizeof value->as.record.id);
        break;
    case GALEN_VALUE_POSITION:
        galen_write_u64(w, value->as.position);
        break;
    case GALEN_VALUE_NUMBER:
        galen_write_u32(w, value->as.number);
        break;
    }
}

enum galen_err galen_value_write(struct galen_writer *w, const struct galen_field *field,
                                 const struct galen_value *value)
{
    size_t start = w->size;
    if (value->kind == 0)
        return w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    if (value->kind != field->kind)
        return GALEN_ERR_VALUE;
    encode(w, value);
    if (w->failed)
        return GALEN_ERR_MEMORY;
    /* An empty encoding would say "cleared", which is not what the caller said. */
    if (w->size > start &&
        galen_value_check(field, (struct galen_bytes){w->at + start, w->size - start}) == GALEN_OK)
        return GALEN_OK;
    w->size = start;
    return GALEN_ERR_VALUE;
}
