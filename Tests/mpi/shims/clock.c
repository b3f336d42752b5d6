// LD_PRELOAD: a wall clock that jumps: at every 20th look it is a day further off, to and fro. The monotonic clocks are right.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static long offset(void) {
    static long looks = 0;
    long n = __sync_add_and_fetch(&looks, 1) / 20;
    return 86400 * (n % 2 ? n : -n);
}

int clock_gettime(clockid_t id, struct timespec *t) {
    int result = ((int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime"))(id, t);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) t->tv_sec += offset();
    return result;
}
int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    int result = ((int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday"))(t, zone);
    if (t) t->tv_sec += offset();
    return result;
}
time_t time(time_t *out) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (out) *out = t.tv_sec;
    return t.tv_sec;
}
