// The part of CUDA's driver API (NVIDIA, "CUDA Driver API", 11.4), of NVRTC ("NVRTC", 11.2) and of NVML ("NVML API Reference") that a
// device needs, declared here so that no toolkit is needed to build, and found in the libraries at run time, so that none is linked.
#ifndef DEEPXML_CUDA_API_H
#define DEEPXML_CUDA_API_H
#include <stddef.h>
#include <stdint.h>

/// Contexts, streams, modules, functions, programs of NVRTC, devices of NVML; what they point to is the library's.
typedef struct cuda_any *cuda_handle;

/// CUresult, those that are told apart.
enum {
    GPU_CUDA_SUCCESS = 0,
    GPU_CUDA_INVALID_VALUE = 1,
    GPU_CUDA_OUT_OF_MEMORY = 2,
    GPU_CUDA_NO_DEVICE = 100,
    GPU_CUDA_INVALID_IMAGE = 200,
    GPU_CUDA_NO_BINARY_FOR_GPU = 209,
    GPU_CUDA_INVALID_PTX = 218,
    GPU_CUDA_NO_PTX_COMPILER = 221,
    GPU_CUDA_UNSUPPORTED_PTX_VERSION = 222,
    GPU_CUDA_PTX_DISABLED = 223,
    GPU_CUDA_INVALID_HANDLE = 400,
    GPU_CUDA_NOT_FOUND = 500,
    GPU_CUDA_LAUNCH_OUT_OF_RESOURCES = 701,
    GPU_CUDA_NOT_SUPPORTED = 801,
};

/// CUdevice_attribute.
enum {
    GPU_CUDA_INTEGRATED = 18,
    GPU_CUDA_CAPABILITY_MAJOR = 75,
    GPU_CUDA_CAPABILITY_MINOR = 76,
};

enum { GPU_CUDA_STREAM_NON_BLOCKING = 1, GPU_CUDA_HOST_PORTABLE = 1 };

/// Of a grid, along its second and third axis (CUDA C++ Programming Guide, "Compute Capabilities").
enum { GPU_CUDA_MOST_GROUPS = 65535 };

/// The functions, under their names without `cu` and without the number of their version.
typedef struct {
    int32_t (*Init)(uint32_t);
    int32_t (*DriverGetVersion)(int32_t *);
    int32_t (*DeviceGetCount)(int32_t *);
    int32_t (*DeviceGet)(int32_t *, int32_t);
    int32_t (*DeviceGetName)(char *, int32_t, int32_t);
    int32_t (*DeviceGetPCIBusId)(char *, int32_t, int32_t);
    int32_t (*DeviceTotalMem)(size_t *, int32_t);
    int32_t (*DeviceGetAttribute)(int32_t *, int32_t, int32_t);
    int32_t (*DevicePrimaryCtxRetain)(cuda_handle *, int32_t);
    int32_t (*DevicePrimaryCtxRelease)(int32_t);
    int32_t (*CtxSetCurrent)(cuda_handle);
    int32_t (*MemGetInfo)(size_t *, size_t *);
    int32_t (*MemAlloc)(uint64_t *, size_t);
    int32_t (*MemFree)(uint64_t);
    int32_t (*MemHostAlloc)(void **, size_t, uint32_t);
    int32_t (*MemFreeHost)(void *);
    int32_t (*MemcpyHtoDAsync)(uint64_t, const void *, size_t, cuda_handle);
    int32_t (*MemcpyDtoHAsync)(void *, uint64_t, size_t, cuda_handle);
    int32_t (*MemcpyDtoDAsync)(uint64_t, uint64_t, size_t, cuda_handle);
    int32_t (*MemsetD8Async)(uint64_t, uint8_t, size_t, cuda_handle);
    int32_t (*StreamCreate)(cuda_handle *, uint32_t);
    int32_t (*StreamDestroy)(cuda_handle);
    int32_t (*StreamSynchronize)(cuda_handle);
    int32_t (*ModuleLoadData)(cuda_handle *, const void *);
    int32_t (*ModuleUnload)(cuda_handle);
    int32_t (*ModuleGetFunction)(cuda_handle *, cuda_handle, const char *);
    int32_t (*LaunchKernel)(cuda_handle, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, cuda_handle,
                            void **, void **);
    int32_t (*GetErrorName)(int32_t, const char **);
    int32_t (*GetErrorString)(int32_t, const char **);
    /// NULL where the driver has none: of a part of a GPU (MIG) the part's, and the whole GPU's.
    int32_t (*DeviceGetUuid)(uint8_t *, int32_t);
    int32_t (*DeviceGetWholeUuid)(uint8_t *, int32_t);
} gpu_cuda;

/// The functions, under their names without `nvrtc`.
typedef struct {
    int32_t (*Version)(int32_t *, int32_t *);
    int32_t (*CreateProgram)(cuda_handle *, const char *, const char *, int32_t, const char *const *, const char *const *);
    int32_t (*CompileProgram)(cuda_handle, int32_t, const char *const *);
    int32_t (*GetProgramLogSize)(cuda_handle, size_t *);
    int32_t (*GetProgramLog)(cuda_handle, char *);
    int32_t (*GetCUBINSize)(cuda_handle, size_t *);
    int32_t (*GetCUBIN)(cuda_handle, char *);
    int32_t (*GetPTXSize)(cuda_handle, size_t *);
    int32_t (*GetPTX)(cuda_handle, char *);
    int32_t (*DestroyProgram)(cuda_handle *);
    const char *(*GetErrorString)(int32_t);
    int32_t (*GetNumSupportedArchs)(int32_t *);
    int32_t (*GetSupportedArchs)(int32_t *);
} gpu_nvrtc;

typedef struct {
    uint64_t total, free, used;
} gpu_nvml_memory;

/// The functions, under their names without `nvml`.
typedef struct {
    int32_t (*Init)(void);
    int32_t (*DeviceGetHandleByPciBusId)(const char *, cuda_handle *);
    int32_t (*DeviceGetMemoryInfo)(cuda_handle, gpu_nvml_memory *);
} gpu_nvml;

/// Each opens the library `path` and finds all functions.
///
/// Returns NULL, or what is missing: the loader's own words, valid until this thread loads again, or the name of a function. A library
/// stays open.
const char *gpu_cuda_load(const char *path, gpu_cuda *api);
const char *gpu_nvrtc_load(const char *path, gpu_nvrtc *api);
const char *gpu_nvml_load(const char *path, gpu_nvml *api);
#endif
