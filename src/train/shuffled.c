/* A permutation that needs no table: a Feistel network over the next even number of bits, walked until the value is
 * inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). */
#include "base/philox.h"
#include "train/source_tokens.h"

enum { ROUNDS = 4 };

int64_t sn_shuffled(uint64_t seed, uint64_t stream, int64_t index, int64_t n) {
    int half = 1;
    while (half < 31 && (int64_t)1 << 2 * half < n) half++;
    uint64_t mask = ((uint64_t)1 << half) - 1, x = (uint64_t)index;
    if (n <= 1) return 0;
    do {
        uint64_t left = x >> half, right = x & mask;
        for (uint64_t round = 0; round < ROUNDS; round++) {
            uint32_t w[4];
            sn_philox(seed, stream, round << 48 | right, w);
            uint64_t swap = right;
            right = (left ^ w[0]) & mask;
            left = swap;
        }
        x = left << half | right;
    } while (x >= (uint64_t)n);
    return (int64_t)x;
}
