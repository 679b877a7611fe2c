/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a channel, by GnuTLS. Both sides prove who they are: by a pre-shared key, or by
 * certificates of one authority, in files named as QEMU's tls-creds objects have them.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "migration/channel/internal.h"

struct channel_tls {
	gnutls_session_t session;
	gnutls_psk_client_credentials_t psk_client;
	gnutls_psk_server_credentials_t psk_server;
	gnutls_certificate_credentials_t x509;
	/* What the other side's certificate must say; GnuTLS keeps pointers to it. */
	char host[256];
	gnutls_typed_vdata_st must_be[2];
	bool up;
};

/*
 * A pre-shared key's SHA-256 leaves TLS 1.3 AES-128 and ChaCha20, of which GnuTLS likes the second
 * better; but AES has instructions of its own, and is 15 times as fast with them.
 */
#define PRIORITY "NORMAL:-CHACHA20-POLY1305:+CHACHA20-POLY1305:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
/* Keys of a key exchange that nobody without the pre-shared key can take part in, and no other. */
#define PRIORITY_PSK  PRIORITY ":-KX-ALL:+ECDHE-PSK:+DHE-PSK"
#define PRIORITY_X509 PRIORITY

static ssize_t push(gnutls_transport_ptr_t ptr, const void *data, size_t bytes)
{
	struct channel *ch = ptr;

	return ch->is_socket ? send(ch->fd, data, bytes, MSG_NOSIGNAL) : write(ch->fd, data, bytes);
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *buf, size_t bytes)
{
	struct channel *ch = ptr;

	return read(ch->fd, buf, bytes);
}

static enum error_kind kind_of(int r)
{
	switch (r) {
	case GNUTLS_E_MEMORY_ERROR:
		return ERROR_NOMEM;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return ERROR_CLOSED;
	default:
		return ERROR_FAILED;
	}
}

static int check(int r, const char *what, struct error *err)
{
	return r < 0 ? error_of(kind_of(r), err, "%s: %s", what, gnutls_strerror(r)) : 0;
}

/* ---- Pre-shared keys ---- */

static bool is_hex(const char *s)
{
	size_t len = strlen(s);

	return len && len % 2 == 0 && strspn(s, "0123456789abcdefABCDEF") == len;
}

/* The first NAME:HEXKEY of the file. */
static int read_key(const char *path, char *name, size_t size, char *key, size_t key_size,
		    struct error *err)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	char *colon;

	if (!f)
		return error_errno(err, "cannot open the keys %s", path);
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	line[strcspn(line, "\r\n")] = 0;
	colon = strchr(line, ':');
	if (!colon || colon == line || !is_hex(colon + 1))
		return error_set(err, "%s doesn't begin with NAME:HEXKEY", path);
	*colon = 0;
	snprintf(name, size, "%s", line);
	snprintf(key, key_size, "%s", colon + 1);
	return 0;
}

static int use_psk_client(struct channel_tls *tls, const char *path, struct error *err)
{
	char name[128], key[512];
	gnutls_datum_t datum = {(void *)key, 0};

	if (read_key(path, name, sizeof(name), key, sizeof(key), err))
		return -1;
	datum.size = strlen(key);
	gnutls_psk_allocate_client_credentials(&tls->psk_client);
	if (check(gnutls_psk_set_client_credentials(tls->psk_client, name, &datum,
						    GNUTLS_PSK_KEY_HEX),
		  path, err))
		return -1;
	return check(gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, tls->psk_client), path,
		     err);
}

static int use_psk(struct channel_tls *tls, const char *path, bool server, struct error *err)
{
	char name[128], key[512];

	if (check(gnutls_priority_set_direct(tls->session, PRIORITY_PSK, NULL), "TLS", err))
		return -1;
	if (!server)
		return use_psk_client(tls, path, err);
	if (read_key(path, name, sizeof(name), key, sizeof(key), err))
		return -1;
	if (check(gnutls_psk_allocate_server_credentials(&tls->psk_server), "TLS", err) ||
	    check(gnutls_psk_set_server_credentials_file(tls->psk_server, path), path, err))
		return -1;
	gnutls_psk_set_server_known_dh_params(tls->psk_server, GNUTLS_SEC_PARAM_MEDIUM);
	return check(gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, tls->psk_server), path,
		     err);
}

