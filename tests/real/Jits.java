// SPDX-License-Identifier: Apache-2.0
// Classes made at random while the program runs, which the machine compiles, throws away, and compiles again, on four threads.
//
//     Jits SECONDS
//     Jits --rounds N,N,N,N
//
// What each computes is compared with an interpreter of the same program, and goes into a sum that is told at the end for
// each thread. It must be the same anywhere that does as many rounds, which are told too: "rounds N,N,N,N", "sums X,X,X,X".
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.*;
import java.util.function.*;
import java.util.stream.*;

public class Jits {
	static final int THREADS = 4, ENTRIES = 64;

	/** What each class that is made can do: its loop, n times, over three values and an array. */
	public interface Made {
		long f(int a, long b, double c, int n, int[] t);
	}

	static class Values {
		int a, n;
		long b;
		double c;
		int[] t;
	}

	// ---- A class file ----

	static class Code {
		final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

		Code op(int... codes) {
			for (int code : codes)
				bytes.write(code);
			return this;
		}

		Code two(int code, int value) {
			return op(code, value >> 8 & 255, value & 255);
		}

		Code add(Code other) {
			bytes.writeBytes(other.bytes.toByteArray());
			return this;
		}

		int size() {
			return bytes.size();
		}
	}

	static class ClassFile {
		final ByteArrayOutputStream pool = new ByteArrayOutputStream(), methods = new ByteArrayOutputStream();
		final Map<String, Integer> known = new HashMap<>();
		final String name, parent, itsInterface;
		int entries = 1, count;

		interface Writer {
			void write(DataOutputStream out) throws IOException;
		}

		ClassFile(String name, String parent, String itsInterface) {
			this.name = name;
			this.parent = parent;
			this.itsInterface = itsInterface;
			method(1, "<init>", "()V", new Code().op(0x2a).two(0xb7, method(parent, "<init>", "()V")).op(0xb1));
		}

		static void write(ByteArrayOutputStream to, Writer writer) {
			try {
				writer.write(new DataOutputStream(to));
			} catch (IOException e) {
				throw new AssertionError(e);
			}
		}

		int entry(String key, int size, Writer writer) {
			Integer at = known.get(key);
			if (at != null)
				return at;
			known.put(key, entries);
			write(pool, writer);
			entries += size;
			return entries - size;
		}

		int text(String s) {
			return entry("u" + s, 1, out -> {
				out.writeByte(1);
				out.writeUTF(s);
			});
		}

		int type(String s) {
			int at = text(s);
			return entry("c" + s, 1, out -> {
				out.writeByte(7);
				out.writeShort(at);
			});
		}

		int method(String owner, String name, String signature) {
			int of = type(owner), n = text(name), s = text(signature);
			int both = entry("n" + name + signature, 1, out -> {
				out.writeByte(12);
				out.writeShort(n);
				out.writeShort(s);
			});
			return entry("m" + owner + name + signature, 1, out -> {
				out.writeByte(10);
				out.writeShort(of);
				out.writeShort(both);
			});
		}

		Code push(int value) {
			return new Code().two(0x13, entry("i" + value, 1, out -> {
				out.writeByte(3);
				out.writeInt(value);
			}));
		}

		Code push(long value) {
			return new Code().two(0x14, entry("l" + value, 2, out -> {
				out.writeByte(5);
				out.writeLong(value);
			}));
		}

		Code push(double value) {
			return new Code().two(0x14, entry("d" + value, 2, out -> {
				out.writeByte(6);
				out.writeDouble(value);
			}));
		}

		Code call(String owner, String name, String signature) {
			return new Code().two(0xb8, method(owner, name, signature));
		}

		void method(int flags, String name, String signature, Code code) {
			int n = text(name), s = text(signature), word = text("Code");
			count++;
			write(methods, out -> {
				out.writeShort(flags);
				out.writeShort(n);
				out.writeShort(s);
				out.writeShort(1);
				out.writeShort(word);
				out.writeInt(12 + code.size());
				out.writeShort(60);
				out.writeShort(12);
				out.writeInt(code.size());
				code.bytes.writeTo(out);
				out.writeInt(0);
			});
		}

		/** Of a version whose verifier wants no maps of the stack. */
		byte[] bytes() {
			int me = type(name), above = type(parent), can = itsInterface == null ? 0 : type(itsInterface);
			ByteArrayOutputStream all = new ByteArrayOutputStream();
			write(all, out -> {
				out.writeInt(0xcafebabe);
				out.writeInt(49);
				out.writeShort(entries);
				pool.writeTo(out);
				out.writeShort(0x21);
				out.writeShort(me);
				out.writeShort(above);
				out.writeShort(can == 0 ? 0 : 1);
				if (can != 0)
					out.writeShort(can);
				out.writeShort(0);
				out.writeShort(count);
				methods.writeTo(out);
				out.writeShort(0);
			});
			return all.toByteArray();
		}
	}

