/* Single-shot HPKE, and the deterministic seals of one key to one device (rule K4). */
#include "galen/hpke.h"
#include "galen/mutation.h"

#include <string.h>

/* Room for `n` more bytes at the writer's end; they count as written. NULL: the writer failed. */
static uint8_t *extend(struct galen_writer *w, size_t n)
{
    static const uint8_t zeros[256];
    size_t start = w->size;
    for (size_t left = n; left > 0 && !w->failed;) {
        size_t step = left < sizeof zeros ? left : sizeof zeros;
        galen_write(w, zeros, step);
        left -= step;
    }
    return w->failed ? NULL : w->at + start;
}

enum galen_err galen_hpke_seal(struct galen_bytes ikm_e,
                               const uint8_t recipient[GALEN_SEAL_KEY_BYTES],
                               struct galen_bytes info, struct galen_bytes aad,
                               struct galen_bytes plaintext, uint8_t enc[GALEN_HPKE_ENC_BYTES],
                               struct galen_writer *out)
{
    struct galen_hpke hpke;
    enum galen_err err = galen_hpke_setup_sender(&hpke, ikm_e, recipient, info, enc);
    if (err != GALEN_OK)
        goto out;
    err = GALEN_ERR_MEMORY;
    if (plaintext.size > GALEN_VECTOR_MAX)
        goto out;
    uint8_t *sealed = extend(out, plaintext.size + GALEN_TAG_BYTES);
    if (sealed)
        err = galen_hpke_context_seal(&hpke, aad, plaintext, sealed);
out:
    galen_hpke_wipe(&hpke);
    return err;
}

enum galen_err galen_hpke_open(const uint8_t enc[GALEN_HPKE_ENC_BYTES], const uint8_t secret[32],
                               const uint8_t public_key[GALEN_SEAL_KEY_BYTES],
                               struct galen_bytes info, struct galen_bytes aad,
                               struct galen_bytes sealed, struct galen_writer *out)
{
    struct galen_hpke hpke;
    size_t start = out->size;
    enum galen_err err = galen_hpke_setup_receiver(&hpke, enc, secret, public_key, info);
    if (err != GALEN_OK)
        goto out;
    err = GALEN_ERR_SEAL;
    if (sealed.size < GALEN_TAG_BYTES)
        goto out;
    err = GALEN_ERR_MEMORY;
    uint8_t nothing;
    size_t n = sealed.size - GALEN_TAG_BYTES;
    uint8_t *plain = n > 0 ? extend(out, n) : &nothing;
    if (out->failed)
        goto out;
    err = galen_hpke_context_open(&hpke, aad, sealed, plain);
    if (err != GALEN_OK)
        out->size = start;
out:
    galen_hpke_wipe(&hpke);
    return err;
}

enum galen_err galen_seal_key(const uint8_t key[GALEN_KEY_BYTES],
                              const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                              const struct galen_id *recipient, struct galen_bytes info,
                              struct galen_sealed_key *out)
{
    struct galen_hpke hpke;
    uint8_t ikm[GALEN_KEY_BYTES];
    *out = (struct galen_sealed_key){{0}};
    galen_expand(key, "seal", (struct galen_bytes){recipient->bytes, sizeof recipient->bytes}, ikm,
                 sizeof ikm);
    enum galen_err err = galen_hpke_setup_sender(&hpke, (struct galen_bytes){ikm, sizeof ikm},
                                                 seal_key, info, out->bytes);
    if (err == GALEN_OK)
        err = galen_hpke_context_seal(&hpke, (struct galen_bytes){0},
                                      (struct galen_bytes){key, GALEN_KEY_BYTES},
                                      out->bytes + GALEN_HPKE_ENC_BYTES);
    galen_hpke_wipe(&hpke);
    galen_wipe(ikm, sizeof ikm);
    return err;
}

enum galen_err galen_open_key(const struct galen_sealed_key *sealed, const uint8_t seal_secret[32],
                              const uint8_t seal_public[GALEN_SEAL_KEY_BYTES],
                              struct galen_bytes info, uint8_t key[GALEN_KEY_BYTES])
{
    struct galen_hpke hpke;
    memset(key, 0, GALEN_KEY_BYTES);
    enum galen_err err =
        galen_hpke_setup_receiver(&hpke, sealed->bytes, seal_secret, seal_public, info);
    if (err == GALEN_OK)
        err = galen_hpke_context_open(
            &hpke, (struct galen_bytes){0},
            (struct galen_bytes){sealed->bytes + GALEN_HPKE_ENC_BYTES,
                                 GALEN_SEALED_KEY_BYTES - GALEN_HPKE_ENC_BYTES},
            key);
    galen_hpke_wipe(&hpke);
    return err;
}

bool galen_sealed_key_matches(const struct galen_sealed_key *sealed,
                              const uint8_t key[GALEN_KEY_BYTES],
                              const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                              const struct galen_id *recipient, struct galen_bytes info)
{
    struct galen_sealed_key again;
    if (galen_seal_key(key, seal_key, recipient, info, &again) != GALEN_OK)
        return false;
    return !GALEN_CHECKED(SEAL_EQUALITY) ||
           galen_same(again.bytes, sealed->bytes, sizeof again.bytes);
}
