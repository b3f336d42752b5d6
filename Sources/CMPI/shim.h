// Open MPI's handles are macros over addresses of globals, which Swift cannot import: inline functions name them.
#ifndef DEEPXML_CMPI_SHIM_H
#define DEEPXML_CMPI_SHIM_H
#include <linux/futex.h>
#include <mpi.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm cmpi_comm_null(void) { return MPI_COMM_NULL; }
static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Request cmpi_request_null(void) { return MPI_REQUEST_NULL; }
static inline MPI_Status *cmpi_status_ignore(void) { return MPI_STATUS_IGNORE; }
static inline MPI_Status *cmpi_statuses_ignore(void) { return MPI_STATUSES_IGNORE; }
static inline void *cmpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline int cmpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int cmpi_undefined(void) { return MPI_UNDEFINED; }
static inline int cmpi_comm_type_shared(void) { return MPI_COMM_TYPE_SHARED; }

// prctl is variadic, which Swift cannot call. The slack is the kernel's freedom to wake this thread late (default 50 µs).
static inline int cmpi_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

// The cores that this thread may use, a bit each; glibc's wrapper hides behind _GNU_SOURCE. Returns the bytes written, or -1.
static inline long cmpi_affinity(void *mask, unsigned long bytes) { return syscall(SYS_sched_getaffinity, 0, bytes, mask); }

// A file in memory alone; glibc's wrapper hides behind _GNU_SOURCE, too. -1: none.
static inline int cmpi_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */); }

/// A barrier in memory that the ranks of a node share; zeros at first.
typedef struct {
    uint32_t arrived;
    uint8_t apart[60];
    uint32_t phase; // of barriers that all have reached
    uint8_t end[60];
} cmpi_barrier;

/// The rank is there. Returns the phase that it waits for the end of.
static inline uint32_t cmpi_arrive(cmpi_barrier *b, uint32_t ranks) {
    const uint32_t phase = __atomic_load_n(&b->phase, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == ranks) {
        __atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&b->phase, phase + 1, __ATOMIC_RELEASE);
        syscall(SYS_futex, &b->phase, FUTEX_WAKE, INT32_MAX, 0, 0, 0);
    }
    return phase;
}

static inline int cmpi_has_ended(const cmpi_barrier *b, uint32_t phase) {
    return __atomic_load_n(&b->phase, __ATOMIC_ACQUIRE) != phase;
}

/// Sleeps until the phase ends, or for that long.
static inline void cmpi_sleep(cmpi_barrier *b, uint32_t phase, long nanoseconds) {
    const struct timespec time = {0, nanoseconds};
    syscall(SYS_futex, &b->phase, FUTEX_WAIT, phase, &time, 0, 0);
}
#endif
