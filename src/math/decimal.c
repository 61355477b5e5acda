#include "math/decimal.h"

#include <string.h>

bool sn_u128_parse(const char *digits, size_t size, sn_u128 *out) {
    const sn_u128 most = ~(sn_u128)0;
    sn_u128 x = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)(digits[i] - '0');
        if (x > (most - digit) / 10) return false;
        x = 10 * x + digit;
    }
    *out = x;
    return true;
}

/* Two digits at a time from the back; a stream of numbers spends most of its time here. */
static char *put_u64(uint64_t x, char *to, int at_least) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
        "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
        "9899";
    char text[20];
    int at = 20;
    for (; x >= 100; x /= 100) memcpy(text + (at -= 2), pairs + 2 * (x % 100), 2);
    text[--at] = (char)('0' + x % 10);
    if (x >= 10) text[--at] = (char)('0' + x / 10);
    while (20 - at < at_least) text[--at] = '0';
    memcpy(to, text + at, (size_t)(20 - at));
    return to + 20 - at;
}

char *sn_u128_put(sn_u128 x, char *to) {
    const uint64_t unit = 10000000000000000000u; /* 10^19 */
    if (x >> 64 == 0) return put_u64((uint64_t)x, to, 1);
    sn_u128 high = x / unit;
    return put_u64((uint64_t)(x % unit), sn_u128_put(high, to), 19);
}

const char *sn_u128_format(sn_u128 x, char to[static SN_U128_DIGITS]) {
    *sn_u128_put(x, to) = 0;
    return to;
}
