/* What the pool needs of the operating system, under one name: POSIX threads, or those of Windows.  FASTRNN_THREADS is
 * not defined where there are neither, or where the compiler has no atomic types. */
#ifndef FASTRNN_SYSTEM_H
#define FASTRNN_SYSTEM_H

#if !defined(__STDC_NO_ATOMICS__) && (defined(__unix__) || defined(__APPLE__) || defined(_WIN32))
#define FASTRNN_THREADS
#include <stdatomic.h>

#if defined(__x86_64__)
#define PAUSE() __asm__ volatile("pause")
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <process.h>

typedef SRWLOCK system_lock;
typedef CONDITION_VARIABLE system_signal;
#define SYSTEM_LOCK SRWLOCK_INIT
#define SYSTEM_SIGNAL CONDITION_VARIABLE_INIT

static inline int lock_if_free(system_lock *lock) { return TryAcquireSRWLockExclusive(lock); }
static inline void lock(system_lock *lock) { AcquireSRWLockExclusive(lock); }
static inline void unlock(system_lock *lock) { ReleaseSRWLockExclusive(lock); }
static inline void wait_for(system_signal *signal, system_lock *lock)
{
    SleepConditionVariableSRW(signal, lock, INFINITE, 0);
}
static inline void wake_all(system_signal *signal) { WakeAllConditionVariable(signal); }
static inline void yield_processor(void) { SwitchToThread(); }

/* Start detached threads until `count` is `wanted`, or until no more can be started. */
#define THREAD_FUNCTION(name) static unsigned __stdcall name(void *unused)
#define THREAD_RETURN(unused) ((void)(unused), 0u)
static inline void start_detached(unsigned(__stdcall *function)(void *), int *count, int wanted, unsigned stack_bytes)
{
    while (*count < wanted) {
        const uintptr_t thread = _beginthreadex(NULL, stack_bytes, function, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION,
                                                NULL);
        if (!thread)
            break;
        CloseHandle((HANDLE)thread);
        ++*count;
    }
}

/* Windows has no fork */
static inline void when_forked(void (*function)(void)) { (void)function; }

#else
#include <pthread.h>
#include <sched.h>
#include <signal.h>

typedef pthread_mutex_t system_lock;
typedef pthread_cond_t system_signal;
#define SYSTEM_LOCK PTHREAD_MUTEX_INITIALIZER
#define SYSTEM_SIGNAL PTHREAD_COND_INITIALIZER

static inline int lock_if_free(system_lock *lock) { return !pthread_mutex_trylock(lock); }
static inline void lock(system_lock *lock) { pthread_mutex_lock(lock); }
static inline void unlock(system_lock *lock) { pthread_mutex_unlock(lock); }
static inline void wait_for(system_signal *signal, system_lock *lock) { pthread_cond_wait(signal, lock); }
static inline void wake_all(system_signal *signal) { pthread_cond_broadcast(signal); }
static inline void yield_processor(void) { sched_yield(); }

/* Start detached threads until `count` is `wanted`, or until no more can be started. */
#define THREAD_FUNCTION(name) static void *name(void *unused)
#define THREAD_RETURN(unused) (unused)
static inline void start_detached(void *(*function)(void *), int *count, int wanted, size_t stack_bytes)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes))
        return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    /* the threads of the program handle signals */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (*count < wanted) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, function, NULL))
            break;
        ++*count;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static inline void when_forked(void (*function)(void)) { pthread_atfork(NULL, NULL, function); }
#endif

#endif
#endif
