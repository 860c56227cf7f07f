/* Values as people type them: the plain text forms of galen/schema.h. */
#include "galen/schema.h"

#include <string.h>

#define DAY_MS 86400000u

static void put(struct galen_writer *w, const char *text)
{
    galen_write(w, text, strlen(text));
}

static void put_number(struct galen_writer *w, uint64_t number, unsigned least_digits)
{
    char digits[20];
    unsigned n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (n < least_digits && n < sizeof digits)
        digits[n++] = '0';
    while (n > 0)
        galen_write_u8(w, (uint8_t)digits[--n]);
}

static void put_hex(struct galen_writer *w, const uint8_t *at, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        galen_write_u8(w, (uint8_t)digits[at[i] >> 4]);
        galen_write_u8(w, (uint8_t)digits[at[i] & 15]);
    }
}

static void put_date(struct galen_writer *w, const struct galen_date *date)
{
    put_number(w, date->year, 4);
    if (date->month != 0) {
        put(w, "-");
        put_number(w, date->month, 2);
    }
    if (date->day != 0) {
        put(w, "-");
        put_number(w, date->day, 2);
    }
}

/* Days since 1970-01-01 in the Gregorian calendar. Years run from March here, so that the leap day is
 * the last one and the months before it have lengths that a linear formula gives. */
static int64_t days_from_date(const struct galen_date *date)
{
    int64_t year = date->year - (date->month <= 2);
    int64_t day_of_year = (153 * ((date->month + 9) % 12) + 2) / 5 + date->day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

static struct galen_date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = shifted / 146097, day_of_era = shifted % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    struct galen_date date;
    date.day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1);
    date.month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    date.year = (uint16_t)(year_of_era + era * 400 + (date.month <= 2));
    return date;
}

static void put_time(struct galen_writer *w, uint64_t time_ms)
{
    struct galen_date date = date_from_days((int64_t)(time_ms / DAY_MS));
    uint64_t ms = time_ms % DAY_MS;
    put_date(w, &date);
    put(w, "T");
    put_number(w, ms / 3600000, 2);
    put(w, ":");
    put_number(w, ms / 60000 % 60, 2);
    put(w, ":");
    put_number(w, ms / 1000 % 60, 2);
    if (ms % 1000 != 0) {
        put(w, ".");
        put_number(w, ms % 1000, 3);
    }
    put(w, "Z");
}

static void put_set(struct galen_writer *w, const struct galen_field *field, uint64_t set)
{
    bool first = true;
    for (size_t i = 0; i < field->option_count; i++) {
        if ((set >> i & 1) == 0)
            continue;
        put(w, first ? "" : ", ");
        put(w, field->options[i]);
        first = false;
    }
}

static void put_regimen(struct galen_writer *w, const struct galen_regimen *regimen)
{
    for (size_t i = 0; i < GALEN_REGIMEN_PARTS; i++) {
        struct galen_bytes part = regimen->parts[i];
        if (part.size == 0)
            continue;
        put(w, galen_regimen_part_names[i]);
        put(w, "=");
        for (size_t k = 0; k < part.size; k++) {
            if (part.at[k] == ';' || part.at[k] == '\\')
                put(w, "\\");
            galen_write_u8(w, part.at[k]);
        }
        put(w, "; ");
    }
    put(w, regimen->as_needed ? "as_needed=yes" : "as_needed=no");
}

