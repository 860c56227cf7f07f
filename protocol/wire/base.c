#include "galen/base.h"

#include <string.h>

bool galen_id_equal(const struct galen_id *a, const struct galen_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool galen_id_is_none(const struct galen_id *id)
{
    static const struct galen_id none;
    return galen_id_equal(id, &none);
}

int galen_id_compare(const struct galen_id *a, const struct galen_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool galen_bytes_equal(struct galen_bytes a, struct galen_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

const char *galen_err_name(enum galen_err err)
{
    switch (err) {
#define X(name, number, text, help)                                                                \
    case GALEN_ERR_##name:                                                                         \
        return text;
        GALEN_ERRORS(X)
#undef X
    case GALEN_ERR_COUNT:
        break;
    }
    return "unknown-error";
}

const char *galen_err_help(enum galen_err err)
{
    switch (err) {
#define X(name, number, text, help)                                                                \
    case GALEN_ERR_##name:                                                                         \
        return help;
        GALEN_ERRORS(X)
#undef X
    case GALEN_ERR_COUNT:
        break;
    }
    return "The other side reports an error this version does not know. Update Galen.";
}
