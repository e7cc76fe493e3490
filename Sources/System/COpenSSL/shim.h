// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

// Certificates: macros and variadics.

static inline EVP_PKEY *openssl_generate_p256_key(void) {
    return EVP_EC_gen("P-256");
}

static inline X509_EXTENSION *openssl_make_extension(X509 *issuer, X509 *subject, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, subject, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}

static inline int openssl_general_name_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

static inline const GENERAL_NAME *openssl_general_name(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

/// "O = demo, CN = node01", control characters escaped.
static inline int openssl_print_name(BIO *out, const X509_NAME *name) {
    return X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE) >= 0;
}

/// Whether the key is on the curve of ours.
static inline int openssl_is_p256_key(const EVP_PKEY *key) {
    char name[64];
    size_t length = 0;
    return EVP_PKEY_get_group_name(key, name, sizeof name, &length) == 1 && strcmp(name, "prime256v1") == 0;
}

/// Puts one extension, in the syntax of OpenSSL's settings, into a request for a certificate.
static inline int openssl_request_set_extension(X509_REQ *request, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL) return 0;
    STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
    int outcome = 0;
    if (all != NULL && sk_X509_EXTENSION_push(all, extension) > 0) {
        outcome = X509_REQ_add_extensions(request, all);
        extension = NULL;
    }
    X509_EXTENSION_free(extension);
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    return outcome;
}

/// The subject alternative name that a request asks for, to be freed; NULL where it asks for none.
static inline GENERAL_NAMES *openssl_request_names(X509_REQ *request) {
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(request);
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509V3_get_d2i(all, NID_subject_alt_name, NULL, NULL);
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    return names;
}

/// A revocation list has no issuer that it is a certificate of: the authority alone says its key identifier.
static inline X509_EXTENSION *openssl_make_list_extension(X509 *issuer, X509_CRL *list, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
    X509V3_set_ctx_nodb(&context);
    return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}

static inline int openssl_revoked_count(X509_CRL *list) {
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(list);
    return revoked == NULL ? 0 : sk_X509_REVOKED_num(revoked);
}

static inline const X509_REVOKED *openssl_revoked(X509_CRL *list, int index) {
    return sk_X509_REVOKED_value(X509_CRL_get_REVOKED(list), index);
}

// Sealed and signed content: macros.

static inline int openssl_certificate_count(const STACK_OF(X509) *certificates) {
    return certificates == NULL ? 0 : sk_X509_num(certificates);
}

static inline X509 *openssl_certificate(const STACK_OF(X509) *certificates, int index) {
    return sk_X509_value(certificates, index);
}

/// The stack alone: what stands in it is another's.
static inline void openssl_forget_certificates(STACK_OF(X509) *certificates) {
    sk_X509_free(certificates);
}

static inline int openssl_signer_count(CMS_ContentInfo *content) {
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(content);
    return signers == NULL ? 0 : sk_CMS_SignerInfo_num(signers);
}

/// Whether one of the recipients goes by the certificate's issuer and serial, or by its key identifier.
static inline int openssl_is_recipient(CMS_ContentInfo *content, X509 *certificate) {
    STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(content);
    for (int index = 0; recipients != NULL && index < sk_CMS_RecipientInfo_num(recipients); index++) {
        CMS_RecipientInfo *recipient = sk_CMS_RecipientInfo_value(recipients, index);
        if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS) {
            if (CMS_RecipientInfo_ktri_cert_cmp(recipient, certificate) == 0) return 1;
        } else if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_AGREE) {
            STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(recipient);
            for (int key = 0; keys != NULL && key < sk_CMS_RecipientEncryptedKey_num(keys); key++)
                if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, key), certificate) == 0)
                    return 1;
        }
    }
    return 0;
}

// TLS: macros.

static inline long openssl_ctx_set_tls13_only(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
        && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}

static inline void openssl_ctx_disable_resumption(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
}

static inline void openssl_ctx_release_idle_buffers(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

/// What stands behind the certificate in its file; NULL: nothing.
static inline STACK_OF(X509) *openssl_ctx_chain(SSL_CTX *context) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    return chain;
}

static inline int openssl_set_owner(SSL *ssl, void *owner) {
    return SSL_set_app_data(ssl, owner);
}

static inline void *openssl_owner(const SSL *ssl) {
    return SSL_get_app_data(ssl);
}

static inline int openssl_error_reason(unsigned long code) {
    return ERR_GET_REASON(code);
}
