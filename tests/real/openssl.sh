#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Vectors of the standards through OpenSSL's code for this processor, megabytes through each cipher and digest (what an
# x86-64 made of them is recorded), and keys that sign, verify and notice a changed message.
. "$(dirname "$0")/checks.sh"

hex() {
	od -An -v -tx1 | tr -d ' \n'
}

unhex() {
	perl -e 'print pack("H*", shift)' "$1"
}

# digest NAME RIGHT: of "abc".
digest() {
	same "$1" "$2" "$(printf abc | openssl dgst -"$1" -r | cut -d' ' -f1)"
}

# cipher NAME KEY IV PLAIN RIGHT
cipher() {
	same "$1" "$5" "$(unhex "$4" | openssl enc -"$1" -K "$2" ${3:+-iv "$3"} -nopad | hex)"
	same "$1 -d" "$4" "$(unhex "$5" | openssl enc -d -"$1" -K "$2" ${3:+-iv "$3"} -nopad | hex)"
}

# bulk KIND NAME RIGHT: the digest of 1 MiB and 5 bytes, encrypted first if KIND is enc.
bulk() {
	if [ "$1" = enc ]; then
		same "bulk $2" "$3" "$(openssl enc -"$2" -K $key -iv $iv <big | openssl dgst -sha256 -r | cut -c-32)"
		same "bulk -d $2" "$plain" "$(openssl enc -"$2" -K $key -iv $iv <big |
			openssl enc -d -"$2" -K $key -iv $iv | openssl dgst -sha256 -r | cut -c-32)"
	else
		same "bulk $2" "$3" "$(openssl dgst -"$2" -r <big | cut -c-32)"
	fi
}

digest md5 900150983cd24fb0d6963f7d28e17f72
digest sha1 a9993e364706816aba3e25717850c26c9cd0d89d
digest sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
digest sha3-256 3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532

# SP 800-38A, F.1.1, F.2.5 and F.5.5; RFC 8439, 2.4.2
plain=6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
cipher aes-128-ecb 2b7e151628aed2a6abf7158809cf4f3c '' $plain \
	3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf
cipher aes-256-cbc 603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4 000102030405060708090a0b0c0d0e0f \
	$plain f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d
cipher aes-256-ctr 603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff \
	$plain 601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5
cipher chacha20 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 01000000000000000000004a00000000 \
	4c616469657320616e642047656e746c 6e2e359a2568f98041ba0728dd0d6981

# The empty message of the GCM specification; RFC 4493, 4.
same gmac 58E2FCCEFA7E3061367F1D57A4E7455A "$(openssl mac -cipher AES-128-GCM -macopt hexkey:00000000000000000000000000000000 \
	-macopt hexiv:000000000000000000000000 -in /dev/null GMAC)"
same cmac BB1D6929E95937287FA37D129B756746 "$(openssl mac -cipher AES-128-CBC \
	-macopt hexkey:2b7e151628aed2a6abf7158809cf4f3c -in /dev/null CMAC)"
# RFC 4231, test case 2; RFC 7914, 11 and 12
same hmac 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843 \
	"$(printf 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe -r | cut -d' ' -f1)"
same pbkdf2 55AC046E56E3089FEC1691C22544B605 "$(openssl kdf -keylen 16 -kdfopt digest:SHA256 -kdfopt pass:passwd \
	-kdfopt salt:salt -kdfopt iter:1 PBKDF2 | tr -d ':')"
same scrypt FDBABE1C9D3472007856E7190D01E9FE "$(openssl kdf -keylen 16 -kdfopt pass:password -kdfopt salt:NaCl \
	-kdfopt n:1024 -kdfopt r:8 -kdfopt p:16 SCRYPT | tr -d ':')"

key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
iv=0f0e0d0c0b0a09080706050403020100
perl -e 'my $x = 1; for (1 .. 262144) { $x = ($x * 1103515245 + 12345) & 0xffffffff; print pack "V", $x } print "12345"' >big
plain=cf68b02c904e8a3a3a5258a637d7e7a0
bulk dgst sha256 $plain
bulk dgst sha1 a25ea9db122fe80aeaf62e3f1b8e02f3
bulk dgst sha512 e7cf7d0aa0bbcd7d5d7c0ff43779ab62
bulk dgst md5 66580f377bc81c006d583861085943ce
bulk dgst sha3-512 162e295da6caf64e08e3119ca913f06a
bulk dgst blake2b512 b9bd812ba1ba5e57f88892f8811a6b9e
bulk enc aes-256-cbc 074fd06a80b9d24de4e109facec189dd
bulk enc aes-256-ctr 88509e8971db83f40b13f9d71a8dc393
bulk enc aes-256-ofb 504250326aa4e22250028060c8c6b4a5
bulk enc chacha20 4395b95ca59ce7c6970a8553a4a7cafd
bulk enc camellia-256-cbc 23c3d6caf981829c17282f6dd4d0ace9
same 'bulk gmac' 774B47B09C248FCB441B8B129FA3CB44 "$(openssl mac -cipher AES-256-GCM -macopt hexkey:$key -macopt hexiv:${iv%????????} -in big GMAC)"
same 'bulk poly1305' 0955149647606591703FFC48EF9AA400 "$(openssl mac -macopt hexkey:$key -in big Poly1305)"

# Ed25519 has no randomness: RFC 8032, 7.1, test 2.
unhex 302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb >ed.der
printf r >message
openssl pkey -inform DER -in ed.der -out ed.pem
openssl pkeyutl -sign -inkey ed.pem -rawin -in message -out sig
same ed25519 92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00 \
	"$(hex <sig)"

for kind in 'RSA -pkeyopt rsa_keygen_bits:2048' 'EC -pkeyopt ec_paramgen_curve:P-256' \
	'EC -pkeyopt ec_paramgen_curve:P-521'; do
	works "new $kind" openssl genpkey -algorithm $kind -out key.pem
	works "check $kind" openssl pkey -in key.pem -check -noout
	openssl pkey -in key.pem -pubout -out public.pem
	works "sign $kind" openssl dgst -sha256 -sign key.pem -out sig big
	works "verify $kind" openssl dgst -sha256 -verify public.pem -signature sig big
	openssl dgst -sha256 -verify public.pem -signature sig message >/dev/null 2>&1
	same "another message by $kind" 1 $?
done
end_checks
