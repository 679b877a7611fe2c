// SPDX-License-Identifier: Apache-2.0

// What goroutines, the race between them and the garbage collector, and Go's assembly for this processor compute, with
// known answers: answers ROUNDS
package main

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math"
	"math/big"
	"math/bits"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const workers = 4

var checks, wrong int

func same(name string, right, got any) {
	checks++
	if r, g := fmt.Sprint(right), fmt.Sprint(got); r != g {
		wrong++
		fmt.Printf("%s: '%s' instead of '%s'\n", name, g, r)
	}
}

// ---- Numbers ----

func numbers() {
	x := uint64(88172645463325252)
	for i := 0; i < 20000; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	same("xorshift", uint64(2658416250084589850), x)
	not := make([]bool, 200001)
	primes := 0
	for i := 2; i <= 200000; i++ {
		if not[i] {
			continue
		}
		primes++
		for j := i * i; j <= 200000; j += i {
			not[j] = true
		}
	}
	same("primes", 17984, primes)
	sum := 0.0
	for i := 1; i <= 30000; i++ {
		sum += 1 / float64(i)
	}
	same("harmonic", 10.88618499211993, sum)
	high, low := bits.Mul64(math.MaxUint64, math.MaxUint64-1)
	same("wide product", "18446744073709551613 2", fmt.Sprint(high, low))
	quotient, rest := bits.Div64(5, 77, 1<<40+1)
	same("wide quotient", "83886079 1099427741774", fmt.Sprint(quotient, rest))
	sum64, carry := bits.Add64(math.MaxUint64, 1, 1)
	same("carry", "1 1", fmt.Sprint(sum64, carry))
	same("bits", "3 61 4 7 0x8000000000000000", fmt.Sprintf("%d %d %d %d %#x", bits.OnesCount64(7), bits.LeadingZeros64(4),
		bits.TrailingZeros64(16), bits.Len64(127), bits.Reverse64(1)))
	zero, least, minus := 0.0, math.MinInt64, -1
	same("floats", "+Inf NaN -0 1.4142135623730951 5e-324", fmt.Sprint(1/zero, zero/zero, math.Copysign(0, -1), math.Sqrt(2),
		math.SmallestNonzeroFloat64))
	same("least", "-9223372036854775808 0", fmt.Sprint(least/minus, least%minus))
	same("rounding", "-3 -2 -2 -2 -3", fmt.Sprint(math.Floor(-2.5), math.Ceil(-2.5), math.Trunc(-2.5), math.RoundToEven(-2.5),
		math.Round(-2.5)))
	same("fused", 5.551115123125783e-17, math.FMA(0.1, 10, -1))
	same("functions", "0.8414709848078965 0.5403023058681398 2.718281828459045 0.6931471805599453", fmt.Sprint(math.Sin(1),
		math.Cos(1), math.Exp(1), math.Log(2)))
	f, _ := strconv.ParseFloat("2.2250738585072012e-308", 64)
	same("parsed", "2.2250738585072014e-308 1e+23 0.1", fmt.Sprint(f, 1e23, float32(0.1)))
}

func bigNumbers() {
	factorial := new(big.Int).MulRange(1, 1000)
	digits := 0
	for _, c := range factorial.String() {
		digits += int(c - '0')
	}
	same("1000!", "2568 10539", fmt.Sprint(len(factorial.String()), digits))
	one := big.NewInt(1)
	power := func(n uint, minus int64) *big.Int {
		p := new(big.Int).Lsh(one, n)
		return p.Sub(p, big.NewInt(minus))
	}
	a, b := power(20011, 1), power(13007, 3)
	right := power(33018, 0)
	right.Sub(right, new(big.Int).Mul(big.NewInt(3), power(20011, 0))).Sub(right, power(13007, 0)).Add(right, big.NewInt(3))
	same("long product", 0, new(big.Int).Mul(a, b).Cmp(right))
	q, r := new(big.Int).QuoRem(new(big.Int).Add(right, big.NewInt(10)), a, new(big.Int))
	same("long quotient", "0 10", fmt.Sprint(q.Cmp(b), r))
	m := power(521, 1)
	for i := int64(3); i < 20; i++ {
		same("Fermat", 1, new(big.Int).Exp(big.NewInt(i), new(big.Int).Sub(m, one), m))
	}
	same("prime", "true false", fmt.Sprint(m.ProbablyPrime(20), power(523, 1).ProbablyPrime(20)))
	root := new(big.Float).SetPrec(400)
	root.Sqrt(root.SetInt64(2))
	same("root", "1.41421356237309504880168872420969807856967187537694807317667973799073247846210703885038753432764157", root.Text('f', 98))
}

// ---- Texts and digests ----

