// A stand-in for NVIDIA's driver (libcuda.so.1), run-time compiler (libnvrtc.so.12) and library of matrix products (libcublasLt.so.12), for
// tests without a GPU: kernels are compiled for the CPU and run there. `build` makes them; the environment says which devices there are and
// what fails:
//
//   STANDIN_DEVICES=1              devices of the machine; CUDA_VISIBLE_DEVICES chooses among them
//   STANDIN_MEMORY=4294967296      bytes of each
//   STANDIN_BUSY=0                 bytes of each that others hold
//   STANDIN_ARCH=90                compute capability, major and minor
//   STANDIN_DRIVER_VERSION=12080   what cuDriverGetVersion gives
//   STANDIN_INIT_ERROR=CODE        cuInit gives this error
//   STANDIN_FAIL_ALLOC=N           the N-th allocation of device memory is refused, and all after it
//   STANDIN_FAIL_LAUNCH=N          the N-th kernel fails: what waits for it, and all calls from then on, give LAUNCH_FAILED
//   STANDIN_LOST=N                 the N-th launch finds the device lost: it and all calls from then on give UNKNOWN
//   STANDIN_COMPILE_ERROR=NAME     the compiler refuses programs whose names hold NAME
//   STANDIN_CUBLASLT_NO_START=1    cublasLtCreate fails
//   STANDIN_CUBLASLT_REFUSE=N      from the N-th question on there is no way for a product
//   STANDIN_CUBLASLT_REFUSE_LATE=N the N-th product is refused, whose way was given
//   STANDIN_CUBLASLT_FAIL=N        the N-th product fails: all calls from then on give LAUNCH_FAILED
//   STANDIN_CUBLASLT_VERSION=120805 what cublasLtGetVersion gives
//   STANDIN_RANK=R                 the faults are of this rank of mpirun alone
//   STANDIN_ORDER=reverse          threads of a block, and blocks, run from the last to the first: results must not change
//
// It is stricter than a device. Work is done when something waits for it, and no sooner, so that host memory that is freed or written
// too early shows. Memory is filled with NaNs when it is made, ends at a page that may not be touched, and what stands behind its last
// byte is checked when it is freed. Threads of a block that meet different numbers of barriers, calls without a current context, and
// handles and ranges that are not valid give errors, with a line of stderr that says what is wrong.
#pragma once
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

/// CUDA's numbers.
enum Status : int {
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidImage = 200,
    InvalidContext = 201,
    NoBinaryForGPU = 209,
    InvalidPTX = 218,
    InvalidHandle = 400,
    NotFound = 500,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    LaunchFailed = 719,
    Unknown = 999,
};

/// What stands before the shared object in a "cubin"; in "PTX" the same, in hexadecimal digits, behind a line `ptx_mark`.
struct ImageHeader {
    char mark[8];
    uint32_t arch, is_ptx;
    uint64_t bytes, hash;
};
inline const char image_mark[9] = "STANDIN1";
inline const std::string ptx_mark = "// stand-in PTX\n";

/// FNV-1a.
inline uint64_t hash_of(const void *bytes, size_t count) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    return hash;
}

/// A number of the environment.
inline long setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && *text ? atol(text) : otherwise;
}

/// Whether faults are this process's.
inline bool has_faults() {
    const char *only = getenv("STANDIN_RANK"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    return !only || (rank && !strcmp(only, rank));
}

/// The number of the call at which a fault comes; 0: never.
inline long fault(const char *name) { return has_faults() ? setting(name, 0) : 0; }

/// Says what a caller did wrong.
__attribute__((format(printf, 2, 3))) inline Status wrong(Status status, const char *format, ...) {
    va_list parts;
    va_start(parts, format);
    fprintf(stderr, "stand-in driver: ");
    vfprintf(stderr, format, parts);
    fprintf(stderr, "\n");
    va_end(parts);
    return status;
}
