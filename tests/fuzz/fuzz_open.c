/*
 * Everything that opens: the input's first 32 bytes are an HPKE ephemeral key and the rest is sealed
 * under it; the same bytes are unpadded; and they are sealed, padded and opened again, where nothing
 * may be lost. Whatever unpads must be exactly what galen_pad writes.
 */
#include "galen/hpke.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t material[GALEN_KEY_BYTES] = "the keys of the fuzz target";
static const struct galen_bytes info = {(const uint8_t *)"info", 4};
static const struct galen_bytes aad = {(const uint8_t *)"aad", 3};

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void unpad(struct galen_bytes in)
{
    struct galen_bytes plain;
    if (!galen_unpad(in, &plain))
        return;
    struct galen_writer again;
    galen_writer_init(&again);
    galen_write(&again, plain.at, plain.size);
    galen_pad(&again, 0);
    expect(galen_bytes_equal(galen_written(&again), in));
    galen_writer_wipe(&again);
}

static void open_hostile(const struct galen_device_secrets *keys, struct galen_bytes in)
{
    struct galen_writer out;
    galen_writer_init(&out);
    if (in.size >= GALEN_HPKE_ENC_BYTES) {
        struct galen_bytes sealed = {in.at + GALEN_HPKE_ENC_BYTES, in.size - GALEN_HPKE_ENC_BYTES};
        enum galen_err err =
            galen_hpke_open(in.at, keys->seal_secret, keys->seal_public, info, aad, sealed, &out);
        expect(err == GALEN_OK || err == GALEN_ERR_SEAL || err == GALEN_ERR_KEY);
        if (err == GALEN_OK)
            unpad(galen_written(&out));
        else
            expect(out.size == 0);
    }
    if (in.size >= GALEN_SEALED_KEY_BYTES) {
        struct galen_sealed_key sealed;
        uint8_t key[GALEN_KEY_BYTES];
        memcpy(sealed.bytes, in.at, sizeof sealed.bytes);
        enum galen_err err =
            galen_open_key(&sealed, keys->seal_secret, keys->seal_public, info, key);
        expect(err == GALEN_OK || err == GALEN_ERR_SEAL || err == GALEN_ERR_KEY);
    }
    galen_writer_wipe(&out);
}

static void round_trip(const struct galen_device_secrets *keys, struct galen_bytes in)
{
    const struct galen_bytes ikm = {material, sizeof material};
    uint8_t enc[GALEN_HPKE_ENC_BYTES];
    struct galen_writer padded;
    struct galen_writer sealed;
    struct galen_writer opened;
    struct galen_bytes plain;
    galen_writer_init(&padded);
    galen_writer_init(&sealed);
    galen_writer_init(&opened);
    galen_write(&padded, in.at, in.size);
    galen_pad(&padded, 0);
    expect(galen_hpke_seal(ikm, keys->seal_public, info, aad, galen_written(&padded), enc,
                           &sealed) == GALEN_OK);
    expect(galen_hpke_open(enc, keys->seal_secret, keys->seal_public, info, aad,
                           galen_written(&sealed), &opened) == GALEN_OK);
    expect(galen_unpad(galen_written(&opened), &plain));
    expect(galen_bytes_equal(plain, in));
    galen_writer_wipe(&padded);
    galen_writer_wipe(&sealed);
    galen_writer_wipe(&opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_device_secrets keys;
    const struct galen_bytes in = {data, size};
    galen_device_secrets_derive(material, &keys);
    unpad(in);
    open_hostile(&keys, in);
    round_trip(&keys, in);
    return 0;
}
