/* Days and ages, by the Gregorian calendar. */
#include "find.h"

/* Days since 1970-01-01 in the Gregorian calendar; a month's 31st that it does not have is in the next. */
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

int64_t safety_days(struct galen_date from, struct galen_date to)
{
    int64_t month = from.month == 0 ? 12 : from.month,
            day = from.month == 0 || from.day == 0 ? 31 : from.day;
    return day_number(to.year, to.month == 0 ? 1 : to.month, to.day == 0 ? 1 : to.day) -
           day_number(from.year, month, day);
}

int safety_age(struct galen_date birth, struct galen_date today)
{
    if (birth.year == 0 || today.year == 0 || birth.year > today.year)
        return -1;
    unsigned born = (birth.month == 0 ? 1u : birth.month) * 32u +
                    (birth.month == 0 || birth.day == 0 ? 1u : birth.day);
    unsigned now = today.month * 32u + today.day;
    int age = today.year - birth.year - (now < born ? 1 : 0);
    return age;
}

struct galen_date galen_safety_day(uint64_t time_ms)
{
    int64_t days = (int64_t)(time_ms / GALEN_DAY_MS) + 719468; /* since 0000-03-01 */
    int64_t era = days / 146097, of_era = days % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;
    year += era * 400 + (month <= 2 ? 1 : 0);
    if (year > 9999)
        return (struct galen_date){0};
    return (struct galen_date){(uint16_t)year, (uint8_t)month,
                               (uint8_t)(of_year - (153 * m + 2) / 5 + 1)};
}
