/* The pool.  A caller publishes a job as a ticket.  Idle threads of the pool and the caller itself take shares of it
 * until none is left.
 *
 * The caller waits for shares, never for threads: a thread that the operating system has not woken yet has no share, so
 * the job does not wait for it.  A thread polls for the next job for a short while before it sleeps, because the next
 * job of a training step comes within microseconds.  A forked child starts with no threads and makes its own when it
 * needs them.
 */
#include "pool.h"

#include <stddef.h>
#include <stdint.h>

#include "system.h"

#if defined(FASTRNN_THREADS)

enum {
    POLLS_BEFORE_SLEEP = 4000, /* some 50 to 150 microseconds */
    POLLS_BEFORE_YIELD = 2000,
    /* a share takes up to 250 KiB, more under a sanitizer, and thread-local memory of all libraries lies there too */
    STACK_BYTES = 4096 * 1024
};

/* generation of the job | its shares | the next share to take: in one word, so that a thread takes a share only of the
 * job that it has read */
static _Atomic uint64_t ticket;
#define TICKET(generation, shares) ((uint64_t)(uint32_t)(generation) << 32 | (uint64_t)(shares) << 16)
#define SHARES(ticket) ((int)((ticket) >> 16 & 0xffff))
#define NEXT(ticket) ((int)((ticket) & 0xffff))

static fastrnn_task job_task;
static void *job_data;
static atomic_int unfinished; /* shares of the job that have not returned */
static uint32_t generation;   /* of the last job; only its caller writes */

static system_lock callers = SYSTEM_LOCK; /* held by the caller whose job it is */
static int threads;                       /* started; guarded by callers */

static system_lock sleep_lock = SYSTEM_LOCK;
static system_signal work_came = SYSTEM_SIGNAL;
static atomic_int sleepers;

static int take_and_run(void)
{
    uint64_t seen = atomic_load(&ticket);
    while (NEXT(seen) < SHARES(seen)) {
        if (atomic_compare_exchange_weak(&ticket, &seen, seen + 1)) {
            /* the job cannot end, so the next cannot begin, before this share has been counted */
            job_task(job_data, NEXT(seen));
            atomic_fetch_sub(&unfinished, 1);
            return 1;
        }
    }
    return 0;
}

static int work_is_there(void)
{
    const uint64_t seen = atomic_load(&ticket);
    return NEXT(seen) < SHARES(seen);
}

THREAD_FUNCTION(live)
{
    for (;;) {
        for (int poll = 0; poll < POLLS_BEFORE_SLEEP; poll++) {
            if (take_and_run())
                poll = 0;
            PAUSE();
        }
        lock(&sleep_lock);
        atomic_fetch_add(&sleepers, 1);
        while (!work_is_there())
            wait_for(&work_came, &sleep_lock);
        atomic_fetch_sub(&sleepers, 1);
        unlock(&sleep_lock);
    }
    return THREAD_RETURN(unused);
}

static void forget_in_child(void)
{
    const system_lock unlocked = SYSTEM_LOCK;
    const system_signal nobody = SYSTEM_SIGNAL;
    callers = unlocked;
    sleep_lock = unlocked;
    work_came = nobody;
    atomic_store(&ticket, 0);
    atomic_store(&unfinished, 0);
    atomic_store(&sleepers, 0);
    threads = 0;
}

void fastrnn_run(int shares, fastrnn_task task, void *job)
{
    static atomic_int watching_forks;
    if (shares < 2 || shares > 0xffff || !lock_if_free(&callers)) {
        for (int share = 0; share < shares; share++)
            task(job, share);
        return;
    }
    if (!atomic_exchange(&watching_forks, 1))
        when_forked(forget_in_child);
    if (threads < shares - 1) /* if fewer can be started, the caller computes the other shares */
        start_detached(live, &threads, shares - 1 < FASTRNN_MOST_THREADS ? shares - 1 : FASTRNN_MOST_THREADS,
                       STACK_BYTES);
    job_task = task;
    job_data = job;
    atomic_store(&unfinished, shares);
    atomic_store(&ticket, TICKET(++generation, shares));
    if (atomic_load(&sleepers)) {
        lock(&sleep_lock);
        wake_all(&work_came);
        unlock(&sleep_lock);
    }
    while (take_and_run())
        ;
    for (int poll = 0; atomic_load(&unfinished); poll++) {
        if (poll < POLLS_BEFORE_YIELD)
            PAUSE();
        else
            yield_processor();
    }
    unlock(&callers);
}

int fastrnn_has_threads(void) { return 1; }

#else

void fastrnn_run(int shares, fastrnn_task task, void *job)
{
    for (int share = 0; share < shares; share++)
        task(job, share);
}

int fastrnn_has_threads(void) { return 0; }

#endif
