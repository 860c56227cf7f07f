/* The names a certificate is good for: what a server answers to unless it is told otherwise. */
#include <arpa/inet.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "config.h"

static void add(struct config *config, const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > GALEN_HOST_NAME_MAX || config->name_count == CONFIG_NAMES_MAX)
        return;
    for (size_t i = 0; i < config->name_count; i++) {
        if (strcmp(config->names[i], name) == 0)
            return;
    }
    memcpy(config->names[config->name_count++], name, size + 1);
}

static void add_general_name(struct config *config, const GENERAL_NAME *name)
{
    char text[GALEN_HOST_NAME_MAX + 1];
    if (name->type == GEN_DNS) {
        const unsigned char *at = ASN1_STRING_get0_data(name->d.dNSName);
        int size = ASN1_STRING_length(name->d.dNSName);
        /* A name with a zero byte within is somebody's trick, and a wildcard is not a name. */
        if (size <= 0 || size > GALEN_HOST_NAME_MAX || memchr(at, '\0', (size_t)size) || *at == '*')
            return;
        memcpy(text, at, (size_t)size);
        text[size] = '\0';
        add(config, text);
    } else if (name->type == GEN_IPADD) {
        int size = ASN1_STRING_length(name->d.iPAddress);
        int family = size == 4 ? AF_INET : size == 16 ? AF_INET6 : 0;
        if (family &&
            inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text))
            add(config, text);
    }
}

bool config_names_from_cert(struct config *config, char why[CONFIG_WHY_MAX])
{
    FILE *file = fopen(config->cert, "re");
    X509 *cert = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    if (!cert) {
        snprintf(why, CONFIG_WHY_MAX,
                 "%.256s is not a certificate (PEM). certs/make-certs DIR makes one for localhost.",
                 config->cert);
        return false;
    }
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++)
        add_general_name(config, sk_GENERAL_NAME_value(all, i));
    GENERAL_NAMES_free(all);
    X509_free(cert);
    if (config->name_count == 0)
        snprintf(why, CONFIG_WHY_MAX,
                 "%.256s names no host. Say which names clients dial: --name HOST.", config->cert);
    return config->name_count > 0;
}
