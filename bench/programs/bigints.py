# SPDX-License-Identifier: Apache-2.0
"""Large integers: powers modulo a prime, digits of pi, and a square root of thousands of digits."""
import math
import sys

sys.set_int_max_str_digits(0)


def pi_digits(count):
    """Machin's formula."""
    unit = 10 ** (count + 10)

    def arctan_of_inverse(x):
        power = total = unit // x
        n, sign = 3, -1
        while power:
            power //= x * x
            total += sign * (power // n)
            n, sign = n + 2, -sign
        return total

    return 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239)) // 10 ** 10


prime = 2 ** 1279 - 1
value = 3
for _ in range(24):
    value = pow(value, prime // 5, prime)
print(hex(value)[-40:], str(pi_digits(4000))[-40:], hex(math.isqrt(7 ** 20000))[-40:])
