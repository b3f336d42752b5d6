// A libOpenCL.so.1 that a test puts before the loader's in LD_LIBRARY_PATH: from the OPENCL_LOST-th kernel on, the device is lost
// (CL_OUT_OF_RESOURCES). All other functions are the loader's own, which is linked behind it under the name libOpenCL-own.so.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef void *handle;
typedef int32_t enqueue(handle, handle, uint32_t, const size_t *, const size_t *, const size_t *, uint32_t, const handle *, handle *);

int32_t clEnqueueNDRangeKernel(handle queue, handle kernel, uint32_t axes, const size_t *offset, const size_t *global,
                               const size_t *local, uint32_t waits, const handle *list, handle *event) {
    static long launches = 0;
    const char *lost = getenv("OPENCL_LOST");
    if (lost && __sync_add_and_fetch(&launches, 1) >= atol(lost)) return -5;
    static enqueue *own = NULL;
    if (!own) own = (enqueue *)dlsym(dlopen("libOpenCL-own.so", RTLD_NOW | RTLD_NOLOAD), "clEnqueueNDRangeKernel");
    return own(queue, kernel, axes, offset, global, local, waits, list, event);
}
