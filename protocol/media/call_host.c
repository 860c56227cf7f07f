#include "galen/call_keys.h"

#include <stdlib.h>
#include <string.h>

#include "galen/crypto.h"
#include "galen/hpke.h"
#include "galen/keys.h"
#include "galen/mutation.h"

#define NUMBERS (UINT16_MAX + 1u)

struct galen_call_host {
    uint8_t sign_seed[32];
    uint8_t nonce[GALEN_CALL_NONCE_BYTES];
    uint16_t highest;                /* numbers up to this one were given by earlier hosts */
    uint8_t given[NUMBERS / 8];      /* bit n: number n was given */
    struct galen_call_roster roster; /* the next one; its generation is that of the last */
};

struct galen_call_host *galen_call_host_new(const struct galen_call_config *config,
                                            const uint8_t nonce[GALEN_CALL_NONCE_BYTES],
                                            uint16_t generation, uint16_t highest)
{
    struct galen_call_host *host = calloc(1, sizeof *host);
    if (!host)
        return NULL;
    memcpy(host->sign_seed, config->sign_seed, sizeof host->sign_seed);
    memcpy(host->nonce, nonce, sizeof host->nonce);
    host->highest = highest;
    host->roster.chart = config->chart;
    host->roster.visit = config->visit;
    host->roster.host = config->device;
    host->roster.generation = generation;
    return host;
}

void galen_call_host_free(struct galen_call_host *host)
{
    if (host)
        galen_wipe(host, sizeof *host);
    free(host);
}

static bool was_given(const struct galen_call_host *host, uint16_t number)
{
    return number <= host->highest || (host->given[number / 8] >> number % 8 & 1) != 0;
}

static void take_out(struct galen_call_roster *roster, size_t at)
{
    roster->count--;
    memmove(&roster->places[at], &roster->places[at + 1],
            (roster->count - at) * sizeof roster->places[0]);
    memset(&roster->places[roster->count], 0, sizeof roster->places[0]);
}

static void put_in(struct galen_call_roster *roster, const struct galen_call_place *place)
{
    size_t at = 0;
    while (at < roster->count && roster->places[at].number < place->number)
        at++;
    memmove(&roster->places[at + 1], &roster->places[at],
            (roster->count - at) * sizeof roster->places[0]);
    roster->places[at] = *place;
    roster->count++;
}

static enum galen_err judge_hello(const struct galen_call_host *host,
                                  const struct galen_call_hello *hello,
                                  const uint8_t sign_key[GALEN_SIGN_KEY_BYTES])
{
    if (!galen_id_equal(&hello->chart, &host->roster.chart) ||
        !galen_id_equal(&hello->visit, &host->roster.visit))
        return GALEN_ERR_CHART;
    if (GALEN_CHECKED(HELLO_NONCE) && memcmp(hello->nonce, host->nonce, sizeof host->nonce) != 0)
        return GALEN_ERR_VALUE;
    return galen_call_hello_verify(galen_sodium_primitives(), hello, sign_key);
}

enum galen_err galen_call_host_admit(struct galen_call_host *host, uint16_t number,
                                     struct galen_bytes bytes,
                                     const uint8_t sign_key[GALEN_SIGN_KEY_BYTES])
{
    struct galen_call_hello hello;
    enum galen_err err = galen_call_hello_read(bytes, &hello);
    if (!err)
        err = judge_hello(host, &hello, sign_key);
    if (err)
        return err;
    struct galen_call_place place = {
        .number = number, .guest = !hello.has_head, .device = hello.device};
    place.hello = galen_call_hello_id(galen_sodium_primitives(), bytes);
    memcpy(place.key, hello.key, sizeof place.key);
    const struct galen_call_place *earlier = galen_call_place_of(&host->roster, &place.device);
    if (earlier && galen_id_equal(&earlier->hello, &place.hello))
        return GALEN_ERR_DUPLICATE;
    if (was_given(host, number))
        return GALEN_ERR_NUMBER;
    if (!earlier && host->roster.count == GALEN_PARTICIPANTS_MAX)
        return GALEN_ERR_LIMIT;
    if (earlier)
        take_out(&host->roster, (size_t)(earlier - host->roster.places));
    host->given[number / 8] |= (uint8_t)(1u << number % 8);
    put_in(&host->roster, &place);
    return GALEN_OK;
}

static bool take_off(struct galen_call_roster *roster, const struct galen_call_place *place)
{
    if (place)
        take_out(roster, (size_t)(place - roster->places));
    return place != NULL;
}

bool galen_call_host_remove(struct galen_call_host *host, uint16_t number)
{
    return take_off(&host->roster, galen_call_place_numbered(&host->roster, number));
}

bool galen_call_host_dismiss(struct galen_call_host *host, const struct galen_id *device)
{
    return take_off(&host->roster, galen_call_place_of(&host->roster, device));
}

const struct galen_call_roster *galen_call_host_list(const struct galen_call_host *host)
{
    return &host->roster;
}

static enum galen_err seal_to(const struct galen_call_roster *roster,
                              struct galen_call_place *place, const uint8_t secret[GALEN_KEY_BYTES])
{
    enum galen_err err = GALEN_ERR_MEMORY;
    struct galen_sealed_key sealed;
    struct galen_writer info;
    galen_writer_init(&info);
    galen_call_seal_info(&info, roster, &place->hello);
    if (!info.failed)
        err = galen_seal_key(secret, place->key, &place->hello, galen_written(&info), &sealed);
    galen_writer_wipe(&info);
    if (!err)
        memcpy(place->seal, sealed.bytes, sizeof place->seal);
    return err;
}

/** Appends a message and its signature. Wipes the message. */
static enum galen_err write_signed(const uint8_t sign_seed[32], const char *label,
                                   struct galen_writer *message, struct galen_writer *out)
{
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    struct galen_bytes bytes = galen_written(message);
    bool failed = message->failed;
    if (!failed) {
        galen_sign_seed(sign_seed, label, bytes, signature);
        galen_write(out, bytes.at, bytes.size);
        galen_write(out, signature, sizeof signature);
        failed = out->failed;
    }
    galen_writer_wipe(message);
    return failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

enum galen_err galen_call_make_admission(const uint8_t sign_seed[32],
                                         const struct galen_call_admission *admission,
                                         struct galen_writer *out)
{
    struct galen_writer message;
    galen_writer_init(&message);
    galen_call_admission_write_unsigned(&message, admission);
    return write_signed(sign_seed, GALEN_SIGN_ADMIT, &message, out);
}

enum galen_err galen_call_host_draw(struct galen_call_host *host,
                                    const uint8_t secret[GALEN_KEY_BYTES], struct galen_writer *out)
{
    struct galen_call_roster *roster = &host->roster;
    if (!galen_call_place_of(roster, &roster->host))
        return GALEN_ERR_STATE;
    if (roster->generation == UINT16_MAX)
        return GALEN_ERR_LIMIT;
    /* The number is used even if what follows fails: no two rosters may ever share one. */
    roster->generation++;
    for (size_t i = 0; i < roster->count; i++) {
        enum galen_err err = seal_to(roster, &roster->places[i], secret);
        if (err)
            return err;
    }
    struct galen_writer message;
    galen_writer_init(&message);
    galen_call_roster_write_unsigned(&message, roster);
    return write_signed(host->sign_seed, GALEN_SIGN_CALL_ROSTER, &message, out);
}
