# SPDX-License-Identifier: Apache-2.0
"""Small integers, lists and dictionaries: primes, and the longest of Collatz's ways."""


def primes(limit):
    sieve = bytearray([1]) * limit
    found = []
    for n in range(2, limit):
        if sieve[n]:
            found.append(n)
            for multiple in range(n * n, limit, n):
                sieve[multiple] = 0
    return found


def longest(limit):
    known = {1: 0}
    best = 1
    for first in range(2, limit):
        n, steps = first, 0
        while n not in known:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        known[first] = known[n] + steps
        if known[first] > known[best]:
            best = first
    return best, known[best]


found = primes(400000)
print(len(found), sum(found), longest(160000))