	static class Loader extends ClassLoader {
		Loader() {
			super(Jits.class.getClassLoader());
		}

		Class<?> load(ClassFile file) {
			byte[] bytes = file.bytes();
			return defineClass(file.name, bytes, 0, bytes.length);
		}
	}

	static Object make(Class<?> type) {
		try {
			return type.getDeclaredConstructor().newInstance();
		} catch (ReflectiveOperationException e) {
			throw new AssertionError(e);
		}
	}

	// ---- Expressions: code, and what it computes ----

	record Ints(Code code, ToIntFunction<Values> of) {
	}

	record Longs(Code code, ToLongFunction<Values> of) {
	}

	record Doubles(Code code, ToDoubleFunction<Values> of) {
	}

	record IntOp(int code, IntBinaryOperator of) {
	}

	record LongOp(int code, LongBinaryOperator of) {
	}

	record DoubleOp(int code, DoubleBinaryOperator of) {
	}

	static final IntOp[] INT_OPS = {
		new IntOp(0x60, (x, y) -> x + y), new IntOp(0x64, (x, y) -> x - y), new IntOp(0x68, (x, y) -> x * y),
		new IntOp(0x78, (x, y) -> x << y), new IntOp(0x7a, (x, y) -> x >> y), new IntOp(0x7c, (x, y) -> x >>> y),
		new IntOp(0x7e, (x, y) -> x & y), new IntOp(0x80, (x, y) -> x | y), new IntOp(0x82, (x, y) -> x ^ y),
	};
	static final LongOp[] LONG_OPS = {
		new LongOp(0x61, (x, y) -> x + y), new LongOp(0x65, (x, y) -> x - y), new LongOp(0x69, (x, y) -> x * y),
		new LongOp(0x7f, (x, y) -> x & y), new LongOp(0x81, (x, y) -> x | y), new LongOp(0x83, (x, y) -> x ^ y),
	};
	static final DoubleOp[] DOUBLE_OPS = {
		new DoubleOp(0x63, (x, y) -> x + y), new DoubleOp(0x67, (x, y) -> x - y), new DoubleOp(0x6b, (x, y) -> x * y),
		new DoubleOp(0x6f, (x, y) -> x / y), new DoubleOp(0x73, (x, y) -> x % y),
	};

	/** One thread's work. */
	static class Worker extends Thread {
		final int me, rounds;
		final long end;
		SplittableRandom random;
		int done, checks;
		long sum = 0xcbf29ce484222325L;
		Throwable failure;

		Worker(int me, int rounds, long end) {
			this.me = me;
			this.rounds = rounds;
			this.end = end;
		}

		int any(int n) {
			return random.nextInt(n);
		}

		Code with(Code... parts) {
			Code all = new Code();
			for (Code part : parts)
				all.add(part);
			return all;
		}

		int constant() {
			int[] some = { 0, 1, -1, 7, 255, 65537, Integer.MAX_VALUE, Integer.MIN_VALUE, any(1000), random.nextInt() };
			return some[any(some.length)];
		}

		Ints intLeaf(ClassFile f) {
			int n = constant();
			return switch (any(3)) {
				case 0 -> new Ints(new Code().op(0x15, 1), v -> v.a);
				case 1 -> new Ints(new Code().op(0x15, 6), v -> v.n);
				default -> new Ints(f.push(n), v -> n);
			};
		}

		/** An entry of the array. */
		Ints entry(ClassFile f, int depth) {
			Ints x = ints(f, depth - 1);
			return new Ints(with(new Code().op(0x19, 7), x.code, f.push(ENTRIES - 1), new Code().op(0x7e, 0x2e)),
				v -> v.t[x.of.applyAsInt(v) & ENTRIES - 1]);
		}

