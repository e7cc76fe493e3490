// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
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

static inline int openssl_set_owner(SSL *ssl, void *owner) {
    return SSL_set_app_data(ssl, owner);
}

static inline void *openssl_owner(const SSL *ssl) {
    return SSL_get_app_data(ssl);
}

static inline int openssl_error_reason(unsigned long code) {
    return ERR_GET_REASON(code);
}
