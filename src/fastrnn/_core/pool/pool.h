/* A pool of threads for shares of work that take from about ten microseconds to a few seconds. */
#ifndef FASTRNN_POOL_H
#define FASTRNN_POOL_H

enum { FASTRNN_MOST_THREADS = 256 };

typedef void (*fastrnn_task)(void *job, int share);

/* Call task(job, share) for each share from 0 to shares - 1, on the caller's thread and on those of the pool, and
 * return when all have returned.  Shares may run in any order.  All of them run on the caller's thread if the pool is
 * busy with another caller's job, or if its threads do not get a processor in time. */
void fastrnn_run(int shares, fastrnn_task task, void *job);

/* Whether this build has threads at all. */
int fastrnn_has_threads(void);

#endif
