/* The server's half of the crypto: SHA-256 and Ed25519 verification, by OpenSSL. Nothing that opens. */
#ifndef GALEND_VERIFY_H
#define GALEND_VERIFY_H

#include "galen/primitives.h"

/** Static; may be called and used from any thread. */
const struct galen_primitives *verify_openssl(void);

#endif
