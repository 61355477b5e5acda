/* One thread team: the team oneDNN uses too (OpenMP), or plain pthreads (SN_PTHREAD_TEAM, for TSan).
 * One thread at a time may call sn_parallel on a team; calls do not nest. */
#ifndef SN_BASE_THREADS_H
#define SN_BASE_THREADS_H

#include "suan/status.h"

#include <stdint.h>

typedef struct sn_team sn_team;

sn_status sn_team_new(int n_threads, sn_team **out); /* n_threads 0: sn_cpu_count() */
void sn_team_free(sn_team *team);
int sn_team_size(const sn_team *team); /* NULL team: 1 */

/* Calls fn(arg, task, thread) for task = 0..n_tasks-1, each once, and waits. Tasks are handed out
 * dynamically when there are more of them than threads; thread is 0..size-1. A NULL team, one thread
 * or one task runs in place. */
typedef void (*sn_task_fn)(void *arg, int64_t task, int thread);
void sn_parallel(sn_team *team, sn_task_fn fn, void *arg, int64_t n_tasks);

#endif
