// Open MPI's handles are macros over addresses of globals, which Swift cannot import: inline functions name them.
#ifndef DEEPXML_CMPI_SHIM_H
#define DEEPXML_CMPI_SHIM_H
#include <mpi.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm cmpi_comm_null(void) { return MPI_COMM_NULL; }
static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Request cmpi_request_null(void) { return MPI_REQUEST_NULL; }
static inline MPI_Status *cmpi_status_ignore(void) { return MPI_STATUS_IGNORE; }
static inline MPI_Status *cmpi_statuses_ignore(void) { return MPI_STATUSES_IGNORE; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline int cmpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int cmpi_undefined(void) { return MPI_UNDEFINED; }
static inline int cmpi_comm_type_shared(void) { return MPI_COMM_TYPE_SHARED; }

// prctl is variadic, which Swift cannot call. The slack is the kernel's freedom to wake this thread late (default 50 µs).
static inline int cmpi_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

// The cores that this thread may use, a bit each; glibc's wrapper hides behind _GNU_SOURCE. Returns the bytes written, or -1.
static inline long cmpi_affinity(void *mask, unsigned long bytes) { return syscall(SYS_sched_getaffinity, 0, bytes, mask); }
#endif
