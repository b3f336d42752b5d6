// The words that the kernels are written in, as CUDA C++; compiled with --fmad=false, so that a multiply-add is one only where the
// text says FMA.

#define KERNEL extern "C" __global__ void
#define GLOBAL
#define LOCAL
#define LOCAL_ARRAY(type, name, count) __shared__ type name[count]
#define INLINE static __device__ __forceinline__
#define BARRIER() __syncthreads()

typedef long long LONG;
typedef unsigned int UINT;

INLINE unsigned int gpu_of_axis(uint3 place, int axis) { return axis == 0 ? place.x : axis == 1 ? place.y : place.z; }
INLINE unsigned int gpu_of_axis(dim3 size, int axis) { return axis == 0 ? size.x : axis == 1 ? size.y : size.z; }

#define local_id(axis) ((int)gpu_of_axis(threadIdx, axis))
#define local_size(axis) ((int)gpu_of_axis(blockDim, axis))
#define group_id(axis) ((LONG)gpu_of_axis(blockIdx, axis))
#define global_id(axis) (group_id(axis) * local_size(axis) + local_id(axis))
#define global_size(axis) ((LONG)gpu_of_axis(gridDim, axis) * local_size(axis))

#define FMA(a, b, c) __fmaf_rn((float)(a), (float)(b), (float)(c))
#define SQRT(x) __fsqrt_rn((float)(x))
#define FLOOR(x) floorf((float)(x))
#define FABS(x) fabsf((float)(x))
#define ERF(x) erff((float)(x))
#define BITS_OF(x) __float_as_int(x)
#define FLOAT_OF(bits) __int_as_float(bits)
#define HIGH_PRODUCT(a, b) __umulhi((UINT)(a), (UINT)(b))
#define LOCAL_INCREMENT(counter) atomicAdd(counter, 1)
#define INFINITY __int_as_float(0x7F800000)

/// A multiply-add whose subnormal results are zeros of their sign.
#ifdef __CUDA_ARCH__
INLINE float fma_flushed(float a, float b, float c) {
    float sum;
    asm("fma.rn.ftz.f32 %0, %1, %2, %3;" : "=f"(sum) : "f"(a), "f"(b), "f"(c));
    return sum;
}
#else
INLINE float fma_flushed(float a, float b, float c) {
    float sum = FMA(a, b, c);
    return FABS(sum) < 1.17549435e-38f ? sum * 0.0f : sum;
}
#endif
#define FMA_FLUSHED(a, b, c) fma_flushed(a, b, c)