func texts() {
	million := bytes.Repeat([]byte("a"), 1000000)
	same("sha1", "34aa973cd4c4daa4f61eeb2bdbad27316534016f", fmt.Sprintf("%x", sha1.Sum(million)))
	same("sha256", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", fmt.Sprintf("%x", sha256.Sum256(million)))
	same("sha512", "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
		fmt.Sprintf("%x", sha512.Sum512(million)))
	same("md5", "7707d6ae4e027c70eea2a935c2296f21", fmt.Sprintf("%x", md5.Sum(million)))
	same("crc", "dc25bfbc 436fe240 7a0d29398112e1ba", fmt.Sprintf("%x %x %x", crc32.ChecksumIEEE(million),
		crc32.Checksum(million, crc32.MakeTable(crc32.Castagnoli)), crc64.Checksum(million, crc64.MakeTable(crc64.ECMA))))
	key, _ := hex.DecodeString("2b7e151628aed2a6abf7158809cf4f3c")
	plain, _ := hex.DecodeString("6bc1bee22e409f96e93d7e117393172a")
	block, _ := aes.NewCipher(key)
	out := make([]byte, 16)
	block.Encrypt(out, plain)
	same("aes", "3ad77bb40d7a3660a89ecaf32466ef97", hex.EncodeToString(out))
	block.Decrypt(out, out)
	same("aes back", hex.EncodeToString(plain), hex.EncodeToString(out))
	gcm, _ := cipher.NewGCM(block)
	sealed := gcm.Seal(nil, make([]byte, 12), million, nil)
	opened, err := gcm.Open(nil, make([]byte, 12), sealed, nil)
	same("gcm", "<nil> true", fmt.Sprint(err, bytes.Equal(opened, million)))
	sealed[5000] ^= 1
	_, err = gcm.Open(nil, make([]byte, 12), sealed, nil)
	same("gcm, a changed bit", true, err != nil)
	// RFC 8032, 7.1, test 2
	seed, _ := hex.DecodeString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
	same("ed25519", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		hex.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte{'r'})))
	words := make([]string, 20000)
	count := map[string]int{}
	for i := range words {
		words[i] = fmt.Sprint("w", (i+1)*7919%1009)
		count[words[i]]++
	}
	same("words", "1009 19", fmt.Sprint(len(count), count["w0"]))
	text := strings.Join(words, " ")
	same("matches", 20000, len(regexp.MustCompile(`\bw(\d+)\b`).FindAllString(text, -1)))
	same("index", 19, strings.Count(text, "w0 "))
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 6)
	io.WriteString(w, text)
	w.Close()
	back, _ := io.ReadAll(flate.NewReader(&packed))
	same("deflate", text, string(back))
	encoded, _ := json.Marshal(map[string]any{"b": []float64{1, 2.5, 1e21}, "a": "ä<\n"})
	same("json", `{"a":"ä\u003c\n","b":[1,2.5,1e+21]}`, string(encoded))
	same("orders", "72623859790382856 578437695752307201", fmt.Sprint(binary.BigEndian.Uint64([]byte{1, 2, 3, 4, 5, 6, 7, 8}),
		binary.LittleEndian.Uint64([]byte{1, 2, 3, 4, 5, 6, 7, 8})))
	numbers := make([]int, 100000)
	for i := range numbers {
		numbers[i] = i * 7919 % 100003
	}
	sort.Ints(numbers)
	same("sorted", true, sort.IntsAreSorted(numbers))
}

// What the processor or the kernel tells by a signal.
func panics() {
	try := func(f func()) (said string) {
		defer func() { said = fmt.Sprint(recover()) }()
		f()
		return
	}
	var none *[4]int
	array := []int{1, 2, 3}
	zero := 0
	for i := 0; i < 200; i++ {
		if s := try(func() { _ = none[2] }); s != "runtime error: invalid memory address or nil pointer dereference" {
			same("nil", "a panic", s)
		}
	}
	same("bounds", "runtime error: index out of range [7] with length 3", try(func() { _ = array[zero+7] }))
	same("by zero", "runtime error: integer divide by zero", try(func() { _ = 1 / zero }))
	same("closed", "close of closed channel", try(func() { c := make(chan int); close(c); close(c) }))
}

// ---- Goroutines ----

func together(work func(me int)) {
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go func(me int) {
			defer wg.Done()
			work(me)
		}(i)
	}
	wg.Wait()
}

