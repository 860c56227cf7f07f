/*
 * 32 bytes of key, 64 of signature, the rest is the message. Both libraries must give one verdict
 * behind rule K1. A first byte below 16 asks for a signature made honestly first, so that the target
 * also starts from good ones; the second says which bit of key or signature is then turned.
 */
#include "galen/crypto.h"
#include "verify.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t input[32 + 64];
    if (size < sizeof input)
        return 0;
    memcpy(input, data, sizeof input);
    struct galen_bytes message = {data + sizeof input, size - sizeof input};
    bool untouched = false;
    if (data[0] < 16) {
        struct galen_device_secrets keys;
        galen_device_secrets_derive(data, &keys);
        memcpy(input, keys.sign_public, 32);
        galen_sign(&keys, GALEN_SIGN_ENTRY, message, input + 32);
        size_t bit = (size_t)(data[1] << 8 | data[2]) % 1024;
        untouched = bit >= sizeof input * 8;
        if (!untouched)
            input[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bool server = galen_verify(verify_openssl(), GALEN_SIGN_ENTRY, input, message, input + 32);
    bool client =
        galen_verify(galen_sodium_primitives(), GALEN_SIGN_ENTRY, input, message, input + 32);
    if (server != client || server != untouched)
        abort();
    /* K1 alone makes the plain verdicts agree as well. */
    if (galen_sign_key_ok(input) && galen_signature_ok(input + 32) &&
        verify_openssl()->ed25519_verify(input, message, input + 32) !=
            galen_sodium_primitives()->ed25519_verify(input, message, input + 32))
        abort();
    return 0;
}
