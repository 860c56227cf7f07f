#include "galen/frames.h"

#include "galen/call.h"
#include "galen/keys.h"

#include <assert.h>
#include <string.h>

/*
 * Each frame is a row of fields, read and written by the same two functions, so that the table below
 * can be held against PROTOCOL.md ("Frames") line by line.
 */
enum field_kind {
    FIELD_U8 = 1,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_BOOL,
    FIELD_BYTES, /* exactly `max` bytes */
    FIELD_KEYS,  /* two public keys that K1 accepts */
    FIELD_KEYS_OR_ZEROS,
    FIELD_VECTOR, /* at most `max` bytes, a multiple of `unit` */
    FIELD_ENTRIES,
    FIELD_REST, /* everything to the end of the frame, at most `max` bytes, at least one */
    FIELD_CHAIN,
    FIELD_HEAD,
    FIELD_STATEMENT,
};

struct field {
    uint8_t kind;
    uint16_t offset; /* into struct galen_frame */
    uint32_t max, unit;
};

/* A member of the union by its place, held against the size that its kind has. */
#define MEMBER(m) (((struct galen_frame *)0)->as.m)
#define SIZED(m, n)                                                                                \
    (offsetof(struct galen_frame, as.m) + 0 * sizeof(char[sizeof(MEMBER(m)) == (n) ? 1 : -1]))

/* clang-format off */
#define U8(m)           {FIELD_U8, SIZED(m, 1), 0, 0}
#define U16(m)          {FIELD_U16, SIZED(m, 2), 0, 0}
#define U32(m)          {FIELD_U32, SIZED(m, 4), 0, 0}
#define U64(m)          {FIELD_U64, SIZED(m, 8), 0, 0}
#define BOOL(m)         {FIELD_BOOL, SIZED(m, sizeof(bool)), 0, 0}
#define BYTES(m, n)     {FIELD_BYTES, SIZED(m, n), n, 0}
#define ID(m)           BYTES(m, GALEN_ID_BYTES)
#define NONCE(m)        BYTES(m, 32)
#define SIGNATURE(m)    BYTES(m, GALEN_SIGNATURE_BYTES)
#define KEYS(m)         {FIELD_KEYS, SIZED(m, sizeof(struct galen_public_keys)), 0, 0}
#define KEYS_OR_NONE(m) {FIELD_KEYS_OR_ZEROS, SIZED(m, sizeof(struct galen_public_keys)), 0, 0}
#define VECTOR(m, most) {FIELD_VECTOR, SIZED(m, sizeof(struct galen_bytes)), most, 1}
#define LIST(m, n, one) {FIELD_VECTOR, SIZED(m, sizeof(struct galen_bytes)), (n) * (one), one}
#define ENTRIES(m)      {FIELD_ENTRIES, SIZED(m, sizeof(struct galen_bytes)), GALEN_FRAME_MAX, 1}
#define REST(m, most)   {FIELD_REST, SIZED(m, sizeof(struct galen_bytes)), most, 1}
#define CHAIN(m)        {FIELD_CHAIN, SIZED(m, sizeof(struct galen_chain)), 0, 0}
#define HEAD(m)         {FIELD_HEAD, SIZED(m, sizeof(struct galen_head)), 0, 0}
#define STATEMENT(m)    {FIELD_STATEMENT, SIZED(m, sizeof(struct galen_statement)), 0, 0}
/* clang-format on */

#define NEW_ENTRY_MAX (GALEN_SIGNED_HEADER_BYTES + 4 + GALEN_BODY_MAX)

enum { FIELDS_MAX = 7 };

