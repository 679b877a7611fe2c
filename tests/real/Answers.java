// SPDX-License-Identifier: Apache-2.0
// What compiled code, its traps, its threads and its garbage collector compute, with known answers: Answers ROUNDS.
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;
import java.util.zip.*;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.*;

public class Answers {
	static final int THREADS = 4;
	static int checks, wrong;

	static synchronized void same(String name, Object right, Object got) {
		checks++;
		if (String.valueOf(right).equals(String.valueOf(got)))
			return;
		wrong++;
		System.out.println(name + ": '" + got + "' instead of '" + right + "'");
	}

	static String hex(byte[] bytes) {
		return HexFormat.of().formatHex(bytes);
	}

	// ---- Numbers ----

	static long xorshift(long x, int n) {
		for (int i = 0; i < n; i++) {
			x ^= x << 13;
			x ^= x >>> 7;
			x ^= x << 17;
		}
		return x;
	}

	static int collatz(long n) {
		int steps = 0;
		for (; n != 1; steps++)
			n = n % 2 == 0 ? n / 2 : 3 * n + 1;
		return steps;
	}

	static int[] sieve(int n) {
		boolean[] not = new boolean[n + 1];
		int[] primes = new int[n];
		int k = 0;
		for (int i = 2; i <= n; i++) {
			if (not[i])
				continue;
			primes[k++] = i;
			for (long j = (long) i * i; j <= n; j += i)
				not[(int) j] = true;
		}
		return Arrays.copyOf(primes, k);
	}

	static void numbers() {
		same("xorshift", 2658416250084589850L, xorshift(88172645463325252L, 20000));
		int longest = IntStream.rangeClosed(1, 30000).boxed().max(Comparator.comparingInt(n -> collatz(n))).get();
		same("collatz", "26623 307", longest + " " + collatz(longest));
		int[] primes = sieve(200000);
		same("primes", "17984 199999", primes.length + " " + primes[primes.length - 1]);
		same("division", "-3 -1 3 -4 2", -7 / 2 + " " + -7 % 2 + " " + -7 / -2 + " " + Math.floorDiv(-7, 2) + " " +
			Math.floorMod(-7, 3));
		int least = Integer.MIN_VALUE;
		long leastLong = Long.MIN_VALUE;
		same("overflow", "-2147483648 0 -9223372036854775808", least / -1 + " " + least % -1 + " " + leastLong / -1);
		same("casts", "2147483647 -9223372036854775808 0 -128 65535", (int) 1e10 + " " + (long) -1e30 + " " +
			(int) Double.NaN + " " + (byte) 128 + " " + (int) (char) -1);
		same("high", "-2 4611686018427387903", Math.multiplyHigh(-3L, Long.MAX_VALUE) + " " +
			Math.multiplyHigh(Long.MAX_VALUE, Long.MAX_VALUE));
		same("bits", "7 57 1 63 -9223372036854775808", Long.bitCount(127) + " " + Long.numberOfLeadingZeros(127) + " " +
			Long.numberOfTrailingZeros(2) + " " + Long.numberOfLeadingZeros(1) + " " + Long.reverse(1));
		double sum = 0;
		for (int i = 1; i <= 30000; i++)
			sum += 1.0 / i;
		same("harmonic", "10.88618499211993", sum);
		same("roots", "1.4142135623730951 NaN -0.0 Infinity", Math.sqrt(2) + " " + Math.sqrt(-1) + " " + Math.sqrt(-0.0) +
			" " + Math.sqrt(1 / 0.0));
		same("strict", "0.8414709848078965 0.5403023058681398 2.7182818284590455 0.6931471805599453", StrictMath.sin(1) + " " +
			StrictMath.cos(1) + " " + StrictMath.exp(1) + " " + StrictMath.log(2));
		same("fma", "-1.1102230246251565E-16", Math.fma(0.1, 10.0, -1.0) - 1.6653345369377348E-16);
		same("rint", "2.0 4.0 -2.0 3 -2", Math.rint(2.5) + " " + Math.rint(3.5) + " " + Math.rint(-2.5) + " " +
			Math.round(2.5) + " " + Math.round(-2.5));
		same("ulps", "1.0000000000000002 4.9E-324 1.1920929E-7", Math.nextUp(1.0) + " " + Double.MIN_VALUE + " " +
			Math.ulp(1f));
		float f = 0;
		for (int i = 0; i < 100000; i++)
			f += 0.1f;
		same("singles", "9998.557", f);
	}