/* ---- Certificates ---- */

/* Whose authority to believe, and what to show. */
static int load_x509(struct channel_tls *tls, const struct tls_options *opts, bool server,
		     struct error *err)
{
	const char *who = server ? "server" : "client";
	char ca[4200], cert[4200], key[4200];
	int n;

	snprintf(ca, sizeof(ca), "%s/ca-cert.pem", opts->x509);
	snprintf(cert, sizeof(cert), "%s/%s-cert.pem", opts->x509, who);
	snprintf(key, sizeof(key), "%s/%s-key.pem", opts->x509, who);
	if (check(gnutls_certificate_allocate_credentials(&tls->x509), "TLS", err))
		return -1;
	n = gnutls_certificate_set_x509_trust_file(tls->x509, ca, GNUTLS_X509_FMT_PEM);
	if (check(n, ca, err))
		return -1;
	if (!n)
		return error_set(err, "%s: there is no certificate in it", ca);
	return check(
	    gnutls_certificate_set_x509_key_file(tls->x509, cert, key, GNUTLS_X509_FMT_PEM), cert,
	    err);
}

/*
 * Each side wants a certificate of the other that is of its authority, valid now and, if it says
 * what it is for, for that; and the client one that is the server's whom it wanted to talk to.
 */
static int use_x509(struct channel_tls *tls, const struct tls_options *opts, bool server,
		    const char *host, struct error *err)
{
	const char *purpose = server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
	unsigned n = 0;

	if (load_x509(tls, opts, server, err) ||
	    check(gnutls_priority_set_direct(tls->session, PRIORITY_X509, NULL), "TLS", err) ||
	    check(gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->x509), "TLS",
		  err))
		return -1;
	tls->must_be[n].type = GNUTLS_DT_KEY_PURPOSE_OID;
	tls->must_be[n++].data = (void *)purpose;
	if (server) {
		gnutls_certificate_server_set_request(tls->session, GNUTLS_CERT_REQUIRE);
	} else {
		snprintf(tls->host, sizeof(tls->host), "%s",
			 opts->hostname[0] ? opts->hostname : host);
		if (!tls->host[0])
			return error_set(err, "TLS with certificates wants the server's name here "
					      "(--tls-hostname)");
		tls->must_be[n].type = GNUTLS_DT_DNS_HOSTNAME;
		tls->must_be[n++].data = (void *)tls->host;
	}
	gnutls_session_set_verify_cert2(tls->session, tls->must_be, n, 0);
	return 0;
}

/* ---- Life ---- */

/* What is wrong with the other side's certificate, or what else GnuTLS says. */
static int stranger(const struct channel *ch, int r, struct error *err)
{
	gnutls_session_t session = ch->tls->session;
	unsigned status = gnutls_session_get_verify_cert_status(session);
	gnutls_datum_t text = {0};

	if (channel_command_ended(ch->child, err))
		return -1;
	if (r == GNUTLS_E_PULL_ERROR || r == GNUTLS_E_PUSH_ERROR ||
	    r == GNUTLS_E_PREMATURE_TERMINATION)
		return error_of(ERROR_CLOSED, err,
				"the other side hung up instead of shaking hands: it speaks no "
				"TLS, or doesn't believe us");
	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR &&
	    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0)
		error_set(err, "the other side is not who it should be: %s", text.data);
	else
		error_set(err, "the other side is not who it should be, or speaks no TLS: %s",
			  gnutls_strerror(r));
	gnutls_free(text.data);
	/* GnuTLS's are whole sentences. */
	for (size_t len = strlen(err->text); len && strchr(". ", err->text[len - 1]); len--)
		err->text[len - 1] = 0;
	return -1;
}

