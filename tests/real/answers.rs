// SPDX-License-Identifier: Apache-2.0
// What rustc made of numbers, texts, threads and panics, with known answers; as tests for its harness too.
use std::collections::{BTreeMap, HashMap};
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU8, AtomicUsize, Ordering::*};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;

const THREADS: usize = 4;

fn xorshift(mut x: u64, n: usize) -> u64 {
    for _ in 0..n {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

fn numbers() -> usize {
    assert_eq!(xorshift(88172645463325252, 20000), 2658416250084589850);
    let mut not = vec![false; 200001];
    let mut primes = 0;
    for i in 2..=200000 {
        if not[i] {
            continue;
        }
        primes += 1;
        for j in (i * i..=200000).step_by(i) {
            not[j] = true;
        }
    }
    assert_eq!(primes, 17984);
    let m127 = (1u128 << 127) - 1;
    let mut residue = 4u128;
    let double = |a: u128| { let t = a << 1 & m127; t + (a >> 126) };
    for _ in 0..125 {
        // The square modulo 2^127 - 1, by doubling and adding.
        let (mut sum, mut term, mut left) = (0u128, residue, residue);
        while left != 0 {
            if left & 1 != 0 {
                sum += term;
                sum = (sum & m127) + (sum >> 127);
            }
            term = double(term);
            left >>= 1;
        }
        residue = (sum + m127 - 2) % m127;
    }
    assert_eq!(residue % m127, 0);
    assert_eq!(u128::MAX / 10u128.pow(19), 34028236692093846346);
    assert_eq!(u128::MAX % 1_000_000_007, 279632276);
    assert_eq!(i64::MIN.checked_div(-1), None);
    assert_eq!(i64::MIN.wrapping_div(-1), i64::MIN);
    assert_eq!((-7i32).div_euclid(2), -4);
    assert_eq!((1e10f64 as i32, f64::NAN as i64, -1e30 as i64, -5.9 as u8), (i32::MAX, 0, i64::MIN, 0));
    assert_eq!((0x1234u16.swap_bytes(), 0x0102030405060708u64.reverse_bits()), (0x3412, 0x10e060a020c04080));
    assert_eq!((1..=30000).map(|i| 1.0 / i as f64).sum::<f64>(), 10.88618499211993);
    assert_eq!(format!("{} {} {:e} {:?}", 0.1 + 0.2, 1e23, 5e-324, -0.0), "0.30000000000000004 100000000000000000000000 5e-324 -0.0");
    assert_eq!("2.2250738585072012e-308".parse::<f64>().unwrap(), 2.2250738585072014e-308);
    assert_eq!(format!("{:.3} {:08.2} {:#x} {:#b}", 2.0f64.sqrt(), -1.005, 255, 5u8), "1.414 -0001.00 0xff 0b101");
    assert_eq!(0.1f64.mul_add(10.0, -1.0), 5.551115123125783e-17);
    let floats: Vec<f32> = (0..4096).map(|i| i as f32 * 0.5).collect();
    assert_eq!(floats.iter().map(|x| x * 2.0 + 1.0).sum::<f32>(), 8390656.0);
    15
}

fn texts() -> usize {
    let words: Vec<String> = (1..=20000).map(|i| format!("w{}", i * 7919 % 1009)).collect();
    let mut count = HashMap::new();
    for word in &words {
        *count.entry(word.as_str()).or_insert(0) += 1;
    }
    assert_eq!((count.len(), count["w0"]), (1009, 19));
    let tree: BTreeMap<_, _> = count.into_iter().collect();
    assert_eq!(tree.keys().next_back(), Some(&"w999"));
    assert_eq!("straße σοφός".to_uppercase(), "STRASSE ΣΟΦΌΣ");
    assert_eq!("ΣΟΦΌΣ".to_lowercase(), "σοφός");
    let joined = words.join(" ");
    assert_eq!(joined.matches("w0 ").count() + joined.ends_with("w0") as usize, 19);
    let hash = joined.bytes().fold(0xcbf29ce484222325u64, |h, b| (h ^ b as u64).wrapping_mul(0x100000001b3));
    assert_eq!(hash, 0xbcf054809f2727b4);
    let mut numbers: Vec<u32> = (0..100000).map(|i| i * 7919 % 100003).collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|w| w[0] < w[1]));
    let mut stable: Vec<(u32, u32)> = (0..50000).map(|i| (i * 7919 % 101, i)).collect();
    stable.sort_by_key(|x| x.0);
    assert!(stable.windows(2).all(|w| w[0] < w[1]));
    7
}