	static void compiled() {
		// Loops that the compiler makes vectors of, checked by sums in closed form.
		int n = 4096;
		int[] a = new int[n], b = new int[n];
		double[] d = new double[n];
		long total = 0;
		double real = 0;
		for (int round = 0; round < 300; round++) {
			for (int i = 0; i < n; i++) {
				a[i] = i + round;
				b[i] = i ^ round;
				d[i] = i * 0.5;
			}
			for (int i = 0; i < n; i++)
				a[i] = a[i] * 3 - b[i];
			for (int i = 0; i < n; i++)
				d[i] = d[i] * 2.0 + 1.0;
			for (int i = 0; i < n; i++)
				total += a[i];
			for (int i = 0; i < n; i++)
				real += d[i];
		}
		// The sum of i ^ round is the sum of i, since round < n = 2^12.
		long sum = (long) n * (n - 1) / 2;
		same("vectors", 300L * 2 * sum + 3L * n * (300 * 299 / 2), total);
		same("vectors of doubles", 300.0 * (sum + n), real);
		long h = 0;
		Shape[] shapes = { new Square(3), new Circle(2), new Square(5) };
		for (int i = 0; i < 200000; i++)
			h += shapes[i % 3].area();
		// Another kind comes late: what was compiled for two is thrown away.
		shapes[1] = new Triangle(4, 6);
		for (int i = 0; i < 200000; i++)
			h += shapes[i % 3].area();
		same("virtual calls", 66667L * 9 * 2 + 66667L * 12 + 66667L * 12 + 66666L * 25 * 2, h);
		Object[] mixed = { 1, "two", 3.0, 'c', 5L, new int[6] };
		int kinds = 0;
		for (int i = 0; i < 60000; i++) {
			Object o = mixed[i % 6];
			kinds += o instanceof Integer x ? x : o instanceof String s ? s.length() : o instanceof int[] x ? x.length : 1;
		}
		same("kinds", 10000 * (1 + 3 + 1 + 1 + 1 + 6), kinds);
		int text = 0;
		for (int i = 0; i < 40000; i++)
			text += switch (Integer.toString(i % 4)) { case "0" -> 1; case "1" -> 10; case "2" -> 100; default -> 1000; };
		same("switches", 10000 * 1111, text);
	}

	interface Shape {
		long area();
	}

	record Square(long side) implements Shape {
		public long area() { return side * side; }
	}

	record Circle(long r) implements Shape {
		public long area() { return 3 * r * r; }
	}

	record Triangle(long base, long height) implements Shape {
		public long area() { return base * height / 2; }
	}

	// Null pointers, bounds, divisions and deep stacks: compiled code finds them by traps and signals.
	static void traps() {
		int[] seen = new int[6];
		int[] array = new int[10];
		String[] names = { "a", null, "ccc" };
		for (int i = 0; i < 30000; i++) {
			try {
				seen[0] += names[i % 3].length();
			} catch (NullPointerException e) {
				seen[1]++;
			}
			try {
				array[i % 11]++;
			} catch (ArrayIndexOutOfBoundsException e) {
				seen[2]++;
			}
			try {
				seen[3] += 12 / (i % 4);
			} catch (ArithmeticException e) {
				seen[4]++;
			}
			try {
				Object o = i % 2 == 0 ? names : array;
				seen[5] += ((int[]) o).length;
			} catch (ClassCastException e) {
				seen[5]++;
			}
		}
		same("traps", "40000 10000 2727 165000 7500 165000", IntStream.of(seen).mapToObj(Integer::toString)
			.collect(Collectors.joining(" ")));
		for (int i = 0; i < 3; i++) {
			int depth = 0;
			try {
				depth = deep(0);
			} catch (StackOverflowError e) {
				depth = -1;
			}
			same("deep stack", -1, depth);
		}
		same("deep enough", 3000, bounded(3000));
	}