		Ints ints(ClassFile f, int depth) {
			if (depth == 0 || any(9) == 0)
				return intLeaf(f);
			int kind = any(16);
			if (kind == 0)
				return entry(f, depth);
			if (kind == 1) {
				Longs x = longs(f, depth - 1);
				return new Ints(with(x.code, new Code().op(0x88)), v -> (int) x.of.applyAsLong(v));
			}
			if (kind == 2) {
				Doubles x = doubles(f, depth - 1);
				return new Ints(with(x.code, new Code().op(0x8e)), v -> (int) x.of.applyAsDouble(v));
			}
			if (kind == 3) {
				Longs x = longs(f, depth - 1), y = longs(f, depth - 1);
				return new Ints(with(x.code, y.code, new Code().op(0x94)), v -> Long.compare(x.of.applyAsLong(v), y.of.applyAsLong(v)));
			}
			Ints x = ints(f, depth - 1);
			switch (kind) {
			case 4: return new Ints(with(x.code, new Code().op(0x91)), v -> (byte) x.of.applyAsInt(v));
			case 5: return new Ints(with(x.code, new Code().op(0x92)), v -> (char) x.of.applyAsInt(v));
			case 6: return new Ints(with(x.code, f.call("java/lang/Integer", "bitCount", "(I)I")), v -> Integer.bitCount(x.of.applyAsInt(v)));
			case 7: return new Ints(with(x.code, f.call("java/lang/Integer", "numberOfLeadingZeros", "(I)I")),
				v -> Integer.numberOfLeadingZeros(x.of.applyAsInt(v)));
			}
			Ints y = ints(f, depth - 1);
			if (kind == 8)
				return new Ints(with(x.code, y.code, f.push(1), new Code().op(0x80, 0x6c)), v -> x.of.applyAsInt(v) / (y.of.applyAsInt(v) | 1));
			if (kind == 9)
				return new Ints(with(x.code, y.code, f.push(1), new Code().op(0x80, 0x70)), v -> x.of.applyAsInt(v) % (y.of.applyAsInt(v) | 1));
			if (kind == 10)
				return new Ints(with(x.code, y.code, f.call("java/lang/Math", "max", "(II)I")), v -> Math.max(x.of.applyAsInt(v), y.of.applyAsInt(v)));
			IntOp op = INT_OPS[any(INT_OPS.length)];
			return new Ints(with(x.code, y.code, new Code().op(op.code)), v -> op.of.applyAsInt(x.of.applyAsInt(v), y.of.applyAsInt(v)));
		}

		Longs longs(ClassFile f, int depth) {
			if (depth == 0 || any(9) == 0) {
				long n = (long) constant() << any(33);
				return any(3) == 0 ? new Longs(f.push(n), v -> n) : new Longs(new Code().op(0x16, 2), v -> v.b);
			}
			int kind = any(12);
			if (kind < 2) {
				Ints x = ints(f, depth - 1);
				return new Longs(with(x.code, new Code().op(0x85)), v -> x.of.applyAsInt(v));
			}
			if (kind == 2) {
				Doubles x = doubles(f, depth - 1);
				return new Longs(with(x.code, new Code().op(0x8f)), v -> (long) x.of.applyAsDouble(v));
			}
			Longs x = longs(f, depth - 1);
			if (kind == 3) {
				Ints y = ints(f, depth - 1);
				return switch (any(3)) {
					case 0 -> new Longs(with(x.code, y.code, new Code().op(0x79)), v -> x.of.applyAsLong(v) << y.of.applyAsInt(v));
					case 1 -> new Longs(with(x.code, y.code, new Code().op(0x7b)), v -> x.of.applyAsLong(v) >> y.of.applyAsInt(v));
					default -> new Longs(with(x.code, y.code, new Code().op(0x7d)), v -> x.of.applyAsLong(v) >>> y.of.applyAsInt(v));
				};
			}
			if (kind == 4)
				return new Longs(with(x.code, f.call("java/lang/Long", "reverseBytes", "(J)J")), v -> Long.reverseBytes(x.of.applyAsLong(v)));
			Longs y = longs(f, depth - 1);
			if (kind == 5)
				return new Longs(with(x.code, y.code, f.push(1L), new Code().op(0x81, 0x6d)), v -> x.of.applyAsLong(v) / (y.of.applyAsLong(v) | 1));
			if (kind == 6)
				return new Longs(with(x.code, y.code, f.push(1L), new Code().op(0x81, 0x71)), v -> x.of.applyAsLong(v) % (y.of.applyAsLong(v) | 1));
			if (kind == 7)
				return new Longs(with(x.code, y.code, f.call("java/lang/Math", "multiplyHigh", "(JJ)J")),
					v -> Math.multiplyHigh(x.of.applyAsLong(v), y.of.applyAsLong(v)));
			LongOp op = LONG_OPS[any(LONG_OPS.length)];
			return new Longs(with(x.code, y.code, new Code().op(op.code)), v -> op.of.applyAsLong(x.of.applyAsLong(v), y.of.applyAsLong(v)));
		}

