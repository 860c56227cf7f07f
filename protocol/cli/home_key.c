#include "home_key.h"

#include "folder.h"
#include "galen/crypto.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define RECORD_VERSION 1

enum key_kind { KEY_FILE = 1, KEY_PASSPHRASE = 2 };

_Static_assert(HOME_KEY_BYTES == GALEN_KEY_BYTES, "size of keys");

/* -- sealing ---------------------------------------------------------------------------------------- */

void home_seal(const uint8_t data_key[HOME_KEY_BYTES], struct galen_bytes name,
               struct galen_bytes value, struct galen_writer *out)
{
    uint8_t nonce[GALEN_PAIR_NONCE_BYTES];
    randombytes_buf(nonce, sizeof nonce);
    galen_pair_seal(data_key, nonce, name, value, out);
}

/* -- the key above the data key --------------------------------------------------------------------- */

static const char *key_path(const char *home, const struct store_keys *keys,
                            char path[FOLDER_PATH_MAX])
{
    if (keys->key_file)
        return keys->key_file;
    return folder_path(home, "key", path) ? path : NULL;
}

/* A key file that is not there is made, but only for a home that is made now: for another one it
 * could not be the right one. */
static bool make_key_file(const char *path, struct store_failure *failure)
{
    uint8_t fresh[HOME_KEY_BYTES];
    randombytes_buf(fresh, sizeof fresh);
    bool ok = file_make(path, fresh, sizeof fresh);
    sodium_memzero(fresh, sizeof fresh);
    if (!ok)
        failure_set(failure, GALEN_ERR_IO, "The key file %s cannot be made: %s.", path,
                    strerror(errno));
    return ok;
}

static bool key_from_file(const char *home, const struct store_keys *keys, bool make,
                          const uint8_t salt[16], uint8_t key[HOME_KEY_BYTES],
                          struct store_failure *failure)
{
    char path[FOLDER_PATH_MAX];
    uint8_t bytes[STORE_SECRET_MAX];
    const char *at = key_path(home, keys, path);
    if (!at) {
        failure_set(failure, GALEN_ERR_IO, "The path of the home is too long.");
        return false;
    }
    long n = file_read(at, bytes, sizeof bytes);
    if (n == -1 && errno == ENOENT && make) {
        if (!make_key_file(at, failure))
            return false;
        n = file_read(at, bytes, sizeof bytes);
    }
    if (n == -1) {
        failure_set(failure, GALEN_ERR_KEY,
                    "The key file %s cannot be read: %s. Give the one this home was made with "
                    "(--key-file).",
                    at, strerror(errno));
        return false;
    }
    if (n < STORE_SECRET_MIN) {
        failure_set(failure, GALEN_ERR_KEY,
                    "The key file %s must have %d to %d bytes; `head -c 32 /dev/urandom > FILE` "
                    "makes one.",
                    at, STORE_SECRET_MIN, STORE_SECRET_MAX);
        return false;
    }
    crypto_generichash(key, HOME_KEY_BYTES, bytes, (unsigned long long)n, salt, 16);
    sodium_memzero(bytes, sizeof bytes);
    return true;
}

static bool key_from_passphrase(const struct store_keys *keys, const uint8_t salt[16],
                                uint64_t operations, uint64_t memory, uint8_t key[HOME_KEY_BYTES],
                                struct store_failure *failure)
{
    uint8_t text[STORE_SECRET_MAX];
    long n = file_read(keys->passphrase_file, text, sizeof text);
    if (n < 0) {
        failure_set(failure, GALEN_ERR_IO, "The passphrase file %s cannot be read: %s.",
                    keys->passphrase_file, n == -2 ? "it is too long" : strerror(errno));
        return false;
    }
    const uint8_t *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
    size_t size = end ? (size_t)(end - text) : (size_t)n;
    bool ok = size > 0 && memory <= SIZE_MAX &&
              crypto_pwhash(key, HOME_KEY_BYTES, (const char *)text, size, salt, operations,
                            (size_t)memory, crypto_pwhash_ALG_ARGON2ID13) == 0;
    sodium_memzero(text, sizeof text);
    if (!ok)
        failure_set(failure, GALEN_ERR_KEY,
                    size == 0 ? "The first line of the passphrase file is empty."
                              : "There is not enough memory to make a key of the passphrase.");
    return ok;
}

