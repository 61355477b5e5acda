#include "base/threads.h"

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>

#if defined(SN_PTHREAD_TEAM)
#include <pthread.h>
#elif defined(_OPENMP)
#include <omp.h>
#endif

enum { max_threads = 1024 };

struct sn_team {
    int n_threads;
#if defined(SN_PTHREAD_TEAM)
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t *workers;
    int n_workers, n_running;
    uint64_t round;
    bool stop;
    sn_task_fn fn;
    void *arg;
    int64_t n_tasks;
    _Atomic int64_t next;
#endif
};

int sn_team_size(const sn_team *team) { return team ? team->n_threads : 1; }

static void run_in_place(sn_task_fn fn, void *arg, int64_t n_tasks) {
    for (int64_t task = 0; task < n_tasks; task++) fn(arg, task, 0);
}

static void drain(_Atomic int64_t *next, sn_task_fn fn, void *arg, int64_t n_tasks, int thread) {
    for (;;) {
        int64_t task = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
        if (task >= n_tasks) return;
        fn(arg, task, thread);
    }
}

#if defined(SN_PTHREAD_TEAM)

typedef struct worker_arg {
    sn_team *team;
    int thread;
} worker_arg;

static void *worker_main(void *p) {
    worker_arg self = *(worker_arg *)p;
    sn_team *team = self.team;
    sn_free(p);
    uint64_t seen = 0;
    pthread_mutex_lock(&team->lock);
    for (;;) {
        while (!team->stop && team->round == seen) pthread_cond_wait(&team->work, &team->lock);
        if (team->stop) break;
        seen = team->round;
        pthread_mutex_unlock(&team->lock);
        drain(&team->next, team->fn, team->arg, team->n_tasks, self.thread);
        pthread_mutex_lock(&team->lock);
        if (--team->n_running == 0) pthread_cond_signal(&team->done);
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

static sn_status team_start(sn_team *team) {
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->work, NULL);
    pthread_cond_init(&team->done, NULL);
    team->workers = sn_calloc((size_t)team->n_threads, sizeof *team->workers);
    if (!team->workers) return sn_fail_memory("a thread team");
    for (int i = 1; i < team->n_threads; i++) {
        worker_arg *arg = sn_alloc(sizeof *arg);
        if (!arg) return sn_fail_memory("a thread team");
        *arg = (worker_arg){team, i};
        if (pthread_create(&team->workers[i], NULL, worker_main, arg) != 0) {
            sn_free(arg);
            return sn_fail(SN_ERR_LIMIT, "cannot start thread %d of %d: ask for fewer", i, team->n_threads);
        }
        team->n_workers = i;
    }
    return SN_OK;
}

static void team_stop(sn_team *team) {
    pthread_mutex_lock(&team->lock);
    team->stop = true;
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->lock);
    for (int i = 1; i <= team->n_workers; i++) pthread_join(team->workers[i], NULL);
    sn_free(team->workers);
    pthread_cond_destroy(&team->done);
    pthread_cond_destroy(&team->work);
    pthread_mutex_destroy(&team->lock);
}

static void team_run(sn_team *team, sn_task_fn fn, void *arg, int64_t n_tasks) {
    pthread_mutex_lock(&team->lock);
    team->fn = fn;
    team->arg = arg;
    team->n_tasks = n_tasks;
    team->next = 0;
    team->n_running = team->n_workers;
    team->round++;
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->lock);
    drain(&team->next, fn, arg, n_tasks, 0);
    pthread_mutex_lock(&team->lock);
    while (team->n_running > 0) pthread_cond_wait(&team->done, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

#else

static sn_status team_start(sn_team *team) {
    (void)team;
    return SN_OK;
}

static void team_stop(sn_team *team) { (void)team; }

static void team_run(sn_team *team, sn_task_fn fn, void *arg, int64_t n_tasks) {
#if defined(_OPENMP)
    _Atomic int64_t next = 0;
#pragma omp parallel num_threads(team->n_threads)
    drain(&next, fn, arg, n_tasks, omp_get_thread_num());
#else
    (void)team;
    run_in_place(fn, arg, n_tasks);
#endif
}

#endif

sn_status sn_team_new(int n_threads, sn_team **out) {
    if (n_threads < 0 || n_threads > max_threads)
        return sn_fail(SN_ERR_ARGUMENT, "%d threads: give 1 to %d, or 0 for one per core", n_threads, max_threads);
    sn_team *team = sn_calloc(1, sizeof *team);
    if (!team) return sn_fail_memory("a thread team");
    team->n_threads = n_threads ? n_threads : sn_cpu_count();
    sn_status status = team_start(team);
    if (status != SN_OK) {
        sn_team_free(team);
        return status;
    }
    *out = team;
    return SN_OK;
}

void sn_team_free(sn_team *team) {
    if (!team) return;
    team_stop(team);
    sn_free(team);
}

void sn_parallel(sn_team *team, sn_task_fn fn, void *arg, int64_t n_tasks) {
    if (!team || team->n_threads == 1 || n_tasks == 1)
        run_in_place(fn, arg, n_tasks);
    else if (n_tasks > 0)
        team_run(team, fn, arg, n_tasks);
}