		Doubles doubles(ClassFile f, int depth) {
			if (depth == 0 || any(9) == 0) {
				double n = constant() / 8.0;
				return any(3) == 0 ? new Doubles(f.push(n), v -> n) : new Doubles(new Code().op(0x18, 4), v -> v.c);
			}
			int kind = any(12);
			if (kind == 0) {
				Ints x = ints(f, depth - 1);
				return new Doubles(with(x.code, new Code().op(0x87)), v -> x.of.applyAsInt(v));
			}
			if (kind == 1) {
				Longs x = longs(f, depth - 1);
				return new Doubles(with(x.code, new Code().op(0x8a)), v -> x.of.applyAsLong(v));
			}
			Doubles x = doubles(f, depth - 1);
			switch (kind) {
			case 2: return new Doubles(with(x.code, f.call("java/lang/Math", "sqrt", "(D)D")), v -> Math.sqrt(x.of.applyAsDouble(v)));
			case 3: return new Doubles(with(x.code, f.call("java/lang/Math", "abs", "(D)D")), v -> Math.abs(x.of.applyAsDouble(v)));
			case 4: return new Doubles(with(x.code, f.call("java/lang/Math", "rint", "(D)D")), v -> Math.rint(x.of.applyAsDouble(v)));
			case 5: return new Doubles(with(x.code, new Code().op(0x90, 0x8d)), v -> (float) x.of.applyAsDouble(v));
			}
			Doubles y = doubles(f, depth - 1);
			if (kind == 6)
				return new Doubles(with(x.code, y.code, x.code, f.call("java/lang/Math", "fma", "(DDD)D")),
					v -> Math.fma(x.of.applyAsDouble(v), y.of.applyAsDouble(v), x.of.applyAsDouble(v)));
			DoubleOp op = DOUBLE_OPS[any(DOUBLE_OPS.length)];
			return new Doubles(with(x.code, y.code, new Code().op(op.code)), v -> op.of.applyAsDouble(x.of.applyAsDouble(v), y.of.applyAsDouble(v)));
		}

		// ---- Loops ----

		record Program(Made made, ToLongFunction<Values> right) {
		}

		/** do { a = ..; t[..] = ..; if (a > ..) b = ..; c = ..; } while (--n > 0) */
		Program program(String name) {
			ClassFile f = new ClassFile(name, "java/lang/Object", "Jits$Made");
			Ints a = ints(f, 4), at = ints(f, 2), value = ints(f, 2), least = ints(f, 1);
			Longs b = longs(f, 4);
			Doubles c = doubles(f, 4);
			Code thenB = with(b.code, new Code().op(0x37, 2));
			Code code = with(a.code, new Code().op(0x36, 1, 0x19, 7), at.code, f.push(ENTRIES - 1), new Code().op(0x7e), value.code,
				new Code().op(0x4f, 0x15, 1), least.code, new Code().two(0xa4, 3 + thenB.size()), thenB, c.code,
				new Code().op(0x39, 4, 0x84, 6, 255, 0x15, 6));
			code.two(0x9d, -code.size());
			code.add(with(new Code().op(0x18, 4), f.call("java/lang/Double", "doubleToLongBits", "(D)J"), f.push(31L),
				new Code().op(0x69, 0x16, 2, 0x61, 0x15, 1, 0x85, 0x83, 0xad)));
			f.method(1, "f", "(IJDI[I)J", code);
			return new Program((Made) make(new Loader().load(f)), v -> {
				do {
					v.a = a.of.applyAsInt(v);
					int[] t = v.t;
					int i = at.of.applyAsInt(v) & ENTRIES - 1, x = value.of.applyAsInt(v);
					t[i] = x;
					if (v.a > least.of.applyAsInt(v))
						v.b = b.of.applyAsLong(v);
					v.c = c.of.applyAsDouble(v);
				} while (--v.n > 0);
				return Double.doubleToLongBits(v.c) * 31 + v.b ^ v.a;
			});
		}

		void add(long value) {
			sum = (sum ^ value) * 0x100000001b3L;
		}

		void same(long right, long got, String what) {
			checks++;
			if (right != got)
				throw new AssertionError(what + ": " + Long.toHexString(got) + " instead of " + Long.toHexString(right));
			add(got);
		}

		/** Arrays that are too short, and none at all: what was compiled finds it by a trap. */
		int[] table() {
			int kind = any(40);
			return kind == 0 ? null : IntStream.range(0, kind == 1 ? ENTRIES / 2 : ENTRIES).map(i -> i * 0x9e3779b9).toArray();
		}

		static long caught(LongSupplier f) {
			try {
				return f.getAsLong();
			} catch (NullPointerException e) {
				return 1;
			} catch (ArrayIndexOutOfBoundsException e) {
				return 2;
			}
		}