bool home_key_make(const char *home, const struct store_keys *keys,
                   uint8_t data_key[HOME_KEY_BYTES], uint8_t record[HOME_LOCK_BYTES],
                   struct store_failure *failure)
{
    uint8_t salt[16], above[HOME_KEY_BYTES];
    bool passphrase = keys->passphrase_file != NULL;
    uint64_t operations = passphrase ? crypto_pwhash_OPSLIMIT_MODERATE : 0;
    uint64_t memory = passphrase ? crypto_pwhash_MEMLIMIT_INTERACTIVE : 0;
    randombytes_buf(salt, sizeof salt);
    if (passphrase ? !key_from_passphrase(keys, salt, operations, memory, above, failure)
                   : !key_from_file(home, keys, true, salt, above, failure))
        return false;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, RECORD_VERSION);
    galen_write_u8(&w, passphrase ? KEY_PASSPHRASE : KEY_FILE);
    galen_write(&w, salt, sizeof salt);
    galen_write_u64(&w, operations);
    galen_write_u64(&w, memory);
    randombytes_buf(data_key, HOME_KEY_BYTES);
    struct galen_bytes name = {w.at, w.size}, value = {data_key, HOME_KEY_BYTES};
    struct galen_writer sealed;
    galen_writer_init(&sealed);
    home_seal(above, name, value, &sealed);
    galen_write(&w, sealed.at, sealed.size);
    bool ok = !w.failed && !sealed.failed && w.size == HOME_LOCK_BYTES;
    if (ok)
        memcpy(record, w.at, HOME_LOCK_BYTES);
    else
        failure_set(failure, GALEN_ERR_MEMORY, "%s", galen_err_help(GALEN_ERR_MEMORY));
    galen_writer_wipe(&sealed);
    galen_writer_wipe(&w);
    sodium_memzero(above, sizeof above);
    return ok;
}

/* The right kind of secret has to be named. */
static bool fits_kind(uint8_t kind, const struct store_keys *keys, struct store_failure *failure)
{
    if (kind == KEY_PASSPHRASE && !keys->passphrase_file) {
        failure_set(failure, GALEN_ERR_KEY,
                    "This home is under a passphrase. Give the file it stands in: "
                    "--passphrase-file FILE.");
        return false;
    }
    if (kind == KEY_FILE && keys->passphrase_file) {
        failure_set(failure, GALEN_ERR_KEY,
                    "This home is under a key file, not a passphrase. Leave out "
                    "--passphrase-file.");
        return false;
    }
    return true;
}

bool home_key_open(const char *home, const struct store_keys *keys, struct galen_bytes record,
                   uint8_t data_key[HOME_KEY_BYTES], struct store_failure *failure)
{
    struct galen_reader r;
    uint8_t salt[16], above[HOME_KEY_BYTES];
    galen_reader_init(&r, record);
    uint8_t version = galen_read_u8(&r), kind = galen_read_u8(&r);
    galen_read_into(&r, salt, sizeof salt);
    uint64_t operations = galen_read_u64(&r), memory = galen_read_u64(&r);
    if (r.failed || record.size != HOME_LOCK_BYTES || version != RECORD_VERSION ||
        (kind != KEY_FILE && kind != KEY_PASSPHRASE)) {
        failure_set(failure, GALEN_ERR_VERSION,
                    "This home was made by another version of galen. Update galen.");
        return false;
    }
    if (!fits_kind(kind, keys, failure))
        return false;
    if (kind == KEY_PASSPHRASE
            ? !key_from_passphrase(keys, salt, operations, memory, above, failure)
            : !key_from_file(home, keys, false, salt, above, failure))
        return false;
    struct galen_bytes name = {record.at, record.size - r.left}, sealed = {r.at, r.left};
    struct galen_writer value;
    galen_writer_init(&value);
    bool ok =
        galen_pair_open(above, name, sealed, &value) == GALEN_OK && value.size == HOME_KEY_BYTES;
    if (ok)
        memcpy(data_key, value.at, HOME_KEY_BYTES);
    else
        failure_set(failure, GALEN_ERR_KEY,
                    "This %s does not open the home. Give the one it was made with.",
                    kind == KEY_PASSPHRASE ? "passphrase" : "key file");
    galen_writer_wipe(&value);
    sodium_memzero(above, sizeof above);
    return ok;
}
