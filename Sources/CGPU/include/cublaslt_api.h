// The part of cuBLASLt (NVIDIA, "cuBLAS", 12.0: "Using the cuBLASLt API") that matrix products on tensor cores need, declared here and found in
// the library at run time.
#ifndef DEEPXML_CUBLASLT_API_H
#define DEEPXML_CUBLASLT_API_H
#include "cuda_api.h"

/// cublasStatus_t: what a library says that is well and has no way to do what was asked.
enum {
    GPU_CUBLAS_SUCCESS = 0,
    GPU_CUBLAS_ALLOC_FAILED = 3,
    GPU_CUBLAS_INVALID_VALUE = 7,
    GPU_CUBLAS_ARCH_MISMATCH = 8,
    GPU_CUBLAS_NOT_SUPPORTED = 15,
};

enum {
    /// cudaDataType.
    GPU_CUBLAS_FLOAT = 0,
    /// cublasComputeType_t, CUBLAS_COMPUTE_32F_FAST_16BF: numbers of 32 bits are multiplied as bfloat16, sums are float32.
    GPU_CUBLAS_BFLOAT_PRODUCTS = 75,
    /// cublasOperation_t.
    GPU_CUBLAS_AS_IT_IS = 0,
    GPU_CUBLAS_TRANSPOSED = 1,
    /// cublasLtMatmulDescAttributes_t.
    GPU_CUBLAS_TRANSPOSE_A = 3,
    GPU_CUBLAS_TRANSPOSE_B = 4,
    /// cublasLtMatmulPreferenceAttributes_t.
    GPU_CUBLAS_MOST_WORKSPACE = 1,
    GPU_CUBLAS_REDUCTIONS = 3,
    GPU_CUBLAS_ALIGNMENT_A = 5,
    GPU_CUBLAS_ALIGNMENT_B = 6,
    GPU_CUBLAS_ALIGNMENT_C = 7,
    GPU_CUBLAS_ALIGNMENT_D = 8,
    /// cublasLtReductionScheme_t: parts of a sum, if it is cut, meet in float32 and in one order.
    GPU_CUBLAS_REDUCES_FLOATS = 2,
};

/// cublasLtMatmulAlgo_t.
typedef struct {
    uint64_t data[8];
} gpu_cublaslt_way;

/// cublasLtMatmulHeuristicResult_t.
typedef struct {
    gpu_cublaslt_way way;
    size_t workspace;
    int32_t state;
    float waves;
    int32_t reserved[4];
} gpu_cublaslt_found;

/// The functions, under their names without `cublasLt`.
typedef struct {
    /// 10000 × major + 100 × minor + patch.
    size_t (*GetVersion)(void);
    int32_t (*Create)(cuda_handle *);
    int32_t (*Destroy)(cuda_handle);
    int32_t (*MatmulDescCreate)(cuda_handle *, int32_t, int32_t);
    int32_t (*MatmulDescDestroy)(cuda_handle);
    int32_t (*MatmulDescSetAttribute)(cuda_handle, int32_t, const void *, size_t);
    int32_t (*MatrixLayoutCreate)(cuda_handle *, int32_t, uint64_t, uint64_t, int64_t);
    int32_t (*MatrixLayoutDestroy)(cuda_handle);
    int32_t (*MatmulPreferenceCreate)(cuda_handle *);
    int32_t (*MatmulPreferenceDestroy)(cuda_handle);
    int32_t (*MatmulPreferenceSetAttribute)(cuda_handle, int32_t, const void *, size_t);
    int32_t (*MatmulAlgoGetHeuristic)(cuda_handle, cuda_handle, cuda_handle, cuda_handle, cuda_handle, cuda_handle, cuda_handle,
                                      int32_t, gpu_cublaslt_found *, int32_t *);
    /// Handle, operation, α, A, its layout, B, its layout, β, C, its layout, D, its layout, way, workspace, its bytes, stream.
    int32_t (*Matmul)(cuda_handle, cuda_handle, const void *, const void *, cuda_handle, const void *, cuda_handle,
                      const void *, const void *, cuda_handle, void *, cuda_handle, const gpu_cublaslt_way *, void *, size_t,
                      cuda_handle);
} gpu_cublaslt;

/// As `gpu_cuda_load`.
const char *gpu_cublaslt_load(const char *path, gpu_cublaslt *api);
#endif
