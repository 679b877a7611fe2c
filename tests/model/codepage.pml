/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that change: no vcpu executes old ones after it heard that there are new ones and came
 * to a block boundary.
 *
 * Who stands for what (src/hv/codepage.c unless said otherwise):
 *	memory[]           a line's instructions: which version of them is there
 *	told[]             the latest version of which the guest knows, by other memory or an interrupt
 *	marked, settled,   the page's word
 *	generation,
 *	clearing
 *	block[]            what a vcpu has decoded of a line: that version; 0 is nothing
 *	touched[]          cpu_touch_writable(), cpu_may_write()
 *	writable[]         its first translation cache lets it write the page directly
 *	codes, protects    entries of the log (src/hv/shootdown.c), HV_INVAL_CODE and HV_INVAL_PROTECT;
 *	                   how many a vcpu has worked through: seen_*[]
 *	request[], out[]   CPU_REQ_FLUSH; !vcpu->in_guest
 *	store              a guest's store: write_on_page() (src/cpu/mmu/access.c), hv_code_write()
 *	use                code_find() (src/cpu/engine/code.c), hv_code_read()
 *	client             a client that writes and calls papyr_wrote(): hv_told_written()
 *
 * Vcpu 0 stores to line 0, and may empty its caches between blocks (touched_forget()); so does the client.
 * The others use both lines, in any order.
 *
 * Each of these takes one step of the protocol away and must be caught:
 *	BROKEN_NO_WAIT        decode without waiting for who may write
 *	BROKEN_TRUST_MARK     a line that another has marked needs no waiting
 *	BROKEN_KEEP_SETTLED   neither does a new line of a settled page
 *	BROKEN_NO_GENERATION  decode though the mark was taken away while others were waited for
 *	BROKEN_READ_FIRST     read memory, then mark
 *	BROKEN_TELL_FIRST     the client tells, then writes
 *	BROKEN_TOUCH_LATE     look for marks, then say that the page may be written
 *	BROKEN_CLEAR_SILENTLY take another's clearing for its having been logged
 *	BROKEN_KEEP_RIGHT     keep the right to write directly when others ask for it
 */

/* Found sooner: */
#ifdef BROKEN_TELL_FIRST
#define STORES 0
#endif
#ifdef BROKEN_CLEAR_SILENTLY
#define DECODERS 1
#endif
#ifndef DECODERS
#define DECODERS 2
#endif
#ifndef STORES
#define STORES 2
#endif
#ifndef USES
#define USES 2 /* of each decoder */
#endif
#ifndef TELLS
#define TELLS 1
#endif
#define VCPUS (1 + DECODERS)

byte memory = 1; /* line 0; nobody writes the other */
byte told = 1;
bool marked[2];
bool settled;
byte generation, clearing;
byte codes, protects;
byte block[VCPUS * 2];
bool touched, writable; /* vcpu 0 */
byte seen_codes[VCPUS];
byte seen_protects; /* of vcpu 0 */
bool request[VCPUS];
bool out;

/* Only this vcpu has to do with its caches. */
inline catch_up()
{
	atomic {
		if
		:: seen_codes[me] != codes ->
			block[me * 2] = 0;
			block[me * 2 + 1] = 0;
			seen_codes[me] = codes
		:: else
		fi;
		if
		:: !me && seen_protects != protects ->
#ifndef BROKEN_KEEP_RIGHT
			writable = false;
#endif
			seen_protects = protects
		:: else
		fi
	}
}

inline boundary()
{
	if
	:: atomic { request[me] -> request[me] = false }; catch_up()
	:: else
	fi
}

inline ask_all()
{
	i = 0;
	do
	:: i == VCPUS -> i = 0; break
	:: else -> request[i] = true; i++
	od
}

/* changed(), of line 0 */
inline changed()
{
	atomic {
		if
#ifdef BROKEN_CLEAR_SILENTLY
		:: marked[0] ->
#else
		:: marked[0] || clearing ->
#endif
			clearing++;
			marked[0] = false;
			marked[1] = false;
			settled = false;
			generation++;
			hit = true
		:: else
		fi
	};
	if
	:: hit -> atomic { codes++; ask_all(); hit = false }; clearing--
	:: else
	fi
}

/* Who comes later wrote the newer version. */
inline write_and_say()
{
	atomic { memory++; version = memory };
	atomic {
		if
		:: told < version -> told = version
		:: else
		fi;
		version = 0
	}
}

proctype storer()
{
	byte me, i, n, version;
	bool hit, code;

	do
	:: n < STORES ->
		n++;
		if
		:: writable
		:: else ->
#ifndef BROKEN_TOUCH_LATE
			touched = true;
#endif
			code = marked[0] || marked[1] || clearing;
			atomic { writable = !code; code = false };
			changed();
			touched = true
		fi;
		write_and_say();
		boundary()
	:: atomic { touched && n < STORES -> writable = false; touched = false }
	:: n == STORES -> break
	od;
	out = true
}

inline mark(line)
{
	atomic {
		wait = !settled;
		if
#ifdef BROKEN_TRUST_MARK
		:: marked[line] -> wait = false
#else
		:: marked[line]
#endif
		:: else ->
			marked[line] = true;
#ifndef BROKEN_KEEP_SETTLED
			settled = false;
			wait = true
#endif
		fi;
		other_too = marked[1 - line];
		was = generation
	}
}

/* protect(), say_settled(): wait is false again if the line may be decoded. */
inline protect(line)
{
	if
	:: touched ->
		atomic { protects++; upto = protects; ask_all() };
#ifndef BROKEN_NO_WAIT
		atomic { (out || seen_protects >= upto) -> upto = 0 };
#endif
		catch_up()
	:: else
	fi;
	atomic {
		if
#ifdef BROKEN_NO_GENERATION
		:: true -> wait = false
#else
		:: generation == was -> wait = false
		:: else
#endif
		fi;
		if
		:: generation == was && marked[1 - line] == other_too -> settled = true
		:: else
		fi
	}
}

inline use(line)
{
	if
	:: block[me * 2 + line]
	:: else ->
#ifdef BROKEN_READ_FIRST
		version = memory;
#endif
		mark(line);
		if
		:: wait -> protect(line)
		:: else
		fi;
		atomic {
			if
			:: wait -> wait = false /* begins again, another time */
			:: else ->
#ifdef BROKEN_READ_FIRST
				block[me * 2 + line] = version
#else
				block[me * 2 + line] = memory
#endif
			fi;
			version = 0;
			was = 0;
			other_too = false
		}
	fi;
	assert(line || !block[me * 2] || block[me * 2] >= heard)
}

proctype decoder(byte me)
{
	byte n, i, version, heard, upto, was;
	bool wait, other_too;

	do
	:: n < USES ->
		n++;
		heard = told;
		boundary();
		if
		:: true -> use(0)
		:: true -> use(1)
		fi;
		heard = 0;
		boundary()
	:: n == USES -> break
	od
}

#if TELLS
proctype client()
{
	byte n, i, version;
	bool hit;

	for (n : 1 .. TELLS) {
#ifdef BROKEN_TELL_FIRST
		changed();
		write_and_say()
#else
		atomic { memory++; version = memory };
		changed();
		atomic {
			if
			:: told < version -> told = version
			:: else
			fi
		}
#endif
	}
}
#endif

init {
	byte n;

	atomic {
		run storer();
		for (n : 1 .. DECODERS) {
			run decoder(n)
		}
#if TELLS
		run client()
#endif
	}
}
