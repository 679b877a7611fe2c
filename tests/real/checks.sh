# SPDX-License-Identifier: Apache-2.0
# For the scripts here to source: what is right, what came, and at the end how many checks there were.
checks=0
wrong=0

# same NAME RIGHT GOT
same() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] && return
	wrong=$((wrong + 1))
	echo "$1: '$3' instead of '$2'"
}

# works NAME COMMAND...
works() {
	name=$1
	shift
	"$@" >out 2>&1
	same "$name, exit status" 0 $?
}

end_checks() {
	echo "$checks checks"
	[ $wrong -eq 0 ] || echo "$wrong wrong"
	exit $((wrong != 0))
}
