#include "galen/call.h"

#include <string.h>

#include "galen/keys.h"
#include "galen/mutation.h"

#define SEAL_LABEL "galen call seal"

void galen_call_hello_write_unsigned(struct galen_writer *w, const struct galen_call_hello *hello)
{
    galen_write_id(w, &hello->chart);
    galen_write_id(w, &hello->visit);
    galen_write_id(w, &hello->device);
    galen_write(w, hello->key, sizeof hello->key);
    galen_write(w, hello->nonce, sizeof hello->nonce);
    galen_write_bool(w, hello->has_head);
    if (hello->has_head) {
        galen_write_u64(w, hello->head_size);
        galen_write(w, hello->head_root, sizeof hello->head_root);
    }
}

void galen_call_hello_write(struct galen_writer *w, const struct galen_call_hello *hello)
{
    galen_call_hello_write_unsigned(w, hello);
    galen_write(w, hello->signature, sizeof hello->signature);
}

enum galen_err galen_call_hello_read(struct galen_bytes in, struct galen_call_hello *hello)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    *hello = (struct galen_call_hello){0};
    hello->chart = galen_read_id(&r);
    hello->visit = galen_read_id(&r);
    hello->device = galen_read_id(&r);
    galen_read_into(&r, hello->key, sizeof hello->key);
    galen_read_into(&r, hello->nonce, sizeof hello->nonce);
    hello->has_head = galen_read_bool(&r);
    if (hello->has_head) {
        hello->head_size = galen_read_u64(&r);
        galen_read_into(&r, hello->head_root, sizeof hello->head_root);
    }
    galen_read_into(&r, hello->signature, sizeof hello->signature);
    if (!galen_reader_done(&r))
        return GALEN_ERR_FORMAT;
    return galen_seal_key_ok(hello->key) ? GALEN_OK : GALEN_ERR_KEY;
}

static enum galen_err verify(const struct galen_primitives *p, const char *label,
                             struct galen_writer *message, const uint8_t key[GALEN_SIGN_KEY_BYTES],
                             const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    enum galen_err err = GALEN_ERR_SIGNATURE;
    if (message->failed)
        err = GALEN_ERR_MEMORY;
    else if (galen_verify(p, label, key, galen_written(message), signature))
        err = GALEN_OK;
    galen_writer_wipe(message);
    return err;
}

enum galen_err galen_call_hello_verify(const struct galen_primitives *p,
                                       const struct galen_call_hello *hello,
                                       const uint8_t sign_key[GALEN_SIGN_KEY_BYTES])
{
    struct galen_writer message;
    galen_writer_init(&message);
    galen_call_hello_write_unsigned(&message, hello);
    return verify(p, GALEN_SIGN_CALL_HELLO, &message, sign_key, hello->signature);
}

struct galen_id galen_call_hello_id(const struct galen_primitives *p, struct galen_bytes hello)
{
    struct galen_id id;
    galen_hash_labelled(p, GALEN_ID_OF_CALL_HELLO, &hello, 1, id.bytes);
    return id;
}

void galen_call_admission_write_unsigned(struct galen_writer *w,
                                         const struct galen_call_admission *admission)
{
    galen_write_id(w, &admission->chart);
    galen_write_id(w, &admission->visit);
    galen_write_id(w, &admission->device);
    galen_write_id(w, &admission->staff);
    galen_write_u32(w, admission->count);
    galen_write_bool(w, admission->admitted);
}

void galen_call_admission_write(struct galen_writer *w,
                                const struct galen_call_admission *admission)
{
    galen_call_admission_write_unsigned(w, admission);
    galen_write(w, admission->signature, sizeof admission->signature);
}

enum galen_err galen_call_admission_read(struct galen_bytes in,
                                         struct galen_call_admission *admission)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    *admission = (struct galen_call_admission){0};
    admission->chart = galen_read_id(&r);
    admission->visit = galen_read_id(&r);
    admission->device = galen_read_id(&r);
    admission->staff = galen_read_id(&r);
    admission->count = galen_read_u32(&r);
    admission->admitted = galen_read_bool(&r);
    galen_read_into(&r, admission->signature, sizeof admission->signature);
    return galen_reader_done(&r) && admission->count > 0 ? GALEN_OK : GALEN_ERR_FORMAT;
}

enum galen_err galen_call_admission_verify(const struct galen_primitives *p,
                                           const struct galen_call_admission *admission,
                                           const uint8_t staff_key[GALEN_SIGN_KEY_BYTES])
{
    struct galen_writer message;
    galen_writer_init(&message);
    galen_call_admission_write_unsigned(&message, admission);
    return verify(p, GALEN_SIGN_ADMIT, &message, staff_key, admission->signature);
}

bool galen_call_admission_outdoes(const struct galen_call_admission *word,
                                  const struct galen_call_admission *known)
{
    if (!known || !GALEN_CHECKED(ADMISSION_COUNT))
        return true;
    return word->count > known->count ||
           (word->count == known->count && known->admitted && !word->admitted);
}