		void loops(String name) {
			Program p = program(name);
			for (int i = 0; i < 600; i++) {
				int a = constant(), n = i % 100 == 99 ? 5000 : 1 + any(60);
				long b = random.nextLong();
				double c = any(100000) / 16.0;
				int[] t = table();
				if (i % 20 != 0) {
					add(caught(() -> p.made.f(a, b, c, n, t)));
					continue;
				}
				Values v = new Values();
				v.a = a;
				v.b = b;
				v.c = c;
				v.n = n;
				v.t = t == null ? null : t.clone();
				same(caught(() -> p.right.applyAsLong(v)), caught(() -> p.made.f(a, b, c, n, t)), name);
				if (!Arrays.equals(v.t, t))
					throw new AssertionError(name + " left another array");
			}
		}

		// ---- Classes that come late: what was compiled when there were none of their kind is thrown away ----

		/** A class whose f is called by another of its methods, which the machine compiles into one while it can. */
		ToIntFunction<Values> kind(ClassFile f) {
			Ints x = ints(f, 3);
			Code code = new Code().op(0x15, 1, 0x36, 6).add(x.code).op(0xac);
			f.method(1, "step", "(IJDI[I)I", code);
			return x.of;
		}

		/** f: do { a += this.step(a, b, c, n, t); } while (--n > 0); return a; */
		void driver(ClassFile f) {
			Code code = new Code().op(0x15, 1, 0x2a, 0x15, 1, 0x16, 2, 0x18, 4, 0x15, 6, 0x19, 7)
				.two(0xb6, f.method(f.name, "step", "(IJDI[I)I")).op(0x60, 0x36, 1, 0x84, 6, 255, 0x15, 6);
			code.two(0x9d, -code.size()).op(0x15, 1, 0x85, 0xad);
			f.method(1, "f", "(IJDI[I)J", code);
		}

		static long drive(ToIntFunction<Values> step, int a, long b, double c, int n, int[] t) {
			Values v = new Values();
			v.b = b;
			v.c = c;
			v.t = t;
			for (; n > 0; n--) {
				v.a = v.n = a;
				a += step.applyAsInt(v);
			}
			return a;
		}

		void families(String name) {
			Loader loader = new Loader();
			List<Made> made = new ArrayList<>();
			List<ToIntFunction<Values>> right = new ArrayList<>();
			int[] t = IntStream.range(0, ENTRIES).toArray();
			for (int n = 0; n < 4; n++) {
				ClassFile f = new ClassFile(name + "_" + n, n == 0 ? "java/lang/Object" : name + "_" + any(n), n == 0 ? "Jits$Made" : null);
				right.add(kind(f));
				if (n == 0)
					driver(f);
				made.add((Made) make(loader.load(f)));
				for (int i = 0; i < 400; i++) {
					int who = any(n + 1), a = constant(), many = 30;
					long b = random.nextLong();
					double c = any(1000) / 4.0;
					long got = made.get(who).f(a, b, c, many, t);
					if (i % 20 == 0)
						same(drive(right.get(who), a, b, c, many, t), got, name + "_" + who);
					else
						add(got);
				}
			}
		}

		public void run() {
			try {
				for (; rounds > 0 ? done < rounds : System.nanoTime() < end || done == 0; done++) {
					random = new SplittableRandom(me * 1000003L + done * 7919L);
					for (int i = 0; i < 3; i++)
						loops("L" + me + "_" + done + "_" + i);
					families("F" + me + "_" + done);
				}
			} catch (Throwable t) {
				failure = t;
			}
		}
	}

	public static void main(String[] args) throws Exception {
		boolean counted = args[0].equals("--rounds");
		String[] rounds = counted ? args[1].split(",") : new String[] { "0", "0", "0", "0" };
		long end = System.nanoTime() + (counted ? 0 : (long) (Double.parseDouble(args[0]) * 1e9));
		List<Worker> workers = IntStream.range(0, THREADS).mapToObj(i -> new Worker(i, Integer.parseInt(rounds[i]), end)).toList();
		workers.forEach(Thread::start);
		int checks = 0;
		for (Worker w : workers) {
			w.join();
			checks += w.checks;
			if (w.failure != null) {
				w.failure.printStackTrace(System.out);
				System.exit(1);
			}
		}
		System.out.println("rounds " + workers.stream().map(w -> "" + w.done).collect(Collectors.joining(",")));
		System.out.println("sums " + workers.stream().map(w -> Long.toHexString(w.sum)).collect(Collectors.joining(",")));
		System.out.println(checks + " checks");
	}
}
