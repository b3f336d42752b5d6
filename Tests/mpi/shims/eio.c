// LD_PRELOAD: after EIO_AFTER writes (and syncs) to files whose path holds EIO_PATH, every one fails with EIO, as on a disk
// that breaks. With EIO_SYNC the syncs alone fail: what was written went to memory, and no further.
// With EIO_STOP nothing fails, but the process stands still there.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int breaks(int fd, int is_sync) {
    static int writes = 0;
    if (!is_sync && getenv("EIO_SYNC")) return 0;
    const char *path = getenv("EIO_PATH"), *after = getenv("EIO_AFTER");
    if (!path) return 0;
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n < 0) return 0;
    name[n] = 0;
    if (!strstr(name, path) || __sync_fetch_and_add(&writes, 1) < (after ? atoi(after) : 0)) return 0;
    if (getenv("EIO_STOP")) return raise(SIGSTOP);
    errno = EIO;
    return 1;
}

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
ssize_t write(int fd, const void *b, size_t n) {
    return breaks(fd, 0) ? -1 : REAL(ssize_t(*)(int, const void *, size_t), "write")(fd, b, n);
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) {
    return breaks(fd, 0) ? -1 : REAL(ssize_t(*)(int, const void *, size_t, off_t), "pwrite")(fd, b, n, at);
}
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) {
    return breaks(fd, 0) ? -1 : REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, b, n, at);
}
int fsync(int fd) { return breaks(fd, 1) ? -1 : REAL(int (*)(int), "fsync")(fd); }