enum galen_err galen_value_print(struct galen_writer *w, const struct galen_field *field,
                                 struct galen_bytes in)
{
    struct galen_value value;
    enum galen_err err = galen_value_read(field, in, &value);
    if (err != GALEN_OK)
        return err;
    switch (value.kind) {
    case GALEN_VALUE_TEXT:
    case GALEN_VALUE_WORDING:
    case GALEN_VALUE_LINE:
        galen_write(w, in.at, in.size);
        break;
    case GALEN_VALUE_CHOICE:
        put(w, field->options[value.as.choice - 1]);
        break;
    case GALEN_VALUE_SET:
        put_set(w, field, value.as.set);
        break;
    case GALEN_VALUE_DATE:
        put_date(w, &value.as.date);
        break;
    case GALEN_VALUE_TIME:
        put_time(w, value.as.time_ms);
        break;
    case GALEN_VALUE_YES_NO:
        put(w, value.as.yes ? "yes" : "no");
        break;
    case GALEN_VALUE_REGIMEN:
        put_regimen(w, &value.as.regimen);
        break;
    case GALEN_VALUE_RECORD:
        put_number(w, value.as.record.doc, 1);
        put(w, "/");
        put_hex(w, value.as.record.id, sizeof value.as.record.id);
        break;
    case GALEN_VALUE_POSITION:
        put_number(w, value.as.position, 1);
        break;
    case GALEN_VALUE_NUMBER:
        put_number(w, value.as.number, 1);
        break;
    default: /* cleared */
        break;
    }
    return w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

static struct galen_bytes trim(struct galen_bytes text)
{
    while (text.size > 0 && text.at[0] == ' ') {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && text.at[text.size - 1] == ' ')
        text.size--;
    return text;
}

static bool is(struct galen_bytes text, const char *name)
{
    return text.size == strlen(name) && memcmp(text.at, name, text.size) == 0;
}

/* Takes what stands before the next `end` (or all of it) off the front of `text`. With `escapes`, an
 * `end` behind a `\` does not count. */
static struct galen_bytes take_until(struct galen_bytes *text, uint8_t end, bool escapes)
{
    size_t n = 0;
    while (n < text->size && text->at[n] != end)
        n += escapes && text->at[n] == '\\' && n + 1 < text->size ? 2 : 1;
    struct galen_bytes taken = {text->at, n};
    size_t used = n < text->size ? n + 1 : n;
    text->at = text->size > 0 ? text->at + used : text->at;
    text->size -= used;
    return taken;
}

static bool parse_number(struct galen_bytes text, size_t least_digits, size_t most_digits,
                         uint64_t *number)
{
    *number = 0;
    if (text.size < least_digits || text.size > most_digits)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)text.at[i] - '0';
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

/* 16: not a hexadecimal digit. */
static unsigned hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - (unsigned)'0';
    if (c >= 'a' && c <= 'f')
        return c - (unsigned)'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - (unsigned)'A' + 10;
    return 16;
}

static bool parse_hex(struct galen_bytes text, uint8_t *out, size_t n)
{
    if (text.size != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned high = hex_digit(text.at[2 * i]), low = hex_digit(text.at[2 * i + 1]);
        if (high == 16 || low == 16)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool parse_option(const struct galen_field *field, struct galen_bytes name, uint8_t *option)
{
    for (size_t i = 0; i < field->option_count; i++)
        if (is(name, field->options[i])) {
            *option = (uint8_t)(i + 1);
            return true;
        }
    return false;
}

static bool parse_set(const struct galen_field *field, struct galen_bytes text, uint64_t *set)
{
    if (text.at[text.size - 1] == ',')
        return false;
    do {
        uint8_t option;
        if (!parse_option(field, trim(take_until(&text, ',', false)), &option))
            return false;
        *set |= UINT64_C(1) << (option - 1);
    } while (text.size > 0);
    return true;
}

static bool parse_date(struct galen_bytes text, struct galen_date *date)
{
    uint64_t year, month = 0, day = 0;
    if (text.size != 4 && text.size != 7 && text.size != 10)
        return false;
    bool ok = parse_number(take_until(&text, '-', false), 4, 4, &year);
    if (ok && text.size > 0)
        ok = parse_number(take_until(&text, '-', false), 2, 2, &month) && month > 0;
    if (ok && text.size > 0)
        ok = parse_number(text, 2, 2, &day) && day > 0;
    if (ok)
        *date = (struct galen_date){(uint16_t)year, (uint8_t)month, (uint8_t)day};
    return ok;
}

/* YYYY-MM-DDThh:mm, then :ss or :ss.mmm or nothing, then Z. */
static bool parse_time(struct galen_bytes text, uint64_t *time_ms)
{
    static const struct galen_field whole_date = {.kind = GALEN_VALUE_DATE};
    struct galen_date date = {0};
    uint64_t hours, minutes, seconds = 0, ms = 0;
    if ((text.size != 17 && text.size != 20 && text.size != 24) || text.at[text.size - 1] != 'Z')
        return false;
    text.size--;
    if (!parse_date(take_until(&text, 'T', false), &date) || date.day == 0 || date.year < 1970)
        return false;
    uint8_t encoded[4] = {(uint8_t)(date.year >> 8), (uint8_t)date.year, date.month, date.day};
    if (galen_value_check(&whole_date, (struct galen_bytes){encoded, 4}) != GALEN_OK)
        return false;
    if (!parse_number(take_until(&text, ':', false), 2, 2, &hours) || hours > 23 ||
        !parse_number(take_until(&text, ':', false), 2, 2, &minutes) || minutes > 59)
        return false;
    if (text.size > 0) {
        struct galen_bytes whole = take_until(&text, '.', false);
        if (!parse_number(whole, 2, 2, &seconds) || seconds > 59)
            return false;
        if (text.size > 0 && !parse_number(text, 3, 3, &ms))
            return false;
    }
    *time_ms = (uint64_t)days_from_date(&date) * DAY_MS + hours * 3600000 + minutes * 60000 +
               seconds * 1000 + ms;
    return true;
}

static bool parse_yes_no(struct galen_bytes text, bool *yes)
{
    *yes = is(text, "yes");
    return *yes || is(text, "no");
}

/* Undoes the escapes of one part of a regimen; a `\` stands before a `;` or `\` only. */
static bool unescape(struct galen_writer *w, struct galen_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\\') {
            if (++i == text.size || (text.at[i] != ';' && text.at[i] != '\\'))
                return false;
        }
        galen_write_u8(w, text.at[i]);
    }
    return true;
}

