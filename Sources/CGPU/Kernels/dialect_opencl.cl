// The words that the kernels are written in, as OpenCL C 1.2.
//
// Contraction is off in every dialect: a multiply-add is written as FMA, so that the bits are those that the text says.
#pragma OPENCL FP_CONTRACT OFF
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

#define KERNEL __kernel void
#define GLOBAL __global
#define LOCAL __local
#define LOCAL_ARRAY(type, name, count) __local type name[count]
#define INLINE static inline
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)

typedef long LONG;
typedef uint UINT;

#define global_id(axis) ((LONG)get_global_id(axis))
#define global_size(axis) ((LONG)get_global_size(axis))
#define local_id(axis) ((int)get_local_id(axis))
#define local_size(axis) ((int)get_local_size(axis))
#define group_id(axis) ((LONG)get_group_id(axis))

#define FMA(a, b, c) fma((float)(a), (float)(b), (float)(c))
#define SQRT(x) sqrt((float)(x))
#define FLOOR(x) floor((float)(x))
#define FABS(x) fabs((float)(x))
#define ERF(x) erf((float)(x))
#define BITS_OF(x) as_int(x)
#define FLOAT_OF(bits) as_float(bits)
#define HIGH_PRODUCT(a, b) mul_hi((UINT)(a), (UINT)(b))
#define LOCAL_INCREMENT(counter) atomic_inc(counter)

/// A multiply-add whose subnormal results are zeros of their sign.
INLINE float fma_flushed(float a, float b, float c) {
    float sum = FMA(a, b, c);
    return FABS(sum) < 1.17549435e-38f ? sum * 0.0f : sum;
}
#define FMA_FLUSHED(a, b, c) fma_flushed(a, b, c)
