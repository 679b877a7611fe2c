# SPDX-License-Identifier: Apache-2.0
# Regular expressions over made text: counting words, matching with alternatives and back references, replacing.
use strict;
use warnings;

my ($state, $text) = (1, '');
for (1 .. 100000) {
	$state = ($state * 1103515245 + 12345) % 2147483648;
	my $word = substr('abacadabraxylophonequicklazydogs', $state / 65536 % 20, 2 + $state / 1024 % 9);
	$text .= $word . ($state / 4096 % 11 ? ' ' : ".\n");
}
my %count;
$count{lc $1}++ while $text =~ /(\w+)/g;
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 4];
print scalar(keys %count), " @top\n";
my $twice = () = $text =~ /\b(\w{2,})\s+\1\b/g;
my $either = () = $text =~ /(?:ab|ra|phone|quick)[a-z]*(?:do|x)/g;
my $longest = 0;
for my $line (split /\n/, $text) {
	$longest = length $1 if $line =~ /^(?:.*?)((?:[aeiou]\w+ ?)+)/ && length $1 > $longest;
}
(my $other = $text) =~ s/([aeiou])([^aeiou\s])/$2$1/g;
$other =~ tr/a-y/b-z/;
print "$twice $either $longest ", length($other), ' ', substr($other, -60), "\n";