/* clang-format off */
static const struct row {
    uint8_t type;
    const char *name;
    struct field fields[FIELDS_MAX];
} rows[] = {
    {GALEN_FRAME_CHALLENGE, "challenge",
     {U16(challenge.version), NONCE(challenge.nonce), KEYS_OR_NONE(challenge.practice),
      U64(challenge.clock_ms)}},
    {GALEN_FRAME_SIGN_IN, "sign-in",
     {U16(sign_in.version), U8(sign_in.purpose), NONCE(sign_in.nonce), KEYS(sign_in.keys),
      VECTOR(sign_in.host, GALEN_HOST_NAME_MAX), CHAIN(sign_in.chain),
      SIGNATURE(sign_in.signature)}},
    {GALEN_FRAME_WELCOME, "welcome",
     {U64(welcome.clock_ms), LIST(welcome.charts, GALEN_CHARTS_MAX, GALEN_ID_BYTES)}},
    {GALEN_FRAME_REFUSED, "refused",
     {U32(refused.request), U16(refused.err), ID(refused.chart), U64(refused.detail)}},
    {GALEN_FRAME_PING, "ping", {U64(ping.token)}},
    {GALEN_FRAME_PONG, "pong", {U64(ping.token)}},
    {GALEN_FRAME_SETUP, "set-up",
     {VECTOR(setup.token, GALEN_TOKEN_MAX), KEYS(setup.practice), SIGNATURE(setup.signature)}},
    {GALEN_FRAME_DONE, "done", {U32(done.request)}},
    {GALEN_FRAME_OPEN, "open", {U32(open.request), ID(open.chart), U64(open.from)}},
    {GALEN_FRAME_ENTRIES, "entries",
     {ID(entries.chart), U64(entries.first), U64(entries.size), BOOL(entries.again),
      ENTRIES(entries.records)}},
    {GALEN_FRAME_APPEND, "append", {U32(append.request), VECTOR(append.entry, NEW_ENTRY_MAX)}},
    {GALEN_FRAME_APPENDED, "appended",
     {U32(appended.request), ID(appended.chart), U64(appended.index),
      U64(appended.received_ms)}},
    {GALEN_FRAME_HEAD, "head", {HEAD(head.head)}},
    {GALEN_FRAME_HEADS, "heads",
     {ID(heads.chart), LIST(heads.heads, GALEN_HEADS_PER_FRAME, GALEN_HEAD_BYTES)}},
    {GALEN_FRAME_BODIES, "bodies",
     {U32(bodies.request), ID(bodies.chart), U64(bodies.from), U64(bodies.to)}},
    {GALEN_FRAME_STATEMENT, "statement",
     {U32(statement.request), STATEMENT(statement.statement), CHAIN(statement.chain)}},
    {GALEN_FRAME_NOTICE, "notice",
     {U8(notice.kind), ID(notice.chart), ID(notice.device), U64(notice.at_ms)}},
    {GALEN_FRAME_CHART_ADDED, "chart-added", {ID(chart_added.chart)}},
    {GALEN_FRAME_LIVE_OPEN, "live-open", {U32(live_open.request), ID(live_open.chart)}},
    {GALEN_FRAME_RELAY, "relay",
     {ID(relay.chart), ID(relay.device), VECTOR(relay.sealed, GALEN_RELAYED_MAX)}},
    {GALEN_FRAME_VISIT_OPEN, "visit-open",
     {U32(visit_open.request), ID(visit_open.chart), ID(visit_open.visit),
      NONCE(visit_open.nonce), CHAIN(visit_open.chain)}},
    {GALEN_FRAME_VISIT, "visit",
     {ID(visit.chart), ID(visit.visit), ID(visit.host), NONCE(visit.nonce),
      CHAIN(visit.chain)}},
    {GALEN_FRAME_KNOCK, "knock",
     {U32(knock.request), ID(knock.visit), VECTOR(knock.hello, GALEN_CALL_HELLO_MAX)}},
    {GALEN_FRAME_KNOCKED, "knocked",
     {ID(knocked.visit), U16(knocked.number), BOOL(knocked.admitted),
      VECTOR(knocked.hello, GALEN_CALL_HELLO_MAX),
      VECTOR(knocked.admission, GALEN_CALL_ADMISSION_BYTES), CHAIN(knocked.chain)}},
    {GALEN_FRAME_ADMIT, "admit",
     {U32(admit.request), ID(admit.visit),
      VECTOR(admit.admission, GALEN_CALL_ADMISSION_BYTES)}},
    {GALEN_FRAME_ADMITTED, "admitted",
     {ID(admitted.visit), U16(admitted.number), BOOL(admitted.admitted)}},
    {GALEN_FRAME_ROSTER, "roster",
     {ID(roster.visit), VECTOR(roster.roster, GALEN_CALL_ROSTER_MAX)}},
    {GALEN_FRAME_LEAVE, "leave", {U32(visit_id.request), ID(visit_id.visit)}},
    {GALEN_FRAME_LEFT, "left", {ID(left.visit), U16(left.number), ID(left.device)}},
    {GALEN_FRAME_VISIT_END, "visit-end", {U32(visit_id.request), ID(visit_id.visit)}},
    {GALEN_FRAME_VISIT_ENDED, "visit-ended", {U32(visit_id.request), ID(visit_id.visit)}},
    {GALEN_FRAME_MEDIA, "media", {REST(media.sframe, GALEN_LIVE_FRAME_MAX - 1)}},
};
/* clang-format on */

