#include "cublaslt_api.h"

#include "load.h"

/// The functions' names, in the order of `gpu_cublaslt`.
static const char *const names[] = {
    "cublasLtGetVersion",
    "cublasLtCreate",
    "cublasLtDestroy",
    "cublasLtMatmulDescCreate",
    "cublasLtMatmulDescDestroy",
    "cublasLtMatmulDescSetAttribute",
    "cublasLtMatrixLayoutCreate",
    "cublasLtMatrixLayoutDestroy",
    "cublasLtMatmulPreferenceCreate",
    "cublasLtMatmulPreferenceDestroy",
    "cublasLtMatmulPreferenceSetAttribute",
    "cublasLtMatmulAlgoGetHeuristic",
    "cublasLtMatmul",
};

_Static_assert(sizeof(gpu_cublaslt) == sizeof names, "a name for each function");

const char *gpu_cublaslt_load(const char *path, gpu_cublaslt *api) {
    return gpu_load(path, names, sizeof names / sizeof *names, sizeof names / sizeof *names, api);
}
