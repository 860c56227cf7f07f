/* RFC 9180, base mode; the names in comments are the RFC's. */
#include "galen/hpke.h"

#include <sodium.h>
#include <string.h>

/* "KEM" ‖ 0x0020, and "HPKE" ‖ kem 0x0020 ‖ kdf 0x0001 ‖ aead 0x0003 (sections 4.1 and 5.1). */
static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t hpke_suite[] = {'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03};
static const uint8_t version[] = {'H', 'P', 'K', 'E', '-', 'v', '1'};

#define BYTES(array) ((struct galen_bytes){array, sizeof(array)})

static const struct galen_bytes none = {0};

/* LabeledExtract (section 4): salt and ikm, the latter behind "HPKE-v1" ‖ suite ‖ label. */
static void labeled_extract(struct galen_bytes suite, struct galen_bytes salt, const char *label,
                            struct galen_bytes ikm, uint8_t out[GALEN_KEY_BYTES])
{
    const struct galen_bytes parts[] = {
        BYTES(version), suite, {(const uint8_t *)label, strlen(label)}, ikm};
    galen_hkdf_extract_parts(salt, parts, sizeof parts / sizeof parts[0], out);
}

/* LabeledExpand (section 4). */
static void labeled_expand(struct galen_bytes suite, const uint8_t prk[GALEN_KEY_BYTES],
                           const char *label, struct galen_bytes info, uint8_t *out, size_t n)
{
    const uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    const struct galen_bytes parts[] = {
        BYTES(length), BYTES(version), suite, {(const uint8_t *)label, strlen(label)}, info};
    galen_hkdf_expand_parts(prk, parts, sizeof parts / sizeof parts[0], out, n);
}

void galen_hpke_derive_key_pair(struct galen_bytes ikm, uint8_t secret[32],
                                uint8_t public_key[GALEN_SEAL_KEY_BYTES])
{
    uint8_t prk[GALEN_KEY_BYTES];
    labeled_extract(BYTES(kem_suite), none, "dkp_prk", ikm, prk);
    labeled_expand(BYTES(kem_suite), prk, "sk", none, secret, 32);
    galen_seal_public(secret, public_key);
    galen_wipe(prk, sizeof prk);
}

/* DH, then ExtractAndExpand over enc ‖ pkR (section 4.1). */
static enum galen_err shared_secret(const uint8_t secret[32], const uint8_t other[32],
                                    const uint8_t enc[32], const uint8_t recipient[32],
                                    uint8_t out[GALEN_KEY_BYTES])
{
    uint8_t kem_context[64];
    uint8_t dh[32];
    uint8_t prk[GALEN_KEY_BYTES];
    enum galen_err err = GALEN_ERR_KEY;
    if (!galen_seal_key_ok(other))
        goto out;
    /* libsodium refuses an all-zero result, as section 7.1.4 asks, with -1. */
    if (crypto_scalarmult_curve25519(dh, secret, other) != 0)
        goto out;
    memcpy(kem_context, enc, 32);
    memcpy(kem_context + 32, recipient, 32);
    labeled_extract(BYTES(kem_suite), none, "eae_prk", BYTES(dh), prk);
    labeled_expand(BYTES(kem_suite), prk, "shared_secret", BYTES(kem_context), out,
                   GALEN_KEY_BYTES);
    err = GALEN_OK;
out:
    galen_wipe(dh, sizeof dh);
    galen_wipe(prk, sizeof prk);
    return err;
}

/* KeySchedule (section 5.1) with mode_base and without a pre-shared key. */
static void key_schedule(struct galen_hpke *hpke, const uint8_t shared[GALEN_KEY_BYTES],
                         struct galen_bytes info)
{
    const struct galen_bytes suite = BYTES(hpke_suite);
    uint8_t context[1 + 32 + 32];
    uint8_t secret[GALEN_KEY_BYTES];
    context[0] = 0x00; /* mode_base */
    labeled_extract(suite, none, "psk_id_hash", none, context + 1);
    labeled_extract(suite, none, "info_hash", info, context + 33);
    labeled_extract(suite, (struct galen_bytes){shared, GALEN_KEY_BYTES}, "secret", none, secret);
    labeled_expand(suite, secret, "key", BYTES(context), hpke->key, sizeof hpke->key);
    labeled_expand(suite, secret, "base_nonce", BYTES(context), hpke->base_nonce,
                   sizeof hpke->base_nonce);
    labeled_expand(suite, secret, "exp", BYTES(context), hpke->exporter_secret,
                   sizeof hpke->exporter_secret);
    hpke->sequence = 0;
    galen_wipe(secret, sizeof secret);
}

enum galen_err galen_hpke_setup_sender(struct galen_hpke *hpke, struct galen_bytes ikm_e,
                                       const uint8_t recipient[GALEN_SEAL_KEY_BYTES],
                                       struct galen_bytes info, uint8_t enc[GALEN_HPKE_ENC_BYTES])
{
    uint8_t secret[32];
    uint8_t shared[GALEN_KEY_BYTES];
    *hpke = (struct galen_hpke){0};
    galen_hpke_derive_key_pair(ikm_e, secret, enc);
    enum galen_err err = shared_secret(secret, recipient, enc, recipient, shared);
    if (err == GALEN_OK)
        key_schedule(hpke, shared, info);
    galen_wipe(secret, sizeof secret);
    galen_wipe(shared, sizeof shared);
    return err;
}

enum galen_err galen_hpke_setup_receiver(struct galen_hpke *hpke,
                                         const uint8_t enc[GALEN_HPKE_ENC_BYTES],
                                         const uint8_t secret[32],
                                         const uint8_t public_key[GALEN_SEAL_KEY_BYTES],
                                         struct galen_bytes info)
{
    uint8_t shared[GALEN_KEY_BYTES];
    *hpke = (struct galen_hpke){0};
    enum galen_err err = shared_secret(secret, enc, enc, public_key, shared);
    if (err == GALEN_OK)
        key_schedule(hpke, shared, info);
    galen_wipe(shared, sizeof shared);
    return err;
}

void galen_hpke_wipe(struct galen_hpke *hpke)
{
    galen_wipe(hpke, sizeof *hpke);
}

/* ComputeNonce (section 5.2). */
static void next_nonce(const struct galen_hpke *hpke, uint8_t nonce[GALEN_NONCE_BYTES])
{
    memcpy(nonce, hpke->base_nonce, GALEN_NONCE_BYTES);
    for (size_t i = 0; i < 8; i++)
        nonce[GALEN_NONCE_BYTES - 1 - i] ^= (uint8_t)(hpke->sequence >> (8 * i));
}

enum galen_err galen_hpke_context_seal(struct galen_hpke *hpke, struct galen_bytes aad,
                                       struct galen_bytes plaintext, uint8_t *out)
{
    if (hpke->sequence == UINT64_MAX)
        return GALEN_ERR_LIMIT;
    uint8_t nonce[GALEN_NONCE_BYTES];
    next_nonce(hpke, nonce);
    galen_aead_seal(hpke->key, nonce, aad, plaintext, out);
    hpke->sequence++;
    return GALEN_OK;
}

enum galen_err galen_hpke_context_open(struct galen_hpke *hpke, struct galen_bytes aad,
                                       struct galen_bytes sealed, uint8_t *out)
{
    if (hpke->sequence == UINT64_MAX)
        return GALEN_ERR_LIMIT;
    uint8_t nonce[GALEN_NONCE_BYTES];
    next_nonce(hpke, nonce);
    if (!galen_aead_open(hpke->key, nonce, aad, sealed, out))
        return GALEN_ERR_SEAL;
    hpke->sequence++;
    return GALEN_OK;
}

void galen_hpke_export(const struct galen_hpke *hpke, struct galen_bytes exporter_context,
                       uint8_t *out, size_t n)
{
    labeled_expand(BYTES(hpke_suite), hpke->exporter_secret, "sec", exporter_context, out, n);
}
