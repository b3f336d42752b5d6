#include "cuda_api.h"

#include "load.h"

/// The functions' names, in the order of `gpu_cuda`.
static const char *const driver_names[] = {
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceGetPCIBusId",
    "cuDeviceTotalMem_v2",
    "cuDeviceGetAttribute",
    "cuDevicePrimaryCtxRetain",
    "cuDevicePrimaryCtxRelease_v2",
    "cuCtxSetCurrent",
    "cuMemGetInfo_v2",
    "cuMemAlloc_v2",
    "cuMemFree_v2",
    "cuMemHostAlloc",
    "cuMemFreeHost",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyDtoDAsync_v2",
    "cuMemsetD8Async",
    "cuStreamCreate",
    "cuStreamDestroy_v2",
    "cuStreamSynchronize",
    "cuModuleLoadData",
    "cuModuleUnload",
    "cuModuleGetFunction",
    "cuLaunchKernel",
    "cuGetErrorName",
    "cuGetErrorString",
    "cuDeviceGetUuid_v2",
    "cuDeviceGetUuid",
};

/// Of `gpu_nvrtc`.
static const char *const compiler_names[] = {
    "nvrtcVersion",           "nvrtcCreateProgram",  "nvrtcCompileProgram",
    "nvrtcGetProgramLogSize", "nvrtcGetProgramLog",  "nvrtcGetCUBINSize",
    "nvrtcGetCUBIN",          "nvrtcGetPTXSize",     "nvrtcGetPTX",
    "nvrtcDestroyProgram",    "nvrtcGetErrorString", "nvrtcGetNumSupportedArchs",
    "nvrtcGetSupportedArchs",
};

/// Of `gpu_nvml`.
static const char *const management_names[] = {
    "nvmlInit_v2",
    "nvmlDeviceGetHandleByPciBusId_v2",
    "nvmlDeviceGetMemoryInfo",
};

#define COUNT(names) (sizeof names / sizeof *names)

_Static_assert(sizeof(gpu_cuda) == sizeof driver_names, "a name for each function");
_Static_assert(sizeof(gpu_nvrtc) == sizeof compiler_names, "a name for each function");
_Static_assert(sizeof(gpu_nvml) == sizeof management_names, "a name for each function");

const char *gpu_cuda_load(const char *path, gpu_cuda *api) {
    return gpu_load(path, driver_names, COUNT(driver_names), COUNT(driver_names) - 2, api);
}

const char *gpu_nvrtc_load(const char *path, gpu_nvrtc *api) {
    return gpu_load(path, compiler_names, COUNT(compiler_names), COUNT(compiler_names), api);
}

const char *gpu_nvml_load(const char *path, gpu_nvml *api) {
    return gpu_load(path, management_names, COUNT(management_names), COUNT(management_names), api);
}
