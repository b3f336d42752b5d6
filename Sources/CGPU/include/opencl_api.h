// The part of OpenCL 1.2 that a device needs (Khronos, "The OpenCL Specification", version 1.2), declared here so that no
// vendor's header is needed to build, and found in the ICD loader at run time, so that none is linked.
#ifndef DEEPXML_OPENCL_API_H
#define DEEPXML_OPENCL_API_H
#include <stddef.h>
#include <stdint.h>

/// Handles; what they point to is the driver's.
typedef struct cl_any *cl_handle;

enum {
    GPU_CL_SUCCESS = 0,
    GPU_CL_DEVICE_NOT_FOUND = -1,
    GPU_CL_OBJECT_ALLOCATION_FAILURE = -4,
    GPU_CL_OUT_OF_RESOURCES = -5,
    GPU_CL_OUT_OF_HOST_MEMORY = -6,
    GPU_CL_BUILD_PROGRAM_FAILURE = -11,
    GPU_CL_INVALID_BUFFER_SIZE = -61,
    GPU_CL_NO_PLATFORM = -1001,
};

enum {
    GPU_CL_PLATFORM_VERSION = 0x0901,
    GPU_CL_PLATFORM_NAME = 0x0902,
    GPU_CL_DEVICE_TYPE = 0x1000,
    GPU_CL_DEVICE_GLOBAL_MEM_SIZE = 0x101F,
    GPU_CL_DEVICE_NAME = 0x102B,
    GPU_CL_DEVICE_HOST_UNIFIED_MEMORY = 0x1035,
    GPU_CL_DEVICE_DRIVER_VERSION = 0x102D,
    GPU_CL_DEVICE_VERSION = 0x102F,
    GPU_CL_DEVICE_SINGLE_FP_CONFIG = 0x101B,
    GPU_CL_DEVICE_DOUBLE_FP_CONFIG = 0x1032,
    GPU_CL_DEVICE_MAX_WORK_GROUP_SIZE = 0x1004,
    GPU_CL_DEVICE_LOCAL_MEM_SIZE = 0x1023,
    /// AMD's: KiB that are free, and the largest block.
    GPU_CL_DEVICE_GLOBAL_FREE_MEMORY_AMD = 0x4039,
    /// Khronos's: domain, bus, device, function; NVIDIA's: bus, and slot.
    GPU_CL_DEVICE_PCI_BUS_INFO = 0x410F,
    GPU_CL_DEVICE_PCI_BUS_ID_NV = 0x4008,
    GPU_CL_DEVICE_PCI_SLOT_ID_NV = 0x4009,
    GPU_CL_PROGRAM_BUILD_LOG = 0x1183,
    GPU_CL_PROGRAM_BINARY_SIZES = 0x1165,
    GPU_CL_PROGRAM_BINARIES = 0x1166,
};

enum { GPU_CL_TYPE_CPU = 2, GPU_CL_TYPE_GPU = 4, GPU_CL_TYPE_ACCELERATOR = 8 };
enum { GPU_CL_FP_FMA = 1 << 5, GPU_CL_FP_ROUNDED_DIVIDE_SQRT = 1 << 7 };

/// The functions, under their names without `cl`.
typedef struct {
    int32_t (*GetPlatformIDs)(uint32_t, cl_handle *, uint32_t *);
    int32_t (*GetPlatformInfo)(cl_handle, uint32_t, size_t, void *, size_t *);
    int32_t (*GetDeviceIDs)(cl_handle, uint64_t, uint32_t, cl_handle *, uint32_t *);
    int32_t (*GetDeviceInfo)(cl_handle, uint32_t, size_t, void *, size_t *);
    cl_handle (*CreateContext)(const intptr_t *, uint32_t, const cl_handle *,
                               void (*)(const char *, const void *, size_t, void *), void *, int32_t *);
    int32_t (*ReleaseContext)(cl_handle);
    cl_handle (*CreateCommandQueue)(cl_handle, cl_handle, uint64_t, int32_t *);
    int32_t (*ReleaseCommandQueue)(cl_handle);
    cl_handle (*CreateBuffer)(cl_handle, uint64_t, size_t, void *, int32_t *);
    int32_t (*ReleaseMemObject)(cl_handle);
    cl_handle (*CreateProgramWithSource)(cl_handle, uint32_t, const char **, const size_t *, int32_t *);
    cl_handle (*CreateProgramWithBinary)(cl_handle, uint32_t, const cl_handle *, const size_t *, const uint8_t **, int32_t *,
                                         int32_t *);
    int32_t (*BuildProgram)(cl_handle, uint32_t, const cl_handle *, const char *, void (*)(cl_handle, void *), void *);
    int32_t (*GetProgramBuildInfo)(cl_handle, cl_handle, uint32_t, size_t, void *, size_t *);
    int32_t (*GetProgramInfo)(cl_handle, uint32_t, size_t, void *, size_t *);
    int32_t (*ReleaseProgram)(cl_handle);
    cl_handle (*CreateKernel)(cl_handle, const char *, int32_t *);
    int32_t (*ReleaseKernel)(cl_handle);
    int32_t (*SetKernelArg)(cl_handle, uint32_t, size_t, const void *);
    int32_t (*EnqueueNDRangeKernel)(cl_handle, cl_handle, uint32_t, const size_t *, const size_t *, const size_t *, uint32_t,
                                    const cl_handle *, cl_handle *);
    int32_t (*EnqueueReadBuffer)(cl_handle, cl_handle, uint32_t, size_t, size_t, void *, uint32_t, const cl_handle *,
                                 cl_handle *);
    int32_t (*EnqueueWriteBuffer)(cl_handle, cl_handle, uint32_t, size_t, size_t, const void *, uint32_t, const cl_handle *,
                                  cl_handle *);
    int32_t (*EnqueueCopyBuffer)(cl_handle, cl_handle, cl_handle, size_t, size_t, size_t, uint32_t, const cl_handle *,
                                 cl_handle *);
    int32_t (*EnqueueFillBuffer)(cl_handle, cl_handle, const void *, size_t, size_t, size_t, uint32_t, const cl_handle *,
                                 cl_handle *);
    int32_t (*Flush)(cl_handle);
    int32_t (*Finish)(cl_handle);
} gpu_opencl;

/// Opens the library `path` and finds all functions.
///
/// Returns NULL, or what is missing: the loader's own words, or the name of a function; they stay valid. A library stays open.
const char *gpu_opencl_load(const char *path, gpu_opencl *api);
#endif
