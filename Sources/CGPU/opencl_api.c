#include "opencl_api.h"

#include <dlfcn.h>
#include <string.h>

/// The functions' names, in the order of `gpu_opencl`.
static const char *const names[] = {
    "clGetPlatformIDs",
    "clGetPlatformInfo",
    "clGetDeviceIDs",
    "clGetDeviceInfo",
    "clCreateContext",
    "clReleaseContext",
    "clCreateCommandQueue",
    "clReleaseCommandQueue",
    "clCreateBuffer",
    "clReleaseMemObject",
    "clCreateProgramWithSource",
    "clCreateProgramWithBinary",
    "clBuildProgram",
    "clGetProgramBuildInfo",
    "clGetProgramInfo",
    "clReleaseProgram",
    "clCreateKernel",
    "clReleaseKernel",
    "clSetKernelArg",
    "clEnqueueNDRangeKernel",
    "clEnqueueReadBuffer",
    "clEnqueueWriteBuffer",
    "clEnqueueCopyBuffer",
    "clEnqueueFillBuffer",
    "clFlush",
    "clFinish",
};

_Static_assert(sizeof(gpu_opencl) == sizeof names, "a name for each function");

const char *gpu_opencl_load(const char *path, gpu_opencl *api) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *error = dlerror();
        return error ? error : path;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *function = dlsym(library, names[i]);
        if (!function) return names[i];
        memcpy((char *)api + i * sizeof function, &function, sizeof function);
    }
    return NULL;
}