_Static_assert(sizeof(struct galen_frame) <= UINT16_MAX, "offsets fit struct field");
_Static_assert(1 + 4 + 4 + NEW_ENTRY_MAX <= GALEN_FRAME_MAX, "the largest append fits a frame");
_Static_assert(1 + 8 + 4 + GALEN_CHARTS_MAX * GALEN_ID_BYTES <= GALEN_FRAME_MAX,
               "the longest list of charts fits a frame");

static const struct row *find(uint8_t type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type)
            return &rows[i];
    return NULL;
}

const char *galen_frame_name(uint8_t type)
{
    const struct row *row = find(type);
    return row ? row->name : NULL;
}

/* -------------------------------------------------------------------------------------- reading */

static enum galen_err read_keys(struct galen_reader *r, struct galen_public_keys *keys,
                                bool zeros_allowed)
{
    static const struct galen_public_keys zeros;
    galen_read_into(r, keys->sign, sizeof keys->sign);
    galen_read_into(r, keys->seal, sizeof keys->seal);
    if (r->failed)
        return GALEN_ERR_FORMAT;
    if (zeros_allowed && memcmp(keys, &zeros, sizeof zeros) == 0)
        return GALEN_OK;
    bool ok = galen_sign_key_ok(keys->sign) && galen_seal_key_ok(keys->seal);
    return ok ? GALEN_OK : GALEN_ERR_KEY;
}

static enum galen_err read_vector(struct galen_reader *r, const struct field *field,
                                  struct galen_bytes *out)
{
    *out = galen_read_vector(r, GALEN_VECTOR_MAX);
    if (r->failed)
        return GALEN_ERR_FORMAT;
    if (out->size > field->max)
        return GALEN_ERR_TOO_LARGE;
    return out->size % field->unit == 0 ? GALEN_OK : GALEN_ERR_FORMAT;
}

static enum galen_err read_entries(struct galen_reader *r, struct galen_bytes *out)
{
    struct galen_reader records;
    struct galen_entry entry;
    *out = galen_read_vector(r, GALEN_FRAME_MAX);
    if (r->failed)
        return GALEN_ERR_FORMAT;
    galen_reader_init(&records, *out);
    enum galen_err err = GALEN_OK;
    for (size_t count = 0; err == GALEN_OK; count++) {
        err = galen_entries_next(&records, &entry);
        if (err == GALEN_OK && count == GALEN_ENTRIES_PER_FRAME)
            err = GALEN_ERR_TOO_LARGE;
    }
    return err == GALEN_ERR_STATE ? GALEN_OK : err;
}

static enum galen_err read_rest(struct galen_reader *r, const struct field *field,
                                struct galen_bytes *out)
{
    *out = galen_take(r, r->left);
    if (out->size == 0)
        return GALEN_ERR_FORMAT;
    return out->size > field->max ? GALEN_ERR_TOO_LARGE : GALEN_OK;
}

static enum galen_err read_field(struct galen_reader *r, const struct field *field, void *to)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_U8:
        *(uint8_t *)to = galen_read_u8(r);
        break;
    case FIELD_U16:
        *(uint16_t *)to = galen_read_u16(r);
        break;
    case FIELD_U32:
        *(uint32_t *)to = galen_read_u32(r);
        break;
    case FIELD_U64:
        *(uint64_t *)to = galen_read_u64(r);
        break;
    case FIELD_BOOL:
        *(bool *)to = galen_read_bool(r);
        break;
    case FIELD_BYTES:
        galen_read_into(r, to, field->max);
        break;
    case FIELD_KEYS:
        return read_keys(r, to, false);
    case FIELD_KEYS_OR_ZEROS:
        return read_keys(r, to, true);
    case FIELD_VECTOR:
        return read_vector(r, field, to);
    case FIELD_ENTRIES:
        return read_entries(r, to);
    case FIELD_REST:
        return read_rest(r, field, to);
    case FIELD_CHAIN:
        return galen_chain_read(r, to);
    case FIELD_HEAD:
        return galen_head_read(r, to);
    case FIELD_STATEMENT:
        return galen_statement_read(r, to);
    }
    return r->failed ? GALEN_ERR_FORMAT : GALEN_OK;
}

