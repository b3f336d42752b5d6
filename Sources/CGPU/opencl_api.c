#include "opencl_api.h"

#include "load.h"

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
    const size_t count = sizeof names / sizeof *names;
    return gpu_load(path, names, count, count, api);
}