fn threads() -> usize {
    let total = Arc::new(AtomicI64::new(0));
    let narrow = Arc::new((AtomicU8::new(0), AtomicU8::new(0), AtomicU16::new(0)));
    let locked = Arc::new(Mutex::new((0u64, vec![0u32; 257])));
    let read = Arc::new(RwLock::new(0));
    let barrier = Arc::new(Barrier::new(THREADS));
    let board = Arc::new([0; THREADS].map(|_: usize| AtomicUsize::new(0)));
    let handles: Vec<_> = (0..THREADS)
        .map(|me| {
            let (total, narrow, locked, read) = (total.clone(), narrow.clone(), locked.clone(), read.clone());
            let (barrier, board) = (barrier.clone(), board.clone());
            thread::spawn(move || {
                for i in 0..20000 {
                    total.fetch_add(i, Relaxed);
                    narrow.0.fetch_add(1, Relaxed);
                    narrow.1.fetch_xor(me as u8 + 1, Relaxed);
                    narrow.2.fetch_update(SeqCst, SeqCst, |x| Some(x.wrapping_add(3))).unwrap();
                    let mut l = locked.lock().unwrap();
                    l.0 += 1;
                    l.1[i as usize % 257] += 1;
                    drop(l);
                    if i % 16 == 0 {
                        *read.write().unwrap() += 1;
                    } else {
                        let _ = *read.read().unwrap();
                    }
                }
                for i in 0..500 {
                    board[me].store(i * 10 + me, Relaxed);
                    barrier.wait();
                    let next = (me + 1) % THREADS;
                    assert_eq!(board[next].load(Relaxed), i * 10 + next);
                    barrier.wait();
                }
                me
            })
        })
        .collect();
    assert_eq!(handles.into_iter().map(|h| h.join().unwrap()).sum::<usize>(), 6);
    assert_eq!(total.load(SeqCst), 4 * (20000 * 19999 / 2));
    assert_eq!(narrow.0.load(SeqCst), (80000 % 256) as u8);
    assert_eq!(narrow.1.load(SeqCst), 0);
    assert_eq!(narrow.2.load(SeqCst), (240000 % 65536) as u16);
    let l = locked.lock().unwrap();
    assert_eq!((l.0, l.1.iter().sum::<u32>()), (80000, 80000));
    assert_eq!(*read.read().unwrap(), 5000);

    let (send, receive) = mpsc::sync_channel(16);
    for me in 0..THREADS as u64 {
        let send = send.clone();
        thread::spawn(move || (0..5000).for_each(|i| send.send(i * 4 + me).unwrap()));
    }
    drop(send);
    let got: Vec<u64> = receive.iter().collect();
    assert_eq!((got.len(), got.iter().sum::<u64>()), (20000, 20000 * 19999 / 2));

    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let turns: Vec<_> = (0..2)
        .map(|me| {
            let pair = pair.clone();
            thread::spawn(move || {
                for _ in 0..2000 {
                    let mut turn = pair.1.wait_while(pair.0.lock().unwrap(), |turn| *turn % 2 != me).unwrap();
                    *turn += 1;
                    pair.1.notify_all();
                }
            })
        })
        .collect();
    turns.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!(*pair.0.lock().unwrap(), 4000);

    // Store, then load of the other's: both can't read zero.
    for _ in 0..500 {
        let flags = Arc::new((AtomicBool::new(false), AtomicBool::new(false)));
        let other = flags.clone();
        let t = thread::spawn(move || {
            other.0.store(true, SeqCst);
            other.1.load(SeqCst)
        });
        flags.1.store(true, SeqCst);
        let seen = flags.0.load(SeqCst);
        assert!(t.join().unwrap() || seen);
    }
    10
}

fn panics() -> usize {
    struct Counted<'a>(&'a AtomicUsize);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    fn deep(n: usize, dropped: &AtomicUsize) -> usize {
        let _counted = Counted(dropped);
        if n == 0 {
            panic!("at the bottom");
        }
        deep(n - 1, dropped) + 1
    }
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let dropped = AtomicUsize::new(0);
    for _ in 0..20 {
        let caught = panic::catch_unwind(panic::AssertUnwindSafe(|| deep(500, &dropped)));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"at the bottom"));
    }
    let empty: Vec<u8> = Vec::with_capacity(dropped.load(SeqCst));
    assert!(panic::catch_unwind(|| empty[3]).is_err());
    assert!(thread::spawn(|| panic!("another thread's")).join().is_err());
    panic::set_hook(hook);
    assert_eq!(dropped.load(SeqCst), 20 * 501);
    4
}

fn main() {
    println!("{} checks", numbers() + texts() + threads() + panics());
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers() {
        super::numbers();
    }

    #[test]
    fn texts() {
        super::texts();
    }

    #[test]
    fn threads() {
        super::threads();
    }

    #[test]
    #[should_panic(expected = "index out of bounds: the len is 3 but the index is 3")]
    fn bounds() {
        let three = vec![1, 2, 3];
        let _ = three[three.len()];
    }

    #[test]
    #[should_panic(expected = "attempt to add with overflow")]
    fn overflow() {
        let most: i32 = "2147483647".parse().unwrap();
        let _ = most + 1;
    }
}
