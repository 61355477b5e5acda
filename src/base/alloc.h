/* The only way memory is taken from the system. Tests can make the n-th request fail. */
#ifndef SN_BASE_ALLOC_H
#define SN_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

void *sn_alloc(size_t size);                /* uninitialised; NULL without memory; size 0 gives a valid pointer */
void *sn_calloc(size_t count, size_t size); /* zeroed; the product is checked */
void *sn_realloc(void *p, size_t size);     /* on NULL the old block is untouched */
/* Free with sn_free. From 4 MiB on it lies on huge pages where the system has them. */
void *sn_alloc_aligned(size_t size, size_t alignment);
/* Asks for huge pages under a block not touched yet: streams then run up to 1.6 times as fast, because the
 * translations of 4 KiB pages are the limit. Only a wish. */
void sn_alloc_wish_huge(void *p, size_t size);
void sn_free(void *p); /* NULL is fine */
char *sn_strdup(const char *s);
char *sn_strndup(const char *s, size_t n); /* copies exactly n bytes and adds a zero */

/* Tests only: the n-th request from now (0 = the next) fails, and all after it; -1 turns it off. */
void sn_alloc_fail_after(int64_t n);
/* Requests seen since the last sn_alloc_fail_after call. */
int64_t sn_alloc_count(void);
/* The largest of them in bytes: a small file must not be able to ask for much. */
size_t sn_alloc_largest(void);

/* Tests only: bytes in use are counted from here on, 0 at first; blocks of before that are freed count negative. -1
 * where the C library does not tell the size of a block. */
void sn_alloc_watch(void);
int64_t sn_alloc_peak(void); /* the most since then; ends the watch */

#endif