static int shake_hands(struct channel *ch, struct error *err)
{
	int r;

	for (;;) {
		r = gnutls_handshake(ch->tls->session);
		if (r == GNUTLS_E_SUCCESS)
			return 0;
		if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
			bool out = gnutls_record_get_direction(ch->tls->session);

			if (channel_wait(ch, out ? POLLOUT : POLLIN, err))
				return -1;
			continue;
		}
		if (gnutls_error_is_fatal(r))
			return stranger(ch, r, err);
	}
}

/*
 * In TLS 1.3 the client has finished before the server looked at its certificate or key: one byte
 * from the server says that it is content.
 */
static int confirm(struct channel *ch, bool server, struct error *err)
{
	u8 ok = 1;

	if (server)
		return channel_write(ch, &ok, 1, err);
	if (channel_read(ch, &ok, 1, err) == 0 && ok == 1)
		return 0;
	return error_set(err, "the other side refuses us: wrong key or certificate");
}

static struct channel_tls *new_tls(bool server, struct error *err)
{
	unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
	struct channel_tls *tls = calloc(1, sizeof(*tls));

	if (tls && !check(gnutls_init(&tls->session,
				      flags | (server ? GNUTLS_SERVER : GNUTLS_CLIENT)),
			  "TLS", err))
		return tls;
	if (!tls)
		error_nomem(err, "TLS");
	free(tls);
	return NULL;
}

static void free_tls(struct channel_tls *tls)
{
	gnutls_deinit(tls->session);
	if (tls->psk_client)
		gnutls_psk_free_client_credentials(tls->psk_client);
	if (tls->psk_server)
		gnutls_psk_free_server_credentials(tls->psk_server);
	if (tls->x509)
		gnutls_certificate_free_credentials(tls->x509);
	free(tls);
}

static int load(struct channel_tls *tls, const struct tls_options *opts, bool server,
		const char *host, struct error *err)
{
	if (opts->psk[0] && opts->x509[0])
		return error_set(err, "a pre-shared key and certificates are one too many");
	if (opts->psk[0])
		return use_psk(tls, opts->psk, server, err);
	return use_x509(tls, opts, server, host, err);
}

int channel_tls_check(const struct tls_options *opts, bool server, struct error *err)
{
	struct channel_tls *tls = new_tls(server, err);
	int r;

	if (!tls)
		return -1;
	r = load(tls, opts, server, "any", err);
	free_tls(tls);
	return r;
}

int channel_tls_start(struct channel *ch, const struct tls_options *opts, bool server,
		      const char *host, struct error *err)
{
	struct channel_tls *tls = ch->tls = new_tls(server, err);

	if (!tls || load(tls, opts, server, host, err))
		return -1;
	gnutls_transport_set_ptr(tls->session, ch);
	gnutls_transport_set_push_function(tls->session, push);
	gnutls_transport_set_pull_function(tls->session, pull);
	if (shake_hands(ch, err))
		return -1;
	tls->up = true;
	return confirm(ch, server, err);
}

static ssize_t result(ssize_t r, struct error *err)
{
	if (r >= 0)
		return r;
	if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
		errno = EAGAIN;
		return -1;
	}
	error_of(kind_of(r), err, "TLS: %s", gnutls_strerror(r));
	errno = EPROTO;
	return -1;
}

ssize_t channel_tls_send(struct channel *ch, const void *data, size_t bytes, struct error *err)
{
	return result(gnutls_record_send(ch->tls->session, data, bytes), err);
}

ssize_t channel_tls_recv(struct channel *ch, void *buf, size_t bytes, struct error *err)
{
	return result(gnutls_record_recv(ch->tls->session, buf, bytes), err);
}

void channel_tls_end(struct channel *ch)
{
	struct channel_tls *tls = ch->tls;

	if (!tls)
		return;
	if (tls->up && !ch->broken)
		gnutls_bye(tls->session, GNUTLS_SHUT_WR);
	free_tls(tls);
	ch->tls = NULL;
}
