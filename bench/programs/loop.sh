# SPDX-License-Identifier: Apache-2.0
# What a shell does itself: arithmetic, functions, cases, pieces of strings.
gcd() {
	a=$1 b=$2
	while [ "$b" -ne 0 ]; do
		t=$((a % b)) a=$b b=$t
	done
}
i=0 sum=0 odd=0 text=
while [ $i -lt 9000 ]; do
	i=$((i + 1))
	gcd $((i * 91)) 3003
	sum=$(((sum * 31 + a) & 0xffffff))
	case $i in
	*[13579]) odd=$((odd + 1)) ;;
	*0) text=${text#??}$i ;;
	esac
done
echo $sum $odd ${#text}
