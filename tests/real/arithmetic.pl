#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Perl's numbers, regular expressions, packing and sorting, with known answers.
use strict;
use warnings;
no warnings "portable";
use utf8;
use Math::BigInt;
use Math::BigFloat;
use Digest::SHA qw(sha1_hex sha256_hex sha512_hex);
use Digest::MD5 qw(md5_hex);
use Encode qw(encode decode);
use List::Util qw(sum max first);
use POSIX qw(floor ceil fmod strtol);

my ($checks, $wrong) = (0, 0);

sub same {
	my ($name, $right, $got) = @_;
	$checks++;
	return if $got eq $right;
	$wrong++;
	print "$name: '$got' instead of '$right'\n";
}

# Whole numbers: wrapping, signs, shifts.
{
	use integer;
	same('wrap', '-9223372036854775808', 9223372036854775807 + 1);
	same('product', '-7046029254386353131', 7046029254386353131 * -1);
	same('remainder', '-1 1 -3', join ' ', -7 % 2, 7 % -2, -7 / 2);
}
same('unsigned', '18446744073709551615', ~0);
same('rotate', '0x8000000000000001', sprintf '%#x', (3 >> 1) | (3 << 63));
same('hex', '3735928559', hex 'deadbeef');
my $x = 88172645463325252;
for (1 .. 20000) { $x ^= $x << 13; $x ^= $x >> 7; $x ^= $x << 17; }
same('xorshift', '2658416250084589850', $x);
my @sieve = (1) x 30001;
for my $i (2 .. 173) { next unless $sieve[$i]; for (my $j = $i * $i; $j <= 30000; $j += $i) { $sieve[$j] = 0 } }
same('primes', 3245, scalar grep { $sieve[$_] } 2 .. 30000);

# Floating point.
same('0.1 + 0.2', '0.30000000000000004', sprintf '%.17g', 0.1 + 0.2);
same('thirds', '3fd5555555555555', unpack 'H*', pack 'd>', 1 / 3);
same('tiny', '4.9406564584124654e-324', sprintf '%.17g', 2 ** -1074);
same('huge', '1.7976931348623157e+308 Inf', sprintf '%.17g %g', 1.7976931348623157e308, 9 ** 9 ** 9);
same('single', '3dcccccd', unpack 'H*', pack 'f>', 0.1);
same('sines', '0.841470984807897 0.54030230586814 2.71828182845905 0.693147180559945',
	join ' ', sin(1), cos(1), exp(1), log(2));
same('atan2', '3.14159265358979 -2.35619449019234', join ' ', atan2(0, -1), atan2(-1, -1));
same('rounding', '2 4 -2 0.13 1e+15', sprintf '%.0f %.0f %.0f %.2f %g', 2.5, 3.5, -2.5, 0.125000001, 1e15);
same('floors', '-3 -2 1.5 -2147483648', join ' ', floor(-2.5), ceil(-2.5), fmod(7.5, 3), int(-2147483648.9));
my $h = 0;
$h += 1 / $_ for 1 .. 30000;
same('harmonic', '10.886184992119929', sprintf '%.17g', $h);

# Numbers without end.
same('30!', '265252859812191058636308480000000', Math::BigInt->new(30)->bfac);
same('2^521 - 1', '6864797660130609714981900799081393217269435300143305409394463459185543183397656052122559640661454554977296311391480858037121987999716643812574028291115057151',
	Math::BigInt->new(2)->bpow(521)->bsub(1));
same('inverse', '1', Math::BigInt->new('123456789123456789')->bmodinv('1000000000000000003')
	->bmul('123456789123456789')->bmod('1000000000000000003'));
same('pi', '3.14159265358979323846264338327950288419716939937510582097494459', Math::BigFloat->bpi(63));
same('root', '1.414213562373095048801688724209698078570', Math::BigFloat->new(2)->bsqrt(40));

# Texts.
same('captures', '2024-01-31', '31.01.2024' =~ s/^(\d+)\.(\d+)\.(\d+)$/$3-$2-$1/r);
same('nested', '(a(b)c(d(e)))', 'x(a(b)c(d(e)))y)' =~ /(\((?:[^()]++|(?1))*\))/ ? $1 : 'none');
same('looking', '1,234,567,890', '1234567890' =~ s/(?<=\d)(?=(?:\d{3})+$)/,/gr);
same('named', 'key=value', 'key = value' =~ /(?<k>\w+)\s*=\s*(?<v>\w+)/ ? "$+{k}=$+{v}" : 'none');
same('greedy', '<b> <b><i></i></b>', join ' ', '<b><i></i></b>' =~ /(<.+?>)/, '<b><i></i></b>' =~ /(<.+>)/);
same('unary primes', '2 3 5 7 11 13 17 19 23 29', join ' ', grep { (1 x $_) !~ /^1?$|^(11+?)\1+$/ } 0 .. 30);
same('unicode', '6 STRASSE ΣΟΦΌΣ', join ' ', length('Straße'), uc('straße'), uc('σοφός'));
same('utf-8', 'c39fe282acf09f9880', unpack 'H*', encode('UTF-8', "\x{df}\x{20ac}\x{1f600}"));
same('back', "\x{20ac}", decode('UTF-8', "\xe2\x82\xac"));
same('translate', 'Uryyb', 'Hello' =~ tr/A-Za-z/N-ZA-Mn-za-m/r);
my $text = join ' ', map { sprintf 'w%d', $_ * 7919 % 1009 } 1 .. 20000;
my %count;
$count{$1}++ while $text =~ /\bw(\d+)\b/g;
same('words', '1009 20000 19', join ' ', scalar keys %count, sum(values %count), $count{0});

# Memory's order, sorting, digests.
same('packing', '0102030405060708fffe00000001bf800000', unpack 'H*', pack 'Q> n N f>', 0x0102030405060708, 65534, 1, -1);
same('little', '0807060504030201feff01000000000080bf', unpack 'H*', pack 'Q< v V f<', 0x0102030405060708, 65534, 1, -1);
same('ber', '818000', unpack 'H*', pack 'w', 16384);
same('checksum', 8386560 % 65536, unpack '%16n*', pack 'n*', 0 .. 4095);
my @sorted = sort { $a <=> $b } map { $_ * 7919 % 20011 } 1 .. 20010;
same('sorted', 'yes', join(',', @sorted) eq join(',', 1 .. 20010) ? 'yes' : 'no');
same('md5', '900150983cd24fb0d6963f7d28e17f72', md5_hex('abc'));
same('sha1', '34aa973cd4c4daa4f61eeb2bdbad27316534016f', sha1_hex('a' x 1000000));
same('sha256', 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0', sha256_hex('a' x 1000000));
same('sha512', 'ddaf35a193617abacc417349ae204131', substr sha512_hex('abc'), 0, 32);
same('eval', 'division by zero', eval { my $z = 0; 1 / $z } // $@ =~ /(division by zero)/ ? 'division by zero' : $@);

# Processes and pipes.
my $pid = open(my $pipe, '-|') // die;
if (!$pid) { print join '', map { "$_\n" } 1 .. 5000; exit 3 }
same('pipe', 12502500, sum(<$pipe>));
close $pipe;
same('exit status', 3, $? >> 8);

print "$checks checks\n";
exit($wrong != 0);
