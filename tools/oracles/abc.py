"""Minimal a + b + c with ab + c = N in Python's whole numbers: golden values for the tests.

Up to 60 bits by a direct search over a: downwards from sqrt(N) with b = N // a, the best b for that a; a + N // a never
falls on the way, so that the search may end once it is above the best sum. Beyond, over p = a + b as the program does,
but in plain exact arithmetic.

    python3 tools/oracles/abc.py > tests/golden/abc.txt        a few minutes
"""
import math
import random


def solve(n):
    best, a = None, math.isqrt(n)
    while a > 0:
        b, c = divmod(n, a)
        if best and a + b > best[0]:
            break
        key = (a + b + c, a + b)
        if best is None or key < best[:2]:
            best = (a + b + c, a + b, a, b, c)
        a -= 1
    return best


def scan(n):
    p = math.isqrt(4 * n)
    a, b = p // 2, p - p // 2
    best = (p + n - a * b, a, b)
    while p + 1 < best[0]:
        p += 1
        d = p * p - 4 * n
        q = math.isqrt(d - 1) + 1 if d else 0
        q += (q ^ p) & 1
        s = p + (q * q - d) // 4
        if s < best[0]:
            best = (s, (p - q) // 2, (p + q) // 2)
    _, a, b = best
    return best[0], a + b, a, b, n - a * b


def main():
    random.seed(9775)
    print("# N a b c, by tools/oracles/abc.py")
    numbers = [10**9 + 7, 2**31 - 1, 2**32, 2**32 - 1, 2**40 + 15, 12345678910111213]
    for bits in (8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56):
        numbers += [random.getrandbits(bits) | 1 << (bits - 1) for _ in range(4)]
    for n in numbers:
        _, _, a, b, c = solve(n)
        print(n, a, b, c)
        assert scan(n)[2:] == (a, b, c)
    for bits in (100, 127, 128, 129, 130, 134):
        n = random.getrandbits(bits) | 1 << (bits - 1)
        print(n, *scan(n)[2:])


main()
