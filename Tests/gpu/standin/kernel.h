// The words of CUDA C++ that the kernels use, for a compiler of the CPU (clang++): the stand-in of NVRTC puts this before the text, and
// a line STANDIN_KERNEL(name) for each kernel behind it. One block runs at a time, its threads one after the other from barrier to
// barrier, so that shared memory is static, and an atomic is a plain operation.

#define __global__
#define __device__
#define __host__
#define __constant__ const
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("standin_shared"), aligned(16)))

struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
};

/// Where the running thread is; the stand-in of the driver writes it.
struct standin_place {
    uint3 thread, block;
    dim3 block_size, grid_size;
};
extern "C" {
standin_place standin_here;
void (*standin_barrier)();
extern char __start_standin_shared[] __attribute__((weak));
extern char __stop_standin_shared[] __attribute__((weak));
/// The shared memory of all kernels of the program.
char *standin_shared_memory(long *bytes) {
    *bytes = __stop_standin_shared - __start_standin_shared;
    return __start_standin_shared;
}
float erff(float);
}
#define threadIdx standin_here.thread
#define blockIdx standin_here.block
#define blockDim standin_here.block_size
#define gridDim standin_here.grid_size

static inline void __syncthreads() { standin_barrier(); }
#include "tensor.h"

static inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }
static inline float floorf(float a) { return __builtin_floorf(a); }
static inline float fabsf(float a) { return __builtin_fabsf(a); }
static inline int __float_as_int(float a) { return __builtin_bit_cast(int, a); }
static inline unsigned __float_as_uint(float a) { return __builtin_bit_cast(unsigned, a); }
static inline float __int_as_float(int a) { return __builtin_bit_cast(float, a); }
static inline float __uint_as_float(unsigned a) { return __builtin_bit_cast(float, a); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
template <typename T> static inline T __ldg(const T *place) { return *place; }
template <typename T> static inline T atomicAdd(T *place, T more) {
    T before = *place;
    *place = before + more;
    return before;
}

template <typename T, T... values> struct standin_numbers {};
template <auto kernel, typename... P, int... i>
static inline void standin_call(void (*)(P...), void **given, standin_numbers<int, i...>) {
    kernel(*(P *)given[i]...);
}
template <typename... P> constexpr int standin_count(void (*)(P...)) { return sizeof...(P); }
template <typename... P> static void standin_sizes(void (*)(P...), int *sizes) {
    int place = 0;
    ((sizes[place++] = (int)sizeof(P)), ...);
}

/// Calls a kernel with arguments that `given` points to, and tells how many there are and their bytes.
#define STANDIN_KERNEL(name)                                                                              \
    extern "C" void standin_call_##name(void **given) {                                                   \
        standin_call<name>(name, given, __make_integer_seq<standin_numbers, int, standin_count(name)>()); \
    }                                                                                                     \
    extern "C" int standin_arguments_##name(int *sizes) {                                                 \
        if (sizes) standin_sizes(name, sizes);                                                            \
        return standin_count(name);                                                                       \
    }
