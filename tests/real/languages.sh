#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# languages.sh java|node|go|rust [once] | tools | together SECONDS: programs and scripts in these languages, made here
# where they have to be, with known answers.
. "$(dirname "$0")/checks.sh"
real=$(dirname "$0")

# What was made stays, for the next that wants it.
made=/tmp/made
mkdir -p $made

# counted NAME COMMAND...: works, and says how many checks it made, which are added.
counted() {
	works "$@"
	checks=$((checks + $(sed -n 's/^\([0-9]*\) checks$/\1/p' out | grep . || echo 0)))
	grep -vE '^[0-9]+ checks$' out
}

make_java() {
	[ -e $made/Answers.class ] || works javac javac -Xlint:all -d $made "$real/Answers.java"
}

make_go() {
	[ -e $made/go ] || works 'go build' go build -o $made/go "$real/answers.go"
}

make_rust() {
	[ -e $made/rust ] || works 'rustc -O' rustc --edition 2021 -O -C target-cpu=pwr8 "$real/answers.rs" -o $made/rust
}

# run LANGUAGE ROUNDS
run() {
	case $1 in
	java) counted java java -Xmx256m -cp $made Answers "$2" ;;
	node) counted node node "$real/answers.js" "$2" ;;
	go) counted go $made/go "$2" ;;
	rust) counted rust $made/rust ;;
	esac
}

with_java() {
	make_java
	run java 10
	counted 'java, a collector that stops all' java -XX:+UseSerialGC -Xmx96m -cp $made Answers 10
	counted 'java, a parallel collector' java -XX:+UseParallelGC -Xmx128m -cp $made Answers 10
	counted 'java, one compiler' java -XX:-TieredCompilation -Xmx256m -cp $made Answers 5
}

with_node() {
	run node 10
	counted 'node, little memory' node --max-semi-space-size=1 --gc-interval=5000 "$real/answers.js" 5
	counted 'node, compiled soon' node --interrupt-budget=1000 "$real/answers.js" 5
}

with_go() {
	make_go
	run go 10
	counted 'go, little memory' env GOGC=1 $made/go 3
	counted 'go, one at a time' env GOMAXPROCS=1 $made/go 3
	counted 'go, more than there are' env GOMAXPROCS=16 $made/go 3
	works 'go vet' go vet "$real/answers.go"
}

with_rust() {
	make_rust
	run rust
	works 'rustc --test' rustc --edition 2021 --test "$real/answers.rs" -o harness
	works 'its tests' ./harness
	same 'tests' 'test result: ok. 5 passed; 0 failed' "$(grep -o 'test result: ok. 5 passed; 0 failed' out)"
	echo 'fn main() { let s = String::new(); drop(s); println!("{}", s); }' >wrong.rs
	rustc wrong.rs 2>out
	same 'a wrong program, exit status' 1 $?
	same 'a wrong program, message' 1 "$(grep -c '^error\[E0382\]: borrow of moved value: `s`' out)"
}

# Each again and again for so many seconds, all at the same time.
with_together() {
	end=$(($(date +%s) + $1))
	make_java
	make_go
	make_rust
	for language in java node go rust; do
		mkdir $language
		(
			cd $language || exit
			checks=0
			until [ $wrong -ne 0 ] || [ "$(date +%s)" -ge $end ]; do
				run $language 10
			done
			echo $checks >checks
			exit $wrong
		) &
		eval "$language=\$!"
	done
	for language in java node go rust; do
		eval "wait \$$language"
		same "$language, exit status" 0 $?
		checks=$((checks + $(cat $language/checks)))
	done
}

with_tools() {
	perl -e 'for my $d (1 .. 40) { mkdir "d$d"; for my $f (1 .. 25) { open my $o, ">", "d$d/f$f." . ($f % 5 ? "txt" : "log");
		print $o "line $_ of $f in $d: ", ($_ * 7919 + $f * 31 + $d) % 1009, "\n" for 1 .. 60 } }'
	same 'rg, lines' "$(grep -rhE ': (1[0-9]{2}|77)$' d* | wc -l)" "$(rg -N --no-filename ': (1[0-9]{2}|77)$' | wc -l)"
	same 'rg, files' "$(grep -rlF ': 1000' d* | sort | sha256sum)" "$(rg -lF ': 1000' | sort | sha256sum)"
	same 'rg, one thread' "$(rg -c 'line \d+ of' | sort | sha256sum)" "$(rg -j1 -c 'line \d+ of' | sort | sha256sum)"
	same 'rg, counts' 60000 "$(rg -c --no-filename 'line' | perl -ne '$n += $_; END { print $n }')"
	same 'rg -P' 960 "$(rg -P -N --no-filename '^line (\d+) of \d+ in \d+: (?=.*\d$)' | rg -c '^line [36] of [0-9]*[02468] ' )"
	same 'rg, unicode' 1 "$(printf 'Straße\nSTRASSE\nΣΟΦΌΣ\n' | rg -ci 'σοφός')"
	same 'rg --replace' '2024-01-31' "$(echo 31.01.2024 | rg '(?P<d>\d+)\.(?P<m>\d+)\.(?P<y>\d+)' -r '$y-$m-$d')"
	same 'fd, a kind' 200 "$(fdfind -e log . | wc -l)"
	same 'fd, an expression' "$(find . -name 'f1[0-9].txt' | wc -l)" "$(fdfind '^f1\d\.txt$' | wc -l)"
	same 'fd -x' 12000 "$(fdfind -e log -x cat | wc -l)"
	same 'bat' "$(sha256sum <d1/f1.txt)" "$(bat -pp d1/f1.txt | sha256sum)"
	cp "$real/answers.rs" .
	bat --color=always -p --theme=ansi answers.rs >out
	same 'bat, coloured' 1 "$(grep -c '.\[.*fn.*xorshift' out)"
	same 'bat, without colours' "$(sha256sum <answers.rs)" "$(perl -pe 's/\e\[[0-9;]*m//g' out | sha256sum)"
}

case $1-$2 in
*-once)
	[ "$1" = node ] || make_"$1"
	checks=0 # what was made before isn't made again, and each time counts alike
	run "$1" 10
	;;
*) with_"$1" "$2" ;;
esac
end_checks