func goroutines() {
	var total atomic.Int64
	var narrow int32
	var lock sync.Mutex
	var both sync.RWMutex
	var shared sync.Map
	plain, read := 0, 0
	together(func(me int) {
		for i := 0; i < 20000; i++ {
			total.Add(int64(me))
			for {
				old := atomic.LoadInt32(&narrow)
				if atomic.CompareAndSwapInt32(&narrow, old, old+1) {
					break
				}
			}
			lock.Lock()
			plain++
			lock.Unlock()
			if i%16 == 0 {
				both.Lock()
				read++
				both.Unlock()
			} else {
				both.RLock()
				_ = read
				both.RUnlock()
			}
			shared.LoadOrStore(i%300, me)
		}
	})
	same("counted", "120000 80000 80000 5000", fmt.Sprint(total.Load(), narrow, plain, read))
	n := 0
	shared.Range(func(_, _ any) bool { n++; return true })
	same("map", 300, n)
	// A sieve of goroutines, each a filter before the next.
	stop := make(chan struct{})
	source := func(out chan<- int) {
		for i := 2; ; i++ {
			select {
			case out <- i:
			case <-stop:
				return
			}
		}
	}
	filter := func(in <-chan int, out chan<- int, prime int) {
		for {
			select {
			case i := <-in:
				if i%prime != 0 {
					select {
					case out <- i:
					case <-stop:
						return
					}
				}
			case <-stop:
				return
			}
		}
	}
	c := make(chan int)
	go source(c)
	last := 0
	for i := 0; i < 150; i++ {
		last = <-c
		next := make(chan int)
		go filter(c, next, last)
		c = next
	}
	close(stop)
	same("sieve", 863, last)
	// Ten thousand in a chain.
	first := make(chan int)
	end := first
	for i := 0; i < 10000; i++ {
		next := make(chan int)
		go func(in, out chan int) { out <- 1 + <-in }(end, next)
		end = next
	}
	first <- 0
	same("chain", 10000, <-end)
	// One that never calls is stopped by a signal.
	spinning := make(chan bool)
	var flag atomic.Bool
	go func() {
		n := 0
		for !flag.Load() {
			n++
		}
		spinning <- n > 0
	}()
	runtime.Gosched()
	runtime.GC()
	flag.Store(true)
	same("stopped and went on", true, <-spinning)
	timeouts := 0
	for i := 0; i < 20; i++ {
		select {
		case <-make(chan int):
		case <-time.After(time.Millisecond):
			timeouts++
		}
	}
	same("timeouts", 20, timeouts)
	// Store, then load of the other's: both can't read zero.
	zeros := 0
	for i := 0; i < 2000; i++ {
		var a, b, fromA, fromB atomic.Int32
		var wg sync.WaitGroup
		wg.Add(2)
		go func() { a.Store(1); fromB.Store(b.Load()); wg.Done() }()
		go func() { b.Store(1); fromA.Store(a.Load()); wg.Done() }()
		wg.Wait()
		if fromA.Load() == 0 && fromB.Load() == 0 {
			zeros++
		}
	}
	same("both read zero", 0, zeros)
}

// ---- Garbage ----

type tree struct {
	left, right *tree
	value       int
}

func grow(depth, at int) *tree {
	if depth == 0 {
		return &tree{value: at}
	}
	return &tree{grow(depth-1, at*2), grow(depth-1, at*2+1), at}
}

func (t *tree) sum() int {
	if t == nil {
		return 0
	}
	return t.value + t.left.sum() + t.right.sum()
}

func all(depth int) int {
	n := 1<<(depth+1) - 1
	return n * (n + 1) / 2
}

// garbage has goroutines change what lives while the collector marks it.
func garbage(rounds int) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var finished atomic.Int64
	errors := make(chan string, workers*rounds)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	pass := make(chan *tree, workers)
	together(func(me int) {
		old := grow(12, 1)
		var ring [256][]byte
		kept := map[string]*tree{}
		for round := 0; round < rounds; round++ {
			for i := 0; i < 2000; i++ {
				b := make([]byte, i%700+8)
				b[i%len(b)] = byte(i)
				ring[(i*7+round)%len(ring)] = b
				if i%100 == 0 {
					kept[strconv.Itoa(me*10000+i)] = grow(3, 1)
				}
			}
			old.left = grow(11, 2)
			t := &tree{value: round}
			runtime.SetFinalizer(t, func(*tree) { finished.Add(1) })
			// Trees go from hand to hand, and have their branches swapped meanwhile.
			pass <- grow(8, 1)
			got := <-pass
			got.left, got.right = got.right, got.left
			if old.sum() != all(12) || got.sum() != all(8) {
				errors <- "a tree has another sum"
			}
			for k, v := range kept {
				if v.sum() != all(3) || len(k) == 0 {
					errors <- "a kept tree has another sum"
				}
			}
		}
		for i, b := range ring {
			set := 0
			for _, x := range b {
				if x != 0 {
					set++
				}
			}
			if set > 1 {
				errors <- fmt.Sprint("array ", i, " has other bytes")
			}
		}
	})
	close(stop)
	close(errors)
	for e := range errors {
		same("garbage", "all as it was", e)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	same("collections", true, stats.NumGC > 5)
	same("finalizers", true, finished.Load() > 0)
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	numbers()
	bigNumbers()
	texts()
	panics()
	goroutines()
	garbage(rounds)
	fmt.Println(checks, "checks")
	if wrong != 0 {
		os.Exit(1)
	}
}