	static int deep(int n) {
		return deep(n + 1) + 1;
	}

	static int bounded(int n) {
		return n == 0 ? 0 : bounded(n - 1) + 1;
	}

	// ---- Numbers without end ----

	static void bigNumbers() {
		BigInteger factorial = BigInteger.ONE;
		for (int i = 2; i <= 1000; i++)
			factorial = factorial.multiply(BigInteger.valueOf(i));
		String digits = factorial.toString();
		same("1000!", "2568 10539", digits.length() + " " + digits.chars().map(c -> c - '0').sum());
		BigInteger a = BigInteger.ONE.shiftLeft(20011).subtract(BigInteger.ONE);
		BigInteger b = BigInteger.ONE.shiftLeft(13007).subtract(BigInteger.valueOf(3));
		BigInteger right = BigInteger.ONE.shiftLeft(33018).subtract(BigInteger.valueOf(3).shiftLeft(20011))
			.subtract(BigInteger.ONE.shiftLeft(13007)).add(BigInteger.valueOf(3));
		same("long product", true, a.multiply(b).equals(right));
		same("long square", true, a.multiply(a).equals(BigInteger.ONE.shiftLeft(40022).subtract(BigInteger.ONE.shiftLeft(20012))
			.add(BigInteger.ONE)));
		same("long quotient", "true true", right.divide(b).equals(a) + " " + right.add(BigInteger.TEN).mod(a).equals(BigInteger.TEN));
		BigInteger m521 = BigInteger.TWO.pow(521).subtract(BigInteger.ONE);
		for (int i = 0; i < 20; i++)
			same("Fermat", 1, BigInteger.valueOf(3 + i).modPow(m521.subtract(BigInteger.ONE), m521));
		same("inverse", 1, BigInteger.valueOf(123456789).modInverse(m521).multiply(BigInteger.valueOf(123456789)).mod(m521));
		same("primes", "true false", m521.isProbablePrime(30) + " " + BigInteger.TWO.pow(523).subtract(BigInteger.ONE)
			.isProbablePrime(30));
		same("root", "1.41421356237309504880168872420969807856967187537694807317667973799073247846210703885038753432764157",
			new BigDecimal(2).sqrt(new MathContext(99)));
		BigDecimal pi = machin(5).multiply(BigDecimal.valueOf(4)).subtract(machin(239)).multiply(BigDecimal.valueOf(4));
		same("pi", "3.141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117",
			pi.toString().substring(0, 98));
	}

	static BigDecimal machin(int x) {
		BigDecimal power = BigDecimal.ONE.divide(BigDecimal.valueOf(x), MathContext.DECIMAL128.getPrecision() * 4,
			java.math.RoundingMode.HALF_EVEN);
		BigDecimal square = BigDecimal.valueOf((long) x * x), sum = power;
		for (int i = 3; power.signum() != 0 && i < 400; i += 2) {
			power = power.divide(square, 136, java.math.RoundingMode.HALF_EVEN).negate();
			sum = sum.add(power.divide(BigDecimal.valueOf(i), 136, java.math.RoundingMode.HALF_EVEN));
		}
		return sum;
	}

	// ---- Texts, digests, ciphers ----