static void write_place(struct galen_writer *w, const struct galen_call_place *place)
{
    galen_write_u16(w, place->number);
    galen_write_bool(w, place->guest);
    galen_write_id(w, &place->device);
    galen_write_id(w, &place->hello);
    galen_write(w, place->key, sizeof place->key);
    galen_write(w, place->seal, sizeof place->seal);
}

static void read_place(struct galen_reader *r, struct galen_call_place *place)
{
    place->number = galen_read_u16(r);
    place->guest = galen_read_bool(r);
    place->device = galen_read_id(r);
    place->hello = galen_read_id(r);
    galen_read_into(r, place->key, sizeof place->key);
    galen_read_into(r, place->seal, sizeof place->seal);
}

void galen_call_roster_write_unsigned(struct galen_writer *w,
                                      const struct galen_call_roster *roster)
{
    galen_write_id(w, &roster->chart);
    galen_write_id(w, &roster->visit);
    galen_write_id(w, &roster->host);
    galen_write_u16(w, roster->generation);
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < roster->count; i++)
        write_place(w, &roster->places[i]);
    galen_write_end(w, mark);
}

void galen_call_roster_write(struct galen_writer *w, const struct galen_call_roster *roster)
{
    galen_call_roster_write_unsigned(w, roster);
    galen_write(w, roster->signature, sizeof roster->signature);
}

/** Numbers ascend from 1, no device and no hello is there twice, the host is in the call. */
static enum galen_err check_places(const struct galen_call_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct galen_call_place *place = &roster->places[i];
        if (place->number == 0 || (i > 0 && place->number <= roster->places[i - 1].number))
            return GALEN_ERR_FORMAT;
        if (!galen_seal_key_ok(place->key))
            return GALEN_ERR_KEY;
        for (size_t j = 0; j < i; j++) {
            const struct galen_call_place *other = &roster->places[j];
            if (galen_id_equal(&place->device, &other->device) ||
                galen_id_equal(&place->hello, &other->hello))
                return GALEN_ERR_FORMAT;
        }
    }
    return galen_call_place_of(roster, &roster->host) ? GALEN_OK : GALEN_ERR_FORMAT;
}

enum galen_err galen_call_roster_read(struct galen_bytes in, struct galen_call_roster *roster)
{
    struct galen_reader r, places;
    galen_reader_init(&r, in);
    *roster = (struct galen_call_roster){0};
    roster->chart = galen_read_id(&r);
    roster->visit = galen_read_id(&r);
    roster->host = galen_read_id(&r);
    roster->generation = galen_read_u16(&r);
    galen_read_nested(&r, GALEN_PARTICIPANTS_MAX * GALEN_CALL_PLACE_BYTES, &places);
    while (!places.failed && places.left > 0 && roster->count < GALEN_PARTICIPANTS_MAX)
        read_place(&places, &roster->places[roster->count++]);
    galen_read_into(&r, roster->signature, sizeof roster->signature);
    if (!galen_reader_done(&places) || !galen_reader_done(&r) || roster->generation == 0)
        return GALEN_ERR_FORMAT;
    return check_places(roster);
}

enum galen_err galen_call_roster_verify(const struct galen_primitives *p,
                                        const struct galen_call_roster *roster,
                                        const uint8_t host_key[GALEN_SIGN_KEY_BYTES])
{
    struct galen_writer message;
    galen_writer_init(&message);
    galen_call_roster_write_unsigned(&message, roster);
    return verify(p, GALEN_SIGN_CALL_ROSTER, &message, host_key, roster->signature);
}

const struct galen_call_place *galen_call_place_numbered(const struct galen_call_roster *roster,
                                                         uint16_t number)
{
    for (size_t i = 0; i < roster->count; i++)
        if (roster->places[i].number == number)
            return &roster->places[i];
    return NULL;
}

const struct galen_call_place *galen_call_place_of(const struct galen_call_roster *roster,
                                                   const struct galen_id *device)
{
    for (size_t i = 0; i < roster->count; i++)
        if (galen_id_equal(&roster->places[i].device, device))
            return &roster->places[i];
    return NULL;
}

const struct galen_call_place *
galen_call_successor(const struct galen_call_roster *roster,
                     bool (*is_staff)(void *context, const struct galen_id *device), void *context)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct galen_call_place *place = &roster->places[i];
        if (!galen_id_equal(&place->device, &roster->host) && is_staff(context, &place->device))
            return place;
    }
    return NULL;
}

void galen_call_seal_info(struct galen_writer *w, const struct galen_call_roster *roster,
                          const struct galen_id *hello)
{
    struct galen_bytes label = {(const uint8_t *)SEAL_LABEL, strlen(SEAL_LABEL)};
    galen_write_vector(w, label);
    galen_write_id(w, &roster->chart);
    galen_write_id(w, &roster->visit);
    galen_write_u16(w, roster->generation);
    galen_write_id(w, &roster->host);
    galen_write_id(w, hello);
}