enum galen_err galen_frame_read(struct galen_bytes in, struct galen_frame *frame)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    memset(frame, 0, sizeof *frame);
    frame->type = galen_read_u8(&r);
    const struct row *row = find(frame->type);
    if (r.failed || !row)
        return GALEN_ERR_FORMAT;
    if (in.size > GALEN_FRAME_MAX)
        return GALEN_ERR_TOO_LARGE;
    for (size_t i = 0; i < FIELDS_MAX && row->fields[i].kind; i++) {
        enum galen_err err = read_field(&r, &row->fields[i], (char *)frame + row->fields[i].offset);
        if (err != GALEN_OK)
            return err;
    }
    return galen_reader_done(&r) ? GALEN_OK : GALEN_ERR_FORMAT;
}

enum galen_err galen_entries_next(struct galen_reader *records, struct galen_entry *entry)
{
    if (galen_reader_done(records))
        return GALEN_ERR_STATE;
    return galen_entry_read(records, entry);
}

/* -------------------------------------------------------------------------------------- writing */

static void write_keys(struct galen_writer *w, const struct galen_public_keys *keys)
{
    galen_write(w, keys->sign, sizeof keys->sign);
    galen_write(w, keys->seal, sizeof keys->seal);
}

static void write_field(struct galen_writer *w, const struct field *field, const void *from)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_U8:
        galen_write_u8(w, *(const uint8_t *)from);
        break;
    case FIELD_U16:
        galen_write_u16(w, *(const uint16_t *)from);
        break;
    case FIELD_U32:
        galen_write_u32(w, *(const uint32_t *)from);
        break;
    case FIELD_U64:
        galen_write_u64(w, *(const uint64_t *)from);
        break;
    case FIELD_BOOL:
        galen_write_bool(w, *(const bool *)from);
        break;
    case FIELD_BYTES:
        galen_write(w, from, field->max);
        break;
    case FIELD_KEYS:
    case FIELD_KEYS_OR_ZEROS:
        write_keys(w, from);
        break;
    case FIELD_VECTOR:
    case FIELD_ENTRIES:
        galen_write_vector(w, *(const struct galen_bytes *)from);
        break;
    case FIELD_REST: {
        const struct galen_bytes *rest = from;
        galen_write(w, rest->at, rest->size);
        break;
    }
    case FIELD_CHAIN:
        galen_chain_write(w, from);
        break;
    case FIELD_HEAD:
        galen_head_write(w, from);
        break;
    case FIELD_STATEMENT:
        galen_statement_write(w, from);
        break;
    }
}

void galen_frame_write(struct galen_writer *w, const struct galen_frame *frame)
{
    const struct row *row = find(frame->type);
    assert(row);
    galen_write_u8(w, frame->type);
    for (size_t i = 0; i < FIELDS_MAX && row->fields[i].kind; i++)
        write_field(w, &row->fields[i], (const char *)frame + row->fields[i].offset);
}

void galen_sign_in_message(struct galen_writer *w, struct galen_bytes host,
                           const uint8_t server_nonce[32], const uint8_t client_nonce[32],
                           const struct galen_id *device, uint8_t purpose)
{
    galen_write_vector(w, host);
    galen_write(w, server_nonce, 32);
    galen_write(w, client_nonce, 32);
    galen_write_id(w, device);
    galen_write_u8(w, purpose);
}

void galen_setup_message(struct galen_writer *w, const uint8_t server_nonce[32],
                         struct galen_bytes token, const struct galen_public_keys *practice)
{
    galen_write(w, server_nonce, 32);
    galen_write_vector(w, token);
    galen_write(w, practice->sign, sizeof practice->sign);
    galen_write(w, practice->seal, sizeof practice->seal);
}
