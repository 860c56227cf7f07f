#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "transport_parts.h"

bool tls_set_up(struct ssl_ctx_st *tls)
{
    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(tls, 0) == 1 &&
           SSL_CTX_set1_groups_list(tls, "X25519:P-256:P-384") == 1;
}

/* Others may not read the key: whoever has it can stand in this server's place. */
static bool key_is_private(const char *path, char why[CONFIG_WHY_MAX])
{
    struct stat found;
    if (stat(path, &found) != 0 || access(path, R_OK) != 0) {
        snprintf(why, CONFIG_WHY_MAX, "The key %.256s cannot be read: %s.%s", path, strerror(errno),
                 errno == ENOENT ? " certs/make-certs DIR makes one for localhost." : "");
        return false;
    }
    if (found.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) {
        snprintf(why, CONFIG_WHY_MAX,
                 "The key %.256s is open to others on this machine. Close it: chmod 600 %.200s",
                 path, path);
        return false;
    }
    return true;
}

static bool load_into(SSL_CTX *tls, const char *cert, const char *key)
{
    return SSL_CTX_use_certificate_chain_file(tls, cert) == 1 &&
           SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_check_private_key(tls) == 1;
}

bool tls_load(struct ssl_ctx_st *tls, const char *cert, const char *key, char why[CONFIG_WHY_MAX])
{
    if (!key_is_private(key, why))
        return false;
    /* First into a place of its own, so that a bad pair never takes the good one's. */
    SSL_CTX *trial = SSL_CTX_new(TLS_server_method());
    bool good = trial && load_into(trial, cert, key) && load_into(tls, cert, key);
    SSL_CTX_free(trial);
    if (!good) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        snprintf(why, CONFIG_WHY_MAX,
                 "%.200s and %.200s are not a certificate and its key (%.60s). certs/make-certs "
                 "DIR makes "
                 "a pair for localhost.",
                 cert, key, reason ? reason : "unreadable");
    }
    ERR_clear_error();
    return good;
}

int64_t tls_expires_in_s(struct ssl_ctx_st *tls, uint64_t now_ms)
{
    const X509 *cert = SSL_CTX_get0_certificate(tls);
    struct tm end;
    if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) != 1)
        return 0;
    return (int64_t)timegm(&end) - (int64_t)(now_ms / 1000);
}