	static void texts() throws Exception {
		same("hash", -609428141, "The quick brown fox jumps over the lazy dog".hashCode());
		for (int n = 0; n < 3000; n++) {
			char[] c = new char[n % 67];
			int h = 0;
			for (int i = 0; i < c.length; i++) {
				c[i] = (char) ('a' + (i * 7 + n) % (n % 2 == 0 ? 26 : 5000));
				h = h * 31 + c[i];
			}
			String s = new String(c);
			if (s.hashCode() != h || !s.equals(String.valueOf(c)) || (n % 67 > 3 && s.indexOf(c[3]) != s.lastIndexOf(c[3]) &&
				n % 2 != 0))
				same("hash of " + n, h, s.hashCode());
		}
		String words = IntStream.rangeClosed(1, 20000).mapToObj(i -> "w" + i * 7919L % 1009).collect(Collectors.joining(" "));
		Map<String, Long> count = Arrays.stream(words.split(" ")).collect(Collectors.groupingBy(w -> w, Collectors.counting()));
		same("words", "1009 19 20000", count.size() + " " + count.get("w0") + " " + count.values().stream().mapToLong(x -> x).sum());
		same("regular expressions", "1,234,567,890", "1234567890".replaceAll("(?<=\\d)(?=(?:\\d{3})+$)", ","));
		same("format", "3.142 0x00ff    -7|left      |1.0E10", String.format("%.3f 0x%04x %5d|%-10s|%s", Math.PI, 255, -7, "left", 1e10));
		same("parse", "0.1 1.0E22 2.2250738585072014E-308", Double.parseDouble("0.1000000000000000055511151231257827") + " " +
			Double.parseDouble("1e22") + " " + Double.parseDouble("2.2250738585072012e-308"));
		byte[] utf = "Straße €\uD83D\uDE00".getBytes(StandardCharsets.UTF_8);
		same("utf-8", "53747261c39f6520e282acf09f9880", hex(utf));
		same("back", true, new String(utf, StandardCharsets.UTF_8).equals("Straße €\uD83D\uDE00"));
		byte[] million = new byte[1000000];
		Arrays.fill(million, (byte) 'a');
		same("sha-1", "34aa973cd4c4daa4f61eeb2bdbad27316534016f", hex(MessageDigest.getInstance("SHA-1").digest(million)));
		same("sha-256", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
			hex(MessageDigest.getInstance("SHA-256").digest(million)));
		same("sha-512", "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
			hex(MessageDigest.getInstance("SHA-512").digest(million)));
		same("md5", "7707d6ae4e027c70eea2a935c2296f21", hex(MessageDigest.getInstance("MD5").digest(million)));
		CRC32 crc = new CRC32();
		CRC32C crcC = new CRC32C();
		Adler32 adler = new Adler32();
		for (int i = 0; i < 200; i++) {
			crc.reset();
			crcC.reset();
			adler.reset();
			crc.update(million, 0, 10000);
			crcC.update(million, 0, 10000);
			adler.update(million, 0, 10000);
		}
		same("crc", "467ed497 3128c6cb 9fbbcde3", Long.toHexString(crc.getValue()) + " " + Long.toHexString(crcC.getValue()) + " " +
			Long.toHexString(adler.getValue()));
		Mac mac = Mac.getInstance("HmacSHA256");
		mac.init(new SecretKeySpec("Jefe".getBytes(), "HmacSHA256"));
		same("hmac", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
			hex(mac.doFinal("what do ya want for nothing?".getBytes())));
		// SP 800-38A, F.1.1 and F.2.1, often enough to be compiled; and GCM back and forth.
		SecretKeySpec key = new SecretKeySpec(HexFormat.of().parseHex("2b7e151628aed2a6abf7158809cf4f3c"), "AES");
		byte[] plain = HexFormat.of().parseHex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
		for (int i = 0; i < 600; i++) {
			Cipher ecb = Cipher.getInstance("AES/ECB/NoPadding");
			ecb.init(Cipher.ENCRYPT_MODE, key);
			byte[] out = ecb.doFinal(plain);
			if (i % 100 == 0)
				same("aes", "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf", hex(out));
		}
		byte[] iv = new byte[12];
		Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
		gcm.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, iv));
		byte[] sealed = gcm.doFinal(million);
		gcm.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, iv));
		same("gcm", true, Arrays.equals(million, gcm.doFinal(sealed)));
		sealed[5000] ^= 1;
		boolean noticed = false;
		try {
			gcm.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, iv));
			gcm.doFinal(sealed);
		} catch (javax.crypto.AEADBadTagException e) {
			noticed = true;
		}
		same("gcm, a changed bit", true, noticed);
		Deflater deflater = new Deflater();
		byte[] text = words.getBytes(), packed = new byte[text.length], back = new byte[text.length];
		deflater.setInput(text);
		deflater.finish();
		Inflater inflater = new Inflater();
		inflater.setInput(packed, 0, deflater.deflate(packed));
		inflater.inflate(back);
		same("deflate", true, Arrays.equals(text, back));
		ByteBuffer buffer = ByteBuffer.allocateDirect(16).order(ByteOrder.BIG_ENDIAN).putLong(0x0102030405060708L);
		same("orders", "578437695752307201 506097522914230528", buffer.order(ByteOrder.LITTLE_ENDIAN).getLong(0) + " " +
			Long.reverseBytes(0x0001020304050607L));
	}

	// ---- Threads ----

	interface Work {
		void run(int me) throws Exception;
	}

	static void together(String name, int n, Work work) throws Exception {
		Thread[] threads = new Thread[n];
		AtomicReference<Throwable> failure = new AtomicReference<>();
		for (int i = 0; i < n; i++) {
			int me = i;
			threads[i] = new Thread(() -> {
				try {
					work.run(me);
				} catch (Throwable t) {
					failure.set(t);
				}
			});
			threads[i].start();
		}
		for (Thread t : threads)
			t.join();
		same(name + ": threads ended well", null, failure.get());
	}

	static long plain;
	static volatile int turn;
	static int storeA, storeB, loadA, loadB;
	static final VarHandle SHORTS = MethodHandles.arrayElementVarHandle(short[].class);

	static void threads() throws Exception {
		int rounds = 20000;
		AtomicLong atomic = new AtomicLong();
		LongAdder adder = new LongAdder();
		ReentrantLock lock = new ReentrantLock();
		long[] locked = new long[2];
		short[] narrow = new short[4];
		ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>();
		plain = 0;
		together("counting", THREADS, me -> {
			for (int i = 0; i < rounds; i++) {
				atomic.incrementAndGet();
				adder.add(me + 1);
				synchronized (map) {
					plain++;
				}
				lock.lock();
				locked[0]++;
				locked[1] += i;
				lock.unlock();
				SHORTS.getAndAdd(narrow, me / 2, (short) 1);
				map.merge(i % 257, 1, Integer::sum);
			}
		});
		same("atomic", THREADS * rounds, atomic.get());
		same("adder", rounds * THREADS * (THREADS + 1) / 2, adder.sum());
		same("synchronized", THREADS * rounds, plain);
		same("locked", THREADS * rounds + " " + THREADS * (rounds * (rounds - 1L) / 2), locked[0] + " " + locked[1]);
		same("narrow", (short) (2 * rounds) + " " + (short) (2 * rounds) + " 0", narrow[0] + " " + narrow[1] + " " + narrow[2]);
		same("map", "257 " + THREADS * rounds, map.size() + " " + map.values().stream().mapToInt(x -> x).sum());
		turn = 0;
		together("taking turns", 2, me -> {
			for (int i = 0; i < 2000; i++) {
				while (turn % 2 != me)
					Thread.onSpinWait();
				turn++;
			}
		});
		same("turns", 4000, turn);
		CyclicBarrier barrier = new CyclicBarrier(THREADS);
		int[][] board = new int[THREADS][1000];
		together("barriers", THREADS, me -> {
			for (int i = 0; i < 1000; i++) {
				board[me][i] = me + i;
				barrier.await();
				if (board[(me + 1) % THREADS][i] != (me + 1) % THREADS + i)
					throw new AssertionError("a store before a barrier was not seen");
			}
		});
		BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(16);
		AtomicLong taken = new AtomicLong();
		together("queue", THREADS, me -> {
			for (int i = 0; i < 5000; i++) {
				if (me % 2 == 0)
					queue.put(i);
				else
					taken.addAndGet(queue.take());
			}
		});
		same("taken", 2 * 5000L * 4999 / 2, taken.get());
		// Store, full barrier, load of the other's: both can't read zero.
		int[] both = new int[1];
		CyclicBarrier pair = new CyclicBarrier(2, () -> {
			both[0] += loadA == 0 && loadB == 0 ? 1 : 0;
			storeA = storeB = 0;
			loadA = loadB = -1;
		});
		loadA = loadB = -1;
		together("full barriers", 2, me -> {
			for (int i = 0; i < 3000; i++) {
				if (me == 0) {
					storeA = 1;
					VarHandle.fullFence();
					loadA = storeB;
				} else {
					storeB = 1;
					VarHandle.fullFence();
					loadB = storeA;
				}
				pair.await();
			}
		});
		same("both read zero", 0, both[0]);
		same("parallel sum", 300000L * 299999, LongStream.range(0, 300000).parallel().map(i -> i * 2).sum());
		int[] numbers = new Random(42).ints(200000).toArray(), sorted = numbers.clone();
		Arrays.parallelSort(sorted);
		Arrays.sort(numbers);
		same("parallel sort", true, Arrays.equals(numbers, sorted));
		same("fork and join", 832040, ForkJoinPool.commonPool().invoke(new Fibonacci(30)));
	}

	@SuppressWarnings("serial")
	static class Fibonacci extends RecursiveTask<Integer> {
		final int n;

		Fibonacci(int n) {
			this.n = n;
		}

		static int plain(int n) {
			return n < 2 ? n : plain(n - 1) + plain(n - 2);
		}

		protected Integer compute() {
			if (n < 20)
				return plain(n);
			Fibonacci left = new Fibonacci(n - 1);
			left.fork();
			return new Fibonacci(n - 2).compute() + left.join();
		}
	}

	// ---- Garbage ----

	static class Tree {
		Tree left, right;
		final long value;

		Tree(int depth, long at) {
			value = at;
			if (depth > 0) {
				left = new Tree(depth - 1, at * 2);
				right = new Tree(depth - 1, at * 2 + 1);
			}
		}

		long sum() {
			return value + (left == null ? 0 : left.sum() + right.sum());
		}
	}

	// All numbers from 1 to 2^(depth + 1) - 1.
	static long sumOfTree(int depth) {
		long n = (1L << (depth + 1)) - 1;
		return n * (n + 1) / 2;
	}

	static void garbage(int rounds) throws Exception {
		together("garbage", THREADS, me -> {
			Tree old = new Tree(13, 1);
			Object[] ring = new Object[512];
			Map<String, byte[]> kept = new HashMap<>();
			for (int round = 0; round < rounds; round++) {
				for (int i = 0; i < 4000; i++) {
					byte[] bytes = new byte[i % 700 + 8];
					bytes[i % bytes.length] = (byte) i;
					ring[(i * 7 + round) % ring.length] = bytes;
					if (i % 100 == 0)
						kept.put(me + "/" + i, bytes);
				}
				Tree young = new Tree(10, 1);
				old.left = new Tree(12, 2);
				if (young.sum() != sumOfTree(10) || old.sum() != sumOfTree(13))
					throw new AssertionError("a tree has another sum");
				for (int i = 0; i < 4000; i += 100) {
					byte[] bytes = kept.get(me + "/" + i);
					int set = 0;
					for (byte b : bytes)
						set += b != 0 ? 1 : 0;
					if (bytes.length != i % 700 + 8 || bytes[i % bytes.length] != (byte) i || set != ((byte) i != 0 ? 1 : 0))
						throw new AssertionError("an array has other bytes");
				}
				if (round % 16 == me)
					System.gc();
			}
		});
	}

	public static void main(String[] args) throws Exception {
		int rounds = Integer.parseInt(args[0]);
		numbers();
		compiled();
		traps();
		bigNumbers();
		texts();
		threads();
		garbage(rounds);
		System.out.println(checks + " checks");
		System.exit(wrong != 0 ? 1 : 0);
	}
}
