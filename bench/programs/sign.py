# SPDX-License-Identifier: Apache-2.0
"""RSA signatures by OpenSSL's library: sign.py KEY COUNT."""
import ctypes
import hashlib
import sys

crypto = ctypes.CDLL('libcrypto.so.3')
for name in ('BIO_new_file', 'PEM_read_bio_PrivateKey', 'EVP_MD_CTX_new', 'EVP_sha256'):
    getattr(crypto, name).restype = ctypes.c_void_p


def must(result):
    if not result:
        raise SystemExit('OpenSSL refused')
    return ctypes.c_void_p(result)


file = must(crypto.BIO_new_file(sys.argv[1].encode(), b'r'))
key = must(crypto.PEM_read_bio_PrivateKey(file, None, None, None))
sha256 = must(crypto.EVP_sha256())
everything = hashlib.sha256()
for n in range(int(sys.argv[2])):
    context = must(crypto.EVP_MD_CTX_new())
    must(crypto.EVP_DigestSignInit(context, None, sha256, None, key))
    text, size, room = b'%d' % n, ctypes.c_size_t(512), ctypes.create_string_buffer(512)
    must(crypto.EVP_DigestSign(context, room, ctypes.byref(size), text, ctypes.c_size_t(len(text))))
    everything.update(room.raw[:size.value])
    crypto.EVP_MD_CTX_free(context)
print(size.value, everything.hexdigest())
