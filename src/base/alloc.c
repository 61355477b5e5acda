#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { huge_page = 2 << 20, large_block = 4 << 20 };

static _Atomic int64_t fail_after = -1;
static _Atomic int64_t n_requests;

static _Atomic size_t largest_request;

static int request_fails(size_t size) {
    size_t largest = atomic_load_explicit(&largest_request, memory_order_relaxed);
    while (size > largest && !atomic_compare_exchange_weak(&largest_request, &largest, size)) continue;
    int64_t seen = atomic_fetch_add_explicit(&n_requests, 1, memory_order_relaxed);
    int64_t limit = atomic_load_explicit(&fail_after, memory_order_relaxed);
    return limit >= 0 && seen >= limit;
}

/* ---- bytes in use, while somebody watches ---- */

static _Atomic bool watching;
static _Atomic int64_t in_use, most_in_use;

static void count_bytes(void *p, int sign) {
#ifdef __GLIBC__
    if (!p || !atomic_load_explicit(&watching, memory_order_relaxed)) return;
    int64_t bytes = sign * (int64_t)malloc_usable_size(p), now = atomic_fetch_add(&in_use, bytes) + bytes;
    int64_t most = atomic_load(&most_in_use);
    while (now > most && !atomic_compare_exchange_weak(&most_in_use, &most, now)) continue;
#else
    (void)p, (void)sign;
#endif
}

static void *counted(void *p) {
    count_bytes(p, 1);
    return p;
}

void sn_alloc_watch(void) {
    atomic_store(&in_use, 0);
    atomic_store(&most_in_use, 0);
    atomic_store(&watching, true);
}

int64_t sn_alloc_peak(void) {
    atomic_store(&watching, false);
#ifdef __GLIBC__
    return atomic_load(&most_in_use);
#else
    return -1;
#endif
}

/* ---- requests ---- */

void *sn_alloc(size_t size) { return request_fails(size) ? NULL : counted(malloc(size ? size : 1)); }

void *sn_calloc(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) total = SIZE_MAX;
    if (request_fails(total)) return NULL;
    return counted(count && size ? calloc(count, size) : calloc(1, 1));
}

void *sn_realloc(void *p, size_t size) {
    if (request_fails(size)) return NULL;
    count_bytes(p, -1);
    void *grown = realloc(p, size ? size : 1);
    count_bytes(grown ? grown : p, 1);
    return grown;
}

void *sn_alloc_aligned(size_t size, size_t alignment) {
    void *p;
    if (request_fails(size)) return NULL;
    if (size > SIZE_MAX - alignment) return NULL;
    size_t rounded = size ? (size + alignment - 1) / alignment * alignment : alignment;
    if (size >= large_block && alignment < huge_page) alignment = huge_page;
    if (posix_memalign(&p, alignment, rounded) != 0) return NULL;
    if (size >= large_block) sn_alloc_wish_huge(p, size);
    return counted(p);
}

void sn_alloc_wish_huge(void *p, size_t size) {
    uintptr_t begin = ((uintptr_t)p + huge_page - 1) / huge_page * huge_page;
    uintptr_t end = ((uintptr_t)p + size) / huge_page * huge_page;
    if (begin < end) madvise((char *)p + (begin - (uintptr_t)p), end - begin, MADV_HUGEPAGE);
}

void sn_free(void *p) {
    count_bytes(p, -1);
    free(p);
}

char *sn_strndup(const char *s, size_t n) {
    if (n == SIZE_MAX) return NULL;
    char *copy = sn_alloc(n + 1);
    if (!copy) return NULL;
    if (n) memcpy(copy, s, n);
    copy[n] = 0;
    return copy;
}

char *sn_strdup(const char *s) { return sn_strndup(s, strlen(s)); }

void sn_alloc_fail_after(int64_t n) {
    atomic_store(&n_requests, 0);
    atomic_store(&largest_request, 0);
    atomic_store(&fail_after, n);
}

int64_t sn_alloc_count(void) { return atomic_load(&n_requests); }

size_t sn_alloc_largest(void) { return atomic_load(&largest_request); }
