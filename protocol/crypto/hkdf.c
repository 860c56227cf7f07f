/* libsodium 1.0.18 has HMAC-SHA256 but no HKDF: RFC 5869 stands here in full. */
#include "galen/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define PREFIX    "galen "
#define LABEL_MAX (GALEN_LABEL_MAX - (sizeof PREFIX - 1))

void galen_hkdf_extract_parts(struct galen_bytes salt, const struct galen_bytes *ikm, size_t count,
                              uint8_t out[GALEN_KEY_BYTES])
{
    static const uint8_t none = 0;
    crypto_auth_hmacsha256_state mac;
    crypto_auth_hmacsha256_init(&mac, salt.size > 0 ? salt.at : &none, salt.size);
    for (size_t i = 0; i < count; i++) {
        if (ikm[i].size > 0)
            crypto_auth_hmacsha256_update(&mac, ikm[i].at, ikm[i].size);
    }
    crypto_auth_hmacsha256_final(&mac, out);
    sodium_memzero(&mac, sizeof mac);
}

void galen_hkdf_extract(struct galen_bytes salt, struct galen_bytes ikm,
                        uint8_t out[GALEN_KEY_BYTES])
{
    galen_hkdf_extract_parts(salt, &ikm, 1, out);
}

void galen_hkdf_expand_parts(const uint8_t prk[GALEN_KEY_BYTES], const struct galen_bytes *info,
                             size_t count, uint8_t *out, size_t n)
{
    assert(n <= GALEN_HKDF_MAX);
    crypto_auth_hmacsha256_state keyed;
    crypto_auth_hmacsha256_init(&keyed, prk, GALEN_KEY_BYTES);
    uint8_t block[GALEN_HASH_BYTES];
    uint8_t counter = 0;
    for (size_t done = 0; done < n;) {
        crypto_auth_hmacsha256_state mac = keyed;
        if (counter > 0)
            crypto_auth_hmacsha256_update(&mac, block, sizeof block);
        for (size_t i = 0; i < count; i++) {
            if (info[i].size > 0)
                crypto_auth_hmacsha256_update(&mac, info[i].at, info[i].size);
        }
        counter++;
        crypto_auth_hmacsha256_update(&mac, &counter, 1);
        crypto_auth_hmacsha256_final(&mac, block);
        sodium_memzero(&mac, sizeof mac);
        size_t taken = n - done < sizeof block ? n - done : sizeof block;
        memcpy(out + done, block, taken);
        done += taken;
    }
    sodium_memzero(block, sizeof block);
    sodium_memzero(&keyed, sizeof keyed);
}

void galen_hkdf_expand(const uint8_t prk[GALEN_KEY_BYTES], struct galen_bytes info, uint8_t *out,
                       size_t n)
{
    galen_hkdf_expand_parts(prk, &info, 1, out, n);
}

void galen_expand(const uint8_t secret[GALEN_KEY_BYTES], const char *label,
                  struct galen_bytes context, uint8_t *out, size_t n)
{
    size_t label_size = strlen(label);
    assert(label_size > 0 && label_size <= LABEL_MAX);
    uint8_t head[2 + 1 + GALEN_LABEL_MAX];
    head[0] = (uint8_t)(n >> 8);
    head[1] = (uint8_t)n;
    head[2] = (uint8_t)(sizeof PREFIX - 1 + label_size);
    memcpy(head + 3, PREFIX, sizeof PREFIX - 1);
    memcpy(head + 3 + sizeof PREFIX - 1, label, label_size);
    uint8_t length[4];
    struct galen_bytes info[] = {
        {head, 3 + sizeof PREFIX - 1 + label_size},
        {length, galen_vector_length(context.size, length)},
        context,
    };
    galen_hkdf_expand_parts(secret, info, sizeof info / sizeof info[0], out, n);
}