/* Parts may come in any order, but stand in the encoding in theirs: first find them, then write. */
static bool parse_regimen(struct galen_writer *w, struct galen_bytes text)
{
    struct galen_bytes parts[GALEN_REGIMEN_PARTS] = {{0}};
    bool as_needed = false, as_needed_given = false;
    while (trim(text).size > 0) {
        struct galen_bytes part = take_until(&text, ';', true);
        size_t before = part.size;
        struct galen_bytes name = take_until(&part, '=', false);
        if (name.size == before)
            return false; /* no `=` */
        name = trim(name);
        part = trim(part);
        if (is(name, "as_needed")) {
            if (as_needed_given || !parse_yes_no(part, &as_needed))
                return false;
            as_needed_given = true;
            continue;
        }
        size_t i = 0;
        while (i < GALEN_REGIMEN_PARTS && !is(name, galen_regimen_part_names[i]))
            i++;
        if (i == GALEN_REGIMEN_PARTS || parts[i].at != NULL)
            return false;
        parts[i] = part;
    }
    for (size_t i = 0; i < GALEN_REGIMEN_PARTS; i++) {
        size_t mark = galen_write_begin(w);
        if (!unescape(w, parts[i]))
            return false;
        galen_write_end(w, mark);
    }
    galen_write_bool(w, as_needed);
    return true;
}

/* Text as it is, but lines that end as on other systems (CR LF) end with LF. */
static bool parse_text(struct galen_writer *w, struct galen_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] != '\r' || i + 1 == text.size || text.at[i + 1] != '\n')
            galen_write_u8(w, text.at[i]);
    return true;
}

static bool parse_record(struct galen_bytes text, struct galen_value *value)
{
    uint64_t doc;
    if (!parse_number(take_until(&text, '/', false), 1, 3, &doc) || doc > 255)
        return false;
    value->as.record.doc = (uint8_t)doc;
    return parse_hex(text, value->as.record.id, sizeof value->as.record.id);
}

static bool parse_whole(struct galen_bytes text, uint32_t *number)
{
    uint64_t wide;
    if (!parse_number(text, 1, 10, &wide) || wide > UINT32_MAX)
        return false;
    *number = (uint32_t)wide;
    return true;
}

static bool parse(struct galen_writer *w, const struct galen_field *field, struct galen_bytes text)
{
    struct galen_value value = {.kind = field->kind};
    bool ok = false;
    switch ((enum galen_value_kind)field->kind) {
    case GALEN_VALUE_TEXT:
    case GALEN_VALUE_WORDING:
        return parse_text(w, text);
    case GALEN_VALUE_REGIMEN:
        return parse_regimen(w, text);
    case GALEN_VALUE_LINE:
        value.as.text = text;
        ok = true;
        break;
    case GALEN_VALUE_CHOICE:
        ok = parse_option(field, text, &value.as.choice);
        break;
    case GALEN_VALUE_SET:
        ok = parse_set(field, text, &value.as.set);
        break;
    case GALEN_VALUE_DATE:
        ok = parse_date(text, &value.as.date);
        break;
    case GALEN_VALUE_TIME:
        ok = parse_time(text, &value.as.time_ms);
        break;
    case GALEN_VALUE_YES_NO:
        ok = parse_yes_no(text, &value.as.yes);
        break;
    case GALEN_VALUE_RECORD:
        ok = parse_record(text, &value);
        break;
    case GALEN_VALUE_POSITION:
        ok = parse_number(text, 1, 20, &value.as.position);
        break;
    case GALEN_VALUE_NUMBER:
        ok = parse_whole(text, &value.as.number);
        break;
    }
    return ok && galen_value_write(w, field, &value) != GALEN_ERR_VALUE;
}

enum galen_err galen_value_parse(struct galen_writer *w, const struct galen_field *field,
                                 struct galen_bytes text)
{
    size_t start = w->size;
    if (field->kind != GALEN_VALUE_TEXT && field->kind != GALEN_VALUE_WORDING)
        text = trim(text);
    if (w->failed)
        return GALEN_ERR_MEMORY;
    if (text.size == 0)
        return GALEN_OK;
    bool ok = parse(w, field, text);
    if (w->failed)
        return GALEN_ERR_MEMORY;
    if (ok && w->size > start &&
        galen_value_check(field, (struct galen_bytes){w->at + start, w->size - start}) == GALEN_OK)
        return GALEN_OK;
    w->size = start;
    return GALEN_ERR_VALUE;
}
